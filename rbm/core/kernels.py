"""Inner loops compiled by Numba: one pass over memory where torch would make many, and random bits at a tenth of the cost.

They take contiguous tensors on the CPU; callers ask ``fits`` first and use torch's own operations for all else.
Numba keeps what it compiled by the date of a loop's file: one that takes a part of another file would not hear of its change.
So files that do bear that file's mark, which `tests/core/test_made_with.py` holds to what it is.

bfloat16 travels as its 16 bits, which are the upper half of a float32; ``_number`` and ``_stored`` go between them.
"""

from typing import Any

import numpy as np
import torch
from numba import njit, prange, types
from numba.extending import overload
from numpy.typing import NDArray
from torch import Tensor

from rbm.core import threads

Array = NDArray[Any]

# Multiply-and-add in one step, and sums in any order, so that they are vectorised; infinities and NaN stay what they are.
FAST = {"contract", "reassoc", "nsz"}
_UNIT = np.float32(2.0**-24)  # of a uniform: 24 bits, as many as a float32 has
_BLOCK = 1024  # random words made at a time: few enough to be used while they are near
_NO_BIAS = np.zeros(_BLOCK, np.float32)
WORTH_SHARING = 2**14  # coins; fewer are drawn before a second thread has begun
_INLINE: dict[str, Any] = {"inline": "always", "fastmath": {"contract"}}
PART: dict[str, Any] = {"error_model": "numpy", "fastmath": FAST}  # of what only other loops call
LOOP: dict[str, Any] = {**PART, "nogil": True, "cache": threads.KEPT}


def fits(*tensors: Tensor) -> bool:
    """Whether the loops take these: contiguous, on the CPU, float32 or bfloat16, all alike; and what is compiled is kept."""
    dtype = tensors[0].dtype
    alike = all(t.dtype is dtype and t.is_cpu and t.is_contiguous() for t in tensors)
    return threads.KEPT and alike and dtype in (torch.float32, torch.bfloat16)


def array(t: Tensor) -> Array:
    """The tensor's memory, not a copy; bfloat16 as its bits."""
    t = t.detach() if t.requires_grad else t
    array: Array = (t.view(torch.uint16) if t.dtype == torch.bfloat16 else t).numpy()
    return array


@njit(**_INLINE)
def _philox(i: Any, key_low: Any, key_high: Any) -> Any:
    """Four random words for the counter (i, 0, 0, 0): Philox 4x32-10 (Salmon et al., Parallel Random Numbers, 2011, 3.3)."""
    a, b, c, d = np.uint32(i), np.uint32(0), np.uint32(0), np.uint32(0)
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * np.uint64(a), np.uint64(0xCD9E8D57) * np.uint64(c)
        high, low = np.uint32(p >> np.uint64(32)), np.uint32(p)
        a, b, c, d = np.uint32(q >> np.uint64(32)) ^ b ^ key_low, np.uint32(q), high ^ d ^ key_high, low
        key_low, key_high = np.uint32(key_low + np.uint32(0x9E3779B9)), np.uint32(key_high + np.uint32(0xBB67AE85))
    return a, b, c, d


@njit(**_INLINE)
def _fill(out: Any, first: Any, key_low: Any, key_high: Any) -> None:
    """Words for the counters from ``first`` on into out, whose length is a multiple of 4."""
    quarter = out.size // 4
    for i in range(quarter):
        a, b, c, d = _philox(first + i, key_low, key_high)
        out[i], out[i + quarter], out[i + 2 * quarter], out[i + 3 * quarter] = a, b, c, d


def _number(x: Any) -> Any:
    """The float32 that x stands for."""


def _stored(x: Any, like: Any) -> Any:
    """The float32 x in the format of ``like``, rounded to nearest, ties to even."""


@overload(_number, inline="always")
def _number_of(x: Any) -> Any:
    def widened(x: Any) -> Any:
        return np.uint32(np.uint32(x) << np.uint32(16)).view(np.float32)

    def itself(x: Any) -> Any:
        return x

    return widened if x == types.uint16 else itself


@overload(_stored, inline="always")
def _stored_as(x: Any, like: Any) -> Any:
    def rounded(x: Any, like: Any) -> Any:
        if x != x:
            return np.uint16(0x7FC0)
        bits = np.float32(x).view(np.uint32)
        return np.uint16((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16))

    def itself(x: Any, like: Any) -> Any:
        return x

    return rounded if like == types.uint16 else itself


@njit(**_INLINE)
def exponential(x: Any) -> Any:
    """exp(x) in float32 to about two units in the last place: 2ⁿ times a polynomial; never below e⁻⁸⁷, NaN stays."""
    whole, x = x, np.float32(-87.0) if x < np.float32(-87.0) else np.float32(88.0) if x > np.float32(88.0) else x
    n = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    # log 2 in two parts, the first of few bits, so that n times it is exact.
    r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    p = np.float32(1 / 5040)
    p = p * r + np.float32(1 / 720)
    p = p * r + np.float32(1 / 120)
    p = p * r + np.float32(1 / 24)
    p = p * r + np.float32(1 / 6)
    p = p * r + np.float32(0.5)
    p = p * (r * r) + r + np.float32(1.0)
    p *= np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)
    return np.float32(np.inf) if whole > np.float32(88.0) else p


