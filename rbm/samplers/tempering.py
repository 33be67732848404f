"""Parallel tempering: replicas of the chains at a ladder of temperatures, which swap states with their neighbours.

A hot replica crosses between modes that a chain at β = 1 never leaves, and swaps bring what it finds down the ladder:

    p_β(v, h) ∝ exp(−base_energy(v) − base_energy(h) + β(v·W·h + b·v + c·h))

Base energies stay whole, as on the path of ``ais``, so that a continuum of states has its distribution down to β = 0;
units without one have p_β ∝ exp(−βE).
Source: Desjardins, Courville, Bengio, Vincent & Delalleau, Tempered MCMC for Training of RBMs, 2010; the even/odd order
of swaps: Okabe et al. 2001 (with its fast round trips: Syed et al., Non-Reversible Parallel Tempering, 2022).
Letters: R replicas, N chains in each, V visible, H hidden units.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.units import Unit

TARGET = 0.4  # acceptance between neighbours that the ladder is adapted to; 0.3 to 0.6 all serve
GAIN = 0.05  # of one swap's acceptance in the log of its gap
SMALLEST_GAP = 1e-4


class Replicas(NamedTuple):
    """v (R, N, V) and h (R, N, H) at ``betas`` (R,), β = 1 first and then hotter and hotter; ``step`` sweeps done."""

    v: Tensor
    h: Tensor
    betas: Tensor
    step: int


class SwapInfo(NamedTuple):
    """Mean acceptance probability of neighbours r and r + 1, (R − 1,); NaN where this turn proposed no swap."""

    acceptance: Tensor


def ladder(n_replicas: int, lowest: float = 0.0) -> Tensor:
    """β from 1 down to ``lowest`` in equal steps: (R,), float64. ConfigError for fewer than two replicas."""
    if n_replicas < 2:
        wrong = _("Tempering swaps between replicas: it needs at least 2, got {n_replicas}.")
        raise ConfigError(wrong.format(n_replicas=n_replicas))
    return torch.linspace(1.0, lowest, n_replicas, dtype=torch.float64)


def from_hidden(model: RBM, h: Tensor, betas: Tensor) -> Replicas:
    """Every replica starts at the same hidden states h (N, H); v is empty until the first sweep draws it."""
    v = h.new_zeros(len(betas), len(h), model.visible_columns)
    return Replicas(v, h.expand(len(betas), *h.shape).clone(), betas, 0)


@torch.no_grad()
def sweep(model: RBM, replicas: Replicas, coins: Coins) -> Replicas:
    """One Gibbs sweep h → v → h of every replica at its own β: leaves each p_β(v, h) as it is."""
    _, h, betas, step = replicas
    field = model.visible_field(h.flatten(0, 1)).view(*h.shape[:2], -1)
    v = _draw(model.visible_unit, field, betas, coins)
    field = model.hidden_field(v.flatten(0, 1)).view(*h.shape[:2], -1)
    return Replicas(v, _draw(model.hidden_unit, field, betas, coins), betas, step + 1)


@torch.no_grad()
def swap(model: RBM, replicas: Replicas, coins: Coins) -> tuple[Replicas, SwapInfo]:
    """Offer every second pair of neighbours a swap, pairs (0, 1), (2, 3) ... after even sweeps, the others after odd.

    Chain n of replicas i and j trade (v, h) with probability min(1, exp((βi − βj)(Di − Dj))), D = −v·W·h − b·v − c·h
    being what β multiplies: detailed balance in the product of all p_β, so every replica keeps its own distribution.
    """
    v, h, betas, step = replicas
    acceptance = torch.full((len(betas) - 1,), torch.nan, dtype=torch.float64, device=v.device)
    lower = torch.arange(step % 2, len(betas) - 1, 2, device=v.device)
    if not len(lower):
        return replicas, SwapInfo(acceptance)
    energy = model.field_energy(v.flatten(0, 1), h.flatten(0, 1)).view(v.shape[:2]).double()
    difference = (betas[lower] - betas[lower + 1])[:, None] * (energy[lower] - energy[lower + 1])  # (P, N)
    p = difference.clamp(max=0.0).exp()
    traded = torch.rand(p.shape, generator=coins.generator, device=p.device, dtype=p.dtype) < p
    acceptance[lower] = p.mean(1)
    return replicas._replace(v=_traded(v, lower, traded), h=_traded(h, lower, traded)), SwapInfo(acceptance)


def adapt(betas: Tensor, info: SwapInfo, gain: float = GAIN) -> Tensor:
    """A ladder whose gaps grew where swaps were accepted too often and shrank where too rarely, β = 1 kept: (R,).

    It reaches as far towards β = 0 as its replicas can at TARGET acceptance; where they are more than enough, the gaps
    are scaled to end at 0 and all swaps are equally easy. It leaves every replica slightly out of its distribution, as
    each update of a model in training does: stop adapting before measuring.
    """
    surplus = torch.nan_to_num(info.acceptance - TARGET, nan=0.0)
    gaps = ((betas[:-1] - betas[1:]) * torch.exp(gain * surplus)).clamp(min=SMALLEST_GAP)
    gaps = gaps / gaps.sum().clamp(min=1.0)
    return torch.cat([betas[:1], 1.0 - gaps.cumsum(0)]).clamp(min=0.0)


def _draw(unit: Unit, field: Tensor, betas: Tensor, coins: Coins) -> Tensor:
    return torch.stack([unit.draw(beta * x, coins)[1] for beta, x in zip(betas.tolist(), field, strict=True)])


def _traded(states: Tensor, lower: Tensor, traded: Tensor) -> Tensor:
    """The states with those of replica ``lower`` and the next exchanged where ``traded`` (P, N)."""
    states = states.clone()
    cold, hot = states[lower], states[lower + 1]
    states[lower] = torch.where(traded[..., None], hot, cold)
    states[lower + 1] = torch.where(traded[..., None], cold, hot)
    return states
