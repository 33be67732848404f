"""The one place that imports torchvision, lazily, and past an error that many people meet."""

import importlib
from types import ModuleType

import torch

from rbm.core.imports import LOCK
from rbm.core.language import _
from rbm.errors import DatasetError

_OPERATORS: list[torch.library.Library] = []  # the definitions live as long as the Library that made them


def import_torchvision(module: str = "torchvision.datasets") -> ModuleType:
    """A module of torchvision, such as ``"torchvision.utils"``.

    The package index offers torchvision built for CUDA. Beside a torch for the CPU its compiled part cannot be loaded,
    and the import ends with "operator torchvision::nms does not exist", although pictures and data sets need nothing
    of that part. Naming the two missing operators (without code behind them) lets the import through; object
    detection would still fail, and nobody here does any. Raises :class:`DatasetError` if it is not installed.
    """
    with LOCK:
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as error:
            wrong = _(
                "this needs {module}, which cannot be imported ({error}); install it with: pip install torchvision"
            )
            raise DatasetError(wrong.format(module=module, error=error)) from error
        except RuntimeError as error:
            if "torchvision::nms does not exist" not in str(error):
                raise
        operators = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _OPERATORS.append(operators)
        return importlib.import_module(module)
