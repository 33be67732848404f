"""The page of runs lays two runs' filters over each other."""

import numpy as np
import pytest

from pages.compare.runs import matched

RNG = np.random.default_rng(5)


def test_pairs_begin_with_the_strongest_and_their_difference_is_what_it_says():
    first = RNG.normal(size=(16, 6)).astype(np.float32) * np.array([1, 5, 2, 4, 3, 6], np.float32)
    second = np.concatenate([-first[:, [2, 5, 0]], RNG.normal(size=(16, 1)).astype(np.float32)], axis=1)
    found = matched.pairs(first, second)
    units = dict(found.units)
    assert {a: units[a] for a in (5, 2, 0)} == {5: 1, 2: 0, 0: 2}
    assert [a for a, _ in found.units] == [a for a in (5, 1, 3, 4, 2, 0) if a in units]
    place = [a for a, _ in found.units].index(5)
    np.testing.assert_allclose(found.first[:, place], first[:, 5])
    np.testing.assert_allclose(found.second[:, place], first[:, 5])  # turned round
    np.testing.assert_allclose(found.difference[:, place], 0, atol=1e-6)
    assert found.cosine[place] == pytest.approx(-1)


def test_the_match_is_told_in_a_sentence():
    words = matched.in_words(np.array([1.0, -0.9, 0.2, 0.1]), 0.31)
    assert words == (
        "4 pairs: |cosine| 0.55 on average (random ones 0.31), median 0.55; 2 are alike (at least 0.8), 1 matched with the "
        "opposite sign."
    )


def test_what_chance_gives_is_of_as_many_pixels_and_units():
    first, second = (np.random.default_rng(seed).standard_normal((64, 30)) for seed in (11, 12))
    found = matched.pairs(first, second)
    assert found.by_chance == matched.chance(64, 30, 30)
    assert found.by_chance == pytest.approx(np.abs(found.cosine).mean(), abs=0.03)
    assert matched.chance(64, 30, 30) > matched.chance(784, 30, 30) > 0
