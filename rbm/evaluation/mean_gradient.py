"""What CD-k and PCD follow on average: their gradients without any noise, for machines small enough to write down.

CD-k's chains start at the data and take k sweeps, so its negative statistics are those of the distribution q₀K^k, with
q₀ that of the data and K the transition matrix of a sweep; k → ∞ gives the likelihood's own gradient. PCD's chains
carry their distribution from one update to the next, q ← qK^k, while K moves with the model. Hinton, Training Products
of Experts by Minimizing Contrastive Divergence (2002); Fischer & Igel, Bounding the Bias of Contrastive Divergence
Learning, Neural Computation 23 (2011). Letters: S visible states in the order of ``exact.states``, N rows of data.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError
from rbm.evaluation.exact import Moments
from rbm.evaluation.transition import Halves


def distribution(data: Tensor, half: Halves) -> Tensor:
    """The share of each visible state among the rows of data (N, V): (S,). ShapeError for a row that is no state."""
    rows = data.double().cpu()
    if rows.ndim != 2 or rows.shape[1] != half.v.shape[1] or len(rows) == 0:
        wrong = _("data has shape {shape}, expected (N, {n_visible}) with N ≥ 1.")
        raise ShapeError(wrong.format(shape=tuple(rows.shape), n_visible=half.v.shape[1]))
    same = (rows[:, None] == half.v).all(2)  # (N, S)
    if not bool(same.any(1).all()):
        raise ShapeError(_("A row of data is none of the machine's visible states: binarise it first."))
    return same.double().mean(0)


def statistics(q: Tensor, half: Halves) -> Moments:
    """⟨v hᵀ⟩, ⟨v⟩ and ⟨h⟩ with v from q (S,) and h from p(h | v)."""
    h = half.up @ half.h  # ⟨h | v⟩ of every state, (S, H)
    return Moments(half.v.T @ (q[:, None] * h), q @ half.v, q @ h)


def contrast(data: Tensor, model: Tensor, half: Halves) -> Moments:
    """The gradient when data has distribution ``data`` (S,) and the negative phase ``model`` (S,)."""
    return Moments(*(up - down for up, down in zip(statistics(data, half), statistics(model, half), strict=True)))


def after(q: Tensor, half: Halves, ks: Sequence[int]) -> list[Tensor]:
    """The distribution qK^k (S,) for each k of ks, which ascend. ConfigError where they do not."""
    if list(ks) != sorted(ks) or (ks and ks[0] < 0):
        raise ConfigError(_("The numbers of sweeps should ascend from 0 or more, got {ks}.").format(ks=list(ks)))
    found, done = [], 0
    for k in ks:
        for __ in range(k - done):
            q = half.sweep(q)
        done = k
        found.append(q)
    return found


def cd(data: Tensor, half: Halves, ks: Sequence[int]) -> list[Moments]:
    """The mean gradient of CD-k on data (N, V) for each k of ks: exact, no chain is run."""
    q = distribution(data, half)
    return [contrast(q, negative, half) for negative in after(q, half, ks)]


def likelihood(data: Tensor, half: Halves) -> Moments:
    """The gradient of the mean log-likelihood of data (N, V): what all of them stand in for."""
    return contrast(distribution(data, half), half.visible, half)


def length(gradient: Moments) -> float:
    """‖g‖ over all parameters."""
    return float(_flat(gradient).norm())


def angle(one: Moments, other: Moments) -> float:
    """The angle between two gradients over all parameters, in degrees; NaN where one of them is 0."""
    a, b = _flat(one), _flat(other)
    if not (float(a.norm()) and float(b.norm())):
        return math.nan
    a, b = a / a.norm(), b / b.norm()
    return math.degrees(2 * math.atan2(float((a - b).norm()), float((a + b).norm())))  # exact for small angles too


def _flat(gradient: Moments) -> Tensor:
    return torch.cat([part.flatten() for part in gradient])
