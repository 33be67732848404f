"""Inner loops of evaluation, compiled by Numba: sums of softplus along a path of temperatures, and all flips of one pixel.

They take contiguous float32 tensors on the CPU; callers ask ``kernels.fits`` or ``flips_fit`` first.
"""

from typing import Any

import numpy as np
import torch
from numba import njit, prange
from torch import Tensor

from rbm.core import kernels, threads

MADE_WITH = {"kernels": "bf459d92a86b"}  # see there
_FACTORS = 64  # multiplied in float32 before their product goes on in float64
_LARGEST_PART, _LARGEST_ROW = 80.0, 600.0  # nats: the largest powers of e that either format holds, with some to spare


@njit(**kernels.LOOP)
def add_log_ratio(first: Any, last: Any, x: Any, old: Any, new: Any, out: Any) -> None:
    """For compiled loops: `log_ratio` of rows first to last of x, added to out."""
    for i in range(first, last):
        field, total = x[i], np.float32(0.0)
        for j in range(field.size):
            size = abs(field[j])
            y, z = kernels.exponential(-new * size), kernels.exponential(-old * size)
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
        out[i] += total


@njit(parallel=True, **kernels.LOOP)
def _log_ratio_in(parts: Any, x: Any, old: Any, new: Any, out: Any) -> None:
    for p in prange(parts):
        add_log_ratio(p * out.size // parts, (p + 1) * out.size // parts, x, old, new, out)


def log_ratio(x: Tensor, old: float, new: float) -> Tensor:
    """Σ_j softplus(new·x_j) − softplus(old·x_j) of each row of x (N, H) float32, new and old ≥ 0: (N,) float64.

    With y = e^(−new|x|) and z = e^(−old|x|) a term is (new − old)·max(x, 0) + log((1 + y) / (1 + z)), and the logarithm is
    2 artanh((y − z) / (2 + y + z)), whose argument is at most ⅓, so that a short series does. Right to about 2⁻²³ a unit.
    """
    out = torch.zeros(len(x), dtype=torch.float64)
    arrays = kernels.array(x), np.float32(old), np.float32(new), out.numpy()
    if x.numel() >= kernels.WORTH_SHARING and (parts := threads.parts()) > 1:
        _log_ratio_in(parts, *arrays)
    else:
        add_log_ratio(0, len(x), *arrays)
    return out


@njit(**kernels.LOOP)
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
    if not (kernels.fits(weight) and weight.dtype == torch.float32):
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
    _flips(kernels.array(v), *map(kernels.array, powers), out.numpy())
    return out
