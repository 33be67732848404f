"""Learning in a Boltzmann machine when it is too large to enumerate: both phases by Gibbs sampling."""

from typing import NamedTuple

import torch
from torch import Tensor

from rbm.models.boltzmann import BoltzmannMachine, PairMoments
from rbm.randomness import bernoulli
from rbm.samplers.chains import Chains, Clamp
from rbm.samplers.sequential import from_noise, sweep


class BoltzmannPhases(NamedTuple):
    """The chains that live on between steps: one with each data row held, and free ones."""

    held: Chains
    free: Chains


def start(model: BoltzmannMachine, v: Tensor, n_free: int, generator: torch.Generator) -> BoltzmannPhases:
    """Hidden units at random, a chain for each data row (N, V), and ``n_free`` free chains from noise."""
    h = bernoulli(torch.full((len(v), model.n_hidden), 0.5).to(model.bias), generator)
    return BoltzmannPhases(Chains(v.to(model.bias), h, 0), from_noise(model, n_free, generator))


@torch.no_grad()
def gibbs_gradient(
    model: BoltzmannMachine, phases: BoltzmannPhases, generator: torch.Generator, *, sweeps: int = 5
) -> tuple[PairMoments, BoltzmannPhases]:
    """⟨s_i s_j⟩ over chains whose v is held at the data − the same over free chains; and of s_i. Both move ``sweeps``.

    The chains go on from where the last step left them (Neal, Connectionist Learning of Belief Networks, 1992, for the
    machine of this kind; Tieleman 2008 calls it persistent). Fair once they have mixed, biased before.
    """
    held, free = phases
    clamp = Clamp(torch.ones(model.n_visible, dtype=torch.bool), held.v)
    for _ in range(sweeps):
        if model.n_hidden:
            held, _ = sweep(model, held, generator, clamp=clamp)
        free, _ = sweep(model, free, generator)
    positive, negative = (model.moments(model.join(c.v, c.h)) for c in (held, free))
    return PairMoments(*(up - down for up, down in zip(positive, negative, strict=True))), BoltzmannPhases(held, free)


@torch.no_grad()
def ascend(model: BoltzmannMachine, gradient: PairMoments, learning_rate: float) -> None:
    """W += ε ∂W, a += ε ∂a."""
    model.coupling.add_(gradient.coupling.to(model.coupling), alpha=learning_rate)
    model.bias.add_(gradient.bias.to(model.bias), alpha=learning_rate)
