"""Trouble of a run is said on every page that shows it, as soon as there is any, and no longer than it lasts."""

from dataclasses import replace

import numpy as np
import pytest

from pages.ui.session import live, state
from rbm.errors import StoreError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record, flush
from rbm.jobs.snapshots import Snapshot
from rbm.store import Store
from rbm.store.owners import Visitor
from rbm.training.config import TrainConfig
from rbm.training.events import TrainEvent
from tests.helpers.screen import app_test
from tests.helpers.short_run import SPEC
from tests.helpers.waiting import wait

PAGES = ["train/live", "train/filters", "train/examine", "generate/gibbs", "compare/features"]

pytestmark = pytest.mark.usefixtures("clean")


def stopped() -> Store:
    raise StoreError("The disk is full: free some space.")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_asked_to_say_it_and_then_not_to(page, monkeypatch):
    run = LiveRun(SPEC, Record(SPEC, store=stopped))
    monkeypatch.setattr(state, "run", lambda: run)
    monkeypatch.setattr(state, "held", lambda: run)
    app = app_test().run().switch_page(f"pages/{page}/page.py").run()
    feed = app.session_state["feed"]

    def asked() -> bool:
        return "turn_" in (feed.message() or "")

    def said() -> list[str]:
        return [one.value for one in app.warning]

    assert not any("kept" in words for words in said())
    run.record._tell("The disk is full: free some space.")
    wait(asked, what="a word to the page")
    app.run()
    assert any("not being kept just now. The disk is full: free some space. What is not" in words for words in said())
    run.record._tell("")
    wait(asked, what="a word to the page")
    app.run()
    assert not any("kept" in words for words in said())
    monkeypatch.setattr(run, "_look", lambda: None)  # the process's own look would find that nobody waits
    run._silence = "The Dask scheduler at tcp://here:1 has not answered for 5 seconds."
    run.on_news()
    wait(asked, what="a word to the page")
    app.run()
    assert any("has not answered for 5 seconds" in words for words in said())
    run.record.lost = True
    run.record._tell("Run 7 is not in the registry any more: what is trained here is not kept.")
    wait(asked, what="a word to the page")
    app.run()
    assert not app.button(key="keep_as_new").disabled
    values = (-200.0, -900.0, -8000.0, -7000.0)
    run.history.extend([TrainEvent(i, float(i), {"pseudo_log_likelihood": x}, 0.0) for i, x in enumerate(values)])
    run.record.lost = False
    run.on_news()
    wait(asked, what="a word to the page")
    app.run()
    assert any("fell from −200.0 to −900.0 nats" in words for words in said())
    assert app.exception == []


def test_compared_runs_tell_it_too_whoever_s_they_are(monkeypatch):
    spec = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(epochs=5000), seed=3)
    theirs = LiveRun(spec, Record(spec, visitor=Visitor("ada", "Ada")))
    theirs.step(batches=1)
    wait(lambda: theirs.step_number == 1 and not theirs.active)
    flush()
    until = theirs._lease_ends
    app = app_test()
    app.session_state["runs_chosen"] = [theirs.record.id]
    app.run().switch_page("pages/compare/runs/page.py").run()
    assert not app.exception
    feed = app.session_state["feed"]

    def said() -> list[str]:
        return [one.value for one in app.warning]

    assert said() == []
    theirs.record._tell("The disk is full: free some space.")
    wait(lambda: "turn_runs_trouble" in (feed.message() or ""), what="a word to the page")
    app.run()
    assert said() == ["The disk is full: free some space."]
    theirs.record._tell("")
    wait(lambda: "turn_runs_trouble" in (feed.message() or ""), what="a word to the page")
    app.run()
    assert said() == []
    assert theirs._lease_ends == until  # whoever compares it does not keep it at work


def test_of_densities_the_number_of_pixels_says_what_a_fall_is():
    """Sixteen Gaussian pixels: more than 1.6 nats, of which the first value, 0 by accident, says nothing."""
    run = LiveRun(replace(SPEC, model=replace(SPEC.model, visible="gaussian")))
    run.history.extend([TrainEvent(i, float(i), {"pseudo_log_likelihood": -1.5 * i}, 0.0) for i in range(4)])
    assert run.history.fallen() == (0.0, -1.5)
    assert live._fallen(run) is None
    run.snapshot = Snapshot(
        weight=np.zeros((16, 7)),
        visible_bias=np.zeros(16),
        hidden_bias=np.zeros(7),
        step=3,
        epoch=1.0,
        activity=np.zeros(7),
    )
    assert live._fallen(run) is None
    run.snapshot = replace(run.snapshot, weight=np.zeros((14, 7)))
    assert live._fallen(run) == (0.0, -1.5)
