"""One step of annealed importance sampling for binary units: three calls of compiled loops.

The loops take contiguous float32 tensors on the CPU; callers ask ``kernels.fits`` first. Where few pixels are on, the fields of
hidden units are sums of rows of W (`rows`); those of pixels are sums of its columns (`columns`). Letters: N chains, V visible,
H hidden units, β the inverse temperature.
"""

from typing import Any

import numpy as np
import torch
from numba import njit, prange
from torch import Tensor

from rbm.core import bits, columns, free_energies, kernels, rows, threads

MADE_WITH = {
    "columns": "1c61345fa778",
    "bits": "6631d8212245",
    "free_energies": "0f90986d2944",
    "kernels": "bf459d92a86b",
    "rows": "ae212eff0a50",
}  # see kernels
NO_KEYS = np.empty((0, 2), np.uint32)  # where no sweep is made
_ON = np.float32(1.0)


@njit(**kernels.LOOP)
def _draw(first: Any, last: Any, beta: Any, fields: Any, scaled: Any, bias: Any, keys: Any, out: Any) -> None:
    """Coins with probability σ(β·field + bias) into rows first to last of out; ``scaled`` is what the loop writes beside."""
    start, end = first * bias.size, last * bias.size
    flat, all_scaled = fields.reshape(-1)[start:end], scaled.reshape(-1)
    into = all_scaled[start:end]
    for i in range(flat.size):
        into[i] = beta * flat[i]
    kernels.sample_between(start, end, all_scaled, bias, keys[0], keys[1], out.reshape(-1))


@njit(**kernels.LOOP)
def _rise(
    first: Any, last: Any, chains: Any, added: Any, betas: Any, log_w: Any, moves: bool, none: Any, keys: Any
) -> None:
    (x, scaled, h, marks, _), (old, new, step) = chains, betas
    free_energies.add_log_ratio(first, last, x, old, new, log_w)
    on = np.empty(added.size, np.int32)
    for n in range(first, last):
        total = 0.0
        for t in range(bits.listed(marks[n], 0, on, 0)):
            total += added[on[t]]
        log_w[n] += step * total
    if moves:
        _draw(first, last, new, x, scaled, none, keys, h)


@njit(**kernels.LOOP)
def _fall(first: Any, last: Any, beta: Any, chains: Any, layers: Any, sums: bool, bias: Any, keys: Any) -> None:
    (field, v, x, marks, count), (weight, c) = chains, layers
    _draw(first, last, beta, field, field, bias, keys, v)
    if sums:
        rows.fields_between(first, last, v, _ON, weight, c, x, marks, count)
    else:
        rows.mark_between(first, last, v, _ON, marks, count)


@njit(parallel=True, **kernels.LOOP)
def _rise_in(parts: int, chains: Any, added: Any, betas: Any, log_w: Any, moves: bool, none: Any, keys: Any) -> None:
    n = log_w.size
    for p in prange(parts):
        _rise(p * n // parts, (p + 1) * n // parts, chains, added, betas, log_w, moves, none, keys)


@njit(parallel=True, **kernels.LOOP)
def _fall_in(parts: int, beta: Any, chains: Any, layers: Any, sums: bool, bias: Any, keys: Any) -> None:
    n = chains[1].shape[0]
    for p in prange(parts):
        _fall(p * n // parts, (p + 1) * n // parts, beta, chains, layers, sums, bias, keys)


class Loops:
    """N chains of a machine with W (V, H) and hidden biases c (H,), from states v (N, V), in memory of their own.

    On the way of `rbm.evaluation.ais.Path`, whose visible biases grow by ``added`` (V,) in all. Attribute ``log_w`` (N,),
    float64: their weights so far.
    """

    def __init__(self, v: Tensor, weight: Tensor, hidden_bias: Tensor, added: Tensor) -> None:
        n, (visible, hidden) = len(v), weight.shape
        self.log_w = torch.zeros(n, dtype=torch.float64)
        self._weight, self._bias, self._columns = weight, hidden_bias, columns.Columns(n, hidden)
        self._v, self._field, self._h = v.clone(), torch.empty(n, visible), torch.empty(n, hidden)
        self._x = torch.addmm(hidden_bias, v, weight)
        places = rows.places(v)
        seen, field, h, x = map(kernels.array, (self._v, self._field, self._h, self._x))
        self._up, self._down = (x, np.empty_like(x), h, *places), (field, seen, x, *places)
        self._layers = kernels.array(weight), kernels.array(hidden_bias)
        self._added, self._none, self._weights = (
            added.double().numpy(),
            np.zeros(hidden, np.float32),
            self.log_w.numpy(),
        )
        self._count, self._no_key = places.counts, np.zeros(2, np.uint32)

    def step(self, old: float, new: float, bias: Tensor, keys: kernels.Array) -> None:
        """The weights of the step from β = old to new, log w += log p*_new(v) − log p*_old(v), and, where there are two keys
        (2, 2), those of `randomness.Coins.keys`, a Gibbs sweep at new: h drawn in the fields new·x, then v in
        new·hWᵀ + ``bias`` (V,)."""
        parts, moves = threads.parts(), len(keys) > 0
        betas = np.float32(old), np.float32(new), new - old
        rise = self._up, self._added, betas, self._weights, moves, self._none, keys[0] if moves else self._no_key
        _rise_in(parts, *rise) if parts > 1 else _rise(0, len(self._weights), *rise)
        if not moves:
            return
        self._columns.product(self._h, self._weight, self._field)
        sums = float(self._count.sum()) <= rows.DENSEST * self._v.numel()
        fall = np.float32(new), self._down, self._layers, sums, kernels.array(bias), keys[1]
        _fall_in(parts, *fall) if parts > 1 else _fall(0, len(self._weights), *fall)
        if not sums:
            torch.addmm(self._bias, self._v, self._weight, out=self._x)
