"""The one place that imports torchvision, lazily, and past an error that many people meet."""

import importlib
from threading import Lock
from types import ModuleType

import torch

from rbm.errors import DatasetError

_OPERATORS: list[torch.library.Library] = []  # the definitions live as long as the Library that made them
_LOCK = Lock()


def import_torchvision(module: str = "torchvision.datasets") -> ModuleType:
    """A module of torchvision, such as ``"torchvision.utils"``.

    The package index offers torchvision built for CUDA. Beside a torch for the CPU its compiled part cannot be loaded,
    and the import ends with "operator torchvision::nms does not exist", although pictures and data sets need nothing
    of that part. Naming the two missing operators (without code behind them) lets the import through; object
    detection would still fail, and nobody here does any. Raises :class:`DatasetError` if it is not installed.
    """
    with _LOCK:
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise DatasetError(
                f"this needs {module}, which cannot be imported ({error}); install it with: pip install torchvision"
            ) from error
        except RuntimeError as error:
            if "torchvision::nms does not exist" not in str(error):
                raise
        operators = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _OPERATORS.append(operators)
        return importlib.import_module(module)
