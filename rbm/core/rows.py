"""Products with a binary matrix that is mostly zero: sums of the rows of the other factor that it chooses, no multiplication.

Of a digit's 784 pixels about a hundred are on, so vW adds a hundred rows of W; and vᵀh adds for each pixel the rows of h of
the few images in which it is on. Where most pixels are on, those that are off are taken away from the sum of all: ``rare`` is
1 or 0, the value whose places are listed. Letters: N images, M chains, V visible, H hidden units.

The loops take contiguous float32 tensors on the CPU and are divided into as many parts as torch has threads. Every number
but c's, which is summed up part by part, is the same however many there are.
"""

import operator
from typing import Any, NamedTuple

import numpy as np
import torch
from numba import njit, prange
from numpy.typing import NDArray
from torch import Tensor

from rbm.core import bits, threads

MADE_WITH = {"bits": "6631d8212245"}  # see kernels

Array = NDArray[Any]

_PART: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}  # as in kernels
_LOOP: dict[str, Any] = {**_PART, "nogil": True, "cache": threads.KEPT}
_HALF = np.float32(0.5)
_LINE = 16  # float32 in a line of the cache
DENSEST = 0.25  # share of pixels on, from which products are faster (784 pixels, one and two cores with AVX-512)
FEWEST = 1 - DENSEST  # from which those that are off are so few


class Places(NamedTuple):
    """Where the rows of a binary matrix (N, V) are ``rare``: as bits (N, words) (`rbm.core.bits`), and how often each is."""

    bits: NDArray[np.uint64]
    counts: NDArray[np.int32]


@njit(**_LOOP)
def mark_between(first: int, last: int, v: Any, rare: Any, marks: Any, count: Any) -> None:
    """For compiled loops: where rows first to last of v are rare."""
    on = np.empty(v.shape[1], np.int32)
    for n in range(first, last):
        bits.mark(v[n], rare, marks[n])
        count[n] = bits.listed(marks[n], 0, on, 0)


def places(v: Tensor, rare: int = 1) -> Places:
    """Where binary v (N, V) is rare."""
    found = no_places(*v.shape)
    mark_between(0, len(v), _array(v.contiguous()), np.float32(rare), *found)
    return found


@njit(**_LOOP)
def fields_between(
    first: int, last: int, v: Any, rare: Any, weight: Any, bias: Any, out: Any, marks: Any, count: Any
) -> None:
    """For compiled loops: where rows first to last of v are rare, and their fields."""
    hidden, sign = weight.shape[1], rare + rare - np.float32(1.0)
    on = np.empty(v.shape[1], np.int32)
    for n in range(first, last):
        x = out[n]
        bits.mark(v[n], rare, marks[n])
        k = count[n] = bits.listed(marks[n], 0, on, 0)
        for j in range(hidden):
            x[j] = bias[j]
        t = 0
        while t + 8 <= k:  # eight at a time: x is read and written an eighth as often
            a, b, c, d = weight[on[t]], weight[on[t + 1]], weight[on[t + 2]], weight[on[t + 3]]
            e, f, g, h = weight[on[t + 4]], weight[on[t + 5]], weight[on[t + 6]], weight[on[t + 7]]
            for j in range(hidden):
                x[j] += sign * (((a[j] + b[j]) + (c[j] + d[j])) + ((e[j] + f[j]) + (g[j] + h[j])))
            t += 8
        while t < k:
            a = weight[on[t]]
            for j in range(hidden):
                x[j] += sign * a[j]
            t += 1


