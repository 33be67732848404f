"""Every page under AppTest: it opens alone, says what to do next, and its widgets edit the draft."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from rbm.experiment import RunSpec
from rbm.presets import PRESETS

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = [page.script for section in shell.PAGES.values() for page in section]


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """AppTest has one session id for all tests: what is cached for a session would leak into the next."""
    yield
    st.cache_resource.clear()


def open_page(script: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    return app.switch_page(script).run()


def draft(app: AppTest) -> dict:
    return app.session_state["draft"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_opens_alone_without_a_run(script):
    app = open_page(script)
    assert not app.exception
    assert not app.error
    assert len(app.header) == 1


@pytest.mark.parametrize("script", [shell.FILTERS, shell.GIBBS])
def test_an_empty_page_says_what_to_do_next(script):
    (hint,) = open_page(script).info
    assert "Train" in hint.value


def test_the_train_page_stands_ready_before_the_first_run():
    app = open_page(shell.TRAIN)
    _, status, *places = (json.loads(element.proto.json) for element in app.get("bidi_component"))
    assert "Press Train" in status["words"]
    assert (status["moving"], status["share"]) == (False, 0)
    assert status["feed"].startswith("live/")
    assert {"chart_cd_loss", "wall_filters", "wall_reconstructions"} < {place["channel"] for place in places}


def test_the_draft_starts_as_the_default_run_and_widgets_edit_it():
    app = open_page(shell.TRAIN)
    assert draft(app)["n_hidden"] == RunSpec().model.n_hidden == app.slider(key="draft_n_hidden").value
    app.slider(key="draft_n_hidden").set_value(77).run()
    app.select_slider(key="draft_learning_rate").set_value(0.02).run()
    app.slider(key="draft_k").set_value(25).run()
    app.selectbox(key="draft_algorithm").set_value("pcd").run()
    app.number_input(key="draft_seed").set_value(7).run()
    assert not app.exception
    changed = {name: draft(app)[name] for name in ("n_hidden", "learning_rate", "k", "algorithm", "seed")}
    assert changed == {"n_hidden": 77, "learning_rate": 0.02, "k": 25, "algorithm": "pcd", "seed": 7}
    assert app.selectbox(key="preset").value is None  # it is no longer one of the presets


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_fills_every_widget(name):
    app = open_page(shell.TRAIN)
    app.selectbox(key="preset").set_value(name).run()
    assert not app.exception
    spec = PRESETS[name].spec
    assert app.slider(key="draft_n_hidden").value == spec.model.n_hidden
    assert app.select_slider(key="draft_learning_rate").value == spec.training.learning_rate
    assert app.select_slider(key="draft_epochs").value == spec.training.epochs
    assert app.selectbox(key="preset").value == name
    assert any(PRESETS[name].why == caption.value for caption in app.caption)


def test_the_draft_survives_a_visit_to_another_page():
    app = open_page(shell.TRAIN)
    app.slider(key="draft_n_hidden").set_value(33).run()
    app.switch_page(shell.FILTERS).run()
    app.switch_page(shell.TRAIN).run()
    assert app.slider(key="draft_n_hidden").value == 33


def test_data_that_is_not_here_must_be_downloaded_before_training(monkeypatch, tmp_path):
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    monkeypatch.setenv("RBM_DATASET_MIRROR", "http://127.0.0.1:9")  # nobody listens there
    app = open_page(shell.TRAIN)
    app.selectbox(key="draft_dataset").set_value("fashion_mnist").run()
    assert app.button(key="train").disabled
    assert "download it on the left" in app.warning[0].value
    app.button(key="download_data").click().run()
    assert "MNIST" in app.error[0].value  # it names what works without a network
    app.selectbox(key="draft_dataset").set_value("tiny_digits").run()
    assert not app.button(key="train").disabled


def test_classes_and_size_can_be_chosen_and_another_data_set_forgets_them():
    app = open_page(shell.TRAIN)
    app.session_state["draft"]["size"] = 500
    app.session_state["draft"]["classes"] = (1, 7)
    app.run()
    assert draft(app)["classes"] == (1, 7)
    assert app.select_slider(key="draft_size").value == 500
    app.selectbox(key="draft_dataset").set_value("bars_and_stripes").run()
    assert (draft(app)["classes"], draft(app)["size"]) == (None, None)
    assert not app.exception


def test_the_dice_draws_another_seed():
    app = open_page(shell.TRAIN)
    seeds = set()
    for _ in range(4):
        app.button(key="dice").click().run()
        seeds.add(draft(app)["seed"])
    assert len(seeds) > 1
