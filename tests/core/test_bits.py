"""Marking, listing and turning bits against numpy's own answers."""

import numpy as np
import pytest
from numba import njit

from rbm.core import bits


@njit
def marked(matrix, rare, found):
    for n in range(len(matrix)):
        bits.mark(matrix[n], rare, found[n])


@njit
def turned(found, out, counts):
    bits.turn(found, out, counts)


@njit
def listed(row, first, on):
    return bits.listed(row, first, on, 0)


@pytest.mark.parametrize("shape", [(1, 1), (3, 64), (64, 784), (70, 130), (129, 65)])
@pytest.mark.parametrize("density", [0.0, 0.13, 0.5, 1.0])
@pytest.mark.parametrize("rare", [1, 0])
def test_rows_and_columns_are_listed_as_numpy_finds_them(shape, density, rare):
    n, width = shape
    matrix = (np.random.default_rng(n * width).random(shape) < density).astype(np.float32)
    found = np.full((n, bits.words(width)), 2**64 - 1, np.uint64)  # whatever was there before
    across = np.full((width, bits.words(n)), 2**64 - 1, np.uint64)
    counts = np.full(width, -1)
    marked(matrix, np.float32(rare), found)
    turned(found, across, counts)
    there = matrix == rare
    assert counts.tolist() == there.sum(0).tolist()
    on = np.empty(n + width, np.int32)
    for rows, wanted in ((found, there), (across, there.T)):
        for row, where in zip(rows, wanted, strict=True):
            assert on[: listed(row, 5, on)].tolist() == (np.flatnonzero(where) + 5).tolist()
