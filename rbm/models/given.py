"""What a model is given: any real numbers, made into the format in which it computes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ShapeError


def numbers(x: Any, name: str, shape: str) -> Tensor:
    """x as a tensor: real numbers of any type, from torch or NumPy. ShapeError, which names ``shape``, for anything else."""
    if isinstance(x, np.ndarray) and x.dtype.kind in "biuf":
        kept = np.float64 if x.dtype.kind == "f" else np.int64
        x = torch.from_numpy(np.array(x, dtype=kept))  # a copy: torch warns of memory that must not be written
    if not isinstance(x, Tensor) or x.is_complex():
        kind = (
            _("an array of {dtype}").format(dtype=x.dtype)
            if isinstance(x, Tensor | np.ndarray)
            else _("of type {name}").format(name=type(x).__name__)
        )
        wrong = _("{name} is {kind}, expected real numbers in a torch tensor or a NumPy array of shape {shape}.")
        raise ShapeError(wrong.format(name=name, kind=kind, shape=shape))
    return x


def matrix(x: Any, name: str, n_columns: int | str, like: Tensor | torch.dtype) -> Tensor:
    """x (N, n_columns) in the dtype and on the device of ``like``: real numbers of any type, from torch or NumPy.

    ``n_columns`` a letter: as many as there are. ShapeError for anything else, in which it is called ``name``.
    """
    x = numbers(x, name, f"(N, {n_columns})")
    if x.ndim != 2 or (isinstance(n_columns, int) and x.shape[1] != n_columns):
        wrong = _(
            "{name} has shape {shape}, expected (N, {n_columns}): one row an example, one column a unit; "
            "flatten pictures with x.flatten(1)."
        )
        raise ShapeError(wrong.format(name=name, shape=tuple(x.shape), n_columns=n_columns))
    return x.to(like)


def vector(x: Any, name: str, n: int, like: Tensor) -> Tensor:
    """x (n,) as :func:`matrix` does it."""
    x = numbers(x, name, f"({n},)")
    if x.shape != (n,):
        raise ShapeError(_("{name} has shape {shape}, expected ({n},).").format(name=name, shape=tuple(x.shape), n=n))
    return x.to(like)
