"""Curves are thinned and smoothed without inventing anything."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbm.core.curves import MAX_POINTS, decimate, mean_curve, smooth

RNG = np.random.default_rng(7)
# Training switches subnormal numbers off for its thread, and hypothesis would complain.
NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)


@pytest.mark.parametrize("n", [601, 1000, 1203, 9973])
def test_decimate_keeps_the_ends_and_every_extreme(n):
    x, y = np.arange(n) / 7, RNG.normal(size=n)
    y[n // 3], y[n // 2] = 99, -99
    few_x, few_y = decimate(x, y)
    assert 200 < len(few_x) <= MAX_POINTS
    assert (few_x[0], few_x[-1]) == (x[0], x[-1])
    assert (few_y.max(), few_y.min()) == (99, -99)
    assert (np.diff(few_x) > 0).all()
    np.testing.assert_array_equal(few_y, y[np.searchsorted(x, few_x)])  # points of the run, nothing invented


def test_decimate_leaves_a_short_series_alone():
    x = np.arange(600.0)
    np.testing.assert_array_equal(decimate(x, -x)[1], -x)


def test_decimated_points_stay_while_the_run_grows():
    y = RNG.normal(size=3000)
    before, after = (decimate(np.arange(n), y[:n])[0] for n in (2900, 3000))
    assert set(before[before < 2880].tolist()) <= set(after.tolist())


def test_decimate_looks_past_missing_values():
    y = np.where(np.arange(2001) % 3 == 0, np.nan, np.arange(2001.0))
    _, few = decimate(np.arange(2001), y)
    assert np.nanmax(few) == 2000
    with pytest.raises(ValueError, match="one length"):
        decimate([1, 2], [1])
    with pytest.raises(ValueError, match="at least 4"):
        decimate([1, 2], [1, 2], limit=3)


@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=50), st.floats(0, 0.95, allow_subnormal=False))
def test_smoothing_is_the_weighted_mean_of_what_came_before(y, amount):
    smoothed = smooth(y, amount)
    for t, value in enumerate(smoothed):
        weights = [amount ** (t - i) for i in range(t + 1)]
        expected = sum(w * v for w, v in zip(weights, y, strict=False)) / sum(weights)
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_smoothing_by_nothing_changes_nothing_and_a_gap_stays_a_gap():
    assert smooth([1.0, 5.0, 2.0], 0.0) == [1.0, 5.0, 2.0]
    assert math.isnan(smooth([1.0, math.nan, 2.0], 0.5)[1])
    with pytest.raises(ValueError, match="below 1"):
        smooth([1.0], 1.0)


def test_the_mean_of_curves_is_taken_where_all_are_known_at_the_places_of_the_first():
    first = [0.0, 1, 2, 3, 4], [0.0, 1, 2, 3, 4]
    second = [1.0, 3, 3.5], [3.0, 7, 8]
    found = mean_curve([first, second, ([0.0, 1, math.nan, 9], [2.0, math.nan, 5, 20])])
    assert found.x.tolist() == [1, 2, 3]
    np.testing.assert_allclose(found.mean, [(1 + 3 + 4) / 3, (2 + 5 + 6) / 3, (3 + 7 + 8) / 3])
    np.testing.assert_allclose(found.deviation[0], np.std([1, 3, 4], ddof=1))


def test_curves_that_do_not_overlap_have_no_mean_and_one_has_no_deviation():
    assert not len(mean_curve([([0.0, 1], [1.0, 1]), ([2.0, 3], [1.0, 1])]).x)
    assert not len(mean_curve([([0.0], [math.nan])]).mean)
    assert not len(mean_curve([]).x)
    assert np.isnan(mean_curve([([0.0, 1], [1.0, 2])]).deviation).all()
