"""The two types of units on the Train page: what fits is offered, what no longer fits goes to what does, and it is said."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.session import state
from rbm import link
from rbm.datasets.entry import CATALOG
from rbm.experiment import HIDDEN_NAMES, UNBOUNDED, DatasetSpec, ModelSpec, RunSpec, suited_rate
from rbm.store import open_store
from rbm.training.config import TrainConfig
from tests.helpers.screen import app_test, draft, open_page
from tests.helpers.waiting import wait

pytestmark = pytest.mark.usefixtures("clean", "watched")
BOUNDED = [name for name in HIDDEN_NAMES if name not in UNBOUNDED]


def offered(app: AppTest, layer: str) -> list[str]:
    return app.selectbox(key=f"draft_{layer}").options


def said(app: AppTest) -> str:
    return next((one.value for one in app.caption if one.value.startswith(":material/info: ")), "")


@pytest.mark.parametrize(
    ("dataset", "begins"),
    [
        ("mnist", "Grey levels."),
        ("tiny_digits", "Black or white. The ten digits"),
        ("ising_8", "Spins, up or down. "),
        ("potts", "One of 4 letters. "),
        ("faces", "Red, green and blue. "),
        ("usps", "Grey levels. "),  # not on this machine: beside the button that fetches it
    ],
)
def test_a_data_set_says_what_its_pixels_are(dataset, begins):
    app = open_page(shell.TRAIN)
    if dataset != "mnist":
        app.selectbox(key="draft_dataset").set_value(dataset).run()
    assert not app.exception
    assert any(one.value.startswith(begins) for one in app.caption)


def test_what_fits_the_data_is_offered_and_unbounded_layers_never_meet():
    app = open_page(shell.TRAIN)
    assert offered(app, "visible") == ["bernoulli", "gaussian", "multinary", "relu", "spin"]
    assert offered(app, "hidden") == list(HIDDEN_NAMES)
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
    assert draft(app)["visible"] == "bernoulli"  # nobody chose the spins, which would fit
    assert "The visible units are bernoulli now, the usual ones for Tiny digits" in said(app)
    assert not app.exception


def test_what_somebody_chose_stays_with_other_data_and_it_is_said():
    app = open_page(shell.TRAIN)
    app.selectbox(key="draft_visible").set_value("spin").run()
    app.select_slider(key="draft_learning_rate").set_value(0.3).run()
    app.selectbox(key="draft_dataset").set_value("faces").run()
    assert (draft(app)["visible"], draft(app)["learning_rate"]) == ("spin", 0.3)
    assert "The visible units stay spin; the usual ones for Faces in colour, 16×16 are multinary." in said(app)
    assert f"The learning rate stays 0.3; {suited_rate('spin', 'bernoulli', 2):g} is the usual one" in said(app)
    app.run()
    assert said(app) == ""


def test_units_and_rate_that_nobody_chose_follow_the_data():
    app = open_page(shell.TRAIN)
    app.selectbox(key="draft_dataset").set_value("ising_1d").run()
    assert (draft(app)["visible"], draft(app)["learning_rate"]) == ("spin", suited_rate("spin", "bernoulli", 2))
    app.selectbox(key="draft_dataset").set_value("faces").run()
    assert (draft(app)["visible"], draft(app)["n_states"]) == ("multinary", 8)
    assert draft(app)["learning_rate"] == suited_rate("multinary", "bernoulli", 8)
    words = said(app)
    assert "The visible units are multinary now, the usual ones for Faces in colour, 16×16." in words
    assert f"These units also set 8 states and the learning rate {draft(app)['learning_rate']:g}." in words
    app.selectbox(key="draft_dataset").set_value("bars_and_stripes").run()
    assert (draft(app)["visible"], draft(app)["learning_rate"]) == ("bernoulli", 0.05)


def test_letters_offer_units_without_an_order_and_say_where_they_are_from():
    app = open_page(shell.TRAIN)
    assert not any("handwritten digits" in one.value for one in app.caption)
    app.selectbox(key="draft_dataset").set_value("potts").run()
    assert offered(app, "visible") == ["categorical"]
    assert any(one.value.endswith(CATALOG["potts"].about) for one in app.caption)
    older = RunSpec(DatasetSpec("potts"), ModelSpec(visible="multinary", n_states=4))
    app = app_test().run()
    app.query_params.update(link.to_query(older))
    app.switch_page(shell.TRAIN).run()
    assert (draft(app)["visible"], offered(app, "visible")) == ("multinary", ["categorical", "multinary"])
    assert not app.exception


def test_too_few_updates_to_learn_anything_are_told():
    def amber() -> list[str]:
        return [one.value for one in app.warning if one.value.endswith("smaller batches.")]

    app = open_page(shell.TRAIN)
    assert not amber()
    app.selectbox(key="draft_dataset").set_value("bars_and_stripes").run()
    assert amber() == ["20 epochs are 20 updates in all: take more epochs or smaller batches."]
    app.select_slider(key="draft_batch_size").set_value(5).run()
    assert amber()[0].startswith("20 epochs are 120 updates in all:")
    app.select_slider(key="draft_epochs").set_value(100).run()
    assert not amber()


def test_states_are_asked_for_only_where_a_layer_has_them():
    app = open_page(shell.TRAIN)
    sliders = [one.key for one in app.select_slider]
    assert "draft_n_states" not in sliders
    assert "draft_binarise" in [one.key for one in (*app.selectbox, *app.button_group)]
    app.selectbox(key="draft_visible").set_value("multinary").run()
    assert (
        said(app).removeprefix(":material/info: ")
        == f"These units also set 8 states and the learning rate {draft(app)['learning_rate']:g}."
    )
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
    assert "pseudo_log_likelihood" in run.history.metrics()
    assert sent["chart_pseudo_log_likelihood"]["series"]
    assert "log_likelihood_low" in run.history.metrics()
    # The registry is written behind the run: it may not even know yet of one this short.
    wait(lambda: "finished" in [one.status for one in open_store().runs() if one.id == run.record.id], what="its end")
    assert open_store().run(run.record.id).spec == spec


def test_letters_bring_their_number_of_states():
    app = open_page(shell.TRAIN)
    app.selectbox(key="draft_dataset").set_value("potts").run()
    assert not app.exception
    assert (draft(app)["visible"], draft(app)["n_states"]) == ("categorical", 4)
    assert state.to_spec(draft(app)).dataset.name == "potts"


def test_a_rate_that_throws_the_chains_of_many_colours_away_is_told_beside_it():
    app = open_page(shell.TRAIN)
    for name, value in (("dataset", "faces"), ("visible", "categorical"), ("algorithm", "pcd")):
        app.selectbox(key=f"draft_{name}").set_value(value).run()
    (told,) = [one.value for one in app.warning if "cannot keep up" in one.value]
    assert "each of 256 categorical pixels" in told
    app.selectbox(key="draft_algorithm").set_value("cd").run()
    assert not app.warning
    assert not app.exception
