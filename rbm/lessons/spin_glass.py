"""A spin glass so small that all its states are known: random couplings, many valleys, and two ways to sample them.

    E(s) = −Σ_{i<j} J_ij s_i s_j,    s_i = ±1,    J_ij = ±1/√n, or drawn from N(0, 1/n)

It is a Boltzmann machine without hidden units, all to all. Below T = 1 (of very many spins) chains of single spins stay in the
valley that they fell into; replicas at higher temperatures, which swap states with their neighbours, carry them across.
Sherrington & Kirkpatrick 1975; tempering: Hukushima & Nemoto 1996. Letters: n spins, S = 2ⁿ states, R replicas, N chains.
"""

import math
from functools import cached_property, lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.evaluation.exact_boltzmann import thermodynamics
from rbm.models.boltzmann import binary_states
from rbm.randomness import generator

KINDS = ("two values", "Gaussian")
SIZES = (8, 10, 12, 14)  # even, so that of couplings of two values no spin is ever free
CHAINS, REPLICAS = 500, 6
HOTTEST = 2.0  # temperature of the last replica


class Valleys(NamedTuple):
    """The states that no single flip lowers, deepest first: ``minima`` (K,) their numbers, ``of`` (S,) whose valley each state
    lies in: where steepest descent from it ends."""

    minima: Tensor
    of: Tensor


class SpinGlass:
    """Couplings J (n, n), symmetric without a diagonal, and every state ``states`` (S, n) with its ``energies`` (S,)."""

    def __init__(self, n: int, kind: str, seed: int) -> None:
        """ConfigError for a size that is none of SIZES, or an unknown kind of couplings."""
        if n not in SIZES or kind not in KINDS:
            wrong = _("A spin glass here has {sizes} spins and couplings of {kinds}.")
            raise ConfigError(wrong.format(sizes=", ".join(map(str, SIZES)), kinds=" or ".join(KINDS)))
        draw = torch.randn(n, n, generator=generator(seed, "spin glass", n), dtype=torch.float64).triu(1)
        upper = draw.sign() if kind == KINDS[0] else draw
        self.n, self.couplings = n, (upper + upper.T) / math.sqrt(n)
        self.states, self._neighbours = _space(n)
        self.energies = -0.5 * ((self.states @ self.couplings) * self.states).sum(1)

    @cached_property
    def valleys(self) -> Valleys:
        """By following each state to its lowest neighbour until there is none."""
        lowest, which = self.energies[self._neighbours].min(1)
        here = torch.arange(len(self.states))
        down = torch.where(lowest < self.energies - 1e-12, self._neighbours.gather(1, which[:, None])[:, 0], here)
        while not torch.equal(down, down[down]):
            down = down[down]
        minima = down.unique()
        minima = minima[self.energies[minima].argsort(stable=True)]
        number = torch.empty_like(down)
        number[minima] = torch.arange(len(minima))
        return Valleys(minima, number[down])

    def shares(self, temperature: float) -> Tensor:
        """The exact probability of each valley at a temperature, (K,)."""
        p = thermodynamics(self.energies, 1 / temperature).p
        return torch.zeros(len(self.valleys.minima), dtype=torch.float64).index_add_(0, self.valleys.of, p)

    def floor(self) -> tuple[Tensor, Tensor]:
        """The landscape along the way from the deepest state: each overlap q with it (n + 1,), and the lowest energy there."""
        overlap = (self.states @ self.states[self.valleys.minima[0]]).long()  # −n, −n + 2 ... n
        place = (overlap + self.n) // 2
        low = torch.full((self.n + 1,), math.inf, dtype=torch.float64).scatter_reduce_(0, place, self.energies, "amin")
        return torch.arange(-self.n, self.n + 1, 2) / self.n, low

    def overlaps(self) -> Tensor:
        """That of each minimum with the deepest, (K,)."""
        minima = self.states[self.valleys.minima]
        return minima @ minima[0] / self.n


