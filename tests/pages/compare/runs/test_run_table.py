"""What the page of runs shows, as plain values; and what becomes of an uploaded file."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.compare.runs import comparison, files
from pages.compare.runs.columns import columns, differences, matching
from rbm.checkpoint import from_bytes, to_bytes
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.report.words import name
from rbm.store import Evaluation, Progress, Run, Store, importing, open_store
from rbm.training.changes import Change
from rbm.training.config import TrainConfig
from rbm.training.events import TrainEvent
from rbm.training.history import History
from tests.helpers.databases import let_go
from tests.helpers.short_run import trained

SPEC = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(epochs=4, batch_size=10), 3)


def run(spec: RunSpec, *tags: str, note: str = "") -> Run:
    return Run("abc123", spec, Progress("finished", 1, 1, 1.0), {}, {}, tags, note, 0.0, 0.0, None)


def test_a_run_has_a_name_that_says_what_it_is():
    assert name(SPEC) == "Bars and stripes, 4×4 · 7 hidden · CD-1"
    assert name(replace(SPEC, dataset=DatasetSpec("mine"))).startswith("mine (not here) · ")


def test_every_word_must_occur_and_one_of_the_tags():
    runs = [run(SPEC, "class", note="best so far"), run(replace(SPEC, model=ModelSpec(500)), "night")]
    assert matching(runs, "", []) == runs
    assert matching(runs, "BARS 7 best", []) == runs[:1]
    assert matching(runs, "bars 500", []) == runs[1:]
    assert matching(runs, "bars mnist", []) == []
    assert matching(runs, "", ["night", "other"]) == runs[1:]


def test_the_temperature_in_force_is_told_of_one_run_and_beside_a_chosen_one(monkeypatch):
    usual = replace(SPEC, dataset=DatasetSpec("ising_4"))
    warm = replace(SPEC, dataset=DatasetSpec("ising_4", temperature=3.5))
    assert differences([run(usual), run(warm)]) == [["Data", "Temperature", "2.269, critical", "3.5"]]
    lines = []
    monkeypatch.setattr(comparison.st, "markdown", lambda line, **_: lines.append(line))
    comparison.settings([run(usual)])
    comparison.settings([run(SPEC)])
    told = [line for line in lines if line.startswith("**A**")]
    assert ["temperature 2.269, critical" in line for line in told] == [True, False]


def test_only_settings_that_differ_are_listed():
    other = replace(SPEC, dataset=DatasetSpec("mnist", (1, 7)), training=replace(SPEC.training, learning_rate=0.02))
    assert differences([run(SPEC), run(SPEC)]) == []
    assert differences([run(SPEC), run(other)]) == [
        ["Data", "Data set", "Bars and stripes, 4×4", "MNIST digits"],
        ["Data", "Classes", "all", "1, 7"],
        ["Training", "Learning rate", "0.05", "0.02"],
    ]
    assert differences([run(SPEC), run(replace(SPEC, seed=4))]) == [["Chance", "Seed", "3", "4"]]


def test_knobs_turned_while_it_trained_are_in_the_row_and_in_the_differences():
    changes = (Change(1200, {"learning_rate": 0.01, "k": 5}), Change(3000, {"k": 1}))
    changed = moved(SPEC, changes=changes, knobs={"learning_rate": 0.01, "k": 1})
    assert columns([run(SPEC), changed], {})["changed"] == [
        "",
        "Learning rate 0.05 → 0.01, Gibbs steps k 1 → 5 after update 1,200; Gibbs steps k 5 → 1 after update 3,000",
    ]
    assert differences([run(SPEC), changed]) == [
        ["Training", "Gibbs steps k", "1", "1, 5 after update 1,200, 1 after update 3,000"],
        ["Training", "Learning rate", "0.05", "0.05, 0.01 after update 1,200"],
    ]
    old = moved(SPEC, changes=None, knobs={"learning_rate": 0.01, "k": 1})
    assert columns([old], {})["changed"] == ["Learning rate 0.05 → 0.01, not recorded when"]
    assert differences([run(SPEC), old]) == [["Training", "Learning rate", "0.05", "0.05, later 0.01"]]


def moved(spec: RunSpec, **progress: object) -> Run:
    one = run(spec)
    return one._replace(progress=one.progress._replace(**progress))


LIVE = {
    "log_likelihood_epoch": 1.0,
    "log_likelihood_low": -101.0,
    "log_likelihood_high": -100.0,
    "log_likelihood_ess": 2.5,
    "pseudo_log_likelihood": -60.0,
    "pseudo_log_likelihood_error": 0.7,
}


def test_the_table_quotes_one_likelihood_names_its_images_and_bears_its_mark():
    measured = run(SPEC)._replace(metrics=LIVE)
    table = columns([run(SPEC), measured], {})
    assert table["validation"] == [None, -100.0]
    assert not {"test", "tags", "note"} & set(table)  # no run has any: the columns are wide enough without
    assert table["estimate"] == ["", "unreliable · AIS while training · epoch 1"]
    assert (table["pseudo-ll"], table["pseudo-error"]) == ([None, -60.0], [None, 0.7])
    exact = Evaluation(1, "log_likelihood", {"method": "exact", "validation": -99.0, "test": -98.0}, 0.0)
    table = columns([measured], {"abc123": exact})
    assert (table["validation"], table["test"], table["estimate"]) == ([-99.0], [-98.0], ["exact · epoch 4"])


def test_the_curves_and_the_sentences_of_a_comparison_bear_the_mark_too():
    first = TrainEvent(8, 1.0, {**LIVE, "log_likelihood_ess": 30.0}, 1.0)
    second = TrainEvent(16, 2.0, {**LIVE, "log_likelihood_epoch": 2.0}, 2.0)
    series = comparison.estimates("B", History([first, second]), "epoch")
    assert [(one.name, one.x, one.y, one.dash, one.doubtful) for one in series] == [
        ("B", [1.0, 2.0], [-100.0, -100.0], False, [2.0]),
        ("B, reverse AIS", [1.0, 2.0], [-101.0, -101.0], True, [2.0]),
    ]
    assert {one.colour for one in series} == {1}  # the letter's
    (line,) = comparison.likelihood_lines(run(SPEC)._replace(metrics=LIVE), None)
    assert line.startswith(
        "while it trained, after epoch 1, a sample of validation images −100.00, reverse AIS −101.00."
    )
    assert ":orange-badge[unreliable] Unreliable: effective sample size 2.5" in line
    ais = {
        "method": "ais",
        "trustworthy": True,
        "reason": "They agree.",
        "log_z": 9.0,
        "log_z_reverse": 8.0,
        "ess": 50.0,
    }
    parts = {f"{part}{end}": -90.0 for part in ("test", "validation") for end in ("", "_low", "_high", "_error")}
    (line,) = comparison.likelihood_lines(run(SPEC), Evaluation(1, "log_likelihood", {**ais, **parts}, 0.0))
    assert line.startswith("test images −90.00, between −90.00 and −90.00 in expectation; validation images −90.00.")
    assert "crossed by 1.00 nats" in line


def test_the_mark_travels_into_the_csv():
    events = [TrainEvent(1, 0.1, {"log_likelihood_high": -9.0, "log_likelihood_ess": ess}, 0.0) for ess in (5.0, 4.0)]
    rows = list(csv.DictReader(io.StringIO(History([*events, TrainEvent(2, 0.2, {}, 0.0)]).to_csv())))
    assert [row["log_likelihood_mark"] for row in rows] == ["", "unreliable", ""]


def test_the_csv_holds_every_number_of_every_event():
    history = History([TrainEvent(0, 0.0, {"a": 1.5}, 0.0), TrainEvent(3, 0.5, {"a": 2.5, "b": -1.0}, 0.25)])
    rows = list(csv.reader(io.StringIO(history.to_csv())))
    assert rows == [
        ["step", "epoch", "seconds", "a", "b"],
        ["0", "0.0", "0.0", "1.5", ""],
        ["3", "0.5", "0.25", "2.5", "-1.0"],
    ]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    monkeypatch.setenv("RBM_RUNS", str(tmp_path))
    yield open_store()
    let_go(open_store())


def test_a_likelihood_s_axis_spans_two_nats_at_least_and_its_runs_epochs(store):
    """Half a nat between two estimates does not fill the chart; other curves take what room they need."""
    trainer, history = trained(SPEC, 11)
    last = history.events[-1]
    told = last._replace(metrics={**LIVE, "log_likelihood_low": -100.5, "cd_loss": 0.5})
    run_id = importing.add(
        store, "mine.safetensors", to_bytes(trainer.model, SPEC, History([told]), state=trainer.state())
    )

    def script(run_id: str) -> None:
        from pages.compare.runs import comparison
        from rbm.store import open_store

        comparison.learning_curves([open_store().run(run_id)])

    app = AppTest.from_function(script, kwargs={"run_id": run_id})
    app.session_state["runs_metrics"] = ["log_likelihood", "cd_loss"]
    app.run()
    assert not app.exception
    likelihood, loss = (json.loads(one.proto.json)["layout"] for one in app.get("bidi_component"))
    assert likelihood["yaxis"]["autorangeoptions"]["include"] == [-101.25, -99.25]
    assert likelihood["xaxis"]["range"][1] >= told.epoch > LIVE["log_likelihood_epoch"]
    assert loss["yaxis"]["autorangeoptions"]["include"] == pytest.approx([0.475, 0.525])


def test_the_zip_of_everything_becomes_the_same_run_again(store):
    trainer = make_trainer(SPEC, make_dataset(SPEC.dataset))
    history = History([trainer.step(report=True) for _ in range(5)])
    importing.add(store, "mine.safetensors", to_bytes(trainer.model, SPEC, history, state=trainer.state()))
    (first,) = store.runs()
    again = importing.add(store, "run.zip", files.everything(first))
    assert store.run(again).progress.step == first.progress.step == 5
    assert store.history(again).events == history.events
    assert torch.equal(from_bytes(store.checkpoint(again)).model.weight, trainer.model.weight)
