"""When a Hopfield network of very many units remembers: retrieval, spin glass or paramagnet by load α and temperature T.

    m = ∫Dz tanh β(m + √(αr) z)      q = ∫Dz tanh² β(m + √(αr) z)      r = q / (1 − β(1 − q))²      β = 1/T

m is the overlap with a stored pattern, q how far spins are frozen anywhere, r the noise of all the other patterns. Amit,
Gutfreund & Sompolinsky, Storing Infinite Numbers of Patterns in a Spin-Glass Model of Neural Networks, PRL 55, 1985, and
Statistical Mechanics of Neural Networks near Saturation, Annals of Physics 173, 1987; replica-symmetric. No torch in here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.core.language import N_

Floats = npt.NDArray[np.float64]
CAPACITY = 0.138  # the load above which nothing is retrieved at any temperature
HALVINGS, ROUNDS = 11, 250
REMEMBERS = 0.2  # the overlap of every retrieval state is above; it vanishes by a jump, but at α = 0
STEP, LEAST = 0.3, 1e-3
_Z = np.linspace(-6, 6, 241)
_D = np.exp(-(_Z**2) / 2) / np.exp(-(_Z**2) / 2).sum()


class OrderParameters(NamedTuple):
    """The order parameters of a solution and its free energy a unit, each in the shape of α and T together."""

    m: Floats
    q: Floats
    free_energy: Floats


class Lines(NamedTuple):
    """Where phases end. ``loads`` (L,); ``glass`` (L,): 1 + √α; ``retrieval`` (L,): below it memories are states that last;
    ``ground`` (L,): below it they are the lowest of all. 0 where there is no such temperature."""

    loads: Floats
    glass: Floats
    retrieval: Floats
    ground: Floats


def solve(load: npt.ArrayLike, temperature: npt.ArrayLike, *, retrieved: bool, rounds: int = ROUNDS) -> OrderParameters:
    """The solution that iteration reaches from a pattern (m = 1) or from no pattern (m = 0), from frozen spins (q = 1)."""
    alpha, t = np.broadcast_arrays(np.asarray(load, dtype=np.float64), np.asarray(temperature, dtype=np.float64))
    m, spread = np.full(alpha.shape, float(retrieved)), np.sqrt(alpha)  # √(αr), of frozen spins
    for _ in range(rounds):
        way = np.tanh((m[..., None] + spread[..., None] * _Z) / t[..., None])
        m, q = way @ _D, np.clip(way**2 @ _D, 1e-12, 1.0)
        # In steps, and by a factor: near β(1 − q) = 1 a whole step would overshoot without end.
        wanted = np.sqrt(alpha * q) / np.maximum(1 - (1 - q) / t, LEAST)
        spread = spread ** (1 - STEP) * wanted**STEP
    return OrderParameters(m, q, _free_energy(alpha, t, m, q))


def glass(load: npt.ArrayLike) -> Floats:
    """T_g = 1 + √α, below which spins freeze."""
    found: Floats = 1 + np.sqrt(np.asarray(load, dtype=np.float64))
    return found


def phase(load: float, temperature: float, found: OrderParameters) -> str:
    """ "retrieval", "spin glass" or "paramagnet" at a point whose solution from a pattern was ``found``.

    Retrieval is wherever memories last, though others may lie lower.
    """
    if float(found.m) > REMEMBERS:
        return N_("retrieval")
    return N_("spin glass") if temperature < float(glass(load)) else N_("paramagnet")


@lru_cache(maxsize=1)
def lines() -> Lines:
    """The phase diagram, which takes a second the first time."""
    parts = ((0.0005, 0.05, 16), (0.0505, 0.053, 4), (0.06, 0.135, 13), (0.1365, 0.139, 4), (0.15, 0.27, 10))
    loads = np.concatenate([np.linspace(*part) for part in parts])

    def lasts(t: Floats) -> npt.NDArray[np.bool_]:
        return solve(loads, t, retrieved=True).m > REMEMBERS

    def lowest(t: Floats) -> npt.NDArray[np.bool_]:
        kept, lost = (solve(loads, t, retrieved=retrieved) for retrieved in (True, False))
        return (kept.m > REMEMBERS) & (kept.free_energy < lost.free_energy)

    return Lines(loads, glass(loads), *(_highest(test, len(loads)) for test in (lasts, lowest)))


def _highest(test: Callable[[Floats], npt.NDArray[np.bool_]], n: int) -> Floats:
    """The highest temperature at which ``test`` holds, by halving between 0.05 and 1; 0 where it does not at 0.05."""
    low, high = np.full(n, 0.05), np.ones(n)
    ever = test(low)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        holds = test(middle)
        low, high = np.where(holds, middle, low), np.where(holds, high, middle)
    found: Floats = np.where(ever, low, 0.0)
    return found


def _free_energy(alpha: Floats, t: Floats, m: Floats, q: Floats) -> Floats:
    """f = α/2 + m²/2 + (αβ/2) r(1 − q) + (αT/2)(ln D − βq/D) − T∫Dz ln 2cosh β(m + √(αr) z),  D = 1 − β(1 − q)."""
    d = np.maximum(1 - (1 - q) / t, LEAST)
    r = q / d**2
    field = np.abs(m[..., None] + np.sqrt(alpha * r)[..., None] * _Z) / t[..., None]
    log_cosh = (field + np.log1p(np.exp(-2 * field))) @ _D
    found: Floats = (
        alpha / 2 + m**2 / 2 + alpha / (2 * t) * r * (1 - q) + alpha * t / 2 * (np.log(d) - q / (t * d)) - t * log_cosh
    )
    return found
