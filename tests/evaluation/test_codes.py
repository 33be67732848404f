"""Features judged by a linear classifier: on data whose best answer is known."""

import numpy as np
import pytest

from rbm.evaluation import codes


def clouds(n: int, distance: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three classes in five dimensions, of unit variance around points that lie ``distance`` from each other."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    middles = distance / np.sqrt(2) * np.eye(3, 5)
    return (middles[labels] + rng.normal(size=(n, 5))).astype(np.float32), labels


def best_accuracy(n: int, distance: float) -> float:
    """Of the rule that knows the middles: no classifier does better."""
    x, y = clouds(n, distance, 99)
    middles = distance / np.sqrt(2) * np.eye(3, 5)
    return float((((x[:, None] - middles) ** 2).sum(2).argmin(1) == y).mean())


def test_logistic_regression_comes_close_to_the_best_rule():
    found = codes.logistic(clouds(1000, 3.0, 1), clouds(500, 3.0, 2), clouds(4000, 3.0, 3))
    best = best_accuracy(100_000, 3.0)
    error = np.sqrt(best * (1 - best) / 4000)
    assert best - 0.01 - 4 * error < found.accuracy < best + 4 * error
    assert found.strength in codes.STRENGTHS


def test_the_penalty_is_the_best_on_held_out_rows():
    train, held_out, test = clouds(30, 1.0, 1), clouds(3000, 1.0, 2), clouds(3000, 1.0, 3)
    each = {c: codes.logistic(train, held_out, held_out, c).accuracy for c in codes.STRENGTHS}
    chosen = codes.logistic(train, held_out, test)
    assert each[chosen.strength] == max(each.values())
    assert len(set(each.values())) > 1
    assert codes.logistic(train, held_out, test, chosen.strength) == chosen


def test_draws_keep_the_classes_shares_and_differ():
    labels = np.repeat(np.arange(4), [400, 300, 200, 100])
    rows = codes.draw(labels, 100, 1)
    assert np.bincount(labels[rows]).tolist() == [40, 30, 20, 10]
    assert len(set(rows)) == 100
    assert set(rows) != set(codes.draw(labels, 100, 2))
    assert np.array_equal(codes.draw(labels, 1000, 1), np.arange(1000))


def test_a_class_of_a_single_row_is_drawn_too():
    labels = np.array([0] * 60 + [1] * 39 + [2])
    for seed in range(5):
        rows = codes.draw(labels, 20, seed)
        assert len(set(rows)) == 20
        counts = np.bincount(labels[rows], minlength=3)
        assert counts[2] == 1
        assert abs(counts[0] - 12) <= 1
    assert set(codes.draw(labels, 20, 1)) != set(codes.draw(labels, 20, 2))


def test_without_held_out_rows_the_middle_penalty_is_taken():
    train, none = clouds(60, 3.0, 1), (np.empty((0, 5), np.float32), np.empty(0, np.int64))
    assert codes.logistic(train, none, train) == codes.logistic(train, none, train, 1.0)


@pytest.mark.parametrize("how", ["PCA", "t-SNE"])
@pytest.mark.parametrize(("n", "width"), [(2, 3), (3, 1), (10, 1), (10, 2), (20, 30)])
def test_a_map_of_few_rows_or_a_single_column(how, n, width):
    rows = np.random.default_rng(n).normal(size=(n, width)).astype(np.float32)
    points = codes.plane(rows, how, 1)
    assert points.shape == (n, 2)
    assert np.isfinite(points).all()
    assert not codes.plane(np.ones((n, width), np.float32), how, 1).any()


@pytest.mark.parametrize("how", ["PCA", "t-SNE"])
def test_a_map_keeps_far_clouds_apart(how):
    x, y = clouds(90, 30.0, 5)
    points = codes.plane(x, how, 1)
    assert points.shape == (90, 2)
    assert codes.agreement(points, y) == 1
    assert codes.agreement(points, np.random.default_rng(1).permutation(y)) < 0.6
    np.testing.assert_array_equal(codes.plane(x, how, 1), points)


def test_the_first_components_hold_the_variance():
    x = np.random.default_rng(3).normal(size=(500, 4)).astype(np.float32) * [5, 3, 0.1, 0.1]
    left = codes.principal(x, 2, 1).explained_variance_ratio_.sum()
    expected = (25 + 9) / (25 + 9 + 0.02)
    assert left == pytest.approx(expected, abs=1e-3)
    assert codes.principal(x, 50, 1).n_components_ == 4
