"""The competition's page under AppTest: buttons, empty states, and what the news become on the screen."""

import json

import numpy as np
import pytest

from pages.compare.baselines import contest, told
from pages.ui import shell
from rbm.jobs.job import release_all
from rbm.tasks.baselines.comparison import SHOWN, BaselineLook, BaselineVerdict, Opening, Pace, marks
from tests.helpers.screen import open_page
from tests.helpers.waiting import PATIENCE, wait

pytestmark = pytest.mark.usefixtures("clean")


def look(name: str, mark: float, frechet: float) -> BaselineLook:
    pictures = np.full((SHOWN, 784), int(10 * mark), np.uint8)
    return BaselineLook(name, mark, mark + 0.01, mark / 2, 7, pictures, frechet, 0.9, 0.3, 0.5, (0.1,) * 10)


NEWS = (
    Opening({"rbm": 101, "gan": 103}, {"real digits": 1.0, "a tenth flipped": 14.0, "blurred": 37.0, "noise": 200.0}),
    Pace("rbm", 0.1),
    *(look(name, mark, f) for name in ("rbm", "gan") for mark, f in ((0.0, 200.0), (0.25, 50.0), (0.5, 10.0))),
    look("gan", 1.0, 11.0),
    Pace("gan", 0.7),
    BaselineVerdict("rbm", np.zeros((SHOWN, 784), np.uint8), (3.0,) * SHOWN, 7.0, -101.5, -99.5, 0.2),
)


def test_news_become_walls_curves_and_a_table():
    seen = told.told(NEWS)
    assert (seen.done, seen.busy) == (0.7, "gan")
    pixels, labels = told.wall_tiles(seen.looks["rbm"], 1.0, (28, 28))
    assert len(pixels) == len(labels) == SHOWN * len(marks(1.0))
    assert [int(pixels.rows[row * SHOWN].max()) for row in range(4)] == [0, 2, 5, 0]  # the last is still to come
    assert labels[SHOWN] == "after 0.25 s"
    option = told.frechet_option(seen, ("rbm", "gan"))
    assert [one["y"] for one in option["series"]] == [[50.0, 10.0], [50.0, 10.0, 11.0]]  # none at 0 on a log axis
    assert option["line"]["value"] == 14.0
    assert told.aats_option(seen, ("rbm",))["series"][0]["y"] == [pytest.approx(0.3)] * 2
    rows = {row[0]: row for row in told.table(seen, ("rbm", "gan"))["rows"]}
    assert rows["**RBM**"][1] == "101"
    assert rows["**RBM**"][-2:] == ["0.5 s, 0.2 epochs", "−101.5 to −99.5"]
    assert rows["**GAN**"][-1] == "has none"
    assert rows["noise"][3] == "200.0"
    assert all(len(row) == len(told.HEAD) == len(told.ABOUT) for row in rows.values())


def test_likelihoods_are_told_as_far_as_they_are_known():
    bound = NEWS[-1]._replace(model="vae", low=-110.0, high=float("inf"))
    assert told.likelihood("vae", bound) == "≥ −110.0"
    few = NEWS[-1]._replace(mark="unreliable, crossed")
    assert told.likelihood("rbm", few) == "−101.5 to −99.5 (unreliable, crossed)"
    assert told.likelihood("vae", None) == "at the end"
    assert told.likelihood("autoencoder", bound) == "has none"


def test_before_the_start_the_page_says_what_to_do_and_nobody_cannot_compete():
    app = open_page(shell.RIVALS)
    assert not app.exception
    sent = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (line,) = [data for data in sent if data.get("channel") == "rivals_progress"]
    assert "Press Start" in line["words"]
    assert app.button(key="rivals_reset").disabled
    app.session_state["rivals_who"] = []
    app.run()
    assert not app.exception
    assert app.button(key="rivals_start").disabled


@pytest.mark.slow  # tests/tasks/baselines runs one in every run
def test_a_competition_runs_pauses_goes_on_and_is_forgotten():
    app = open_page(shell.RIVALS)
    try:
        app.session_state["rivals_who"] = ["autoencoder", "vae"]
        app.session_state["rivals_hidden"] = 64
        app.session_state["rivals_seconds"] = max(contest.SECONDS)  # nobody is ready before it is paused
        app.session_state["rivals_digits"] = [1, 7]
        app.run()
        app.button(key="rivals_start").click().run()
        task = app.session_state["rivals"]
        assert task.arguments["models"] == ("autoencoder", "vae")
        assert task.arguments["classes"] == (1, 7)
        wait(
            lambda: (task.renew(), not task.active or any(isinstance(one, BaselineLook) for one in list(task.news)))[1]
        )
        assert task.active, task.message
        app.run()
        app.button(key="rivals_pause").click().run()
        assert task.status == "paused"
        assert not app.exception
        assert any("weights" in text.value for text in app.caption)
        app.button(key="rivals_go_on").click().run()
        assert task.status == "running"
        app.button(key="rivals_reset").click().run()
        assert "rivals" not in app.session_state
        assert not app.exception
    finally:
        release_all(PATIENCE)
