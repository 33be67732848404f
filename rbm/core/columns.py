"""The product hWᵀ for states h of zeros and ones: sums of the columns of W that h chooses, of four units at a time.

Of four units' columns there are sixteen sums, from none of them to all. They are made once, and every state then adds one of
them where it would multiply and add four columns (Arlazarov, Dinic, Kronrod & Faradžev, 1970, "the method of the four
Russians"). W is taken in tiles of 16 pixels, one vector, and 128 units, whose sums the processor's nearest cache just holds.
Letters: N states, V visible, H hidden units.

The loops take contiguous float32 tensors on the CPU and are divided into as many parts as torch has threads; every number is
the same however many there are.
"""

from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic
from torch import Tensor

from rbm.core import bits, threads
from rbm.core.language import _
from rbm.errors import ShapeError

MADE_WITH = {"bits": "6631d8212245"}  # see kernels

_PART: dict[str, Any] = {"error_model": "numpy"}  # sums in the order that is written, in every loop that takes them
_LOOP: dict[str, Any] = {**_PART, "nogil": True, "cache": threads.KEPT}
FEWEST = 32  # states; for fewer the product is as fast as making the sums (100 to 1,024 units, one and two threads)
_LANES = 16  # float32 of a vector
_UNITS = 4  # whose sums are made; those of more would be more than a batch of 64 uses
_SUMS = 2**_UNITS
_DEPTH = 128  # hidden units of a tile
_GROUPS = _DEPTH // _UNITS
_TILE = _GROUPS * _SUMS * _LANES
_LINE = _TILE  # where beside the tile a sum for fewer pixels than a vector has is put together
_BLOCK = _LINE + _LANES  # and where a corner of W lies that is smaller than 16 × 16
_ROOM = _BLOCK + _LANES * _LANES
_VECTOR = ir.VectorType(ir.FloatType(), _LANES)
_INDEX, _NUMBER = ir.IntType(64), ir.IntType(32)

_ON, _NOUGHT = np.float32(1.0), np.float32(0.0)


