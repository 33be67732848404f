"""How parameters and activations are spread at a time of training, over how they were at its start."""

import json

import numpy as np
import pytest

from pages.train.examine import spreads
from pages.ui import shell
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_model
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.training.history import History
from tests.helpers.screen import open_page

SPEC = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7))


def moment(step: int, weights: float) -> Snapshot:
    model = make_model(SPEC, make_dataset(SPEC.dataset))
    model.weight.data.fill_(weights)
    return Snapshot.of(model, step=step, epoch=step / 10, activity=np.zeros(7, np.float32))


@pytest.fixture
def run() -> LiveRun:
    found = LiveRun.at_rest(SPEC, moment(30, 2.0), History())
    found.past = [moment(0, -1.0), *found.past]
    return found


def test_a_moment_lies_over_the_start_in_the_same_bins(run):
    drawn = spreads.option(run, run.past[-1], "weights")
    json.dumps(drawn)
    start, now = drawn["series"]
    assert (start["name"], now["name"]) == ("at epoch 0.00", "epoch 3.00")
    assert start["x"] == now["x"]
    assert (start["y"][0], now["y"][-1], sum(start["y"]), sum(now["y"])) == (1, 1, 1, 1)
    (alone,) = spreads.option(run, run.past[0], "weights")["series"]
    assert alone["name"] == "epoch 0.00"


@pytest.mark.parametrize(("what", "count"), [("weights", 16 * 7), ("visible biases", 16), ("hidden biases", 7)])
def test_all_numbers_of_a_kind_are_counted(run, what, count):
    assert spreads.values(run.past[0], what, SPEC).shape == (count,)


def test_activations_are_the_hidden_means_of_validation_images(run):
    past = moment(30, 0.0)
    images = make_dataset(SPEC.dataset).validation[: spreads.IMAGES]
    found = spreads.values(past, "activations", SPEC)
    assert found.shape == (7 * len(images),)
    np.testing.assert_allclose(found, 0.5)  # no weights, no biases


def test_it_moves_only_where_the_slider_stands_at_now(run):
    assert list(spreads.elements(run, "weights", newest=True)) == ["examine_spread"]
    assert spreads.elements(run, "weights", newest=False) == {}
    assert spreads.elements(run, spreads.MODES, newest=True) == {}


@pytest.mark.usefixtures("clean")
def test_the_page_shows_each_of_them():
    app = open_page(shell.EXAMINE)
    for what in spreads.X_TITLES:
        app.selectbox(key="examine_show").set_value(what).run()
        assert not app.exception
        assert "examine_spread" in app.session_state["feed"]._parts["run"]._draw()
