"""Where a matrix of zeros and ones is rare, as bits: found, listed and turned on its side in a third of the time that lists take.

Bit i % 64 of word i // 64 of a row says whether the row's column i is rare. All loops here are parts of other files' loops.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_PART: dict[str, Any] = {"error_model": "numpy"}
WORD = 64
_HALF, _ONE = np.float32(0.5), np.uint64(1)
_SHIFTS = (32, 16, 8, 4, 2, 1)
_MASKS = (
    0x00000000FFFFFFFF,
    0x0000FFFF0000FFFF,
    0x00FF00FF00FF00FF,
    0x0F0F0F0F0F0F0F0F,
    0x3333333333333333,
    0x5555555555555555,
)


def words(columns: int) -> int:
    """How many words hold so many bits."""
    return -(-columns // WORD)


@intrinsic
def _lowest(typing_context: Any, word: Any) -> Any:
    """The number of the lowest bit that is set in a word that is not 0, by the processor's own instruction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


@intrinsic
def _how_many(typing_context: Any, word: Any) -> Any:
    """How many of a word's bits are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(**_PART)
def mark(row: Any, rare: Any, out: Any) -> None:
    """Where a row (V,) of zeros and ones is rare, into out (words,)."""
    whole = row.size // WORD
    for w in range(whole):
        part, found = row[w * WORD : (w + 1) * WORD], np.uint64(0)
        for j in range(WORD):  # as many as are known beforehand, so that they become vectors
            found |= np.uint64(abs(part[j] - rare) < _HALF) << np.uint64(j)
        out[w] = found
    if whole < out.size:
        part, found = row[whole * WORD :], np.uint64(0)
        for j in range(part.size):
            found |= np.uint64(abs(part[j] - rare) < _HALF) << np.uint64(j)
        out[whole] = found


@njit(**_PART)
def listed(row: Any, first: Any, on: Any, k: Any) -> Any:
    """The numbers of the bits that are set in a row of words, from ``first`` on, into on[k:]; where the list then ends."""
    for w in range(row.size):
        rest, base = row[w], first + w * WORD
        while rest:
            on[k] = base + np.int64(_lowest(rest))  # type: ignore[call-arg]  # Numba gives the other
            rest &= rest - _ONE
            k += 1
    return k


@njit(**_PART)
def turn(rows: Any, out: Any, counts: Any) -> None:
    """Bit r of row i of out (columns, words) is bit i of row r of ``rows`` (N, words): blocks of 64 × 64 by halves.

    ``counts`` (columns,) becomes how many of each are set.

    Warren, Hacker's Delight, 2nd edition, 2012, 7.3.
    """
    block = np.empty(WORD, np.uint64)
    counts[:] = 0
    for w in range(rows.shape[1]):
        for b in range(out.shape[1]):
            first = b * WORD
            given = min(WORD, rows.shape[0] - first)
            for r in range(given):
                block[r] = rows[first + r, w]
            block[given:] = 0
            for s in range(len(_SHIFTS)):
                shift, mask = _SHIFTS[s], np.uint64(_MASKS[s])
                for start in range(0, WORD, 2 * shift):
                    for r in range(start, start + shift):
                        changed = ((block[r] >> np.uint64(shift)) ^ block[r + shift]) & mask
                        block[r + shift] ^= changed
                        block[r] ^= changed << np.uint64(shift)
            for i in range(min(WORD, out.shape[0] - w * WORD)):
                out[w * WORD + i, b] = block[i]
                counts[w * WORD + i] += np.int64(_how_many(block[i]))  # type: ignore[call-arg]
