"""The inner loop of `rbm.evaluation.line_density`, compiled by Numba: one Gaussian or ReLU unit's line beside units of M states.

It takes contiguous float32 tensors on the CPU; callers ask ``kernels.fits`` first. Fields are float32, all else is float64.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from numba import njit, prange
from torch import Tensor

from rbm.core import kernels, threads

MADE_WITH = {"kernels": "bf459d92a86b"}  # see there
_FACTORS = 64  # between 1 and M, multiplied in float32 before the logarithm is taken: 2⁶⁴ of Bernoulli units, and
_MOST = 126.0  # of others 2¹²⁶ at most, below float32's largest
_DEPTH = (
    256  # panels that wait, at most one a halving, of which float32 parameters allow 128 before PANEL and 128 after
)
_LOG_2PI = math.log(2 * math.pi)


class Rule(NamedTuple):
    """How a line is integrated: where in a panel f is evaluated ``at``, as fractions of its length, the logarithm of each
    place's weight (m,), whether lines end at 0, and how many nats below the whole a panel counts for nothing."""

    at: Tensor
    log_weight: Tensor
    cut: bool
    negligible: float


class States(NamedTuple):
    """What a hidden unit can be: how many states M it has, and whether each has a column of its own (categorical) or they are
    the numbers 0 ... M − 1 in one (multinary; of two Bernoulli). One-hot columns stand state by state, all units of one first."""

    n_states: int
    one_hot: bool


BERNOULLI = States(2, one_hot=False)


class Ends(NamedTuple):
    """Of each unit (V,), float64: bias b_i, λ, the least slope of K, where its line starts, the length of its smallest panel,
    and how often the line is halved down to that, and a panel at 0 after it (as whole numbers in float64)."""

    bias: Tensor
    precision: Tensor
    slope: Tensor
    start: Tensor
    panel: Tensor
    level: Tensor
    floor: Tensor


@njit(**kernels.PART)
def _softplus(x: Any, weight: Any, step: Any) -> Any:
    """Σ_j softplus(x_j + step·W_ij), float64."""
    total, step = 0.0, np.float32(step)
    for start in range(0, x.size, _FACTORS):
        a, w = x[start : start + _FACTORS], weight[start : start + _FACTORS]
        product, above = np.float32(1.0), np.float32(0.0)
        for j in range(a.size):
            y = a[j] + step * w[j]
            above += max(y, np.float32(0.0))
            product *= np.float32(1.0) + kernels.exponential(-abs(y))
        total += np.float64(above) + np.log(np.float64(product))
    return total


@njit(**kernels.PART)
def _levels(x: Any, weight: Any, step: Any, count: Any, room: Any) -> Any:
    """Σ_j log Σ_d exp(d·y_j) of y = x + step·W and d = 0 ... M − 1, float64: (M − 1) max(y, 0) + log(1 + u + ... + u^{M−1})
    with u = e^{−|y|}. The sum of n powers becomes that of 2n by a factor 1 + uⁿ, and that of n + 1 by a term uⁿ: bit by bit M."""
    total, step, most = 0.0, np.float32(step), room.shape[1]
    u, powers, power = room[0], room[1], room[2]
    first = 1
    while 2 * first <= count:
        first *= 2
    for start in range(0, x.size, most):
        a, w = x[start : start + most], weight[start : start + most]
        above, product = np.float32(0.0), np.float32(1.0)
        for j in range(a.size):
            y = a[j] + step * w[j]
            above += max(y, np.float32(0.0))
            u[j] = power[j] = kernels.exponential(-abs(y))
            powers[j] = np.float32(1.0)
        bit = first // 2
        while bit > 0:
            for j in range(a.size):
                powers[j] *= np.float32(1.0) + power[j]
                power[j] *= power[j]
            if count & bit:
                for j in range(a.size):
                    powers[j] += power[j]
                    power[j] *= u[j]
            bit //= 2
        for j in range(a.size):
            product *= powers[j]
        total += (count - 1) * np.float64(above) + np.log(np.float64(product))
    return total


@njit(**kernels.PART)
def _one_hot(x: Any, weight: Any, step: Any, count: Any, room: Any) -> Any:
    """Σ_j log Σ_a exp(y_aj) of y = x + step·W with y_aj in column a·H + j, float64."""
    total, step, most = 0.0, np.float32(step), room.shape[1]
    top, whole = room[0], room[1]
    units = x.size // count
    for start in range(0, units, most):
        n = min(most, units - start)
        for j in range(n):
            top[j], whole[j] = x[start + j] + step * weight[start + j], np.float32(0.0)
        for state in range(1, count):
            a, w = x[state * units + start :], weight[state * units + start :]
            for j in range(n):
                top[j] = max(top[j], a[j] + step * w[j])
        for state in range(count):
            a, w = x[state * units + start :], weight[state * units + start :]
            for j in range(n):
                whole[j] += kernels.exponential(a[j] + step * w[j] - top[j])
        above, product = np.float32(0.0), np.float32(1.0)
        for j in range(n):
            above += top[j]
            product *= whole[j]
        total += np.float64(above) + np.log(np.float64(product))
    return total


