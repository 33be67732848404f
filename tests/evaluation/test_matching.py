"""Filters of two machines are matched whatever their order and their sign."""

import numpy as np
import pytest

from rbm.errors import ShapeError
from rbm.evaluation.matching import match

RNG = np.random.default_rng(3)
A = RNG.normal(size=(23, 7))


def test_shuffled_and_turned_filters_are_found_again():
    order, sign = RNG.permutation(7), np.array([1, -1, 1, -1, -1, 1, 1])
    b = (A * sign)[:, order] * 3.0
    found = match(A, b)
    assert found.first.tolist() == list(range(7))
    assert order[found.second].tolist() == list(range(7))
    np.testing.assert_allclose(found.cosine, sign, atol=1e-12)
    np.testing.assert_allclose(found.difference(A, b / 3.0), 0, atol=1e-12)


def test_the_sum_is_the_largest_of_all_assignments():
    from itertools import permutations

    b = RNG.normal(size=(23, 5))
    a = A[:, :5] + 0.7 * b[:, RNG.permutation(5)]
    cosine = np.abs((a / np.linalg.norm(a, axis=0)).T @ (b / np.linalg.norm(b, axis=0)))
    best = max(sum(cosine[i, j] for i, j in enumerate(one)) for one in permutations(range(5)))
    assert np.abs(match(a, b).cosine).sum() == pytest.approx(best)


def test_the_smaller_machine_is_matched_whole_and_filters_of_zeros_match_nothing():
    b = np.concatenate([A[:, [4, 2]], np.zeros((23, 1))], axis=1)
    found = match(A, b)
    pairs = dict(zip(found.second.tolist(), zip(found.first.tolist(), found.cosine.tolist(), strict=True), strict=True))
    assert pairs[0] == (4, pytest.approx(1))
    assert pairs[1] == (2, pytest.approx(1))
    assert pairs[2][1] == 0
    with pytest.raises(ShapeError, match="as many pixels"):
        match(A, A[:3])
