"""What the chart of modes that grow says, of a history and of what is kept where there is none."""

import json

import numpy as np
import pytest

from pages.train.examine import growing
from rbm.evaluation import mode_growth
from rbm.experiment import RunSpec
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.training.events import TrainEvent
from rbm.training.history import History


def at_rest(history: History) -> LiveRun:
    model = RBM(97, 53, generator=generator(1, "growing"))
    past = Snapshot.of(model, step=64, epoch=1.0, activity=np.zeros(53, np.float32))
    return LiveRun.at_rest(RunSpec(), past, history)


def event(step: int, *values: float) -> TrainEvent:
    return TrainEvent(step, step / 64, dict(zip(mode_growth.NAMES, values, strict=False)), 0.0)


def test_lines_stand_over_the_band_and_the_note_says_when_each_left():
    history = History([event(0, 0.17, 0.16), event(4, 0.9, 0.16), event(64, 4.0, 0.17)])
    option = growing.option(at_rest(history))
    json.dumps(option)  # no array is left in it
    low, high, first, second, *_, left = option["series"]
    edge = option["line"]["value"]
    assert edge == pytest.approx(0.01 * (97**0.5 + 53**0.5))
    assert low["y"] == pytest.approx([0.01 * (97**0.5 - 53**0.5)] * 2)
    assert high["y"] == pytest.approx([edge] * 2)
    assert first["x"] == [0.5, 4, 64]
    assert second["y"] == pytest.approx([0.16, 0.16, 0.17])
    assert (left["x"], left["y"]) == ([4], [0.9])
    assert option["note"] == "Left the noise: mode 1 by update 4. Still in it: 1 mode."
    assert {option["layout"][f"{axis}axis"]["type"] for axis in "xy"} == {"log"}


def test_of_a_history_without_modes_what_was_kept_is_drawn_and_no_departure_claimed():
    option = growing.option(at_rest(History([TrainEvent(64, 1.0, {"cd_loss": 0.1}, 1.0)])))
    drawn = {one.get("name"): one for one in option["series"]}
    assert drawn["mode 1"]["x"] == [64]
    assert drawn["leaves the noise"]["x"] == []
    assert option["note"].startswith("Trained before modes were noted")


def test_several_modes_in_a_row_are_named_as_one():
    history = History([event(0, 0.1, 0.1, 0.1, 0.1, 0.1), event(8, 1, 1, 1, 1, 0.1)])
    assert growing.option(at_rest(history))["note"] == "Left the noise: modes 1–4 by update 8. Still in it: 1 mode."
    assert growing.option(at_rest(History([event(0, 0.1)])))["note"] == "None has left the noise yet."
