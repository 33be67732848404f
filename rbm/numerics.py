"""Numbers that need 53 bits, on devices that may not have them."""

import torch
from torch import Tensor


def double(x: Tensor) -> Tensor:
    """x in float64, on the CPU where its own device has none (MPS)."""
    return x.cpu().double() if x.device.type == "mps" else x.double()


def home(device: torch.device) -> torch.device:
    """Where float64 beside tensors of ``device`` lives: there, or on the CPU where it has none (MPS)."""
    return torch.device("cpu") if device.type == "mps" else device
