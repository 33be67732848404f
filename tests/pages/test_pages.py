"""Every page under AppTest: it opens alone, says what to do next, and its widgets edit the draft."""

import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.draw import theme
from rbm import link
from rbm.checkpoint import to_bytes
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.presets import PRESETS
from rbm.store import Progress, Store, open_store
from rbm.training.config import SUITED, TrainConfig
from rbm.training.schedules import outrun
from tests.helpers.screen import SCRIPTS, app_test, draft, open_page
from tests.helpers.waiting import wait

pytestmark = pytest.mark.usefixtures("clean")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_opens_alone_without_a_run(script):
    app = open_page(script)
    assert not app.exception
    assert not app.error
    assert len(app.header) == 1


WRITTEN_ABOVE = "slow_part_"  # walls of one picture whose scale stands over it in words


@pytest.mark.parametrize("script", SCRIPTS)
def test_signed_numbers_say_how_far_their_colours_reach(script):
    sent = [json.loads(element.proto.json) for element in open_page(script).get("bidi_component")]
    # The upper half of the scale: its first row may be the colour of a line.
    signed = {theme.diverging(mode).tobytes()[-384:] for mode in ("light", "dark")}
    walls = [one for one in sent if one.get("lut") and b64decode(one["lut"])[-384:] in signed]
    assert walls or script not in (shell.BOLTZMANN, shell.MARKOV, shell.FILTERS, shell.TEACHER)
    assert not [one["channel"] for one in walls if not one["legend"] and not one["channel"].startswith(WRITTEN_ABOVE)]


def test_an_empty_table_of_runs_says_what_to_do_next(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_RUNS", str(tmp_path))  # a registry of which nobody has heard
    (hint,) = open_page(shell.RUNS).info
    assert "Train" in hint.value


def test_the_train_page_stands_ready_before_the_first_run():
    app = open_page(shell.TRAIN)
    sent = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    places = {place["channel"]: place for place in sent if "channel" in place}
    assert "Press Train" in places["status"]["words"]
    assert places["status"]["share"] == 0
    assert [one["address"][:5] for one in sent if "address" in one and "copied" not in one] == [
        "live/"
    ]  # one socket a page
    assert {"chart_reconstruction_error", "wall_filters", "wall_reconstructions"} < set(places)


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


def test_an_algorithm_brings_its_own_defaults_and_leaves_what_was_chosen():
    app = open_page(shell.TRAIN)
    app.selectbox(key="draft_algorithm").set_value("mfcd").run()
    assert app.slider(key="draft_k").value == draft(app)["k"] == SUITED["mfcd"]["k"]
    app.select_slider(key="draft_learning_rate").set_value(0.02).run()
    app.selectbox(key="draft_algorithm").set_value("pcd").run()
    assert app.slider(key="draft_k").value == draft(app)["k"] == 1
    assert draft(app)["learning_rate"] == 0.02
    assert not app.exception


def test_an_amber_line_says_when_persistent_chains_cannot_keep_up():
    app = open_page(shell.TRAIN)
    app.selectbox(key="draft_algorithm").set_value("pcd").run()
    assert not app.warning  # the defaults suit every algorithm
    app.selectbox(key="draft_schedule").set_value("constant").run()
    (line,) = app.warning
    assert line.value == outrun(TrainConfig(algorithm="pcd", schedule="constant"))
    app.select_slider(key="draft_learning_rate").set_value(0.003).run()
    assert not app.warning
    assert not app.exception


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
    app.select_slider(key="draft_size").set_value("all").run()
    assert draft(app)["size"] is None
    app.select_slider(key="draft_size").set_value(200).run()
    assert draft(app)["size"] == 200
    app.selectbox(key="draft_dataset").set_value("bars_and_stripes").run()
    assert (draft(app)["classes"], draft(app)["size"]) == (None, None)
    assert not app.exception


def by_link(**query: str) -> AppTest:
    app = app_test().run()
    app.query_params.update(query)
    return app.switch_page(shell.TRAIN).run()


def test_a_link_puts_its_run_into_the_draft_once_and_tells_what_it_changed():
    app = by_link(v="1", h="77", lr="0.02", k="999")
    assert not app.exception
    assert (draft(app)["n_hidden"], draft(app)["learning_rate"], draft(app)["k"]) == (77, 0.02, 50)
    assert app.slider(key="draft_n_hidden").value == 77
    assert "settings of the link" in app.info[0].value
    assert "k is 999; 50" in app.warning[0].value
    assert not app.query_params
    app.slider(key="draft_n_hidden").set_value(33).run()
    assert draft(app)["n_hidden"] == 33  # the link does not come back


def test_a_link_of_another_version_is_told_and_the_draft_stays():
    app = by_link(v="9", h="77")
    assert draft(app)["n_hidden"] == RunSpec().model.n_hidden
    assert "version '9'" in app.warning[0].value


def test_the_draft_can_be_handed_on_as_a_link_and_as_code():
    app = open_page(shell.TRAIN)
    app.slider(key="draft_n_hidden").set_value(33).run()
    texts = [block.value for block in app.code]
    made = app.session_state["feed"].files["draft_link"].make
    assert made().endswith(f"train?v={link.VERSION}&h=33")
    assert any("ModelSpec(n_hidden=33)" in text for text in texts)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """A registry with two finished runs of a toy and one of data that is not here."""
    monkeypatch.setenv("RBM_RUNS", str(tmp_path))
    store = open_store()
    toy = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(epochs=3, batch_size=10), 1)
    for spec in (toy, replace(toy, seed=2, training=replace(toy.training, k=3))):
        trainer = make_trainer(spec, make_dataset(spec.dataset))
        events = [trainer.report(), *(trainer.step(report=True) for _ in range(9))]
        at = Progress("finished", 9, 9, 3.0)
        run_id = store.create(spec, "me", at, tags=(f"seed{spec.seed}",))
        store.write(run_id, "me", at, events, (9, 3.0, to_bytes(trainer.model, spec, state=trainer.state())))
    yield store
    store.close()


