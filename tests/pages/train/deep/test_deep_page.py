"""The page "Go deep" under AppTest, on a real worker; what it shows as values; the job behind it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from pages.train.deep import few_labels, figures_at_rest, stack
from pages.ui import shell
from rbm.datasets.catalog import load_dataset
from rbm.errors import ConfigError
from rbm.evaluation import verdict
from rbm.jobs.job import release_all
from rbm.models.dbm import DeepBoltzmannMachine
from rbm.store import open_store
from rbm.tasks.deep import kept
from rbm.tasks.deep.dreaming import DeepDream
from rbm.tasks.deep.job import restore, train
from rbm.tasks.deep.plan import KINDS, Bounded, Curve, DeepSpec, FilterLook, LabelsPlan, Learned, Result
from tests.helpers.databases import let_go
from tests.helpers.screen import open_page
from tests.helpers.waiting import PATIENCE, wait

TINY = DeepSpec(KINDS[0], (7, 5), epochs=1, together=1, images=300)
TINY_PLAN = LabelsPlan(sizes=(7,), pretraining=1, epochs=1, least_updates=5, labels=(20,), seeds=(1,))


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("RBM_RUNS", str(tmp_path))
    yield
    release_all(PATIENCE)
    let_go(open_store())
    st.cache_resource.clear()


def wait_until_over(app: AppTest, key: str) -> None:
    wait(lambda: (app.run(), not app.session_state[key].active)[1])
    app.run()


def test_the_page_trains_layer_by_layer_and_dreams(monkeypatch):
    app = open_page(shell.DEEP)
    assert app.session_state["deep_dream"].sweeps == stack.OPENS_AFTER  # of the net that comes with the program
    app.button(key="deep_anew").click().run()
    assert app.session_state["deep_dream"].sweeps == 0
    for key, value in (("deep_size_1", 50), ("deep_size_2", 50), ("deep_epochs", 1), ("deep_images", 1000)):
        app.select_slider(key=key).set_value(value)
    app.run()
    app.button(key="deep_train").click().run()
    wait_until_over(app, "deep_task")
    assert not app.exception
    assert app.session_state["deep_task"].status == "finished"
    app.button(key="deep_sweep_10").click().run()
    dream = app.session_state["deep_dream"]
    assert dream.sweeps == 10
    assert dream.pixels.shape == (40, 784)
    app.segmented_control(key="deep_start").set_value("test images").run()
    assert app.session_state["deep_dream"].sweeps == 0
    assert not app.exception


@pytest.mark.slow  # tests/tasks/deep/test_few_labels.py keeps results in every run
def test_results_of_the_comparison_are_kept_drawn_and_not_asked_for_again(monkeypatch):

    monkeypatch.setattr(few_labels, "PLANS", {"small": TINY_PLAN, "full": LabelsPlan()})
    app = open_page(shell.DEEP)
    app.button(key="deep_labels_start").click().run()
    wait_until_over(app, "deep_labels")
    assert not app.exception
    assert len(kept.load(TINY_PLAN)) == 2
    assert app.button(key="deep_labels_start").disabled


def test_a_belief_net_tells_curves_looks_and_layers_the_same_each_time():
    news, again = list(train(TINY)), list(train(TINY))
    assert [type(x) for x in news] == [type(x) for x in again]
    layers = [x for x in news if isinstance(x, Learned)]
    assert [x.layer for x in layers] == [1, 2]
    for one, other in zip(layers, (x for x in again if isinstance(x, Learned)), strict=True):
        np.testing.assert_array_equal(one.weight, other.weight)
    looks = [x for x in news if isinstance(x, FilterLook)]
    np.testing.assert_allclose(looks[-1].filters, layers[0].weight @ layers[1].weight, atol=2e-3)
    assert [s.name for s in figures_at_rest.series(news, TINY, "free_energy_gap")] == ["layer 1", "layer 2"]
    assert figures_at_rest.share(news, TINY) == 1.0
    assert figures_at_rest.where(news, TINY, "finished") == "Finished · layer 2 · epoch 1.0 of 1"
    net = restore(KINDS[0], figures_at_rest.dreamer(news, TINY))
    torch.testing.assert_close(net.top.weight, torch.from_numpy(layers[1].weight))


def test_a_boltzmann_machine_dreams_once_all_layers_have_learned_together():
    spec = DeepSpec(KINDS[1], (7, 5), epochs=1, together=1, images=300)
    news = list(train(spec))
    assert {x.stage for x in news if isinstance(x, Curve)} == {0, 1, 2}
    layers = figures_at_rest.dreamer(news, spec)
    assert len(layers) == 2
    machine = restore(spec.kind, layers)
    assert isinstance(machine, DeepBoltzmannMachine)
    torch.testing.assert_close(machine.weights[0], torch.from_numpy(layers[0].weight))
    torch.testing.assert_close(machine.biases[1], torch.from_numpy(layers[0].hidden_bias))
    assert figures_at_rest.dreamer(news[: len(news) // 2], spec) == []
    for images in (None, load_dataset("mnist").test):
        dream = DeepDream(spec.kind, layers, 3, 1, images)
        dream.advance(2)
        assert dream.pixels.shape == (3, 784)
        assert 0 <= dream.pixels.min() < dream.pixels.max() <= 1


def test_what_makes_no_deep_machine_is_refused():
    with pytest.raises(ConfigError, match="choose one of: belief net"):
        DeepSpec("tower")
    with pytest.raises(ConfigError, match="two hidden layers"):
        DeepSpec(KINDS[1], (5, 4, 3))
    with pytest.raises(ConfigError, match="at least one layer"):
        DeepSpec(sizes=())


def test_the_figure_shows_means_and_deviations():
    results = [
        Result(seed, 100, start, e, 1.0)
        for start, es in ((True, (0.1, 0.2)), (False, (0.3,)))
        for seed, e in enumerate(es)
    ]
    figure = figures_at_rest.labels_figure(results)
    with_, without = figure.data
    assert (with_.y[0], without.y[0]) == (pytest.approx(15), pytest.approx(30))
    assert with_.error_y.array[0] == pytest.approx(7.0710678)
    assert figures_at_rest.labels_table(results)[1] == [["100", "15.00 ± 7.07", "30.00"]]
    assert figure.layout.yaxis.type == "log"
    assert figures_at_rest.labels_figure([*results, Result(9, 18, True, 0.0, 1.0)]).layout.yaxis.type != "log"


def test_the_sentence_says_how_far_it_is_to_be_trusted():
    assert figures_at_rest.bound([]) == ""
    good = Bounded(-98.26, 0.83, 500, 42.3, 100)
    assert "500 test images: at least −98.3 ± 0.8 nats per image (log Z by AIS, 42 of 100 chains count)." in (
        figures_at_rest.bound([good])
    )
    assert "2 of 100 chains count, unreliable" in figures_at_rest.bound([good._replace(effective=2.4)])
    assert "(log Z exact)" in figures_at_rest.bound([good._replace(effective=None)])
    assert "unreliable" not in figures_at_rest.bound([good._replace(effective=verdict.FEWEST_EFFECTIVE)])