@njit(**kernels.PART)
def _inside(x: Any, weight: Any, step: Any, states: Any, room: Any) -> Any:
    """Σ_j log_partition(x_j + step·W_ij), float64; ``states`` None of Bernoulli units, whose loop is compiled apart."""
    if states is None:
        return _softplus(x, weight, step)
    if states[1]:
        return _one_hot(x, weight, step, states[0], room)
    return _levels(x, weight, step, states[0], room)


@njit(**kernels.PART)
def _around(slope: Any, precision: Any, cut: Any) -> Any:
    """The least that log ∫f can be above log f, see ``line_density``."""
    if not cut:
        return 0.5 * (_LOG_2PI - np.log(precision))
    y = max(-slope / np.sqrt(precision), 0.0)
    return np.log(2 / (y + np.sqrt(y * y + 4))) - 0.5 * np.log(precision)


@njit(**kernels.PART)
def _one(value: Any, x: Any, weight: Any, ends: Any, rule: Any, states: Any, waiting: Any, room: Any) -> Any:
    """log p(v_i | v₋ᵢ) of one unit in one image."""
    bias, precision, slope, start, panel, level, floor = ends
    at, log_weight, cut, negligible = rule
    bias, slope, start = bias - precision * value, slope - precision * value, start - value  # of t = s − v_i
    here = _inside(x, weight, 0.0, states, room)
    known = here + _around(slope, precision, cut)
    top, found = -np.inf, 0.0  # log ∫f is top + log found
    stop = start + panel * 2.0**level
    low, high = waiting[0], waiting[1]
    low[0], low[1], low[2] = level, start, bias * start + _inside(x, weight, start, states, room)
    high[0] = bias * stop + _inside(x, weight, stop, states, room)
    n = 1
    while n > 0:
        n -= 1
        halvings, first, at_first, at_last = low[3 * n], low[3 * n + 1], low[3 * n + 2], high[n]
        length = panel * 2.0**halvings
        chord = (at_last - at_first) / length
        place = min(max(chord / precision, first), first + length)
        most = at_first + chord * (place - first) - precision * place * place / 2 + np.log(length)
        if most < known - negligible:
            continue
        if halvings <= (floor if first == start else 0.0):
            for k in range(at.size):
                t = first + length * at[k]
                log_f = bias * t + _inside(x, weight, t, states, room) - precision * t * t / 2
                mass = log_f + log_weight[k] + np.log(length)
                if mass > top:
                    found = found * np.exp(top - mass) + 1.0
                    top = mass
                else:
                    found += np.exp(mass - top)
            continue
        middle = first + length / 2
        at_middle = bias * middle + _inside(x, weight, middle, states, room)
        log_f = at_middle - precision * middle * middle / 2
        known = max(known, log_f + _around(slope - precision * middle, precision, cut))
        # The half that lies on the image's side is looked at first: most often the mass is there.
        for right in (middle > 0, middle <= 0):
            low[3 * n] = halvings - 1
            low[3 * n + 1], low[3 * n + 2] = (middle, at_middle) if right else (first, at_first)
            high[n] = at_last if right else at_middle
            n += 1
    return here - top - np.log(found)


@njit(**kernels.LOOP)
def _some(begin: Any, end: Any, v: Any, x: Any, weight: Any, ends: Any, rule: Any, states: Any, out: Any) -> None:
    waiting = np.empty((2, 3 * _DEPTH))
    room = None if states is None else np.empty((3, min(_FACTORS, int(_MOST / np.log2(states[0])))), np.float32)
    bias, precision, slope, start, panel, level, floor = ends
    width = v.shape[1]
    for pair in range(begin, end):
        image, i = pair // width, pair % width
        of = bias[i], precision[i], slope[i], start[i], panel[i], level[i], floor[i]
        out[image, i] = _one(np.float64(v[image, i]), x[image], weight[i], of, rule, states, waiting, room)


@njit(parallel=True, **kernels.LOOP)
def _some_in(parts: Any, v: Any, x: Any, weight: Any, ends: Any, rule: Any, states: Any, out: Any) -> None:
    for p in prange(parts):
        _some(p * out.size // parts, (p + 1) * out.size // parts, v, x, weight, ends, rule, states, out)


def log_density(v: Tensor, x: Tensor, weight: Tensor, ends: Ends, rule: Rule, states: States) -> Tensor:
    """log p(v_i | v₋ᵢ) of v (N, V) in the hidden fields x (N, H) of W (V, H), all float32: (N, V) float64.

    H counts columns, ``states.n_states`` to a one-hot unit.
    """
    out = torch.empty(v.shape, dtype=torch.float64)
    of = tuple(part.numpy() for part in ends)
    how = rule.at.numpy(), rule.log_weight.numpy(), rule.cut, rule.negligible
    kind = None if states == BERNOULLI else tuple(states)
    arrays = (
        *(kernels.array(t.contiguous()) for t in (v, x, weight)),
        of,
        how,
        kind,
        out.numpy(),
    )
    if x.shape[1] * v.numel() >= kernels.WORTH_SHARING and (parts := threads.parts()) > 1:
        _some_in(parts, *arrays)
    else:
        _some(0, out.numel(), *arrays)
    return out
