"""Gibbs sampling of a tiny RBM as a matrix: every step it can take, how fast it forgets, and where it gets stuck.

One sweep is two half steps between layers, so seen from the visible layer alone it is the Markov chain

    K(v → v') = Σ_h p(h | v) p(v' | h) = (U D)(v, v')      U (S, T) = p(h | v),  D (T, S) = p(v | h)

which leaves p(v) as it is and is in detailed balance with it. With M = p(v, h) / √(p(v) p(h)), K is similar to M Mᵀ:
its eigenvalues are the squared singular values of M, so they are real and between 0 and 1, and K is never periodic.
Liu, Monte Carlo Strategies in Scientific Computing (2001), section 6.6 (the interleaving property of two-block Gibbs);
Levin, Peres & Wilmer, Markov Chains and Mixing Times (2009), sections 4 and 12. All in float64.
Letters: S visible states and T hidden ones, in the order of ``exact.states``.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.evaluation.exact import states
from rbm.models.rbm import RBM
from rbm.units import Unit

LIMIT = 2**20  # numbers in a matrix: 8 MB of float64
NEVER = 2**60  # sweeps after which a chain that has not mixed is said never to


class Halves(NamedTuple):
    """The two half steps at one β and what they leave alone.

    v (S, V) and h (T, H), every state of each layer; ``up`` p(h | v) (S, T); ``down`` p(v | h) (T, S); ``visible`` p(v)
    (S,); ``hidden`` p(h) (T,).
    """

    v: Tensor
    h: Tensor
    up: Tensor
    down: Tensor
    visible: Tensor
    hidden: Tensor

    def sweep(self, q: Tensor) -> Tensor:
        """The distribution of v one sweep later: q (..., S) -> qK (..., S), without ever writing K down."""
        return q @ self.up @ self.down


class Modes(NamedTuple):
    """``eigenvalues`` of K (min(S, T),), 1 first; ``slowest`` (S,): the left-hand side of the bottleneck is negative.

    ``slowest`` is K's second eigenvector f, Kf = λ₂f, of unit mean square under p(v): what a chain forgets last.
    """

    eigenvalues: Tensor
    slowest: Tensor

    @property
    def relaxation_time(self) -> float:
        """1 / (1 − λ₂) sweeps: the memory of the slowest observable; infinite where float64 sees no gap."""
        gap = 1.0 - float(self.eigenvalues[1]) if len(self.eigenvalues) > 1 else 1.0
        return 1.0 / gap if gap > 1e-15 else math.inf


@torch.no_grad()
def halves(model: RBM, beta: float = 1.0) -> Halves:
    """Both conditionals of every state at inverse temperature β; TooLargeError when S·T passes LIMIT.

    For units with finitely many states, which have no energy of their own.
    """
    if not beta >= 0:
        raise ConfigError(_("The inverse temperature is 0 or more, got {beta!r}.").format(beta=beta))
    sizes = [n * math.log2(len(u.states())) for n, u in _layers(model)]
    if sum(sizes) > math.log2(LIMIT):
        wrong = _(
            "Gibbs sampling of this machine is a matrix of 2^{rows:g} × 2^{columns:g} numbers; the limit is "
            "2^{limit:g}. Take fewer units, or measure mixing on chains with rbm.evaluation.mixing."
        )
        raise TooLargeError(wrong.format(rows=sizes[0], columns=sizes[1], limit=math.log2(LIMIT)))
    v, h = (states(n, u) for n, u in _layers(model))
    weight, b, c = (p.detach().double().cpu() for p in (model.weight, model.visible_bias, model.hidden_bias))
    log_p = beta * (v @ weight @ h.T + (v @ b)[:, None] + h @ c)  # (S, T)
    joint = (log_p - log_p.logsumexp((0, 1))).exp()
    return Halves(v, h, log_p.softmax(1), log_p.softmax(0).T.contiguous(), joint.sum(1), joint.sum(0))


def matrix(half: Halves) -> Tensor:
    """K (S, S), its rows the distributions of the next v; TooLargeError when S² passes LIMIT."""
    if len(half.v) ** 2 > LIMIT:
        wrong = _("K would hold {n_v}² numbers; the limit is 2^{log2:g}. Use Halves.sweep, which needs no K.")
        raise TooLargeError(wrong.format(n_v=len(half.v), log2=math.log2(LIMIT)))
    return half.up @ half.down


def modes(half: Halves) -> Modes:
    """The spectrum of K, from the singular values of p(v, h) / √(p(v) p(h)).

    √(p(h|v) p(v|h)) is that matrix without a division by rare states.
    """
    u, s, _ = torch.linalg.svd((half.up * half.down.T).sqrt(), full_matrices=False)
    second = u[:, 1] if len(s) > 1 else torch.zeros_like(u[:, 0])
    root = half.visible.sqrt()
    slowest = torch.where(root > 0, second / root, torch.zeros_like(root))
    first = slowest[slowest.abs() > 1e-9]
    sign = -1.0 if len(first) and float(first[0]) > 0 else 1.0  # the sign is free: the first state is on the left
    return Modes(s.square().clamp(max=1.0), sign * slowest)


def mixing_time(k: Tensor, p: Tensor, distance: float = 0.25, start: int | None = None) -> float:
    """The first t at which K^t (S, S) is within total variation ``distance`` of p (S,), from the worst start or from one.

    Exact: the distance never grows with t, so K^t is squared until it is small enough and t found between by halves.
    Infinite beyond NEVER sweeps. Levin, Peres & Wilmer, section 4.5, where distance = 1/4.
    """
    if k.ndim != 2 or k.shape[0] != k.shape[1] or p.shape != k.shape[:1]:
        wrong = _(
            "A mixing time needs K (S, S) and p (S,), got {first} and {second}: give matrix(halves) and halves.visible."
        )
        raise ShapeError(wrong.format(first=tuple(k.shape), second=tuple(p.shape)))
    if not 0 < distance < 1:
        wrong = _("A total variation lies between 0 and 1, got distance={distance!r}.")
        raise ConfigError(wrong.format(distance=distance))
    rows = slice(None) if start is None else slice(start, start + 1)
    here = torch.eye(len(k), dtype=k.dtype)[rows]
    if float(total_variation(here, p).max()) <= distance:
        return 0.0
    powers, t = [k], 1
    while float(total_variation(here @ powers[-1], p).max()) > distance:
        if t >= NEVER:
            return math.inf
        square = powers[-1] @ powers[-1]
        powers.append(square / square.sum(1, keepdim=True))
        t *= 2
    done = 0  # K^done is still too far away; add powers, the largest first, as long as it stays so
    for exponent in range(len(powers) - 2, -1, -1):
        further = here @ powers[exponent]
        if float(total_variation(further, p).max()) > distance:
            here, done = further, done + 2**exponent
    return float(done + 1)


def total_variation(q: Tensor, p: Tensor) -> Tensor:
    """½ Σ |q − p| of each row of q (..., S) from p (S,): (...)."""
    return 0.5 * (q - p).abs().sum(-1)


def _layers(model: RBM) -> tuple[tuple[int, Unit], tuple[int, Unit]]:
    return (model.n_visible, model.visible_unit), (model.n_hidden, model.hidden_unit)
