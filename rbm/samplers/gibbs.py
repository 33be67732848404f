"""Block Gibbs sampling: each layer drawn at once given the other (Hinton 2002, section 5). N chains."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from rbm.core.rests import rest
from rbm.models.rbm import RBM
from rbm.samplers.chains import Chains, Clamp


@dataclass(frozen=True)
class SweepInfo:
    """What one sweep looked like: the means that the new state was drawn from, its energy (N,) and the pixels flipped (N,).

    The last two are computed when they are asked for, by the machine as it is then: an energy is a third product of matrices
    beside the sweep's own two, and most chains walk on without it.
    """

    visible_mean: Tensor
    hidden_mean: Tensor
    _model: RBM
    _before: Chains
    _after: Chains

    @cached_property
    def energy(self) -> Tensor:
        """E(v, h) of each chain's new state, (N,), nats at β = 1 whatever the sweep's own."""
        with torch.no_grad():
            return self._model.energy(self._after.v, self._after.h)

    @cached_property
    def flips(self) -> Tensor:
        """How many visible units of each chain are not what they were before the sweep, (N,)."""
        return (self._after.v != self._before.v).sum(1)


@torch.no_grad()
def visible_half(
    model: RBM, chains: Chains, generator: torch.Generator, *, beta: float = 1.0, clamp: Clamp | None = None
) -> tuple[Chains, Tensor]:
    """Half a sweep, h → v: a new v from p(v | h), h kept. Returns the chains (step not advanced) and ⟨v | h⟩ (N, V)."""
    unit, field = model.visible_unit.anneal(beta), beta * model.visible_field(chains.h)
    v, mean = unit.sample(field, generator), unit.mean(field)
    if clamp is not None:
        v, mean = clamp.apply(v), clamp.apply(mean)
    return Chains(v, chains.h, chains.step), mean


@torch.no_grad()
def hidden_half(model: RBM, chains: Chains, generator: torch.Generator, *, beta: float = 1.0) -> tuple[Chains, Tensor]:
    """The other half, v → h: a new h from p(h | v), which ends the sweep. Returns the chains and ⟨h | v⟩ (N, H)."""
    unit, field = model.hidden_unit.anneal(beta), beta * model.hidden_field(chains.v)
    return Chains(chains.v, unit.sample(field, generator), chains.step + 1), unit.mean(field)


@torch.no_grad()
def sweep(
    model: RBM,
    chains: Chains,
    generator: torch.Generator,
    *,
    beta: float = 1.0,
    clamp: Clamp | tuple[Tensor, Tensor] | None = None,
) -> tuple[Chains, SweepInfo]:
    """One full sweep, h → v → h, of every chain at inverse temperature β.

    Leaves p(v, h) ∝ exp(−βE(v, h)) as it is; with a clamp, that distribution given the held units (mask, values).
    """
    rest()
    clamp = None if clamp is None else Clamp(*clamp)
    moved, visible_mean = visible_half(model, chains, generator, beta=beta, clamp=clamp)
    moved, hidden_mean = hidden_half(model, moved, generator, beta=beta)
    return moved, SweepInfo(visible_mean, hidden_mean, model, chains, moved)