class GlassChains:
    """N chains at one temperature, or R replicas of them, the first at that temperature and the others hotter.

    ``spins`` (R, N, n); ``work``, sweeps of all spins so far, of all replicas together; ``accepted``, the share of swaps.
    """

    def __init__(self, glass: SpinGlass, temperature: float, replicas: int, seed: int, n_chains: int = CHAINS) -> None:
        """All spins at random."""
        self.glass, self.work = glass, 0
        self.betas = _ladder(temperature, replicas)
        self._source = generator(seed, "spin glass chains", replicas)
        coins = torch.rand(replicas, n_chains, glass.n, generator=self._source, dtype=torch.float64)
        self.spins = torch.where(coins < 0.5, -1.0, 1.0).double()
        self._turn, self._swaps = 0, [0.0, 0.0]

    @property
    def accepted(self) -> float:
        """NaN before the first swap."""
        return self._swaps[0] / self._swaps[1] if self._swaps[1] else math.nan

    def advance(self) -> None:
        """A sweep of every spin in turn, p(s_i = 1 | others) = σ(2β Σ_j J_ij s_j), and then swaps of every second pair."""
        s, beta = self.spins, 2 * self.betas[:, None]
        u = torch.rand(self.glass.n, *s.shape[:2], generator=self._source, dtype=torch.float64).logit()
        for i in range(self.glass.n):
            s[..., i] = torch.where(u[i] < beta * (s @ self.glass.couplings[i]), 1.0, -1.0)
        self.work += len(s)
        if len(s) > 1:
            self._swap()

    def _swap(self) -> None:
        """Neighbours r and r + 1 trade with probability min(1, exp((β_r − β_{r+1})(E_r − E_{r+1})))."""
        s = self.spins
        e = -0.5 * ((s @ self.glass.couplings) * s).sum(2)  # (R, N)
        low = torch.arange(self._turn % 2, len(s) - 1, 2)
        self._turn += 1
        gain = (self.betas[low] - self.betas[low + 1])[:, None] * (e[low] - e[low + 1])
        traded = torch.rand(gain.shape, generator=self._source, dtype=torch.float64).log() < gain
        cold, hot = s[low], s[low + 1]
        s[low] = torch.where(traded[..., None], hot, cold)
        s[low + 1] = torch.where(traded[..., None], cold, hot)
        self._swaps = [self._swaps[0] + float(traded.sum()), self._swaps[1] + traded.numel()]

    def shares(self) -> Tensor:
        """How many of the chains at the temperature asked for are in each valley, as shares (K,)."""
        places = 2 ** torch.arange(self.glass.n - 1, -1, -1)
        number = ((self.spins[0] + 1) / 2).long() @ places
        valley = self.glass.valleys.of[number]
        return torch.bincount(valley, minlength=len(self.glass.valleys.minima)).double() / len(number)


@lru_cache(maxsize=len(SIZES))
def _space(n: int) -> tuple[Tensor, Tensor]:
    """Every state of n spins (S, n), and the numbers of those a flip away (S, n)."""
    return 2 * binary_states(n) - 1, torch.arange(2**n)[:, None] ^ 2 ** torch.arange(n - 1, -1, -1)


def distance(shares: Tensor, exact: Tensor) -> float:
    """The total variation ½ Σ |share − p| between two distributions over the valleys."""
    return 0.5 * float((shares - exact).abs().sum())


def chance(exact: Tensor, n_chains: int = CHAINS) -> float:
    """What that distance is on average of so many exact draws: ½ Σ √(2p(1 − p) / πN)."""
    return 0.5 * float((2 * exact * (1 - exact) / (math.pi * n_chains)).sqrt().sum())


def _ladder(temperature: float, replicas: int) -> Tensor:
    """β of temperatures a factor apart, from the one asked for to HOTTEST, (R,)."""
    top = max(temperature, HOTTEST)
    steps = torch.arange(replicas, dtype=torch.float64) / max(replicas - 1, 1)
    return 1 / (temperature * (top / temperature) ** steps)
