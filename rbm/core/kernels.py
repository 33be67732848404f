"""Inner loops compiled by Numba: one pass over memory where torch would make many, and random bits at a tenth of the cost.

They take contiguous tensors on the CPU; callers ask ``fits`` first and use torch's own operations for all else.
They are in one file because Numba keeps what it compiled by the file's date: a loop that took a part of another file
would not hear of its change.

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

# Multiply-and-add in one step, and sums in any order, so that they are vectorised; infinities and NaN stay what they are.
_FAST = {"contract", "reassoc", "nsz"}
_UNIT = np.float32(2.0**-24)  # of a uniform: 24 bits, as many as a float32 has
_BLOCK = 1024  # random words made at a time: few enough to be used while they are near
WORTH_SHARING = 2**14  # coins; fewer are drawn before a second thread has begun
_FACTORS = 64  # multiplied in float32 before their product goes on in float64
_LARGEST_PART, _LARGEST_ROW = 80.0, 600.0  # nats: the largest powers of e that either format holds, with some to spare
_INLINE: dict[str, Any] = {"inline": "always", "fastmath": {"contract"}}
_LOOP: dict[str, Any] = {"nogil": True, "cache": threads.KEPT, "error_model": "numpy", "fastmath": _FAST}


def fits(*tensors: Tensor) -> bool:
    """Whether the loops take these: contiguous, on the CPU, float32 or bfloat16, all alike; and what is compiled is kept."""
    dtype = tensors[0].dtype
    alike = all(t.dtype is dtype and t.is_cpu and t.is_contiguous() for t in tensors)
    return threads.KEPT and alike and dtype in (torch.float32, torch.bfloat16)


def _array(t: Tensor) -> NDArray[Any]:
    """The tensor's memory, not a copy; bfloat16 as its bits."""
    t = t.detach() if t.requires_grad else t
    array: NDArray[Any] = (t.view(torch.uint16) if t.dtype == torch.bfloat16 else t).numpy()
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
def _exp(x: Any) -> Any:
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
    return np.float32(1.0) / (np.float32(1.0) + _exp(-x))


@njit(**_INLINE)
def _coin(word: Any, p: Any, like: Any) -> Any:
    """1 with probability p, else 0: u < p with u in [0, 1) of 24 bits, so 0 never fires and 1 always does.

    u = 0 is one of 2²⁴ values, so a p above 0, however small, fires with probability 2⁻²⁴ or more.
    """
    heads = np.float32(word >> np.uint32(8)) * _UNIT < p
    return _stored(np.float32(1.0) if heads else np.float32(0.0), like)


