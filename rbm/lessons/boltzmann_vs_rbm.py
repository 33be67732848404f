"""A Boltzmann machine and an RBM with about as many parameters, learning the same rows: what the restriction buys.

Letters: D different data rows, each equally likely; V visible, H hidden units of the Boltzmann machine.
"""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import TooLargeError
from rbm.evaluation import exact, exact_boltzmann
from rbm.models.boltzmann import BoltzmannMachine
from rbm.models.rbm import INITIAL_WEIGHT_DEVIATION, RBM
from rbm.randomness import generator
from rbm.samplers import chains as rbm_chains
from rbm.samplers import gibbs, sequential
from rbm.samplers.chains import Chains
from rbm.training.boltzmann import BoltzmannPhases, ascend, gibbs_gradient, start

EXACT_UNITS = 12  # of the Boltzmann machine: beyond, both learn by Gibbs chains
CHAINS = 100
EVERY = 20  # updates, of which the last is recorded
SWEEPS = 3  # of every chain between two updates
# Of the first weights. Near zero all hidden units are alike and the RBM must first tell them apart. Measured on 2×2 bars and
# stripes with 6 hidden units (rate 0.5, exact, 3 or 4 seeds): its KL passed 0.1 nats after 1,150 to 1,200 updates from 0.01,
# 950 from 0.1, 750 to 800 from 0.5, 700 to 750 from 1; the Boltzmann machine's after 550, 550, 500 to 550, 400 to 500.
DEVIATION = 0.5


class DivergenceRecord(NamedTuple):
    """After ``step`` updates: KL(P₀‖P) of both in nats (NaN where too large), and the seconds one sweep of 100 chains took."""

    step: int
    boltzmann_kl: float
    rbm_kl: float
    boltzmann_seconds: float
    rbm_seconds: float


