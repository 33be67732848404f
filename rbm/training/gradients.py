"""The two phases of learning, in closed form: no autograd. N data rows, M chains, V visible, H hidden units.

∂ mean log p(v) / ∂W = ⟨v hᵀ⟩_data − ⟨v hᵀ⟩_model. The positive phase is exact; the negative one is what algorithms
differ in: CD-k starts its chains at the data (Hinton 2002), PCD keeps them between updates (Tieleman 2008).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.rests import rest
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.units import DReLU, Quadratic


class Gradient(NamedTuple):
    """The direction of ascent for weight (V, H), visible_bias (V,) and hidden_bias (H,), nats per image."""

    weight: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor


class ScaledGradient(NamedTuple):
    """The same for Gaussian and ReLU visible units, which learn their log λ too: visible_log_precision (V,)."""

    weight: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor
    visible_log_precision: Tensor


class ShapedGradient(NamedTuple):
    """The same for dReLU hidden units, which learn η and Δ too: hidden_shape (2, H)."""

    weight: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor
    hidden_shape: Tensor


AnyGradient = Gradient | ScaledGradient | ShapedGradient


class Phases(NamedTuple):
    """Data v0 (N, V) with ⟨h|v0⟩ (N, H); chains vk (M, V) with ⟨h|vk⟩ (M, H); the last chain state hk when it is kept.

    ``model``: the mean statistics of the negative phase, where they are known better than from vk and hk_mean.
    """

    v0: Tensor
    h0_mean: Tensor
    vk: Tensor
    hk_mean: Tensor
    hk: Tensor | None
    model: AnyGradient | None = None


@torch.no_grad()
def contrast(phases: Phases) -> Gradient:
    """Positive minus negative statistics, each divided by its own count of rows (a last batch may be short)."""
    v0, h0, vk, hk, _, model = phases
    weight = torch.mm(v0.T, h0).div_(len(v0))
    if model is not None:
        return Gradient(weight.sub_(model.weight), v0.mean(0) - model.visible_bias, h0.mean(0) - model.hidden_bias)
    return Gradient(weight.addmm_(vk.T, hk, alpha=-1 / len(vk)), v0.mean(0) - vk.mean(0), h0.mean(0) - hk.mean(0))


@torch.no_grad()
def completed(gradient: Gradient, phases: Phases, model: RBM) -> AnyGradient:
    """The gradient with that of the units' own parameters; as it is where they have none.

    The statistic of log λ is the base energy: ∂ mean log p(v) / ∂log λ = ⟨½λv²⟩_model − ⟨½λv²⟩_data. That of a hidden
    unit's shape is the derivative of its log_partition, which −F(v) holds, in the fields of both phases.
    """
    visible, hidden = model.visible_unit, model.hidden_unit
    if isinstance(visible, Quadratic):
        data = visible.base_energy(phases.v0).mean(0)
        if isinstance(phases.model, ScaledGradient):
            return ScaledGradient(*gradient, -phases.model.visible_log_precision - data)
        return ScaledGradient(*gradient, visible.base_energy(phases.vk).mean(0) - data)
    if isinstance(hidden, DReLU):
        data = hidden.shape_slope(model.hidden_field(phases.v0)).mean(0)
        if isinstance(phases.model, ShapedGradient):
            return ShapedGradient(*gradient, data - phases.model.hidden_shape)
        return ShapedGradient(*gradient, data - hidden.shape_slope(model.hidden_field(phases.vk)).mean(0))
    return gradient


class Sweeps:
    """A machine's chains as training moves them: from v up to h, from h down to v."""

    def __init__(self, model: RBM, coins: Coins) -> None:
        self.model, self.coins = model, coins

    def means(self, v: Tensor) -> Tensor:
        """⟨h|v⟩ (N, H) of v (N, V)."""
        return self.model.hidden_mean(v)

    def rise(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """⟨h|v⟩ (N, H) of v (N, V), and h drawn from p(h|v)."""
        return self.model.hidden_unit.draw(self.model.hidden_field(v), self.coins)

    def fall(self, h: Tensor) -> Tensor:
        """v (N, V) drawn from p(v|h) for h (N, H)."""
        return self.model.visible_unit.draw(self.model.visible_field(h), self.coins)[1]

    def walk(self, h: Tensor, k: int, *, keep: bool) -> tuple[Tensor, Tensor, Tensor | None]:
        """k sweeps h → v → h: the last v, ⟨h|v⟩, and, if it is to be kept, a sample of that h."""
        for _ in range(k - 1):
            _, h = self.rise(self.fall(h))
            rest()
        v = self.fall(h)
        return (v, *self.rise(v)) if keep else (v, self.means(v), None)


@torch.no_grad()
def contrastive_divergence(sweeps: Sweeps, v0: Tensor, k: int) -> Phases:
    """CD-k: the chains start at the data and take k sweeps.

    Each sweep is driven by *samples*; the statistics use ⟨h|v⟩, of which the sample would only add noise
    (Hinton, A Practical Guide, 2010, section 3).
    """
    h0_mean, h = sweeps.rise(v0)
    vk, hk_mean, hk = sweeps.walk(h, k, keep=False)
    return Phases(v0, h0_mean, vk, hk_mean, hk)


@torch.no_grad()
def persistent(sweeps: Sweeps, v0: Tensor, h: Tensor, k: int) -> Phases:
    """PCD-k: the negative phase goes on from the chains' hidden state h (M, H); the new one comes back as ``hk``."""
    h0_mean = sweeps.means(v0)
    vk, hk_mean, hk = sweeps.walk(h, k, keep=True)
    return Phases(v0, h0_mean, vk, hk_mean, hk)
