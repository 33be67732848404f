"""What physicists measure on a lattice of spins, each number with its standard error.

Letters: N lattices of L×L spins s = ±1, closed in both directions, n = L² spins; T the temperature. A ring is one row, 1×n.
Errors come from blocks: neighbouring lattices may know of each other, blocks of many hardly do.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.core.language import _
from rbm.errors import ShapeError

Floats = NDArray[np.float64]
BLOCKS = 20


class WithError(NamedTuple):
    """A number and its standard error, NaN where there is too little to tell it from."""

    value: float
    error: float


class LatticeMeans(NamedTuple):
    """Per spin: energy ⟨e⟩, magnetisation ⟨|m|⟩, heat capacity n(⟨e²⟩ − ⟨e⟩²)/T², susceptibility n(⟨m²⟩ − ⟨|m|⟩²)/T."""

    energy: WithError
    magnetisation: WithError
    heat_capacity: WithError
    susceptibility: WithError


def lattices(spins: ArrayLike, side: int) -> Floats:
    """Rows of spins ±1 (N, n) as (N, L, L) float64, or of side 1 as rings (N, 1, n); ShapeError for what is none."""
    rows = np.asarray(spins, dtype=np.float64)
    if rows.ndim != 2 or (rows.shape[1] != side * side and side != 1) or not rows.size:
        wrong = _("Expected rows of {spins} spins for lattices of {side}×{side}, got {shape}.")
        raise ShapeError(wrong.format(spins=side * side, side=side, shape=rows.shape))
    if not (np.abs(rows) == 1).all():
        raise ShapeError(_("A lattice's spins are −1 or 1; zeros and ones v become spins as 2v − 1."))
    return rows.reshape(len(rows), side, -1)


def energies(s: Floats) -> Floats:
    """e = −(1/n) Σ s_i s_j over the 2n bonds, or a ring's n: (N, L, L) -> (N,)"""
    return -_agreement(s, 1).mean((1, 2))


def _agreement(s: Floats, r: int) -> Floats:
    """Σ s_i s_j of each spin and those r further along each way that the lattice has."""
    return sum((s * np.roll(s, r, way) for way in (1, 2) if s.shape[way] > 1), np.zeros(()))


def magnetisations(s: Floats) -> Floats:
    """m = (1/n) Σ s_i: (N, L, L) -> (N,)"""
    means: Floats = s.mean((1, 2))
    return means


def correlations(s: Floats) -> Floats:
    """s_i s_j at distances r = 0 ... L/2 along rows and columns, averaged over each lattice: (N, L/2 + 1)"""
    ways = 2 if s.shape[1] > 1 else 1
    at = [_agreement(s, r).mean((1, 2)) / ways for r in range(s.shape[2] // 2 + 1)]
    return np.stack(at, 1)


def measured(s: Floats, temperature: float) -> LatticeMeans:
    """The four of lattices (N, L, L), with errors by the jackknife over blocks."""
    n, e, m = s[0].size, energies(s), np.abs(magnetisations(s))

    def spread(x: Floats) -> float:
        return n * max(float((x * x).mean() - x.mean() ** 2), 0.0)

    return LatticeMeans(
        blocked(np.mean, e),
        blocked(np.mean, m),
        blocked(lambda x: spread(x) / temperature**2, e),
        blocked(lambda x: spread(x) / temperature, m),
    )


def blocked(statistic: Callable[[Floats], Any], x: Floats, blocks: int = BLOCKS) -> WithError:
    """A statistic of the values x (N,) in their order, with its jackknife error over so many blocks.

    With θ_b the statistic without block b, its squared error is (B − 1)/B Σ (θ_b − θ̄)² (Efron 1982); of a mean that is the
    variance of the blocks' means over B.
    """
    value, blocks = float(statistic(x)), min(blocks, len(x))
    if blocks < 2:
        return WithError(value, math.nan)
    parts = np.array_split(np.arange(len(x)), blocks)
    without = np.array([statistic(np.delete(x, part)) for part in parts], dtype=np.float64)
    return WithError(value, math.sqrt((blocks - 1) * float(without.var())))


def autocorrelation_time(x: ArrayLike) -> WithError:
    """τ in steps of all chains x (steps, chains) together, and its error, see ``rbm.evaluation.mixing``."""
    import torch

    from rbm.evaluation import mixing

    chains = torch.as_tensor(np.asarray(x, dtype=np.float64))
    return WithError(mixing.autocorrelation_time(chains), mixing.autocorrelation_time_error(chains))
