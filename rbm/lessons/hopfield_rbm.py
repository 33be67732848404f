"""A Hopfield network is an RBM: spin visible units, a Gaussian hidden unit for each stored pattern, W = ξ/√N.

    E(s, h) = ½ Σ_μ h_μ² − Σ_iμ s_i ξ_i^μ h_μ / √N        ∫dh e^{−βE(s, h)} ∝ e^{−βE(s)},   E(s) = −(1/2N) Σ_μ (ξ^μ·s)²

which is Hopfield's energy with the weights W Wᵀ, his diagonal (−P/2, the same for every state) included. ⟨h_μ⟩ = √N m_μ is
the overlap with pattern μ. Barra, Bernacchia, Santucci & Contucci, On the Equivalence of Hopfield Networks and Boltzmann
Machines, Neural Networks 34, 2012. Letters: N spins, P patterns, C chains, T sweeps.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.models.hopfield import check_patterns
from rbm.models.rbm import RBM
from rbm.samplers import chains, gibbs


class RetrievalWalk(NamedTuple):
    """Chains of one machine at one temperature.

    ``overlap`` (T + 1, C): m with the first pattern, before and after each sweep; ``states`` (C, N): where they ended;
    ``means`` (C, N): each spin's mean over the second half of the sweeps; ``frozen``: q, the mean square of what spins
    remember from the third quarter to the fourth, 0 where they turn freely and 1 where none ever does.
    """

    overlap: Tensor
    states: Tensor
    means: Tensor
    frozen: float

    @property
    def value(self) -> float:
        """m at the end: the mean over the chains and the second half of the sweeps."""
        return float(self.overlap[len(self.overlap) // 2 :].mean())

    @property
    def standard_error(self) -> float:
        """Of that, over the chains: it knows nothing of other patterns that might have been stored."""
        each = self.overlap[len(self.overlap) // 2 :].mean(0)
        return float(each.std()) / math.sqrt(len(each))


@torch.no_grad()
def machine(patterns: Tensor) -> RBM:
    """The RBM whose visible units remember ``patterns`` (P, N) of −1 and +1; ShapeError for anything else."""
    patterns = check_patterns(patterns)
    count, n = patterns.shape
    model = RBM(n, count, visible="spin", hidden="gaussian").to(patterns.dtype)
    model.weight.copy_(patterns.T / math.sqrt(n))
    return model.requires_grad_(False)


def hopfield_energy(model: RBM, s: Tensor) -> Tensor:
    """E(s) of states (M, N), the Gaussian units integrated out; F(s) is that but for a constant at β = 1."""
    return -0.5 * model.hidden_field(s).square().sum(1)


@torch.no_grad()
def walk(
    model: RBM, pattern: Tensor, temperature: float, start: Tensor, n_sweeps: int, generator: torch.Generator
) -> RetrievalWalk:
    """Block Gibbs sampling at β = 1/``temperature`` from states ``start`` (C, N); overlaps with ``pattern`` (N,)."""
    beta, pattern = 1 / temperature, pattern.to(model.weight)
    now = chains.from_visible(model, start, generator, beta=beta)
    seen, halves = [now.v @ pattern], torch.zeros(2, *now.v.shape)
    counts = [0, 0]
    for sweep in range(n_sweeps):
        now, _ = gibbs.sweep(model, now, generator, beta=beta)
        seen.append(now.v @ pattern)
        if 2 * sweep >= n_sweeps:
            later = int(4 * sweep >= 3 * n_sweeps)
            halves[later] += now.v
            counts[later] += 1
    third, fourth = halves[0] / max(counts[0], 1), halves[1] / max(counts[1], 1)
    means = halves.sum(0) / max(sum(counts), 1)
    return RetrievalWalk(torch.stack(seen) / len(pattern), now.v, means, float((third * fourth).mean()))