class BoltzmannVsRbm:
    """Both machines and their chains; ``advance`` moves both by gradient ascent on the log-likelihood of ``rows`` (D, V)."""

    def __init__(self, rows: Tensor, n_hidden: int, seed: int, *, use_exact: bool) -> None:
        """TooLargeError for exact learning of more than EXACT_UNITS units."""
        n_visible = rows.shape[1]
        if use_exact and n_visible + n_hidden > EXACT_UNITS:
            wrong = _(
                "Exact learning visits every state: {exact_units} units at most here, got {n_visible}. Learn by "
                "Gibbs chains instead."
            )
            raise TooLargeError(wrong.format(exact_units=EXACT_UNITS, n_visible=n_visible + n_hidden))
        self.rows, self.use_exact, self.step = rows.double(), use_exact, 0
        self.source = generator(seed, "side by side")
        self.boltzmann = BoltzmannMachine(n_visible, n_hidden, generator=self.source).double()
        self.rbm = RBM(n_visible, twin_size(n_visible, n_hidden), generator=self.source).double()
        with torch.no_grad():  # both start with larger weights than their 0.01
            for weights in (self.boltzmann.coupling, self.rbm.weight):
                weights.mul_(DEVIATION / INITIAL_WEIGHT_DEVIATION)
        copies = max(1, CHAINS // len(rows))
        self.phases: BoltzmannPhases = start(self.boltzmann, self.rows.repeat(copies, 1), CHAINS, self.source)
        self.chains: Chains = rbm_chains.from_noise(self.rbm, CHAINS, self.source)
        self.history: tuple[DivergenceRecord, ...] = (
            self._record(),
        )  # replaced, never changed: a page may be drawing it

    def advance(self, steps: int, learning_rate: float) -> DivergenceRecord:
        """That many updates of both, then one record."""
        for __ in range(steps):
            self._update(learning_rate)
        self.history = (*self.history, self._record())
        return self.history[-1]

    def go_on(self, learning_rate: float) -> bool:
        """One update of both, and every EVERY of them a record: a short step of one that goes on for as long as anybody likes."""
        self._update(learning_rate)
        if self.step % EVERY == 0:
            self.history = (*self.history, self._record())
        return True

    def _update(self, learning_rate: float) -> None:
        self._boltzmann(learning_rate)
        self._rbm(learning_rate)
        self.step += 1

    def _boltzmann(self, learning_rate: float) -> None:
        if self.use_exact:
            p = torch.full((len(self.rows),), 1 / len(self.rows), dtype=torch.float64)
            ascend(self.boltzmann, exact_boltzmann.gradient(self.boltzmann, self.rows, p), learning_rate)
            return
        step, self.phases = gibbs_gradient(self.boltzmann, self.phases, self.source, sweeps=SWEEPS)
        ascend(self.boltzmann, step, learning_rate)

    @torch.no_grad()
    def _rbm(self, learning_rate: float) -> None:
        """The exact gradient, or PCD: ⟨v hᵀ⟩ over the data − over the chains, with probabilities for the last h."""
        if self.use_exact:
            step: tuple[Tensor, ...] = tuple(exact.gradient(self.rbm, self.rows))
        else:
            for _ in range(SWEEPS):
                self.chains, _ = gibbs.sweep(self.rbm, self.chains, self.source)
            up, down = (self._statistics(v) for v in (self.rows, self.chains.v))
            step = tuple(a - b for a, b in zip(up, down, strict=True))
        for parameter, part in zip((self.rbm.weight, self.rbm.visible_bias, self.rbm.hidden_bias), step, strict=True):
            parameter.add_(part, alpha=learning_rate)

    def _statistics(self, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = self.rbm.hidden_mean(v)
        return v.T @ h / len(v), v.mean(0), h.mean(0)

    def _record(self) -> DivergenceRecord:
        entropy = math.log(len(self.rows))
        try:
            p = torch.full((len(self.rows),), 1 / len(self.rows), dtype=torch.float64)
            boltzmann_kl = float(exact_boltzmann.divergence(self.boltzmann, self.rows, p).detach())
        except TooLargeError:
            boltzmann_kl = math.nan
        free = float(self.rbm.free_energy(self.rows).detach().mean())
        rbm_kl = free + exact.log_partition(self.rbm) - entropy
        return DivergenceRecord(
            self.step, boltzmann_kl, rbm_kl, *seconds_per_sweep(self.boltzmann, self.rbm, self.source)
        )


def twin_size(n_visible: int, n_hidden: int) -> int:
    """Hidden units of the RBM whose V·H' + V + H' parameters come nearest to the Boltzmann machine's n(n−1)/2 + n."""
    n = n_visible + n_hidden
    return max(1, round((n * (n + 1) / 2 - n_visible) / (n_visible + 1)))


def seconds_per_sweep(boltzmann: BoltzmannMachine, rbm: RBM, source: torch.Generator) -> tuple[float, float]:
    """Wall-clock seconds of one sweep of CHAINS chains: unit by unit, and layer by layer."""
    own = sequential.from_noise(boltzmann, CHAINS, source)
    twin = rbm_chains.from_noise(rbm, CHAINS, source)
    return (
        _seconds(lambda: sequential.sweep(boltzmann, own, source)),
        _seconds(lambda: gibbs.sweep(rbm, twin, source)),
    )


def sweep_times(sizes: tuple[int, ...], seed: int) -> list[tuple[int, float, float]]:
    """(units, seconds unit by unit, seconds layer by layer) of machines of n units, half of them hidden."""
    source = generator(seed, "sweep times")
    rows = []
    for n in sizes:
        boltzmann = BoltzmannMachine(n // 2, n - n // 2, generator=source)
        rbm = RBM(n // 2, n - n // 2, generator=source)
        rows.append((n, *seconds_per_sweep(boltzmann, rbm, source)))
    return rows


def _seconds(act: Callable[[], object]) -> float:
    """The faster of two tries: the first may pay for what is made only once."""
    times = []
    for __ in range(2):
        before = time.perf_counter()
        act()
        times.append(time.perf_counter() - before)
    return min(times)
