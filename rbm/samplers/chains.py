"""Markov chains as values: where many chains stand, and where they start. N chains, V visible, H hidden units."""

from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ShapeError
from rbm.models.rbm import RBM


class Chains(NamedTuple):
    """N parallel chains after ``step`` full sweeps: v (N, V) and h (N, H), the state and nothing else."""

    v: Tensor
    h: Tensor
    step: int


class Clamp(NamedTuple):
    """Visible units held fixed: ``mask`` (V,) or (N, V) is true where v keeps ``values`` of the same shape."""

    mask: Tensor
    values: Tensor

    def apply(self, v: Tensor) -> Tensor:
        """v with the held units put back: (N, V) -> (N, V)."""
        mask, values = (torch.as_tensor(part, device=v.device) for part in self)
        if mask.shape[-1] != v.shape[1] or values.shape[-1] != v.shape[1]:
            wrong = _(
                "The clamp has {flags} flags and {values} values for {units} visible units: give one of each per unit."
            )
            raise ShapeError(wrong.format(flags=mask.shape[-1], values=values.shape[-1], units=v.shape[1]))
        return torch.where(mask.bool(), values.to(v.dtype), v)


def hold_drawing(ink: Tensor, shape: tuple[int, int], covered: Tensor | None = None, rim: int = 1) -> Clamp:
    """Hold what is drawn, ``ink`` (V,) of 0 and 1: all but what is ``covered`` (V,), or where nothing is, the ink and the
    pixels at most ``rim`` away from it.

    With the ink alone held, and nothing that says where a stroke ends, chains swell into blots.
    """
    if covered is not None and bool(covered.any()):
        return Clamp(~covered.bool(), ink)
    around = torch.nn.functional.max_pool2d(ink.reshape(1, 1, *shape).float(), 2 * rim + 1, 1, rim)
    return Clamp(around.flatten() > 0, ink)


@torch.no_grad()
def from_visible(model: RBM, v: Tensor, generator: torch.Generator, *, beta: float = 1.0) -> Chains:
    """Chains that start at the given pictures (N, V): h is drawn from p(h | v)."""
    v = v.to(model.weight)
    return Chains(v, model.sample_hidden(v, generator, beta), 0)


def from_noise(
    model: RBM, n_chains: int, generator: torch.Generator, *, beta: float = 1.0, clamp: Clamp | None = None
) -> Chains:
    """Chains that start anywhere: every visible state equally likely, clamped units at their values."""
    v = model.visible_unit.uniform((n_chains, model.n_visible), generator).to(model.weight)
    return from_visible(model, v if clamp is None else clamp.apply(v), generator, beta=beta)
