"""The two moves of an Ising lattice or ring, compiled: Wolff's clusters, and single spins after Metropolis.

    E(s) = −Σ s_i s_j over the 2n bonds of an L×L lattice that is closed in both directions,   p(s) ∝ exp(−E / T)

A lattice is n = L² spins ±1 laid flat, int8, and is changed in place; ``side`` is how many stand in a row, and where that is
all n of them it is a ring of n bonds. Random numbers come from ``words``, one number of 64 bits that moves on with every draw
(SplitMix64: Steele, Lea & Flood, Fast Splittable Pseudorandom Number Generators, 2014).
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rbm.core import threads

Spins = NDArray[np.int8]
Words = NDArray[np.uint64]
Sizes = NDArray[np.int64]
_LOOP: dict[str, Any] = {"nogil": True, "cache": threads.KEPT, "error_model": "numpy"}


@njit(inline="always")
def _uniform(words: Any) -> Any:
    """A number in [0, 1) of 53 bits."""
    words[0] += np.uint64(0x9E3779B97F4A7C15)
    z = words[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.float64((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


@njit(inline="always")
def _neighbour(k: Any, way: Any, side: Any, size: Any) -> Any:
    if way == 0:
        return k + 1 if (k + 1) % side else k + 1 - side
    if way == 1:
        return k - 1 if k % side else k - 1 + side
    if way == 2:
        return k + side if k + side < size else k + side - size
    return k - side if k >= side else k - side + size


@njit(inline="always")
def _ways(side: Any, size: Any) -> Any:
    return 2 if side == size else 4


@njit(**_LOOP)
def _clusters(spins: Any, side: Any, join: Any, count: Any, words: Any) -> Any:
    stack, flipped = np.empty(spins.size, np.int64), 0
    for _ in range(count):
        first = int(_uniform(words) * spins.size)
        old, top = spins[first], 1
        stack[0] = first
        spins[first] = -old
        flipped += 1
        while top:
            top -= 1
            k = stack[top]
            for way in range(_ways(side, spins.size)):
                other = _neighbour(k, way, side, spins.size)
                if spins[other] == old and _uniform(words) < join:
                    spins[other] = -old
                    stack[top] = other
                    top += 1
                    flipped += 1
    return flipped


@njit(**_LOOP)
def _record(spins: Any, side: Any, join: Any, between: Any, words: Any, out: Any) -> None:
    for row in range(out.shape[0]):
        _clusters(spins, side, join, between, words)
        sign = 1 if _uniform(words) < 0.5 else -1
        for k in range(spins.size):
            out[row, k] = sign * spins[k]


@njit(**_LOOP)
def _metropolis(spins: Any, side: Any, beta: Any, tries: Any, words: Any) -> None:
    for _ in range(tries):
        k = int(_uniform(words) * spins.size)
        around = 0
        for way in range(_ways(side, spins.size)):
            around += spins[_neighbour(k, way, side, spins.size)]
        cost = 2 * spins[k] * around
        if cost <= 0 or _uniform(words) < np.exp(-beta * cost):
            spins[k] = -spins[k]


@njit(inline="always")
def _size(spins: Any) -> Any:
    total = 0
    for k in range(spins.size):
        total += spins[k]
    return abs(total)


@njit(**_LOOP)
def _cluster_sizes(spins: Any, side: Any, join: Any, words: Any, out: Any) -> Any:
    flipped = 0
    for t in range(out.size):
        flipped += _clusters(spins, side, join, 1, words)
        out[t] = _size(spins)
    return flipped


@njit(**_LOOP)
def _metropolis_sizes(spins: Any, side: Any, beta: Any, words: Any, out: Any) -> None:
    for t in range(out.size):
        _metropolis(spins, side, beta, spins.size, words)
        out[t] = _size(spins)


def clusters(spins: Spins, side: int, temperature: float, count: int, words: Words) -> int:
    """Flip so many clusters, each grown from a random spin over equal neighbours with 1 − e^(−2/T); the spins flipped.

    Source: Wolff, Collective Monte Carlo Updating for Spin Systems, 1989.
    """
    return int(_clusters(spins, side, _join(temperature), count, words))


def record(spins: Spins, side: int, temperature: float, between: int, words: Words, out: Spins) -> None:
    """The lattice after every ``between`` clusters into the rows of out (N, n), each times a sign of its own.

    Turning all spins changes no energy, so the sign is drawn fairly: up and down are then equally frequent at any T.
    """
    _record(spins, side, _join(temperature), between, words, out)


def metropolis(spins: Spins, side: int, temperature: float, sweeps: int, words: Words) -> None:
    """So many sweeps, each of n tries to flip a random spin, taken with min(1, e^(−ΔE/T))."""
    _metropolis(spins, side, 1.0 / temperature, sweeps * spins.size, words)


def cluster_sizes(spins: Spins, side: int, temperature: float, words: Words, out: Sizes) -> int:
    """|Σ s| after each of as many clusters as ``out`` (N,) has places; the spins flipped."""
    return int(_cluster_sizes(spins, side, _join(temperature), words, out))


def metropolis_sizes(spins: Spins, side: int, temperature: float, words: Words, out: Sizes) -> None:
    """|Σ s| after each of as many sweeps of ``metropolis`` as ``out`` (N,) has places."""
    _metropolis_sizes(spins, side, 1.0 / temperature, words, out)


def _join(temperature: float) -> float:
    return float(-np.expm1(-2.0 / temperature))
