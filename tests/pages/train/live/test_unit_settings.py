"""The two types of units on the Train page: what fits is offered, what no longer fits goes to what does, and it is said."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.session import state
from rbm import link
from rbm.experiment import UNIT_NAMES, DatasetSpec, ModelSpec, RunSpec, suited_rate
from rbm.store import open_store
from rbm.training.config import TrainConfig
from tests.helpers.screen import app_test, draft, open_page
from tests.helpers.waiting import wait

pytestmark = pytest.mark.usefixtures("clean", "watched")
BOUNDED = [name for name in UNIT_NAMES if name not in ("gaussian", "relu")]


def offered(app: AppTest, layer: str) -> list[str]:
    return app.selectbox(key=f"draft_{layer}").options


def said(app: AppTest) -> str:
    return next((one.value for one in app.caption if "units do not fit" in one.value or "With them" in one.value), "")


def test_what_fits_the_data_is_offered_and_unbounded_layers_never_meet():
    app = open_page(shell.TRAIN)
    assert offered(app, "visible") == ["bernoulli", "gaussian", "multinary", "relu", "spin"]
    assert offered(app, "hidden") == list(UNIT_NAMES)
    app.selectbox(key="draft_hidden").set_value("relu").run()
    app.selectbox(key="draft_visible").set_value("gaussian").run()
    assert (draft(app)["visible"], draft(app)["hidden"]) == ("gaussian", "bernoulli")
    assert "hidden unit type bernoulli" in said(app)
    assert offered(app, "hidden") == BOUNDED
    assert draft(app)["learning_rate"] == suited_rate("gaussian", "bernoulli", 2)
    app.selectbox(key="draft_dataset").set_value("ising_8").run()
    assert offered(app, "visible") == ["spin", "bernoulli"]
    assert draft(app)["visible"] == "spin"
    assert "Gaussian units do not fit Ising spins, 8×8: its visible units are spin now." in said(app)
    app.selectbox(key="draft_dataset").set_value("tiny_digits").run()
    assert offered(app, "visible") == ["bernoulli", "spin", "categorical", "multinary"]
    assert draft(app)["visible"] == "spin"  # which fits
    assert said(app) == ""
    assert not app.exception


def test_states_are_asked_for_only_where_a_layer_has_them():
    app = open_page(shell.TRAIN)
    sliders = [one.key for one in app.select_slider]
    assert "draft_n_states" not in sliders
    assert "draft_binarise" in [one.key for one in (*app.selectbox, *app.button_group)]
    app.selectbox(key="draft_visible").set_value("multinary").run()
    assert app.select_slider(key="draft_n_states").value == draft(app)["n_states"] == 8
    assert draft(app)["learning_rate"] == suited_rate("multinary", "bernoulli", 8) < 0.05
    app.select_slider(key="draft_n_states").set_value(4).run()
    assert draft(app)["learning_rate"] == suited_rate("multinary", "bernoulli", 4)
    app.select_slider(key="draft_learning_rate").set_value(0.002).run()
    app.selectbox(key="draft_hidden").set_value("spin").run()
    assert draft(app)["learning_rate"] == 0.002  # which somebody chose
    assert "draft_binarise" not in [one.key for one in (*app.selectbox, *app.button_group)]
    assert not app.exception


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"vu": "gaussian", "hu": "relu"}, "gaussian visible with relu hidden units is refused: both are unbounded"),
        (
            {"vu": "gaussian", "d": "ising_4"},
            "Gaussian visible units do not fit Ising spins, 4×4; choose one of: spin, bern",
        ),
    ],
)
def test_a_link_to_what_cannot_be_is_answered_in_a_sentence(query, sentence):
    app = app_test().run()
    app.query_params.update({"v": link.VERSION, **query})
    app.switch_page(shell.TRAIN).run()
    assert not app.exception
    assert sentence in app.warning[0].value
    assert app.button(key="train").disabled


def test_a_run_of_spins_by_a_link_trains_live_and_is_kept_as_it_is():
    model = ModelSpec(9, visible="spin", hidden="spin")
    spec = RunSpec(
        DatasetSpec("bars_and_stripes"), model, TrainConfig(epochs=3, learning_rate=0.01, batch_size=10), seed=4
    )
    app = app_test().run()
    app.query_params.update(link.to_query(spec))
    app.switch_page(shell.TRAIN).run()
    assert state.to_spec(draft(app)) == spec
    app.button(key="train").click().run()
    run = app.session_state["run"]
    wait(lambda: run.status == "finished", what="the run")
    app.run()
    assert not app.exception
    sent = {
        one["channel"]: one for one in (json.loads(e.proto.json) for e in app.get("bidi_component")) if "channel" in one
    }
    assert sent["wall_filters"]["n"] == 9
    assert sent["wall_reconstructions"]["n"] == 30
    assert sent["wall_reconstructions"]["framed"]
    assert set(run.snapshot.pictures[0].flatten()) == {-1.0, 1.0}
    assert "only bernoulli visible units" in sent["chart_pseudo_log_likelihood"]["empty"]
    assert "log_likelihood_low" in run.history.metrics()
    wait(lambda: open_store().run(run.record.id).status == "finished", what="the registry")
    assert open_store().run(run.record.id).spec == spec
