"""The page that searches under AppTest, on real workers: what it asks, what it says, start, stop and continue."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.session import state
from rbm.errors import StoreError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs.job import release_all
from rbm.store import open_store
from rbm.store.owners import Visitor, visitor_id
from rbm.sweep import Axis, Ledger, Sweep, SweepSpec, at_work, stop_all
from rbm.training.config import TrainConfig
from tests.helpers.databases import let_go
from tests.helpers.screen import open_page
from tests.helpers.sweeping import held_at, wait_for_trials
from tests.helpers.waiting import PATIENCE, wait


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("RBM_RUNS", str(tmp_path))
    yield
    stop_all(PATIENCE)
    release_all(PATIENCE)
    let_go(open_store())
    st.cache_resource.clear()


def heat(app: AppTest) -> dict:
    (data,) = (
        one for one in (json.loads(e.proto.json) for e in app.get("bidi_component")) if "cells" in one and "y" in one
    )
    return data


def test_what_makes_no_sweep_is_told_before_it_starts():
    app = open_page(shell.SWEEP)
    assert not app.button(key="sweep_start").disabled
    app.text_input(key="sweep_values_k").set_value("1, 900").run()
    assert "k is 900; expected 1 to 50" in app.warning[0].value
    assert app.button(key="sweep_start").disabled
    app.text_input(key="sweep_values_k").set_value("1 to 9").run()
    assert "needs values of Gibbs steps k" in app.warning[0].value
    app.segmented_control(key="sweep_method").set_value("tpe").run()
    assert not app.button(key="sweep_start").disabled
    assert any("Up to 24 runs" in caption.value for caption in app.caption)
    app.multiselect(key="sweep_settings").set_value([]).run()
    assert "at least one setting" in app.warning[0].value
    assert not app.exception


def test_types_of_units_are_searched_and_what_does_not_compare_is_told():
    app = open_page(shell.SWEEP)
    app.multiselect(key="sweep_settings").set_value(["hidden", "visible"]).run()
    assert not app.exception
    assert app.text_input(key="sweep_values_hidden").value == "bernoulli, spin"
    assert app.text_input(key="sweep_values_visible").value == "bernoulli"
    assert not app.button(key="sweep_start").disabled
    app.text_input(key="sweep_values_visible").set_value("bernoulli, gaussian").run()
    assert "learn different rows" in app.warning[0].value
    app.text_input(key="sweep_values_visible").set_value("pixels").run()
    assert "Visible unit type (visible) is 'pixels'; choose one of" in app.warning[0].value
    assert app.button(key="sweep_start").disabled


def status(app: AppTest) -> str:
    """The line over the heat map."""
    sent = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (words,) = [one["words"] for one in sent if one.get("channel") == "sweep_status"]
    return words


def test_a_sweep_is_started_stopped_and_continued_from_the_page():
    app = open_page(shell.SWEEP)
    app.session_state["draft"]["dataset"] = "tiny_digits"
    app.session_state["draft"]["batch_size"] = 1
    app.run()
    app.text_input(key="sweep_values_n_hidden").set_value("5, 7").run()
    app.text_input(key="sweep_values_k").set_value("1, 2").run()
    with held_at(5):
        app.button(key="sweep_start").click().run()
        assert not app.exception
        assert len(heat(app)["cells"]) == 4
        (sweep,) = at_work()
        app.button(key="sweep_stop").click().run()
    sweep.wait(PATIENCE)
    app.run()
    assert "Stopped" in status(app)
    app.button(key="sweep_continue").click().run()
    assert not app.error
    wait(lambda: not at_work())
    app.run()
    assert not app.exception
    assert "Finished · 4 of 4 runs" in status(app)
    assert app.button(key="sweep_continue").disabled
    assert sum(cell["state"] == "best" for cell in heat(app)["cells"]) == 1
    assert [t.state for t in Ledger("sweep-1", open_store()).trials()] == ["finished"] * 4


@pytest.mark.slow
def test_a_registry_that_is_locked_is_told_as_long_as_the_search_waits_for_it(monkeypatch, tmp_path):
    monkeypatch.setattr("rbm.store.database.BUSY_MS", 200)
    monkeypatch.setattr("rbm.sweep.engine.BEAT_SECONDS", 0.1)
    base = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7), TrainConfig(epochs=60, batch_size=10))
    with held_at(5):
        sweep = Sweep(Ledger.create("held", SweepSpec(base, (Axis("k", (1, 2)),), trials=2), open_store()))
        wait_for_trials(sweep.shares)
        with closing(sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            wait(lambda: "locked" in sweep.trouble, what="a word about the lock")
            app = open_page(shell.SWEEP)
            (said,) = (one.value for one in app.warning)
            assert said.startswith("The search waits and tries again by itself. The ")
            assert "close the other program that holds it" in said
            other.execute("ROLLBACK")
        wait(lambda: sweep.trouble == "", what="the registry")
        app.run()
        assert not app.warning
        assert not app.exception


def test_a_sweep_that_is_kept_can_be_looked_at_and_another_begun():
    base = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7), TrainConfig(epochs=1))
    Ledger.create("an old one", SweepSpec(base, (Axis("k", (1, 2)),)), open_store())
    app = open_page(shell.SWEEP)
    app.selectbox(key="sweep_choice").set_value("an old one").run()
    assert "Stopped · 0 of 2 runs" in status(app)
    assert any("needs two settings" in caption.value for caption in app.caption)
    assert not app.exception
    app.selectbox(key="sweep_choice").set_value("New search").run()
    assert not app.button(key="sweep_start").disabled


@pytest.mark.parametrize(
    "spec",
    [
        SweepSpec(
            RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7, hidden="multinary", n_states=4), TrainConfig(epochs=7)),
            (Axis("n_states", (3, 5)), Axis("learning_rate", low=0.001, high=0.1, log=True), Axis("k", low=1, high=5)),
            method="tpe",
            objective="free_energy_gap",
            pruning=True,
            trials=9,
            minutes=2.5,
        ),
        pytest.param(
            SweepSpec(RunSpec(DatasetSpec("tiny_digits")), (Axis("binarise", ("threshold", "none")),)),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["at random", "from elsewhere"],
)
def test_anothers_search_is_copied_into_the_form_of_a_new_one(spec):
    Ledger.create("theirs", spec, open_store(), Visitor(visitor_id("bob"), "Bob"))
    app = open_page(shell.SWEEP)
    app.selectbox(key="sweep_choice").set_value("theirs").run()
    app.button(key="sweep_continue").click().run()
    assert "belongs to Bob" in app.error[0].value
    assert "press Copy to a new search" in app.error[0].value
    app.button(key="sweep_copy").click().run()
    assert not app.exception
    app.button(key="sweep_start").click().run()
    assert not app.exception
    mine = Ledger("sweep-1", open_store())
    assert (mine.spec, mine.visitor) == (spec, app.session_state["visitor"].id)


@pytest.mark.slow
def test_anothers_search_that_is_under_way_goes_on_when_somebody_presses_stop():
    base = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7), TrainConfig(epochs=60, batch_size=10))
    spec = SweepSpec(base, (Axis("k", (1, 2)),), trials=2)
    with held_at(5):
        sweep = Sweep(Ledger.create("theirs", spec, open_store(), Visitor(visitor_id("bob"), "Bob")))
        wait_for_trials(sweep.shares)
        app = open_page(shell.SWEEP)
        app.selectbox(key="sweep_choice").set_value("theirs").run()
        app.button(key="sweep_stop").click().run()
        assert "belongs to Bob" in app.error[0].value
        assert at_work() == [sweep]
        assert sweep.status != "stopping"


def test_a_visitor_whose_runs_fill_the_share_begins_no_search(monkeypatch):
    full = replace(state.SCREEN, kept=replace(state.SCREEN.kept, most=-1))
    app = open_page(shell.SWEEP)
    monkeypatch.setattr(state, "SCREEN", full)
    app.button(key="sweep_start").click().run()
    assert "delete some of them on the page Compare runs" in app.error[0].value
    assert at_work() == []
    with pytest.raises(StoreError):
        Ledger("sweep-1", open_store())


def test_a_number_of_runs_or_minutes_that_cannot_be_is_told():
    app = open_page(shell.SWEEP)
    for key, wrong, sentence in (
        ("sweep_trials_True", 401, "The number of runs that the search may take is 401; expected at most 400"),
        ("sweep_trials_True", -1, "The number of trials is -1; expected more than 0."),
        ("sweep_minutes", 0.0, "The number of minutes is 0.0; expected more than 0."),
    ):
        app.number_input(key=key).set_value(wrong).run()
        assert not app.exception
        assert any(sentence in one.value for one in app.warning)
        assert app.button(key="sweep_start").disabled
        app.number_input(key=key).set_value(None).run()
    assert not app.warning
