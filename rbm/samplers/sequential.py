"""Gibbs sampling one unit after another: what a machine needs whose units are all joined. N chains, n units."""

from typing import NamedTuple

import torch
from torch import Tensor

from rbm.models.boltzmann import BoltzmannMachine
from rbm.randomness import bernoulli
from rbm.samplers.chains import Chains, Clamp


class SequentialInfo(NamedTuple):
    """What one sweep looked like: energy (N,) of the new state, and how many units flipped (N,)."""

    energy: Tensor
    flips: Tensor


@torch.no_grad()
def sweep(
    model: BoltzmannMachine,
    chains: Chains,
    generator: torch.Generator,
    *,
    beta: float = 1.0,
    clamp: Clamp | tuple[Tensor, Tensor] | None = None,
) -> tuple[Chains, SequentialInfo]:
    """Draw every unit in turn from p(s_i | all others) = σ(β(Σ_j W_ij s_j + a_i)) at inverse temperature β.

    Each of the n draws needs the one before, so they cannot be made one matrix product as in a layer of an RBM.
    With a clamp (mask, values) the held visible units keep their values; where all chains hold the same unit it is
    not even drawn. Leaves p(s) ∝ exp(−βE(s)), given what is held, as it is.
    """
    v = chains.v if clamp is None else Clamp(*clamp).apply(chains.v)
    s = model.join(v, chains.h)
    free = torch.ones_like(s, dtype=torch.bool) if clamp is None else _free(model, s, clamp[0])
    weight, bias = beta * model.weight, beta * model.bias
    for unit in free.any(0).nonzero().flatten().tolist():
        drawn = bernoulli(torch.sigmoid(s @ weight[unit] + bias[unit]), generator)
        s[:, unit] = torch.where(free[:, unit], drawn, s[:, unit])
    v, h = s.split([model.n_visible, model.n_hidden], 1)
    flips = (s != model.join(chains.v, chains.h)).sum(1)
    return Chains(v, h, chains.step + 1), SequentialInfo(model.energy(v, h), flips)


def _free(model: BoltzmannMachine, s: Tensor, mask: Tensor) -> Tensor:
    free = torch.ones_like(s, dtype=torch.bool)
    free[:, : model.n_visible] = ~mask.bool()
    return free


def from_noise(model: BoltzmannMachine, n_chains: int, generator: torch.Generator) -> Chains:
    """Chains that start anywhere: every state equally likely."""
    s = bernoulli(torch.full((n_chains, model.n_units), 0.5).to(model.bias), generator)
    v, h = s.split([model.n_visible, model.n_hidden], 1)
    return Chains(v, h, 0)
