"""When modes of W grow out of the noise: the leading singular values beside training, and the update at which each has left.

    s₁ ≥ s₂ ≥ … of W (V, H) at updates 0, 1, 2, 4 … evenly in their logarithm; noise of deviation σ fills σ|√V ± √H|

Decelle, Fissore & Furtlehner, Spectral Dynamics of Learning in Restricted Boltzmann Machines, EPL 119, 2017.
T moments, K modes. What reads the numbers needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rbm.models.rbm import RBM

Floats = npt.NDArray[np.float64]
LEADING = 8
NAMES = tuple(f"singular_value_{rank}" for rank in range(1, LEADING + 1))  # in the event stream
# Events measured a doubling of the updates. 784–500 on one core: 12 ms a look, 0.4 s in the 21,000 updates of 25 epochs,
# which take 70 s; 784–100: 0.3 ms a look.
A_DOUBLING = 3


class Growth(NamedTuple):
    """Updates (T,) and the leading singular values then (T, K), NaN where a machine has fewer or none was measured.

    ``low`` and ``high`` bound the noise; ``left`` (K,): the first update measured after which a mode stayed beyond all
    that noise alone reaches once in a thousand matrices, NaN for one that has not left.
    """

    steps: Floats
    values: Floats
    low: float
    high: float
    left: Floats


def due(step: int, before: int) -> bool:
    """Whether an event at ``step`` is the first since ``before``, the event before it, in its part of a doubling."""
    return step < 1 or before < 1 or int(A_DOUBLING * math.log2(step)) > int(A_DOUBLING * math.log2(before))


def leading(model: RBM) -> dict[str, float]:
    """The largest singular values of W by name, as many as it has: roots of the eigenvalues of the smaller Gram matrix.

    They are right to a ten-thousandth of the largest, at a half of the time of a decomposition.
    """
    import torch

    with torch.no_grad():
        weight = model.weight.float()
        gram = weight.T @ weight if weight.shape[0] >= weight.shape[1] else weight @ weight.T
        values = torch.linalg.eigvalsh(gram).clamp(min=0).sqrt()[-LEADING:].flip(0)
    return dict(zip(NAMES, values.tolist(), strict=False))


def growth(steps: npt.ArrayLike, values: npt.ArrayLike, n_visible: int, n_hidden: int) -> Growth:
    """What the leading values (T, K) at these updates (T,) tell of a W of that size, which began as an RBM's does."""
    from rbm.evaluation import spectrum

    at, s = (
        np.asarray(steps, dtype=np.float64),
        np.asarray(values, dtype=np.float64).reshape(len(np.atleast_1d(steps)), -1),
    )
    beyond = spectrum.clearly_beyond(n_visible, n_hidden)
    inside = ~(s > beyond)  # NaN is not beyond
    left = np.full(s.shape[1], np.nan)
    for mode in range(s.shape[1]):
        since = int(np.flatnonzero(inside[:, mode]).max(initial=-1)) + 1
        if since < len(at):
            left[mode] = at[since]
    return Growth(at, s, *spectrum.noise_band(n_visible, n_hidden), left)


def told(events: Iterable[tuple[int, Mapping[str, float]]], n_visible: int, n_hidden: int) -> Growth | None:
    """The growth that a run's events (update, numbers) tell; None where none noted the modes, as older programs did not."""
    noted = [(step, numbers) for step, numbers in events if NAMES[0] in numbers]
    if not noted:
        return None
    values = [[numbers.get(name, math.nan) for name in NAMES] for _, numbers in noted]
    return growth([step for step, _ in noted], values, n_visible, n_hidden)
