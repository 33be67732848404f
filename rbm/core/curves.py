"""What is done to curves before they are drawn: they are thinned, smoothed, or averaged."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
MAX_POINTS = 600  # of one series: more than the pixels of a chart cannot be seen, but would have to be sent


def decimate(x: ArrayLike, y: ArrayLike, limit: int = MAX_POINTS) -> tuple[Floats, Floats]:
    """At most `limit` points: the first, the last, and the lowest and highest of every bucket between them.

    Buckets hold 2^k points, so while a run grows they stay where they are and the line does not shiver.
    """
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if xs.ndim != 1 or xs.shape != ys.shape:
        raise ValueError(f"expected x and y of one length, got {xs.shape} and {ys.shape}")
    if limit < 4:
        raise ValueError(f"expected a limit of at least 4 points, got {limit}")
    if len(xs) <= limit:
        return xs, ys
    size = 2
    while 2 * -(-(len(xs) - 2) // size) + 2 > limit:
        size *= 2
    inner = np.arange(1, len(xs) - 1)
    buckets = np.append(inner, np.full(-len(inner) % size, inner[-1])).reshape(-1, size)
    values = ys[buckets]
    row = np.arange(len(buckets))
    lowest = buckets[row, np.where(np.isfinite(values), values, np.inf).argmin(axis=1)]
    highest = buckets[row, np.where(np.isfinite(values), values, -np.inf).argmax(axis=1)]
    keep = np.unique(np.concatenate([[0], lowest, highest, [len(xs) - 1]]))
    return xs[keep], ys[keep]


def smooth(y: Sequence[float], amount: float) -> list[float]:
    """Exponential moving average s_t = amount · s_{t−1} + (1 − amount) · y_t, divided by 1 − amountᵗ so that it starts
    at y_1 and not at 0. ``amount`` from 0, which changes nothing, to below 1. A value that is not finite is passed on.
    """
    if not 0 <= amount < 1:
        raise ValueError(f"expected an amount of smoothing from 0 to below 1, got {amount}")
    total, weight, result = 0.0, 0.0, []
    for value in y:
        if math.isfinite(value):
            total = amount * total + (1 - amount) * value
            weight = amount * weight + (1 - amount)
            result.append(total / weight)
        else:
            result.append(float(value))
    return result


class MeanCurve(NamedTuple):
    """The mean of several curves where all of them are known, and their standard deviation there: x, mean, deviation (P,)."""

    x: Floats
    mean: Floats
    deviation: Floats


def mean_curve(curves: Sequence[tuple[ArrayLike, ArrayLike]]) -> MeanCurve:
    """Curves (x, y) over each other, x ascending: at the places of the first, between which the others are drawn straight.

    A value that is not finite is left out. Empty where they do not overlap; the deviation of one curve is NaN.
    """
    known = [_finite_part(x, y) for x, y in curves]
    if not known or not all(len(x) for x, _ in known):
        return MeanCurve(*(np.empty(0) for _ in range(3)))
    low, high = max(x[0] for x, _ in known), min(x[-1] for x, _ in known)
    places = known[0][0]
    places = places[(places >= low) & (places <= high)]
    values = np.stack([np.interp(places, x, y) for x, y in known])
    spread = values.std(axis=0, ddof=1) if len(known) > 1 else np.full(len(places), np.nan)
    return MeanCurve(places, values.mean(axis=0), spread)


def _finite_part(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    there = np.isfinite(xs) & np.isfinite(ys)
    return xs[there], ys[there]
