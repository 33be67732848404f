"""The Ising model on a square lattice as data: spins at a temperature, drawn by Wolff's clusters when they are asked for.

A row of a data set holds v = (s + 1)/2, 0 or 1, of which ``coding`` makes the spins s = ±1 again for spin units; ``samples``
gives them at once. The label says which way most spins point.
"""

import math

import numpy as np
import torch

from rbm import randomness
from rbm.core import spins
from rbm.core.spins import Spins, Words
from rbm.datasets.base import Dataset
from rbm.datasets.entry import CATALOG, ISING_CRITICAL, check_temperature
from rbm.errors import ConfigError

SIDES = {"ising_4": 4, "ising_8": 8, "ising_16": 16}
PARTS = {"train": 10_000, "validation": 1_000, "test": 1_000}
SWEEPS_BETWEEN = 3  # lattices' worth of flipped spins between two samples: near T_c too they have forgotten each other
SWEEPS_BEFORE = 50
LONGEST_SIDE = 256


def load(name: str, temperature: float | None) -> Dataset:
    """``ising_4``, ``ising_8`` or ``ising_16`` at a temperature, T_c where none is given; always the same samples."""
    entry, side = CATALOG[name], SIDES[name]
    t = ISING_CRITICAL if temperature is None else temperature
    drawn = torch.from_numpy(samples(side, t, sum(PARTS.values()), seed=0))
    parts = dict(zip(PARTS, drawn.split(list(PARTS.values())), strict=True))
    return Dataset(
        name=name,
        title=entry.title,
        image_shape=entry.image_shape,
        kind=entry.kind,
        class_names=entry.class_names,
        **{part: (s.float() + 1) / 2 for part, s in parts.items()},
        **{f"{part}_labels": _upwards(s) for part, s in parts.items()},
    )


def samples(side: int, temperature: float, count: int, seed: int) -> Spins:
    """So many lattices of side×side spins ±1 at equilibrium, (count, side²) int8; another seed gives independent ones."""
    lattice = IsingLattice(side, temperature, seed)
    between = lattice.settle()
    out = np.empty((count, side * side), np.int8)
    spins.record(lattice.spins, temperature, between, lattice.words, out)
    return out


class IsingLattice:
    """One lattice that lives: ``spins`` (side²,) ±1, moved by Wolff's clusters or by single spins after Metropolis."""

    def __init__(self, side: int, temperature: float, seed: int) -> None:
        """All spins at random; ConfigError for a side or a temperature that is none."""
        check_side(side)
        check_temperature(temperature)
        self.side, self.temperature = side, temperature
        key = randomness.Coins(randomness.generator(seed, "ising", side, repr(float(temperature)))).key()
        self.words: Words = np.array([key % 2**64], np.uint64)
        coins = np.random.default_rng(self.words[0]).integers(0, 2, side * side)
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
        return spins.clusters(self.spins, self.temperature, count, self.words)

    def metropolis(self, sweeps: int) -> None:
        """So many sweeps of single spins."""
        spins.metropolis(self.spins, self.temperature, sweeps, self.words)


def check_side(side: int) -> None:
    """ConfigError unless it is the side of a lattice here: even, so that no bond is frustrated when a sign alternates."""
    if isinstance(side, bool) or side not in range(4, LONGEST_SIDE + 1, 2):
        raise ConfigError(f"The lattice's side is {side!r}; expected an even number from 4 to {LONGEST_SIDE}.")


def _upwards(s: torch.Tensor) -> torch.Tensor:
    """1 where most spins of a row point up, else 0; where as many point down, what the first spin does."""
    total = s.sum(1, dtype=torch.int64)
    return ((total > 0) | ((total == 0) & (s[:, 0] > 0))).long()
