"""A visit begins with the settings that the visitor's last one left."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from rbm.experiment import DatasetSpec, RunSpec
from rbm.jobs import recording
from rbm.jobs.job import release_all
from rbm.jobs.settings import settings
from rbm.link import VERSION
from rbm.store import open_store
from rbm.store.owners import Visitor, visitor_id
from tests.helpers.screen import app_test, draft
from tests.helpers.waiting import wait

pytestmark = pytest.mark.usefixtures("clean")
ADA, BOB = (Visitor(visitor_id(name), name) for name in ("Ada", "Bob"))


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    yield
    release_all()


def come(script: str, who: Visitor = ADA, **query: str) -> AppTest:
    app = app_test()
    app.session_state["visitor"] = who
    app.run()
    app.query_params.update(query)
    app.switch_page(script).run()
    assert not app.exception
    return app


def test_a_panel_stands_as_it_was_left_and_only_for_who_left_it():
    app = come(shell.MARKOV)
    app.slider(key="markov_coupling").set_value(3.0).run()
    assert come(shell.MARKOV).slider(key="markov_coupling").value == 3.0
    assert come(shell.MARKOV, BOB).slider(key="markov_coupling").value == 2.0
    app.slider(key="markov_coupling").set_value(2.0).run()
    assert settings().of(ADA.id)["markov"] == {}  # what is usual needs no room


@pytest.mark.parametrize("left", [99.0, "3", None, [1], True])
def test_what_is_no_value_of_a_setting_is_not_taken(left):
    settings().keep(ADA.id, "markov", {"coupling": left, "gone": 1})
    assert come(shell.MARKOV).slider(key="markov_coupling").value == 2.0


def test_the_chosen_data_set_is_chosen_again_while_it_is_there():
    come(shell.LABELS).selectbox(key="labels_dataset").set_value("tiny_digits").run()
    assert come(shell.LABELS).selectbox(key="labels_dataset").value == "tiny_digits"
    settings().keep(ADA.id, "labels_dataset", {"name": "own:gone"})
    assert come(shell.LABELS).selectbox(key="labels_dataset").value == "mnist"


def test_changed_settings_of_a_run_to_be_are_there_again():
    app = come(shell.TRAIN)
    app.selectbox(key="draft_dataset").set_value("tiny_digits").run()
    app.slider(key="draft_n_hidden").set_value(20).run()
    again = draft(come(shell.TRAIN))
    assert (again["dataset"], again["n_hidden"]) == ("tiny_digits", 20)
    assert draft(come(shell.TRAIN, v=VERSION, h="33"))["n_hidden"] == 33  # a link says what is wanted


def test_they_are_there_beside_the_run_that_they_stood_beside_and_no_other():
    app = come(shell.TRAIN)
    app.selectbox(key="draft_dataset").set_value("tiny_digits").run()
    app.button(key="one_batch").click().run()
    run = app.session_state["run"]
    run_id = run.record.id
    app.slider(key="draft_n_hidden").set_value(20).run()
    assert draft(come(shell.TRAIN, run=run_id))["n_hidden"] == 20
    settings().keep(ADA.id, "draft", {"spec": RunSpec(DatasetSpec("two_pixels")).to_json(), "run": "another"})
    again = draft(come(shell.TRAIN, run=run_id))
    assert (again["dataset"], again["n_hidden"]) == ("tiny_digits", 100)


def test_the_last_run_is_there_again_by_no_address_once_no_tab_has_it():
    app = come(shell.TRAIN)
    app.selectbox(key="draft_dataset").set_value("tiny_digits").run()
    app.button(key="one_batch").click().run()
    run = app.session_state["run"]
    assert "run" not in come(shell.HOPFIELD).session_state  # a second tab is free for another
    st.cache_resource.clear()  # the end of the first
    assert "run" not in come(shell.HOPFIELD, BOB).session_state
    linked = app_test()
    linked.session_state["visitor"] = ADA
    linked.query_params.update(v=VERSION, h="33")  # opened for what the link says
    assert "run" not in linked.run().session_state
    again = come(shell.HOPFIELD)
    assert again.session_state["run"] is run
    assert "run" not in again.query_params  # a page that does not show it
    st.cache_resource.clear()
    wait(lambda: not run.active)
    recording.flush()
    open_store().delete([run.record.id])
    assert "run" not in come(shell.TRAIN).session_state


def test_of_two_tabs_the_one_that_is_loaded_anew_has_its_own_run_again():
    first = come(shell.TRAIN)
    first.selectbox(key="draft_dataset").set_value("tiny_digits").run()
    first.button(key="one_batch").click().run()
    run = first.session_state["run"]
    settings().keep(ADA.id, "draft", {"spec": RunSpec().to_json(), "run": "another"})  # as by a second tab, later
    st.cache_resource.clear()  # the end of the first
    assert come(shell.HOPFIELD).session_state["run"] is run


@pytest.mark.parametrize("left", ["{}", "no JSON", '{"model": {"n_hidden": -1}}', RunSpec().to_json()[:-1]])
def test_a_draft_that_makes_no_run_is_not_taken(left):
    settings().keep(ADA.id, "draft", {"spec": left, "run": ""})
    assert draft(come(shell.TRAIN))["n_hidden"] == RunSpec().model.n_hidden
