"""The page of filters under AppTest: its slider through training time."""

import json
from dataclasses import replace

import pytest

from pages.train.filters import closeup
from pages.ui import shell
from pages.ui.session import live, state
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.training.config import TrainConfig
from tests.helpers.screen import open_page
from tests.helpers.waiting import wait

pytestmark = pytest.mark.usefixtures("clean")
SHOWN = ("wall_all_filters", "wall_unit")
TOLD = ("version", "labels", "n")


def test_what_the_slider_is_told_before_the_script_has_run_is_what_the_script_draws():
    """Sorted by norm, so that other units stand in other places; the chosen one is marked where it stands."""
    app = open_page(shell.TRAIN)
    app.session_state["draft"] = state.to_draft(
        RunSpec(DatasetSpec("tiny_digits"), ModelSpec(20), TrainConfig(epochs=30))
    )
    app.run()
    app.button(key="train").click().run()
    run = app.session_state["run"]
    wait(lambda: run.status == "finished" and not run.active and len(run.past) > 1, what="the end of the run")
    app.session_state["unit"] = 7
    app.switch_page(shell.FILTERS).run()
    app.segmented_control(key="filters_order").set_value("norm").run()

    def drawn() -> dict:
        assert not app.exception
        sent = {
            one["channel"]: one
            for one in (json.loads(it.proto.json) for it in app.get("bidi_component"))
            if "channel" in one
        }
        return {key: {name: sent[key][name] for name in TOLD} for key in SHOWN} | {"at": sent[SHOWN[0]]["selected"]}

    now, sliders = drawn(), app.session_state["feed"].sliders
    stops = list(sliders.stops[closeup.TIME])
    assert stops[-1] == live.NOW
    for place in range(len(stops) - 1):
        told = sliders.answer(json.dumps({closeup.TIME: place}))
        app.select_slider(key=closeup.TIME).set_value(stops[place]).run()
        then = drawn()
        assert {key: {name: told[key][name] for name in TOLD} for key in SHOWN} | {
            "at": told[SHOWN[0]]["selected"]
        } == then
        assert then != now
    app.select_slider(key=closeup.TIME).set_value(live.NOW).run()
    assert drawn() == now


def test_a_moment_that_is_kept_no_more_gives_way_to_the_nearest_of_the_same_run(monkeypatch):
    """Earlier moments are further apart the longer a run trains: the slider jumped to now by itself."""
    app = open_page(shell.FILTERS)
    run = app.session_state["feed"]._parts["filters"].jobs[0]
    kept = [replace(run.past[-1], step=step, epoch=step / 100) for step in (0, 50, 80, 120)]
    monkeypatch.setattr(run, "past", kept)
    app.run()
    app.select_slider(key=closeup.TIME).set_value(50).run()
    monkeypatch.setattr(run, "past", [kept[0], kept[2], kept[3]])
    app.run()
    assert app.select_slider(key=closeup.TIME).value == 80
    assert not app.exception
