"""The Ising model as data, spins drawn at a temperature when they are asked for: lattices by Wolff's clusters, rings exactly.

A row of a data set holds v = (s + 1)/2, 0 or 1, of which ``coding`` makes the spins s = ±1 again for spin units; ``samples``
gives them at once. The label says which way most spins point; where there are several temperatures, at which one it was drawn.
"""

import math

import numpy as np
import torch

from rbm import randomness
from rbm.core import spins
from rbm.core.language import _
from rbm.core.spins import Sizes, Spins, Words
from rbm.datasets.base import Dataset
from rbm.datasets.entry import CATALOG, LINE, RING, RING_SPINS, Temperature
from rbm.datasets.temperatures import check_temperature, checked_temperature
from rbm.errors import ConfigError

SIDES = {"ising_4": 4, "ising_8": 8, "ising_16": 16}
PARTS = {"train": 10_000, "validation": 1_000, "test": 1_000}
SWEEPS_BETWEEN = 3  # lattices' worth of flipped spins between two samples: near T_c too they have forgotten each other
SWEEPS_BEFORE = 50
LONGEST_SIDE = 256


def load(name: str, temperature: Temperature | None) -> Dataset:
    """A lattice or the ring at a temperature, the usual one where none is given; always the same samples.

    Of several temperatures each has an equal share of every part, give or take a row, and the label is its place among them.
    """
    entry = CATALOG[name]
    t = checked_temperature(entry.usual_temperature if temperature is None else temperature)
    several = isinstance(t, tuple)
    parts = _mixture(LINE if name == RING else SIDES[name], t if isinstance(t, tuple) else (t,))
    return Dataset(
        name=name,
        title=entry.title,
        image_shape=entry.image_shape,
        kind=entry.kind,
        class_names=entry.classes_at(t),
        **{part: (s.float() + 1) / 2 for part, (s, _at) in parts.items()},
        **{f"{part}_labels": at if several else _upwards(s) for part, (s, at) in parts.items()},
    )


