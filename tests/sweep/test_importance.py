"""What share each setting explains: exact on grids, an estimate from many trials, and nothing where it means nothing."""

from itertools import product

import optuna
import pytest

from rbm.store import Store
from rbm.sweep import Axis, Ledger, SweepSpec
from rbm.sweep.importance import FEWEST_A_SETTING, INTERACTION, Point, of_grid

HIDDEN, K = Axis("n_hidden", (16, 64)), Axis("k", (1, 5))


def grid(*axes: Axis, **effects: dict) -> list[Point]:
    """Every cell of the axes, its value the sum of each setting's effect."""
    cells = [dict(zip([a.name for a in axes], one, strict=True)) for one in product(*(a.values for a in axes))]
    return [(cell, sum(effect[cell[name]] for name, effect in effects.items())) for cell in cells]


def test_on_two_by_two_a_difference_of_26_nats_outweighs_one_of_9_by_their_squares():
    points = grid(HIDDEN, K, n_hidden={16: -130.0, 64: -104.0}, k={1: 0.0, 5: 9.0})
    assert of_grid((HIDDEN, K), points) == pytest.approx(
        {"n_hidden": 26**2 / (26**2 + 9**2), "k": 9**2 / (26**2 + 9**2), INTERACTION: 0.0}, abs=1e-12
    )


def test_what_only_both_together_do_is_interaction():
    either = [({"n_hidden": h, "k": k}, float((h == 64) != (k == 5))) for h, k in product((16, 64), (1, 5))]
    assert of_grid((HIDDEN, K), either) == pytest.approx({"n_hidden": 0.0, "k": 0.0, INTERACTION: 1.0})
    both = [({"n_hidden": h, "k": k}, float(h == 64 and k == 5)) for h, k in product((16, 64), (1, 5))]
    assert of_grid((HIDDEN, K), both) == pytest.approx(dict.fromkeys(("n_hidden", "k", INTERACTION), 1 / 3))


def test_three_settings_of_different_sizes_and_one_that_never_moves():
    """y = h + r without k: Σ(y − ȳ)² over 3 · 2 · 2 cells is 4 · (1 + 0 + 1) of h and 6 · (½² + ½²) of r."""
    axes = (Axis("n_hidden", (4, 5, 6)), Axis("k", (1, 5)), Axis("learning_rate", (0.1, 0.2)), Axis("momentum", (0.5,)))
    points = grid(*axes, n_hidden={4: 4.0, 5: 5.0, 6: 6.0}, learning_rate={0.1: 0.0, 0.2: 1.0}, momentum={0.5: 3.0})
    shares = of_grid(axes, points)
    assert list(shares) == ["n_hidden", "learning_rate", "k", INTERACTION]  # the largest first
    assert list(shares.values()) == pytest.approx([8 / 11, 3 / 11, 0.0, 0.0], abs=1e-12)


@pytest.mark.parametrize(
    ("axes", "points"),
    [
        ((HIDDEN, K), grid(HIDDEN, K, n_hidden={16: 1.0, 64: 2.0})[:3]),  # a cell is missing
        ((HIDDEN, K), grid(HIDDEN, K, n_hidden={16: -1.7, 64: -1.7}, k={1: 0.1, 5: 0.1})),  # nothing differs
        ((HIDDEN,), [({"n_hidden": 16}, 1.0), ({"n_hidden": 64}, 2.0)]),  # one setting: always all of it
        ((HIDDEN, Axis("k", (1,))), [({"n_hidden": 16, "k": 1}, 1.0), ({"n_hidden": 64, "k": 1}, 2.0)]),
        ((HIDDEN, Axis("k", low=1, high=5)), [({"n_hidden": 16, "k": 1}, 1.0), ({"n_hidden": 64, "k": 2}, 2.0)]),
        ((HIDDEN, K), []),
    ],
)
def test_it_is_absent_where_it_means_nothing(axes, points):
    assert of_grid(axes, points) == {}


def told(ledger: Ledger, count: int) -> Ledger:
    """``count`` trials whose value is ten times the rate's place in its range plus k's in its own."""
    distributions = {
        "learning_rate": optuna.distributions.FloatDistribution(0.0, 1.0),
        "k": optuna.distributions.IntDistribution(1, 11),
    }
    for i in range(count):
        values = {"learning_rate": (i * 0.381966) % 1.0, "k": 1 + (i * 7) % 11}
        value = 10 * values["learning_rate"] + (values["k"] - 1) / 10
        ledger._study.add_trial(optuna.trial.create_trial(params=values, distributions=distributions, value=value))
    return ledger


def test_a_random_search_is_estimated_once_there_are_enough_trials(tmp_path):
    store = Store(folder=tmp_path)
    axes = (Axis("learning_rate", low=0.0001, high=1.0), Axis("k", low=1, high=11))
    few = told(Ledger.create("few", SweepSpec(axes=axes, method="random"), store), 2 * FEWEST_A_SETTING - 1)
    assert few.importance() == {}
    many = told(Ledger.create("many", SweepSpec(axes=axes, method="random"), store), 40)
    shares = many.importance()
    assert list(shares) == ["learning_rate", "k"]
    assert shares["learning_rate"] > 0.9  # 100 parts of 101 are the rate's
    assert many.importance() == shares  # the same every time that it is drawn
    store.close()
