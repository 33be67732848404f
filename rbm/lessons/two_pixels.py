"""The worked example of two pixels: four patterns, one coupling, two biases, and everything about them on one page.

    E(x) = −W x₁x₂ − b₁x₁ − b₂x₂        x ∈ {−1, 1}²        P(x) = exp(−E(x)) / Z

With the features φ(x) = (x₁x₂, x₁, x₂) and θ = (W, b₁, b₂) that is P ∝ exp(φ(x)·θ), so that
∂KL(P₀‖P)/∂θ = ⟨φ⟩_P − ⟨φ⟩_P₀: correlations of the model minus those of the data. No torch: four states need none.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.core.language import _
from rbm.errors import ConfigError

Floats = npt.NDArray[np.float64]
PATTERNS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
COUNTS = (3, 1, 2, 4)  # how often the sources saw each
FEATURES: Floats = np.array([[a * b, a, b] for a, b in PATTERNS], dtype=np.float64)  # φ of each pattern, (4, 3)


class Pair(NamedTuple):
    """The machine's three numbers: the coupling W and the biases b₁ and b₂, or a gradient by them."""

    coupling: float
    first: float
    second: float


class Descent(NamedTuple):
    """T + 1 machines on the way downhill: ``theta`` (T + 1, 3), ``p`` (T + 1, 4), ``kl`` (T + 1,) in nats."""

    theta: Floats
    p: Floats
    kl: Floats

    @property
    def correlation(self) -> Floats:
        """⟨x₁x₂⟩ of each machine: (T + 1,)."""
        return self.p @ FEATURES[:, 0]


def observed(counts: Sequence[int]) -> Floats:
    """P₀: the share of each pattern among the examples, (4,). ConfigError unless there are four counts and an example."""
    if len(counts) != len(PATTERNS) or min(counts) < 0 or sum(counts) < 1:
        wrong = _("Two pixels have four patterns, seen 0 or more times and together at least once; got {counts!r}.")
        raise ConfigError(wrong.format(counts=counts))
    return np.array(counts, dtype=np.float64) / sum(counts)


def energies(pair: Pair) -> Floats:
    """E of each pattern, (4,)."""
    return -FEATURES @ np.array(pair)


def distribution(pair: Pair) -> Floats:
    """P of each pattern, (4,)."""
    return _softmax(FEATURES @ np.array(pair))


def means(p: Floats) -> Pair:
    """⟨x₁x₂⟩, ⟨x₁⟩ and ⟨x₂⟩ under a distribution p (4,)."""
    return Pair(*(float(m) for m in p @ FEATURES))


def hebb(p0: Floats) -> Pair:
    """Hebb's rule: W = ⟨x₁x₂⟩ and bᵢ = ⟨xᵢ⟩ over the data, in one look and with nothing compared."""
    return means(p0)


def solution(p0: Floats) -> Pair | None:
    """The machine with P = P₀, of which there is one where every pattern was seen; None where one never was.

    Three numbers describe four probabilities that sum to 1: the features are orthogonal, so θ = ¼ Σ_x φ(x) log P₀(x).
    """
    if float(p0.min()) <= 0:
        return None
    return Pair(*(float(x) for x in FEATURES.T @ np.log(p0) / 4))


def divergence(p0: Floats, p: Floats) -> float:
    """KL(P₀‖P) = Σ P₀ log(P₀ / P) in nats, over the patterns that were seen."""
    return float(np.sum(np.where(p0 > 0, p0 * np.log(np.where(p0 > 0, p0, 1.0) / p), 0.0)))


def gradient(p0: Floats, pair: Pair) -> Pair:
    """∂KL(P₀‖P)/∂(W, b₁, b₂) = ⟨φ⟩_P − ⟨φ⟩_P₀."""
    return Pair(*(float(g) for g in (distribution(pair) - p0) @ FEATURES))


def descend(p0: Floats, rate: float, steps: int, start: Sequence[float] = (0.0, 0.0, 0.0)) -> Descent:
    """θ ← θ − rate · ∂KL/∂θ, ``steps`` times. ConfigError for a rate that is not above 0 or fewer than no steps."""
    if not rate > 0 or steps < 0:
        wrong = _("Descent needs a rate above 0 and 0 or more steps, got rate={rate!r} and steps={steps!r}.")
        raise ConfigError(wrong.format(rate=rate, steps=steps))
    theta, p = np.empty((steps + 1, 3)), np.empty((steps + 1, 4))
    theta[0] = start
    for t in range(steps + 1):
        p[t] = _softmax(FEATURES @ theta[t])
        if t < steps:
            theta[t + 1] = theta[t] - rate * ((p[t] - p0) @ FEATURES)
    return Descent(theta, p, np.array([divergence(p0, row) for row in p]))


def _softmax(x: Floats) -> Floats:
    weights = np.exp(x - x.max())
    return np.asarray(weights / weights.sum())