def _memory(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return context.make_array(kind)(context, builder, array).data


def _vector(builder: Any, memory: Any, place: Any) -> Any:
    return builder.bitcast(builder.gep(memory, [place]), _VECTOR.as_pointer())


def _orders(places: list[int], run: int, beyond: int) -> list[Any]:
    """Two ways to mix two vectors, whose numbers are 0 to 15 and 16 to 31: runs from these places on, and from so far beyond."""
    kind = ir.VectorType(_NUMBER, _LANES)
    return [ir.Constant(kind, [p + by + k for p in places for k in range(run)]) for by in (0, beyond)]


_QUARTERS = range(0, _LANES, 4)
_MIXED = (  # how far apart the two vectors are, and how they are mixed
    (1, _orders([q + k for q in _QUARTERS for k in (0, 16, 1, 17)], 1, 2)),
    (2, _orders([q + k for q in _QUARTERS for k in (0, 16)], 2, 2)),
    (8, _orders([0, 16], 8, 8)),  # halves are vectors of their own where a processor's are shorter: nothing moves there
    (4, _orders([0, 16, 8, 24], 4, 4)),
)


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """The columns of the block whose rows these 16 vectors are: four times each is mixed with another."""
    vectors = list(rows)
    for apart, orders in _MIXED:
        for i in (i for i in range(_LANES) if not i & apart):
            pair = vectors[i], vectors[i + apart]
            vectors[i], vectors[i + apart] = (builder.shuffle_vector(*pair, order) for order in orders)
    return [vectors[j & 12 | (j & 1) << 1 | (j & 2) >> 1] for j in range(_LANES)]


@intrinsic
def _make_sums(typing_context: Any, weight: Any, first: Any, stride: Any, tile: Any, place: Any) -> Any:
    """Of 16 pixels and 16 units: tile[place + 16 (16 g + s) + p] = Σ_{u in s} weight[first + stride p + 4 g + u].

    ``s`` < 16 is a set of the units of group ``g`` < 4: bit u says whether unit u is in it. The empty sets' sums stay 0.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = _memory(context, builder, signature.args[0], arguments[0])
        target = _memory(context, builder, signature.args[3], arguments[3])
        at = arguments[1]
        lines: list[Any] = []
        while len(lines) < _LANES:
            lines.append(builder.load(_vector(builder, source, at), align=4))
            at = builder.add(at, arguments[2])
        lines, at = _turned(builder, lines), arguments[4]
        for g in range(0, _LANES, _UNITS):
            sums = [ir.Constant(_VECTOR, [0.0] * _LANES)]
            for line in lines[g : g + _UNITS]:
                sums += [line, *(builder.fadd(total, line) for total in sums[1:])]
            for total in sums:
                if total is not sums[0]:
                    builder.store(total, _vector(builder, target, at), align=4)
                at = builder.add(at, _INDEX(_LANES))
        return context.get_dummy_value()

    return types.void(weight, types.int64, types.int64, tile, types.int64), generate


@intrinsic
def _add(typing_context: Any, tile: Any, chosen: Any, first: Any, count: Any, out: Any, place: Any) -> Any:
    """out[place + p] += Σ_t tile[chosen[first + t] + p] for p < 16, t < count, a multiple of 4; sums stay in registers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lines = _memory(context, builder, signature.args[0], arguments[0])
        listed = builder.gep(_memory(context, builder, signature.args[1], arguments[1]), [arguments[2]])
        target = _vector(builder, _memory(context, builder, signature.args[4], arguments[4]), arguments[5])
        sums = [cgutils.alloca_once(builder, _VECTOR) for k in range(4)]  # an addition takes as many ticks
        builder.store(builder.load(target, align=4), sums[0])
        for total in sums[1:]:
            builder.store(ir.Constant(_VECTOR, [0.0] * _LANES), total)
        with cgutils.for_range_slice(builder, _INDEX(0), arguments[3], _INDEX(len(sums))) as (t, _end):
            for k, total in enumerate(sums):
                at = builder.load(builder.gep(listed, [builder.add(t, _INDEX(k))]))
                line = builder.load(_vector(builder, lines, builder.sext(at, _INDEX)), align=4)
                builder.store(builder.fadd(builder.load(total), line), total)
        a, b, c, d = map(builder.load, sums)
        builder.store(builder.fadd(builder.fadd(a, b), builder.fadd(c, d)), target, align=4)
        return context.get_dummy_value()

    return types.void(tile, chosen, types.int64, types.int64, out, types.int64), generate


@njit(**_PART)
def _choose(first: int, last: int, h: Any, chosen: Any) -> None:
    """Where in their tiles the sums begin that rows first to last of h ask for, of each group of units (N, groups)."""
    marks = np.zeros(-(-h.shape[1] // bits.WORD) + 1, np.uint64)
    each = bits.WORD // _UNITS
    for n in range(first, last):
        bits.mark(h[n], _ON, marks[:-1])
        for g in range(chosen.shape[1]):
            which = (marks[g // each] >> np.uint64(g % each * _UNITS)) & np.uint64(_SUMS - 1)
            chosen[n, g] = (g % _GROUPS * _SUMS + np.int32(which)) * _LANES


@njit(**_PART)
def _fill(tile: Any, weight: Any, pixel: int, pixels: int, first: int, last: int) -> None:
    """The sums for so many pixels from this one on, of the units first to last."""
    flat, hidden = weight.reshape(-1), weight.shape[1]
    corner = tile[_BLOCK:]
    for unit in range(first, last, _LANES):
        units, place = min(_LANES, last - unit), (unit - first) * _LANES * _SUMS // _UNITS
        if pixels == _LANES and units == _LANES:
            _make_sums(flat, pixel * hidden + unit, hidden, tile, place)  # type: ignore[call-arg]  # Numba gives the other
            continue
        corner[:] = _NOUGHT
        for p in range(pixels):
            for u in range(units):
                corner[p * _LANES + u] = weight[pixel + p, unit + u]
        _make_sums(corner, 0, _LANES, tile, place)  # type: ignore[call-arg]


@njit(**_PART)
def _sum(first: int, last: int, weight: Any, chosen: Any, out: Any, tile: Any) -> None:
    """The fields of the pixels of tiles first to last."""
    (visible, hidden), fields, listed, length = weight.shape, out.reshape(-1), chosen.reshape(-1), chosen.shape[1]
    for i in range(first, last):
        pixel = i * _LANES
        pixels = min(_LANES, visible - pixel)
        out[:, pixel : pixel + pixels] = _NOUGHT
        for group in range(0, length, _GROUPS):
            unit, count = group * _UNITS, min(_GROUPS, length - group)
            _fill(tile, weight, pixel, pixels, unit, min(unit + _DEPTH, hidden))
            for n in range(out.shape[0]):
                start = n * length + group
                if pixels == _LANES:
                    _add(tile, listed, start, count, fields, n * visible + pixel)  # type: ignore[call-arg]
                    continue
                tile[_LINE:_BLOCK] = _NOUGHT
                _add(tile, listed, start, count, tile, _LINE)  # type: ignore[call-arg]
                for p in range(pixels):
                    out[n, pixel + p] += tile[_LINE + p]


@njit(**_LOOP)
def _product(h: Any, weight: Any, chosen: Any, out: Any, tiles: Any) -> None:
    _choose(0, h.shape[0], h, chosen)
    _sum(0, -(-weight.shape[0] // _LANES), weight, chosen, out, tiles[0])


@njit(parallel=True, **_LOOP)
def _product_in(h: Any, weight: Any, chosen: Any, out: Any, tiles: Any) -> None:
    n, width, parts = h.shape[0], -(-weight.shape[0] // _LANES), tiles.shape[0]
    for p in prange(parts):
        _choose(p * n // parts, (p + 1) * n // parts, h, chosen)
    for p in prange(parts):
        _sum(p * width // parts, (p + 1) * width // parts, weight, chosen, out, tiles[p])


class Columns:
    """Products hWᵀ for N states h (N, H) of zeros and ones, in memory that is kept from one to the next."""

    def __init__(self, n: int, hidden: int) -> None:
        self._shape = n, hidden
        self._chosen = np.empty((n, -(-hidden // _LANES) * _LANES // _UNITS), np.int32)
        self._tiles = np.empty((0, _ROOM), np.float32)

    def product(self, h: Tensor, weight: Tensor, out: Tensor) -> None:
        """hWᵀ of h (N, H) and W (V, H) into out (N, V); ShapeError for other shapes than N and H of this memory."""
        states, factor, fields = h.numpy(), weight.numpy(), out.numpy()
        n, hidden = self._shape
        if (states.shape, factor.shape[1], fields.shape) != (self._shape, hidden, (n, len(factor))):
            wrong = _(
                "h {h}, W {w} and out {out} do not fit sums for h {wanted}: make Columns for as many states and units."
            )
            raise ShapeError(wrong.format(h=states.shape, w=factor.shape, out=fields.shape, wanted=self._shape))
        if n < FEWEST:
            torch.mm(h, weight.T, out=out)
            return
        parts = threads.parts()
        if len(self._tiles) != parts:
            self._tiles = torch.zeros(parts, _ROOM).numpy()  # torch's memory begins with a line of the cache
        (_product_in if parts > 1 else _product)(states, factor, self._chosen, fields, self._tiles)