@njit(**_LOOP)
def _flip(first: Any, last: Any, p: Any, key_low: Any, key_high: Any, out: Any) -> None:
    words = np.empty(_BLOCK, np.uint32)
    for block in range(first, last):
        start = block * _BLOCK
        _fill(words, block * (_BLOCK // 4), key_low, key_high)
        chance, coins = p[start : start + _BLOCK], out[start : start + _BLOCK]
        for j in range(chance.size):
            coins[j] = _coin(words[j], _number(chance[j]), coins[j])


@njit(**_LOOP)
def _flip_rows(first: Any, last: Any, data: Any, rows: Any, key_low: Any, key_high: Any, out: Any) -> None:
    words = np.empty((data.shape[1] + 3) // 4 * 4, np.uint32)
    for i in range(first, last):
        _fill(words, i * (words.size // 4), key_low, key_high)
        chance, coins = data[rows[i]], out[i]
        for j in range(chance.size):
            coins[j] = _coin(words[j], chance[j], coins[j])


@njit(**_LOOP)
def _draw(first: Any, last: Any, x: Any, key_low: Any, key_high: Any, out: Any) -> None:
    words = np.empty(_BLOCK, np.uint32)
    for block in range(first, last):
        start = block * _BLOCK
        _fill(words, block * (_BLOCK // 4), key_low, key_high)
        field, coins = x[start : start + _BLOCK], out[start : start + _BLOCK]
        for j in range(field.size):
            p = _stored(_sigmoid(_number(field[j])), field[j])
            field[j] = p
            coins[j] = _coin(words[j], _number(p), coins[j])


@njit(**_LOOP)
def _sample(first: Any, last: Any, x: Any, key_low: Any, key_high: Any, out: Any) -> None:
    words = np.empty(_BLOCK, np.uint32)
    for block in range(first, last):
        start = block * _BLOCK
        _fill(words, block * (_BLOCK // 4), key_low, key_high)
        field, coins = x[start : start + _BLOCK], out[start : start + _BLOCK]
        for j in range(field.size):
            coins[j] = _coin(words[j], _sigmoid(_number(field[j])), coins[j])


@njit(parallel=True, **_LOOP)
def _flip_rows_in(parts: Any, data: Any, rows: Any, key_low: Any, key_high: Any, out: Any) -> None:
    for p in prange(parts):
        _flip_rows(p * rows.size // parts, (p + 1) * rows.size // parts, data, rows, key_low, key_high, out)


@njit(parallel=True, **_LOOP)
def _draw_in(parts: Any, blocks: Any, x: Any, key_low: Any, key_high: Any, out: Any) -> None:
    for p in prange(parts):
        _draw(p * blocks // parts, (p + 1) * blocks // parts, x, key_low, key_high, out)


def flip(p: Tensor, key: int, out: Tensor) -> None:
    """Coins in {0, 1} with P(1) = p into out of p's shape, by the 64 bits of ``key``; either may be float32 or bfloat16."""
    _flip(0, _blocks(p), _array(p).reshape(-1), *_halves(key), _array(out).reshape(-1))


def flip_rows(data: Tensor, rows: Tensor, key: int, out: Tensor) -> None:
    """The same with p = data[rows], which is never made: data (D, V) float32, rows (N,), out (N, V)."""
    arrays = _array(data), rows.numpy(), *_halves(key), _array(out)
    if out.numel() >= WORTH_SHARING and (parts := threads.parts()) > 1:
        _flip_rows_in(parts, *arrays)
    else:
        _flip_rows(0, len(rows), *arrays)


def draw(x: Tensor, key: int, out: Tensor) -> None:
    """x becomes σ(x), and out coins with that probability."""
    arrays = _array(x).reshape(-1), *_halves(key), _array(out).reshape(-1)
    if x.numel() >= WORTH_SHARING and (parts := threads.parts()) > 1:
        _draw_in(parts, _blocks(x), *arrays)
    else:
        _draw(0, _blocks(x), *arrays)


def sample(x: Tensor, key: int, out: Tensor) -> None:
    """Coins with P(1) = σ(x) into out; x stays."""
    _sample(0, _blocks(x), _array(x).reshape(-1), *_halves(key), _array(out).reshape(-1))


def _blocks(x: Tensor) -> int:
    return -(-x.numel() // _BLOCK)


def _halves(key: int) -> tuple[np.uint32, np.uint32]:
    return np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32 & 0xFFFFFFFF)


@njit(**_LOOP)
def _log_ratio(x: Any, old: Any, new: Any, out: Any) -> None:
    for i in range(x.shape[0]):
        field, total = x[i], np.float32(0.0)
        for j in range(field.size):
            size = abs(field[j])
            y, z = _exp(-new * size), _exp(-old * size)
            s = (y - z) / (np.float32(2.0) + y + z)
            q = s * s
            p = np.float32(1 / 15)
            p = p * q + np.float32(1 / 13)
            p = p * q + np.float32(1 / 11)
            p = p * q + np.float32(1 / 9)
            p = p * q + np.float32(1 / 7)
            p = p * q + np.float32(1 / 5)
            p = p * q + np.float32(1 / 3)
            total += (new - old) * max(field[j], np.float32(0.0)) + np.float32(2.0) * (s + s * q * p)
        out[i] = total


def log_ratio(x: Tensor, old: float, new: float) -> Tensor:
    """Σ_j softplus(new·x_j) − softplus(old·x_j) of each row of x (N, H) float32, new and old ≥ 0: (N,) float64.

    With y = e^(−new|x|) and z = e^(−old|x|) a term is (new − old)·max(x, 0) + log((1 + y) / (1 + z)), and the logarithm is
    2 artanh((y − z) / (2 + y + z)), whose argument is at most ⅓, so that a short series does. Right to about 2⁻²³ a unit.
    """
    out = torch.empty(len(x), dtype=torch.float64)
    _log_ratio(_array(x), np.float32(old), np.float32(new), out.numpy())
    return out


@njit(**_LOOP)
def _flips(v: Any, p: Any, q: Any, up: Any, down: Any, own: Any, out: Any) -> None:
    for n in range(v.shape[0]):
        image, on, off, total = v[n], p[n], q[n], 0.0
        for i in range(image.size):
            lit = image[i] > np.float32(0.5)
            factors, odds = (down[i], 1.0 / own[i]) if lit else (up[i], own[i])
            for start in range(0, factors.size, _FACTORS):
                a, b, f = on[start : start + _FACTORS], off[start : start + _FACTORS], factors[start : start + _FACTORS]
                product = np.float32(1.0)
                for j in range(f.size):
                    product *= b[j] + a[j] * f[j]
                odds *= np.float64(product)
            total -= np.log1p(odds)
        out[n] = total


def flips_fit(weight: Tensor, bias: Tensor) -> bool:
    """Whether products of e^|W| along each row stay within the formats of ``flip_log_probability``: any useful model's do."""
    if not (fits(weight) and weight.dtype == torch.float32):
        return False
    size = weight.detach().abs()
    part = max(float(block.sum(1).max()) for block in size.split(_FACTORS, 1))
    return part <= _LARGEST_PART and float((size.sum(1) + bias.detach().abs()).max()) <= _LARGEST_ROW  # NaN is not


def flip_log_probability(v: Tensor, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Σ_i logσ(F(v with pixel i turned) − F(v)) of each row of v (N, V), with x = vW + c (N, H): (N,) float64.

    Turning pixel i adds ±W_ij to the field of unit j, and softplus(x + s) − softplus(x) = log(σ(−x) + σ(x)eˢ). So the
    odds of the turn are a product of H numbers without a logarithm or an exponential, all of them positive:
    e^(±b_i) Π_j (σ(−x_j) + σ(x_j)e^(±W_ij)), and the term is −log(1 + odds). Ask ``flips_fit`` first.
    """
    out = torch.empty(len(v), dtype=torch.float64)
    w, b = weight.detach(), bias.detach().double()
    powers = (x.sigmoid(), (-x).sigmoid(), w.exp(), (-w).exp(), b.exp())
    _flips(_array(v), *map(_array, powers), out.numpy())
    return out


@njit(**_LOOP)
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
    arrays = (_array(data), _array(chains), _array(offset))
    _centred(*arrays, np.float32(share), np.float32(sign), _array(out), _array(difference))


@njit(**_LOOP)
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
    _advance(_array(weight), _array(velocity), np.float32(decay), *map(_array, (*offsets, *biases)))


@njit(**_LOOP)
def _follow(parameter: Any, velocity: Any, gradient: Any, rate: Any, momentum: Any) -> None:
    for i in range(parameter.size):
        velocity[i] = momentum * velocity[i] + rate * gradient[i]
        parameter[i] += velocity[i]


def follow(parameter: Tensor, velocity: Tensor, gradient: Tensor, rate: float, momentum: float) -> None:
    """velocity ← momentum·velocity + rate·gradient, parameter ← parameter + velocity: vectors, all float32."""
    _follow(_array(parameter), _array(velocity), _array(gradient), np.float32(rate), np.float32(momentum))
