"""The page of diagnostics under AppTest."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from pages.train.examine import examination
from pages.ui import shell
from pages.ui.session import live, state
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs.task import Task
from rbm.tasks import examine
from rbm.tasks.examine import ChainsFromNoise
from rbm.training.config import TrainConfig
from tests.helpers.screen import open_page
from tests.helpers.waiting import wait

pytestmark = pytest.mark.usefixtures("clean")


def test_what_the_weights_say_stands_there_unasked_and_the_rest_at_a_press():
    app = open_page(shell.EXAMINE)
    assert not app.exception
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    (modes,) = (one for one in sent if one.get("channel") == "examine_modes")
    assert modes["n"] == 20
    assert app.button(key="examine").label == "Examine"
    assert not any(one.get("channel") == "examine_walk" for one in sent)


def test_modes_are_those_of_the_moment_that_is_chosen_before_the_script_has_run_and_after():
    app = open_page(shell.TRAIN)
    spec = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(20), TrainConfig(epochs=30))
    app.session_state["draft"] = state.to_draft(spec)
    app.run()
    app.button(key="train").click().run()
    run = app.session_state["run"]
    wait(lambda: run.status == "finished" and not run.active and len(run.past) > 1, what="the end of the run")
    app.switch_page(shell.EXAMINE).run()

    def drawn() -> dict:
        assert not app.exception
        sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
        (modes,) = (one for one in sent if one.get("channel") == "examine_modes")
        (spectrum,) = (one for one in sent if one.get("channel") == "examine_spectrum")
        (noise,) = (one for one in sent if one.get("channel") == "examine_noise")
        return {"modes": modes["version"], "spectrum": spectrum["series"], "noise": noise["series"]}

    now = drawn()
    told = app.session_state["feed"].sliders.answer('{"examine_time":0}')
    app.select_slider(key="examine_time").set_value(run.past[0].step).run()
    then = drawn()
    assert told["examine_modes"]["version"] == then["modes"]
    assert {key: told[f"examine_{key}"]["series"] for key in ("spectrum", "noise")} == {
        key: then[key] for key in ("spectrum", "noise")
    }
    assert then["modes"] != now["modes"]
    assert then["spectrum"] != now["spectrum"]
    assert then["noise"] != now["noise"]
    app.select_slider(key="examine_time").set_value(live.NOW).run()
    assert drawn() == now


def test_the_same_chains_can_walk_ten_times_as_long(monkeypatch):
    """The worker's part is in tests/tasks: here is what it is asked."""
    asked, state = [], {"examined": (SimpleNamespace(spec=RunSpec()), "its machine then")}
    held = {}
    monkeypatch.setattr(
        examination, "Task", lambda function, **given: asked.append((function, given)) or Task(function, **given)
    )
    monkeypatch.setattr(examination.tasks, "hold", held.__setitem__)
    monkeypatch.setattr(examination.tasks, "held", held.get)
    monkeypatch.setattr(examination.st, "session_state", state)
    monkeypatch.setattr(examination.tasks, "hold_beside", lambda **given: state.update(given))
    monkeypatch.setattr(examination.tasks, "let_go", lambda *names: [state.pop(name, None) for name in names])
    examination.longer()
    ((function, given),) = asked
    assert function == "rbm.tasks.examine:examine"
    assert (given["parameters"], given["n_sweeps"]) == ("its machine then", 10 * examine.N_SWEEPS)
    news = ChainsFromNoise(np.zeros(650), 0.0, np.zeros(0), None)
    task = SimpleNamespace(news=[news], active=True, arguments=given)
    words = examination._words(task, SimpleNamespace(epoch=2.0))
    assert words == "The machine as it was at epoch 2.00 · sweep 650 of 6,000"


def test_what_was_found_stays_until_the_longer_walk_has_ended_and_after_it_was_stopped(monkeypatch):
    run = SimpleNamespace(spec=RunSpec(), past=[SimpleNamespace(epoch=2.0)])
    first, held = Task.told([], n_sweeps=600), {}
    monkeypatch.setattr(examination.tasks, "hold", held.__setitem__)
    monkeypatch.setattr(examination.tasks, "held", held.get)
    session = {"examined": (run, run.past[0])}
    monkeypatch.setattr(examination.st, "session_state", session)
    monkeypatch.setattr(examination.tasks, "hold_beside", lambda **given: session.update(given))
    monkeypatch.setattr(examination.tasks, "let_go", lambda *names: [session.pop(name, None) for name in names])
    held[examination.NAME] = first
    examination.longer()
    more = examination.longer_of(run)
    assert more.arguments["n_sweeps"] == 6000
    more.status = "running"
    assert examination.of(run) is first
    more.news = (ChainsFromNoise(np.zeros(650), 0.0, np.zeros(0), None),)
    assert "sweep 650 of 6,000" in json.dumps(examination.elements(first, more)()["examine_longer_words"])
    more.status = "finished"
    assert examination.of(run) is more
    more.status = "running"
    examination.stop()
    assert (more.status, examination.longer_of(run), examination.of(run)) == ("paused", None, first)
    assert examination.of(SimpleNamespace()) is None


def test_what_moves_asks_no_session(monkeypatch):
    """It is drawn in the socket's thread, which has none: the words stood empty while a machine was examined."""
    news = ChainsFromNoise(np.zeros(50), 0.0, np.zeros(0), None)
    session = {"examined": ("its run", SimpleNamespace(epoch=2.0))}
    monkeypatch.setattr(examination.st, "session_state", session)
    moves = examination.elements(SimpleNamespace(news=[news], active=True, arguments={"n_sweeps": 600}))
    session.clear()
    assert "sweep 50 of 600" in json.dumps(moves()["examine_words"])


def test_numbers_are_written_as_the_verdict_writes_them():
    assert [examination._number(1.0, 3), examination._number(66269.4), examination._number(float("nan"), 1)] == [
        "1.000",
        "66,269",
        "not known",
    ]