@njit(**_INLINE)
def _sigmoid(x: Any) -> Any:
    return np.float32(1.0) / (np.float32(1.0) + exponential(-x))


@njit(**_INLINE)
def _coin(word: Any, p: Any, like: Any) -> Any:
    """1 with probability p, else 0: u < p with u in [0, 1) of 24 bits, so 0 never fires and 1 always does.

    u = 0 is one of 2²⁴ values, so a p above 0, however small, fires with probability 2⁻²⁴ or more.
    """
    heads = np.float32(word >> np.uint32(8)) * _UNIT < p
    return _stored(np.float32(1.0) if heads else np.float32(0.0), like)


@njit(**LOOP)
def _flip(first: Any, last: Any, p: Any, key_low: Any, key_high: Any, out: Any) -> None:
    words = np.empty(_BLOCK, np.uint32)
    for block in range(first, last):
        start = block * _BLOCK
        _fill(words, block * (_BLOCK // 4), key_low, key_high)
        chance, coins = p[start : start + _BLOCK], out[start : start + _BLOCK]
        for j in range(chance.size):
            coins[j] = _coin(words[j], _number(chance[j]), coins[j])


@njit(**LOOP)
def flip_between(first: Any, last: Any, data: Any, rows: Any, key_low: Any, key_high: Any, out: Any) -> None:
    """For compiled loops: `flip_rows` of some of the rows."""
    words = np.empty((data.shape[1] + 3) // 4 * 4, np.uint32)
    for i in range(first, last):
        _fill(words, i * (words.size // 4), key_low, key_high)
        chance, coins = data[rows[i]], out[i]
        for j in range(chance.size):
            coins[j] = _coin(words[j], chance[j], coins[j])


@njit(**PART)
def draw_between(first: Any, last: Any, x: Any, key_low: Any, key_high: Any, out: Any) -> None:
    """For compiled loops: x[first:last], flat, becomes σ(x), and out coins with that probability."""
    words = np.empty(_BLOCK, np.uint32)
    for block in range(first // _BLOCK, -(-last // _BLOCK)):
        _fill(words, block * (_BLOCK // 4), key_low, key_high)
        start, end = max(first, block * _BLOCK), min(last, (block + 1) * _BLOCK)
        field, coins, word = x[start:end], out[start:end], words[start - block * _BLOCK :]
        for j in range(field.size):
            p = _stored(_sigmoid(_number(field[j])), field[j])
            field[j] = p
            coins[j] = _coin(word[j], _number(p), coins[j])


@njit(**LOOP)
def _draw(first: Any, last: Any, x: Any, key_low: Any, key_high: Any, out: Any) -> None:
    draw_between(first * _BLOCK, min(last * _BLOCK, x.size), x, key_low, key_high, out)


@njit(**LOOP)
def sample_between(first: Any, last: Any, x: Any, bias: Any, key_low: Any, key_high: Any, out: Any) -> None:
    """For compiled loops: coins with probability σ(x + bias) into out[first:last]; x and out flat, their rows as long as bias."""
    words = np.empty(_BLOCK, np.uint32)
    for block in range(first // _BLOCK, -(-last // _BLOCK)):
        _fill(words, block * (_BLOCK // 4), key_low, key_high)
        place, end = max(first, block * _BLOCK), min(last, (block + 1) * _BLOCK)
        while place < end:  # a block is no whole number of rows
            column, word = place % bias.size, words[place % _BLOCK :]
            field, coins, own = x[place:end], out[place:end], bias[column:]
            size = min(field.size, own.size)
            for j in range(size):
                coins[j] = _coin(word[j], _sigmoid(_number(field[j]) + own[j]), coins[j])
            place += size


@njit(**PART)
def squash(x: Any) -> None:
    """For compiled loops: x, flat float32, becomes σ(x)."""
    for j in range(x.size):
        x[j] = _sigmoid(x[j])


@njit(parallel=True, **LOOP)
def _flip_rows_in(parts: Any, data: Any, rows: Any, key_low: Any, key_high: Any, out: Any) -> None:
    for p in prange(parts):
        flip_between(p * rows.size // parts, (p + 1) * rows.size // parts, data, rows, key_low, key_high, out)


@njit(parallel=True, **LOOP)
def _draw_in(parts: Any, blocks: Any, x: Any, key_low: Any, key_high: Any, out: Any) -> None:
    for p in prange(parts):
        _draw(p * blocks // parts, (p + 1) * blocks // parts, x, key_low, key_high, out)


@njit(parallel=True, **LOOP)
def _sample_in(parts: Any, x: Any, bias: Any, key_low: Any, key_high: Any, out: Any) -> None:
    for p in prange(parts):
        sample_between(p * x.size // parts, (p + 1) * x.size // parts, x, bias, key_low, key_high, out)


def flip(p: Tensor, key: int, out: Tensor) -> None:
    """Coins in {0, 1} with P(1) = p into out of p's shape, by the 64 bits of ``key``; either may be float32 or bfloat16."""
    _flip(0, _blocks(p), array(p).reshape(-1), *halves(key), array(out).reshape(-1))


def flip_rows(data: Tensor, rows: Tensor, key: int, out: Tensor) -> None:
    """The same with p = data[rows], which is never made: data (D, V) float32, rows (N,), out (N, V)."""
    arrays = array(data), rows.numpy(), *halves(key), array(out)
    if out.numel() >= WORTH_SHARING and (parts := threads.parts()) > 1:
        _flip_rows_in(parts, *arrays)
    else:
        flip_between(0, len(rows), *arrays)


def draw(x: Tensor, key: int, out: Tensor) -> None:
    """x becomes σ(x), and out coins with that probability."""
    arrays = array(x).reshape(-1), *halves(key), array(out).reshape(-1)
    if x.numel() >= WORTH_SHARING and (parts := threads.parts()) > 1:
        _draw_in(parts, _blocks(x), *arrays)
    else:
        _draw(0, _blocks(x), *arrays)


def sample(x: Tensor, key: int, out: Tensor) -> None:
    """Coins with P(1) = σ(x) into out; x stays."""
    arrays = array(x).reshape(-1), _NO_BIAS, *halves(key), array(out).reshape(-1)
    if x.numel() >= WORTH_SHARING and (parts := threads.parts()) > 1:
        _sample_in(parts, *arrays)
    else:
        sample_between(0, x.numel(), *arrays)


def _blocks(x: Tensor) -> int:
    return -(-x.numel() // _BLOCK)


def halves(key: int) -> tuple[np.uint32, np.uint32]:
    """The 64 bits of a key as loops take them."""
    return np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32 & 0xFFFFFFFF)


@njit(**LOOP)
def _centred(data: Any, chains: Any, offset: Any, share: Any, sign: Any, out: Any, difference: Any) -> None:
    n, m, width = data.shape[0], chains.shape[0], data.shape[1]
    one = np.float32(1.0)
    mean, other = np.zeros(width, np.float32), np.zeros(width, np.float32)
    for i in range(n):
        for j in range(width):
            mean[j] += _number(data[i, j])
    for i in range(m):
        for j in range(width):
            other[j] += _number(chains[i, j])
    for j in range(width):
        mean[j] *= one / np.float32(n)
        difference[j] = mean[j] - other[j] * (one / np.float32(m))
        offset[j] += share * (mean[j] - offset[j])
    for i in range(n):
        for j in range(width):
            out[i, j] = _stored(_number(data[i, j]) - offset[j], out[i, j])
    for i in range(m):
        for j in range(width):
            out[n + i, j] = _stored(sign * (_number(chains[i, j]) - offset[j]), out[n + i, j])


def centred(
    data: Tensor, chains: Tensor, offset: Tensor, share: float, sign: float, out: Tensor, difference: Tensor
) -> None:
    """offset (V,) moves by ``share`` towards the mean of data (N, V); out (N + M, V) = [data − offset; sign·(chains − offset)].

    ``difference`` (V,) = mean of data − mean of chains (M, V). data, chains and out are alike, offset and difference float32.
    """
    arrays = (array(data), array(chains), array(offset))
    _centred(*arrays, np.float32(share), np.float32(sign), array(out), array(difference))


@njit(**LOOP)
def _advance(weight: Any, velocity: Any, decay: Any, mu: Any, lam: Any, b: Any, c: Any) -> None:
    rows, columns = weight.shape
    fall = np.zeros(columns, np.float32)
    for i in range(rows):
        w, v, own, along = weight[i], velocity[i], mu[i], np.float32(0.0)
        for j in range(columns):
            change = v[j] - decay * w[j]
            v[j] = change
            w[j] += change
            fall[j] += change * own
            along += change * lam[j]
        b[i] -= along
    for j in range(columns):
        c[j] -= fall[j]


def advance(
    weight: Tensor, velocity: Tensor, decay: float, offsets: tuple[Tensor, Tensor], biases: tuple[Tensor, Tensor]
) -> None:
    """velocity ← velocity − decay·W, W ← W + velocity, b ← b − velocity λ, c ← c − velocityᵀ μ.

    All float32: W and velocity (V, H), the ``offsets`` μ (V,), λ (H,), the ``biases`` b (V,), c (H,).
    """
    _advance(array(weight), array(velocity), np.float32(decay), *map(array, (*offsets, *biases)))


@njit(**LOOP)
def _follow(parameter: Any, velocity: Any, gradient: Any, rate: Any, momentum: Any) -> None:
    for i in range(parameter.size):
        velocity[i] = momentum * velocity[i] + rate * gradient[i]
        parameter[i] += velocity[i]


def follow(parameter: Tensor, velocity: Tensor, gradient: Tensor, rate: float, momentum: float) -> None:
    """velocity ← momentum·velocity + rate·gradient, parameter ← parameter + velocity: vectors, all float32."""
    _follow(array(parameter), array(velocity), array(gradient), np.float32(rate), np.float32(momentum))
