"""What block Gibbs sampling holds still in a machine of pictures and labels: labels, pixels, or some of the pixels."""

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ShapeError
from rbm.models.given import numbers
from rbm.models.labelled import LabelledRBM
from rbm.samplers.chains import Clamp


def hold_labels(model: LabelledRBM, y: Tensor) -> Clamp:
    """Labels held, pixels free: chains of p(x | y). ``y`` as in ``LabelledRBM.join``, one row a chain."""
    y = model.columns(y)
    x = y.new_zeros(len(y), model.n_pixels)
    mask = torch.arange(model.visible_columns, device=y.device) >= model.n_pixels
    return Clamp(mask.expand(len(y), -1), model.join(x, y))


def hold_pixels(model: LabelledRBM, x: Tensor, mask: Tensor | None = None) -> Clamp:
    """Pictures (N, P) held where ``mask`` (P,) is true, everywhere without one; labels free: chains of p(y, rest | part)."""
    x = model.check(x, "x", model.n_pixels)
    held = torch.ones(model.n_pixels) if mask is None else numbers(mask, "mask", f"({model.n_pixels},)")
    if held.shape != (model.n_pixels,):
        wrong = _("mask has shape {shape}, expected ({n_pixels},): one flag a pixel.")
        raise ShapeError(wrong.format(shape=tuple(held.shape), n_pixels=model.n_pixels))
    y = x.new_zeros(len(x), model.n_labels)
    whole = torch.cat([held.bool().to(x.device), torch.zeros(model.n_labels, dtype=torch.bool, device=x.device)])
    return Clamp(whole.expand(len(x), -1), torch.cat([x, y], 1))
