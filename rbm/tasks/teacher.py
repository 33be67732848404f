"""A student learns from a hidden teacher's samples: how well it knows the teacher's weights, against how many it has seen.

    teacher   p(s) = ½ Σ_{h=±1} Π_i e^{β ξ_i s_i h/√N} / 2cosh(β/√N)        student   the same machine with weights w, |w| = β

One hidden spin each, no biases. M = αN samples s ∈ {±1}ᴺ have the covariance 1 + θ ξξᵀ/N off the diagonal, θ = N tanh²(β/√N)
≈ β²: a spike that no student sees below α_c = 1/θ² ≈ β⁻⁴ and whose direction from there on is known to

    q² = (1 − 1/(αθ²)) / (1 + 1/(αθ))        q = |w·ξ| / (|w| √N)

for principal components, N → ∞ (Baik, Ben Arous & Péché 2005; Paul 2007). For students of this kind the same transition:
Huang & Toyoizumi, Unsupervised Feature Learning from Finite Data by Message Passing, Physical Review E 94, 2016.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Floats = npt.NDArray[np.float64]
LOADS = tuple(2 ** (power / 2) for power in range(-6, 6))  # α = M/N, from ⅛ to 5.7
TEACHERS = 4
UPDATES = 200  # half of them while the weights are small, a fifth at their full length
SIDE = 28


class Taught(NamedTuple):
    """How well students know their teachers after M = αN samples: overlap q, its error over teachers, and the first student.

    ``weight`` (N,) is that of the student whose teacher is the picture ``teacher`` (N,), with the teacher's sign.
    """

    load: float
    overlap: float
    error: float
    weight: npt.NDArray[np.float32]
    teacher: npt.NDArray[np.float32]


def spike(beta: float, n: int) -> float:
    """θ = N tanh²(β/√N), the strength of what is to be learnt."""
    return n * math.tanh(beta / math.sqrt(n)) ** 2


def transition(beta: float, n: int) -> float:
    """α_c = 1/θ²: below it no number of passes helps."""
    return 1 / spike(beta, n) ** 2


def expected(loads: npt.ArrayLike, beta: float, n: int) -> Floats:
    """q of the first principal component of very large machines, 0 below the transition."""
    alpha, theta = np.asarray(loads, dtype=np.float64), spike(beta, n)
    found: Floats = np.sqrt(np.clip((1 - 1 / (alpha * theta**2)) / (1 + 1 / (alpha * theta)), 0, None))
    return found


def teach(beta: float, loads: tuple[float, ...] = LOADS, teachers: int = TEACHERS, seed: int = 1) -> Iterator[Taught]:
    """Students of ``teachers`` teachers at each load in turn, the first teacher a digit and the others random."""
    import torch

    from rbm import randomness

    draw = randomness.generator(seed, "teachers")
    known = [_digit(), *(2.0 * torch.randint(0, 2, (SIDE**2,), generator=draw) - 1 for _ in range(teachers - 1))]
    n = SIDE**2
    seen = [samples(xi, beta, round(max(loads) * n), draw) for xi in known]
    for load in loads:
        students = [learn(rows[: max(1, round(load * n))], beta, draw) for rows in seen]
        q = [float(w @ xi) / (float(w.norm()) * math.sqrt(n)) for w, xi in zip(students, known, strict=True)]
        first = students[0] if q[0] >= 0 else -students[0]  # the sign of a hidden spin is free
        over = np.abs(q)
        error = float(over.std(ddof=1)) / math.sqrt(teachers) if teachers > 1 else math.nan
        yield Taught(load, float(over.mean()), error, first.numpy(), known[0].numpy())


def samples(xi: torch.Tensor, beta: float, count: int, draw: torch.Generator) -> torch.Tensor:
    """Independent draws of the teacher of weights β ξ/√N: (count, N)."""
    import torch

    on = torch.rand(count, len(xi), generator=draw) < 1 / (1 + math.exp(-2 * beta / math.sqrt(len(xi))))
    h = 2.0 * torch.randint(0, 2, (count, 1), generator=draw) - 1
    return h * xi * (2.0 * on - 1)  # each spin agrees with h ξ_i with the probability σ(2β/√N)


def learn(rows: torch.Tensor, beta: float, draw: torch.Generator) -> torch.Tensor:
    """The student's weights (N,) after exact gradient ascent of the mean log-likelihood of its samples (M, N).

    It knows how strong its teacher is, |w| = β, and comes to that gently: at a tenth of it the gradient is linear in w, so that
    the updates are those of the power method for the first principal component, and from there on, as |w| grows to β, each
    update raises the likelihood among weights of one length (a convex function climbs so: Journée, Nesterov, Richtárik &
    Sepulchre, JMLR 11, 2010). Left free, w grows while it still points along the noise of single samples and stays there: such
    a student needs several times as many.
    """
    import torch

    from rbm import randomness
    from rbm.models.rbm import RBM
    from rbm.training import gradients
    from rbm.training.config import TrainConfig
    from rbm.training.negative import make_negative

    model = RBM(rows.shape[1], 1, visible="spin", hidden="spin", generator=draw)
    negative = make_negative(model, TrainConfig(algorithm="exact"), randomness.Coins(draw))
    with torch.no_grad():
        for done in range(UPDATES):
            length = beta * min(max((done / UPDATES - 0.5) / 0.3, 0.1), 1.0)
            model.weight.mul_(length / model.weight.norm())
            model.weight.add_(gradients.contrast(negative.phases(rows, 1)).weight)
        model.weight.mul_(beta / model.weight.norm())
    return model.weight.detach()[:, 0].clone()


def _digit() -> torch.Tensor:
    from rbm.datasets import patterns

    coarse, times = patterns.digit_patterns()[3].view(patterns.SIDE, patterns.SIDE), SIDE // patterns.SIDE
    return coarse.repeat_interleave(times, 0).repeat_interleave(times, 1).flatten()