def _mixture(side: int, temperatures: tuple[float, ...]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """The spins (N, V) of every part, and which of the m temperatures each row has (N,): row r the one numbered r mod m.

    Whoever looks at the first rows of a part therefore sees all temperatures. Each has a lattice of its own.
    """
    m = len(temperatures)
    labels = {part: torch.arange(n) % m for part, n in PARTS.items()}
    rows: dict[str, list[torch.Tensor]] = {part: [] for part in PARTS}
    for i, t in enumerate(temperatures):
        counts = [int((at == i).sum()) for at in labels.values()]
        drawn = torch.from_numpy(samples(side, t, sum(counts), 0))
        for part, share in zip(PARTS, drawn.split(counts), strict=True):
            rows[part].append(share)
    # Sorted by temperature the rows stand as in ``rows``: the inverse of that order puts them back.
    return {part: (torch.cat(rows[part])[at.argsort(stable=True).argsort()], at) for part, at in labels.items()}


def samples(side: int, temperature: float, count: int, seed: int) -> Spins:
    """So many lattices of side×side spins ±1 at equilibrium, (count, side²) int8, or rings; another seed, others."""
    check_side(side)
    if side == LINE:
        return ring_samples(RING_SPINS, temperature, count, seed)
    lattice = IsingLattice(side, temperature, seed)
    between = lattice.settle()
    out = np.empty((count, side * side), np.int8)
    spins.record(lattice.spins, side, temperature, between, lattice.words, out)
    return out


def ring_samples(length: int, temperature: float, count: int, seed: int) -> Spins:
    """So many rings of ``length`` spins ±1 drawn exactly and independently of each other, (count, length) int8.

    Spin by spin from the first, of which both signs are alike, by the transfer matrix: with t = tanh 1/T and m bonds from spin
    i back to the first, p(s_i | s_{i−1}, s_1) ∝ exp(s_i s_{i−1} / T) (1 + s_i s_1 t^m). ConfigError for what is no ring.
    """
    if isinstance(length, bool) or length not in range(3, LONGEST_SIDE + 1):
        wrong = _("The ring has {length!r} spins; expected a whole number from 3 to {longest_side}.")
        raise ConfigError(wrong.format(length=length, longest_side=LONGEST_SIDE))
    check_temperature(temperature)
    source = randomness.generator(seed, "ising ring", length, repr(float(temperature)))
    u = torch.rand(count, length, generator=source, dtype=torch.float64).numpy()
    s = np.empty((count, length), np.int8)
    s[:, 0] = np.where(u[:, 0] < 0.5, 1, -1)
    t = math.tanh(1 / temperature)
    for i in range(1, length):
        pull = 2 * s[:, i - 1] / temperature + 2 * s[:, 0] * math.atanh(t ** (length - i))
        s[:, i] = np.where(np.log(u[:, i]) - np.log1p(-u[:, i]) < pull, 1, -1)
    return s


class IsingLattice:
    """One lattice that lives: ``spins`` (side²,) ±1, moved by Wolff's clusters or by single spins after Metropolis.

    Where the side is LINE it is a ring; ``columns`` is how many spins stand in a row.
    """

    def __init__(self, side: int, temperature: float, seed: int) -> None:
        """All spins at random; ConfigError for a side or a temperature that is none."""
        check_side(side)
        check_temperature(temperature)
        self.side, self.temperature = side, temperature
        self.columns = RING_SPINS if side == LINE else side
        key = randomness.Coins(randomness.generator(seed, "ising", side, repr(float(temperature)))).key()
        self.words: Words = np.array([key % 2**64], np.uint64)
        coins = np.random.default_rng(self.words[0]).integers(0, 2, side * self.columns)
        self.spins: Spins = (2 * coins - 1).astype(np.int8)

    def settle(self) -> int:
        """Go to equilibrium; how many clusters flip about SWEEPS_BETWEEN lattices' worth of spins there."""
        size, flipped, count = self.spins.size, 0, 0
        while flipped < SWEEPS_BEFORE * size:
            flipped += self.clusters(10)
        flipped = 0
        while flipped < SWEEPS_BEFORE * size:  # now at equilibrium: how large clusters are
            flipped += self.clusters(10)
            count += 10
        return max(1, math.ceil(SWEEPS_BETWEEN * size * count / flipped))

    def clusters(self, count: int) -> int:
        """Flip so many of Wolff's clusters; the spins that were flipped."""
        return spins.clusters(self.spins, self.columns, self.temperature, count, self.words)

    def metropolis(self, sweeps: int) -> None:
        """So many sweeps of single spins."""
        spins.metropolis(self.spins, self.columns, self.temperature, sweeps, self.words)

    def cluster_sizes(self, count: int) -> tuple[Sizes, int]:
        """|Σ s| after each of so many clusters (count,), and the spins that were flipped."""
        out = np.empty(count, np.int64)
        return out, spins.cluster_sizes(self.spins, self.columns, self.temperature, self.words, out)

    def metropolis_sizes(self, sweeps: int) -> Sizes:
        """|Σ s| after each of so many sweeps of single spins (sweeps,)."""
        out = np.empty(sweeps, np.int64)
        spins.metropolis_sizes(self.spins, self.columns, self.temperature, self.words, out)
        return out


def check_side(side: int) -> None:
    """ConfigError unless it is a side here: even, so that no bond is frustrated when a sign alternates, or LINE."""
    if isinstance(side, bool) or side not in (LINE, *range(4, LONGEST_SIDE + 1, 2)):
        wrong = _(
            "The lattice's side is {side!r}; expected an even number from 4 to {longest_side}, or {line} for the ring."
        )
        raise ConfigError(wrong.format(side=side, longest_side=LONGEST_SIDE, line=LINE))


def _upwards(s: torch.Tensor) -> torch.Tensor:
    """1 where most spins of a row point up, else 0; where as many point down, what the first spin does."""
    total = s.sum(1, dtype=torch.int64)
    return ((total > 0) | ((total == 0) & (s[:, 0] > 0))).long()
