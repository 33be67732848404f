"""The phases of an update by sums of rows in one call of a compiled loop each, but for the fields hWᵀ between them.

Between two loops that fill the processor's caches, Python has to come from memory again, and takes as long as a loop does.
Letters: N images or chains, V visible, H hidden units. The same numbers and coins as `rows` and `kernels` give one by one.
"""

from typing import Any

import numpy as np
import torch
from numba import njit, prange
from torch import Tensor

from rbm.core import columns, kernels, rows, threads

MADE_WITH = {"columns": "1c61345fa778", "kernels": "bf459d92a86b", "rows": "ae212eff0a50"}  # see kernels


class Buffers:
    """Memory for N states, kept from one update to the next: to be given it anew cost a fifth of an update.

    Attributes: v (N, V), ⟨h|v⟩ ``mean`` and h (N, H), and ``places``, where v is rare.
    """

    def __init__(self, n: int, visible: int, hidden: int) -> None:
        self.v, self.mean, self.h = torch.empty(n, visible), torch.empty(n, hidden), torch.empty(n, hidden)
        self.field, self.places = torch.empty(n, visible), rows.no_places(n, visible)
        self.arrays = (self.v.numpy(), *self.places, self.mean.numpy(), self.h.numpy())
        self.fields, self.columns = self.field.numpy().reshape(-1), columns.Columns(n, hidden)


class Layers:
    """The parameters W (V, H), b (V,) and c (H,) that the loops read, and which value of v is ``rare``."""

    def __init__(self, weight: Tensor, visible_bias: Tensor, hidden_bias: Tensor, rare: int = 1) -> None:
        self.weight, self.rare = weight.detach(), rare
        self._hidden_bias, self._start = hidden_bias, rows.field_start(weight, hidden_bias, rare)
        arrays = (weight, visible_bias, self._start)
        self.arrays = (*(t.detach().numpy() for t in arrays), np.float32(rare))

    def renew(self) -> None:
        """The parameters have moved."""
        if not self.rare:
            self._start.copy_(rows.field_start(self.weight, self._hidden_bias, self.rare))


@njit(**kernels.PART)
def _rise(first: Any, last: Any, buffers: Any, layers: Any, sample: bool, key: Any) -> None:
    (v, marks, count, mean, h), (weight, _, c, rare) = buffers, layers
    rows.fields_between(first, last, v, rare, weight, c, mean, marks, count)
    flat, width = mean.reshape(-1), c.size
    if sample:
        kernels.draw_between(first * width, last * width, flat, key[0], key[1], h.reshape(-1))
    else:
        kernels.squash(flat[first * width : last * width])


@njit(**kernels.LOOP)
def _begin(first: Any, last: Any, data: Any, chosen: Any, buffers: Any, layers: Any, sample: bool, keys: Any) -> None:
    kernels.flip_between(first, last, data, chosen, keys[0, 0], keys[0, 1], buffers[0])
    _rise(first, last, buffers, layers, sample, keys[-1])


@njit(parallel=True, **kernels.LOOP)
def _begin_in(parts: int, data: Any, chosen: Any, buffers: Any, layers: Any, sample: bool, keys: Any) -> None:
    n = chosen.size
    for p in prange(parts):
        _begin(p * n // parts, (p + 1) * n // parts, data, chosen, buffers, layers, sample, keys)


def begin(data: Tensor, chosen: Tensor, buffers: Buffers, layers: Layers, keys: kernels.Array) -> None:
    """v drawn from the grey levels data[chosen] (N, V), ⟨h|v⟩, and, where there is a second key, h drawn with it.

    ``keys`` (1 or 2, 2) are those of `randomness.Coins.keys`.
    """
    arrays = data.numpy(), chosen.numpy(), buffers.arrays, layers.arrays, len(keys) > 1, keys
    if (parts := threads.parts()) > 1:
        _begin_in(parts, *arrays)
    else:
        _begin(0, len(arrays[1]), *arrays)


@njit(**kernels.LOOP)
def _sweep(first: Any, last: Any, fields: Any, buffers: Any, layers: Any, sample: bool, keys: Any) -> None:
    b, v = layers[1], buffers[0].reshape(-1)
    kernels.sample_between(first * b.size, last * b.size, fields, b, keys[0, 0], keys[0, 1], v)
    _rise(first, last, buffers, layers, sample, keys[-1])


@njit(parallel=True, **kernels.LOOP)
def _sweep_in(parts: int, fields: Any, buffers: Any, layers: Any, sample: bool, keys: Any) -> None:
    n = buffers[0].shape[0]
    for p in prange(parts):
        _sweep(p * n // parts, (p + 1) * n // parts, fields, buffers, layers, sample, keys)


def sweep(h: Tensor, buffers: Buffers, layers: Layers, keys: kernels.Array) -> None:
    """v drawn from p(v|h) for h (N, H), ⟨h|v⟩, and, where there is a second key, the next h drawn with it."""
    buffers.columns.product(h, layers.weight, buffers.field)
    arrays = buffers.fields, buffers.arrays, layers.arrays, len(keys) > 1, keys
    if (parts := threads.parts()) > 1:
        _sweep_in(parts, *arrays)
    else:
        _sweep(0, len(buffers.arrays[0]), *arrays)
