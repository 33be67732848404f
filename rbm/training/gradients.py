"""The two phases of learning, in closed form: no autograd. N data rows, M chains, V visible, H hidden units.

∂ mean log p(v) / ∂W = ⟨v hᵀ⟩_data − ⟨v hᵀ⟩_model. The positive phase is exact; the negative one is what algorithms
differ in: CD-k starts its chains at the data (Hinton 2002), PCD keeps them between updates (Tieleman 2008).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.units import Quadratic, Unit


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


class Phases(NamedTuple):
    """Data v0 (N, V) with ⟨h|v0⟩ (N, H); chains vk (M, V) with ⟨h|vk⟩ (M, H); the last chain state hk when it is kept.

    ``model``: the mean statistics of the negative phase, where they are known better than from vk and hk_mean.
    """

    v0: Tensor
    h0_mean: Tensor
    vk: Tensor
    hk_mean: Tensor
    hk: Tensor | None
    model: Gradient | ScaledGradient | None = None


@torch.no_grad()
def contrast(phases: Phases) -> Gradient:
    """Positive minus negative statistics, each divided by its own count of rows (a last batch may be short)."""
    v0, h0, vk, hk, _, model = phases
    weight = torch.mm(v0.T, h0).div_(len(v0))
    if model is not None:
        return Gradient(weight.sub_(model.weight), v0.mean(0) - model.visible_bias, h0.mean(0) - model.hidden_bias)
    return Gradient(weight.addmm_(vk.T, hk, alpha=-1 / len(vk)), v0.mean(0) - vk.mean(0), h0.mean(0) - hk.mean(0))


@torch.no_grad()
def with_precision(gradient: Gradient, phases: Phases, visible: Unit) -> Gradient | ScaledGradient:
    """The gradient completed for the model's ``visible_unit``; as it is where that has no precision λ to learn.

    The statistic of log λ is the base energy itself: ∂ mean log p(v) / ∂log λ = ⟨½λv²⟩_model − ⟨½λv²⟩_data.
    """
    if not isinstance(visible, Quadratic):
        return gradient
    data = visible.base_energy(phases.v0).mean(0)
    if isinstance(phases.model, ScaledGradient):
        return ScaledGradient(*gradient, -phases.model.visible_log_precision - data)
    return ScaledGradient(*gradient, visible.base_energy(phases.vk).mean(0) - data)


@torch.no_grad()
def contrastive_divergence(model: RBM, v0: Tensor, k: int, coins: Coins) -> Phases:
    """CD-k: the chains start at the data and take k sweeps.

    Each sweep is driven by *samples*; the statistics use ⟨h|v⟩, of which the sample would only add noise
    (Hinton, A Practical Guide, 2010, section 3).
    """
    h0_mean, h = model.hidden_unit.draw(model.hidden_field(v0), coins)
    vk, hk_mean, hk = walk(model, h, k, coins, keep=False)
    return Phases(v0, h0_mean, vk, hk_mean, hk)


@torch.no_grad()
def persistent(model: RBM, v0: Tensor, h: Tensor, k: int, coins: Coins) -> Phases:
    """PCD-k: the negative phase goes on from the chains' hidden state h (M, H); the new one comes back as ``hk``."""
    h0_mean = model.hidden_mean(v0)
    vk, hk_mean, hk = walk(model, h, k, coins, keep=True)
    return Phases(v0, h0_mean, vk, hk_mean, hk)


def walk(model: RBM, h: Tensor, k: int, coins: Coins, *, keep: bool) -> tuple[Tensor, Tensor, Tensor | None]:
    """k sweeps h → v → h: the last v, ⟨h|v⟩, and, if it is to be kept, a sample of that h."""
    for _ in range(k - 1):
        _, v = model.visible_unit.draw(model.visible_field(h), coins)
        _, h = model.hidden_unit.draw(model.hidden_field(v), coins)
    _, v = model.visible_unit.draw(model.visible_field(h), coins)
    if keep:
        mean, h = model.hidden_unit.draw(model.hidden_field(v), coins)
        return v, mean, h
    return v, model.hidden_mean(v), None
