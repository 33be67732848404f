"""Numbers in the format that is needed: 53 bits on devices that may not have them, a model's own for what it is given."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from rbm.errors import ShapeError


def double(x: Tensor) -> Tensor:
    """x in float64, on the CPU where its own device has none (MPS)."""
    return x.cpu().double() if x.device.type == "mps" else x.double()


def home(device: torch.device) -> torch.device:
    """Where float64 beside tensors of ``device`` lives: there, or on the CPU where it has none (MPS)."""
    return torch.device("cpu") if device.type == "mps" else device


def matrix(x: Any, name: str, n_columns: int, like: Tensor) -> Tensor:
    """x (N, n_columns) in the dtype and on the device of ``like``: real numbers of any type, from torch or NumPy.

    ShapeError for anything else, in which it is called ``name``.
    """
    if isinstance(x, np.ndarray) and x.dtype.kind in "biuf":
        x = torch.from_numpy(np.array(x, dtype=np.float64))  # a copy: torch warns of memory that must not be written
    if not isinstance(x, Tensor) or x.is_complex():
        kind = f"an array of {x.dtype}" if isinstance(x, Tensor | np.ndarray) else f"of type {type(x).__name__}"
        raise ShapeError(
            f"{name} is {kind}, expected real numbers in a torch tensor or a NumPy array of shape (N, {n_columns})."
        )
    if x.ndim != 2 or x.shape[1] != n_columns:
        raise ShapeError(
            f"{name} has shape {tuple(x.shape)}, expected (N, {n_columns}): one row an example, one column a unit; "
            "flatten pictures with x.flatten(1)."
        )
    return x.to(like)