def test_runs_are_found_compared_labelled_deleted_and_fetched_back(kept):
    two, one = (run.id for run in kept.runs())
    app = open_page(shell.RUNS)
    assert not app.exception
    assert list(app.dataframe[0].value["id"]) == [two, one]
    app.text_input(key="runs_search").set_value("seed1").run()
    assert list(app.dataframe[0].value["id"]) == [one]
    app.text_input(key="runs_search").set_value("").run()
    app.session_state["runs_chosen"] = [one, two]
    app.run()
    assert not app.exception
    table = next(m.value for m in app.markdown if m.value.startswith("| | A | B |"))
    assert "| Gibbs steps k | 3 | 1 |" in table
    assert "| Seed | 2 | 1 |" in table
    assert app.button(key="runs_resume").disabled  # one at a time
    app.button(key="runs_delete").click().run()
    assert kept.runs() == []
    who, app = app.session_state["visitor"], app_test()
    streamlit.cache_resource.clear()  # the page is loaded anew
    app.session_state["visitor"] = who
    app.run().switch_page(shell.RUNS).run()
    app.button(key="runs_undo_button").click().run()
    assert len(kept.runs()) == 2
    app.session_state["runs_chosen"] = [one]
    app.run()
    app.text_input(key=f"note_{one}").set_value("the <b>first</b>").run()
    app.button(key="save_labels").click().run()
    report = app.session_state["feed"].files["get_report"][0]()
    assert f"run {one} · finished" in report
    assert "<blockquote>the &lt;b&gt;first&lt;/b&gt;</blockquote>" in report
    assert kept.run(one).note == "the <b>first</b>"
    assert kept.run(one).tags == ("seed1",)
    assert not app.exception


def test_a_kept_run_opens_on_the_train_page_with_its_settings(kept):
    two = kept.runs()[0].id
    app = open_page(shell.RUNS)
    app.session_state["runs_chosen"] = [two]
    app.run()
    app.button(key="runs_resume").click().run()
    assert not app.exception
    current = app.session_state["run"]
    assert (current.record.id, current.step_number, current.status) == (two, 9, "finished")
    assert (draft(app)["n_hidden"], draft(app)["k"], draft(app)["seed"]) == (7, 3, 2)
    assert f"run {two} · finished" in app.session_state["feed"].files["draft_report"][0]()
    current.release()


def test_a_registry_that_cannot_be_opened_is_told_on_its_page(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "file" / "deep"))
    app = open_page(shell.RUNS)
    assert not app.exception
    assert "cannot be made" in app.error[0].value


def test_only_settings_that_act_are_shown():
    """Chains with algorithms that keep them, replicas with tempering, a sparsity target with its cost, momentum without Adam."""

    def shown(app: AppTest) -> set[str]:
        widgets = (*app.slider, *app.select_slider)
        return {w.key.removeprefix("draft_") for w in widgets if w.key and w.key.startswith("draft_")}

    app = open_page(shell.TRAIN)
    assert not {"n_chains", "n_replicas", "sparsity_target"} & shown(app)
    assert {"momentum", "sparsity_cost", "k"} <= shown(app)
    app.selectbox(key="draft_algorithm").set_value("pcd").run()
    assert "n_chains" in shown(app)
    assert "n_replicas" not in shown(app)
    app.selectbox(key="draft_algorithm").set_value("pt").run()
    assert {"n_chains", "n_replicas"} <= shown(app)
    app.select_slider(key="draft_n_chains").set_value(50).run()
    app.select_slider(key="draft_sparsity_cost").set_value(0.1).run()
    assert "sparsity_target" in shown(app)
    app.selectbox(key="draft_algorithm").set_value("cd").run()
    assert "n_chains" not in shown(app)
    app.selectbox(key="draft_algorithm").set_value("pcd").run()
    assert app.select_slider(key="draft_n_chains").value == 50  # a setting that was out of sight is not forgotten
    assert not app.exception


def test_a_closed_tab_ends_the_likelihoods_that_it_had_computed(kept, clean):
    one = kept.runs()[0].id
    app = open_page(shell.RUNS)
    app.session_state["runs_chosen"] = [one]
    app.run()
    app.button(key="measure").click().run()
    assert not app.exception
    (measuring,) = app.session_state["measuring"].values()
    streamlit.cache_resource.clear()  # as the end of the session does
    wait(lambda: not measuring.active and measuring._seat is None)