@njit(parallel=True, **_LOOP)
def _fields_in(parts: int, v: Any, rare: Any, weight: Any, bias: Any, out: Any, marks: Any, count: Any) -> None:
    n = v.shape[0]
    for p in prange(parts):
        fields_between(p * n // parts, (p + 1) * n // parts, v, rare, weight, bias, out, marks, count)


def hidden_field(v: Tensor, weight: Tensor, bias: Tensor, rare: int = 1) -> tuple[Tensor, Places]:
    """vW + c (N, H) of binary v (N, V), W (V, H) and c (H,), and where v is rare."""
    out, found = torch.empty(len(v), weight.shape[1]), no_places(*v.shape)
    start = field_start(weight, bias, rare)
    arrays = (_array(v), np.float32(rare), _array(weight), _array(start), out.numpy(), *found)
    if (parts := threads.parts()) > 1:
        _fields_in(parts, *arrays)
    else:
        fields_between(0, len(v), *arrays)
    return out, found


def field_start(weight: Tensor, bias: Tensor, rare: int) -> Tensor:
    """The field (H,) of a v that is nowhere rare: c, or c and all rows of W."""
    return bias if rare else weight.detach().sum(0).add_(bias.detach())


def no_places(n: int, width: int) -> Places:
    """Memory for where n rows of so many columns are rare."""
    return Places(np.empty((n, bits.words(width)), np.uint64), np.empty(n, np.int32))


@njit(**_PART)
def _step_visible(n: Any, m: Any, rare: Any, counts: Any, visible: Any, factors: Any) -> None:
    """velocity ← momentum·velocity + rate·(⟨v0⟩ − ⟨vk⟩), b ← b + velocity, and μ moves by its share towards ⟨v0⟩."""
    (mine, others), (b, velocity, mu), (rate, momentum, _, share, _) = counts, visible, factors
    for i in range(b.size):
        own, other = mine[i], others[i]
        if rare < _HALF:
            own, other = n - own, m - other
        mean = np.float32(own) / np.float32(n)
        velocity[i] = momentum * velocity[i] + rate * (mean - np.float32(other) / np.float32(m))
        b[i] += velocity[i]
        mu[i] += share * (mean - mu[i])


@njit(**_PART)
def _step_hidden(
    h0: Any, hk: Any, c: Any, velocity: Any, lam: Any, push: Any, factors: Any, difference: Any, h: Any
) -> None:
    """The same of c and λ, to whose gradient ``push`` is added; h becomes [h0 − λ; −(N/M)(hk − λ)]."""
    rate, momentum, _, _, share = factors
    n, m, width = h0.shape[0], hk.shape[0], c.size
    mean, other = np.zeros(width, np.float32), np.zeros(width, np.float32)
    for r in range(n):
        for j in range(width):
            mean[j] += h0[r, j]
    for r in range(m):
        for j in range(width):
            other[j] += hk[r, j]
    for j in range(width):
        mean[j] *= np.float32(1.0) / np.float32(n)
        difference[j] = mean[j] - other[j] * (np.float32(1.0) / np.float32(m))
        velocity[j] = momentum * velocity[j] + rate * (difference[j] + push[j])
        c[j] += velocity[j]
        lam[j] += share * (mean[j] - lam[j])
    sign = -np.float32(n) / np.float32(m)
    for r in range(n):
        for j in range(width):
            h[r, j] = h0[r, j] - lam[j]
    for r in range(m):
        for j in range(width):
            h[n + r, j] = sign * (hk[r, j] - lam[j])


@njit(**_PART)
def _step_weights(
    first: int,
    last: int,
    turned: Any,
    sizes: Any,
    h: Any,
    rare: Any,
    weights: Any,
    visible: Any,
    lam: Any,
    factors: Any,
    difference: Any,
    fall: Any,
) -> None:
    """Pixels ``first`` to ``last``: b, μ and their rows of W take their step; ``fall`` (H,) is what c must hear of it."""
    (mine, others), (n, m), (weight, velocity), (b, _, mu) = turned, sizes, weights, visible
    rate, momentum, decay, _, _ = factors
    hidden, share = weight.shape[1], rate / np.float32(n)
    sign, all_on = rare + rare - np.float32(1.0), (np.float32(1.0) - rare) * np.float32(n)
    gradient, rows = np.empty(hidden, np.float32), np.empty(n + m, np.int32)
    for i in range(first, last):
        end = bits.listed(others[i], n, rows, bits.listed(mine[i], 0, rows, 0))
        w, v, own, along = weight[i], velocity[i], mu[i], np.float32(0.0)
        lift = all_on - np.float32(n) * own
        for j in range(hidden):
            gradient[j] = lift * difference[j]
        t = 0
        while t + 4 <= end:
            p, q, r, s = h[rows[t]], h[rows[t + 1]], h[rows[t + 2]], h[rows[t + 3]]
            for j in range(hidden):
                gradient[j] += sign * ((p[j] + q[j]) + (r[j] + s[j]))
            t += 4
        while t < end:
            p = h[rows[t]]
            for j in range(hidden):
                gradient[j] += sign * p[j]
            t += 1
        for j in range(hidden):
            change = momentum * v[j] + share * gradient[j] - decay * w[j]
            v[j] = change
            w[j] += change
            fall[j] += change * own
            along += change * lam[j]
        b[i] -= along


@njit(**_LOOP)
def _update(
    rare: Any, data: Any, chains: Any, weights: Any, visible: Any, hidden: Any, push: Any, factors: Any, memory: Any
) -> None:
    (marks, h0), (other_marks, hk), (c, velocity, lam) = data, chains, hidden
    turned, counts, h, difference, falls = memory
    sizes = h0.shape[0], hk.shape[0]
    bits.turn(marks, turned[0], counts[0])
    bits.turn(other_marks, turned[1], counts[1])
    _step_visible(*sizes, rare, counts, visible, factors)
    _step_hidden(h0, hk, c, velocity, lam, push, factors, difference, h)
    _step_weights(0, visible[0].size, turned, sizes, h, rare, weights, visible, lam, factors, difference, falls[0])
    _land(falls, c)


@njit(parallel=True, **_LOOP)
def _update_in(
    rare: Any, data: Any, chains: Any, weights: Any, visible: Any, hidden: Any, push: Any, factors: Any, memory: Any
) -> None:
    (marks, h0), (other_marks, hk), (c, velocity, lam) = data, chains, hidden
    turned, counts, h, difference, falls = memory
    sizes, width, parts = (h0.shape[0], hk.shape[0]), visible[0].size, falls.shape[0]
    for p in prange(2):
        if p == 0:
            bits.turn(marks, turned[0], counts[0])
            bits.turn(other_marks, turned[1], counts[1])
            _step_visible(*sizes, rare, counts, visible, factors)
        else:
            _step_hidden(h0, hk, c, velocity, lam, push, factors, difference, h)
    for p in prange(parts):
        first, last = p * width // parts, (p + 1) * width // parts
        _step_weights(first, last, turned, sizes, h, rare, weights, visible, lam, factors, difference, falls[p])
    _land(falls, c)


@njit(**_PART)
def _land(falls: Any, c: Any) -> None:
    """c ← c − all the falls, which are 0 again."""
    for p in range(falls.shape[0]):
        for j in range(c.size):
            c[j] -= falls[p, j]
            falls[p, j] = np.float32(0.0)


class OnePass:
    """One step of all parameters of a machine with binary visible units, in one pass over W (V, H): N images, M chains.

        velocity ← momentum·velocity + rate·(⟨(v − μ)(h − λ)ᵀ⟩_data − ⟨(v − μ)(h − λ)ᵀ⟩_chains) − decay·W
        W ← W + velocity,    b ← b − velocity λ,    c ← c − velocityᵀ μ

    after b and c took their own steps, rate·(⟨v0⟩ − ⟨vk⟩) and rate·(⟨h0⟩ − ⟨hk⟩ + push) with momentum, and the offsets μ
    and λ moved by their shares towards ⟨v0⟩ and ⟨h0⟩. It keeps the memory that a step needs from one to the next.
    """

    def __init__(self, rare: int = 1) -> None:
        self.rare = np.float32(rare)
        self._memory: tuple[Any, ...] = ()
        self._made_for: tuple[int, ...] = ()
        self._views = Views()

    def step(
        self,
        data: tuple[Places, Tensor],
        chains: tuple[Places, Tensor],
        weights: tuple[Tensor, Tensor],
        visible: tuple[Tensor, Tensor, Tensor],
        hidden: tuple[Tensor, Tensor, Tensor],
        push: Tensor,
        factors: tuple[float, float, float, float, float],
    ) -> None:
        """``data``: where v0 is rare and ⟨h|v0⟩ (N, H); ``chains`` the same of vk; ``push`` (H,).

        ``weights``: W and its velocity; ``visible``: b, its velocity, μ; ``hidden``: c, its velocity, λ: all change.
        ``factors``: rate, momentum, decay, the shares of μ and λ.
        """
        parts, n, m = threads.parts(), len(data[0].counts), len(chains[0].counts)
        self._make_room(n, m, *weights[0].shape, parts)
        arrays = self._views(*weights, *visible, *hidden, push, data[1], chains[1])
        (_update_in if parts > 1 else _update)(
            self.rare,
            (data[0].bits, arrays[9]),
            (chains[0].bits, arrays[10]),
            arrays[:2],
            arrays[2:5],
            arrays[5:8],
            arrays[8],
            tuple(map(np.float32, factors)),
            self._memory,
        )

    def _make_room(self, *sizes: int) -> None:
        if self._made_for != sizes:
            self._made_for, (n, m, width, columns, parts) = sizes, sizes
            self._memory = (
                (np.empty((width, bits.words(n)), np.uint64), np.empty((width, bits.words(m)), np.uint64)),
                (np.empty(width, np.int64), np.empty(width, np.int64)),
                # Torch's memory begins with a line of the cache, and so does each of these rows: read without, half of all
                # reads take two lines, and the pass a twelfth longer (500 units).
                torch.empty(n + m, -(-columns // _LINE) * _LINE).numpy(),
                np.empty(columns, np.float32),
                np.zeros((parts, columns), np.float32),
            )


class Views:
    """The memory of tensors as arrays, made anew only for others than last time: each making takes as long as a small loop."""

    def __init__(self) -> None:
        self._of: tuple[Tensor, ...] = ()
        self._arrays: tuple[Array, ...] = ()

    def __call__(self, *tensors: Tensor) -> tuple[Array, ...]:
        if len(tensors) != len(self._of) or not all(map(operator.is_, tensors, self._of)):
            self._of, self._arrays = tensors, tuple(map(_array, tensors))
        return self._arrays


def _array(t: Tensor) -> Array:
    array: Array = t.detach().numpy()
    return array
