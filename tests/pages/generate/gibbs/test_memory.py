"""What the page Gibbs sampling tells of its chains' memory while they play, and how a long jump ends."""

import json

import pytest
import torch

from pages.generate.gibbs import views
from pages.ui import shell
from tests.helpers.screen import open_page


def test_too_few_steps_say_how_many_are_missing():
    few = views.memory_option([torch.randn(4) for _ in range(30)])
    assert few["empty"] == "9 more steps, and it begins"
    assert few["series"][0]["x"] == []
    assert views.memory_option([torch.randn(4) for _ in range(39)])["series"][0]["x"]


def test_the_second_half_is_judged_and_its_worth_told(rng):
    settled = torch.randn(400, 9, generator=rng)  # white: each state is worth one sample
    start = 100 - torch.linspace(0, 100, 400)[:, None].expand(400, 9)
    told = views.memory_option(list(torch.cat([start, settled])))
    words, worth = told["note"].split(" · worth ")
    assert words == "Start forgotten in 1 step"
    assert 2_500 < float(worth.removesuffix(" samples").replace(",", "")) < 5_000  # of 3,600
    (drawn,) = told["series"]
    assert drawn["x"][-1] == 200
    assert drawn["y"][0] == 1
    assert max(drawn["y"][1:]) < 0.3


def test_chains_that_are_stuck_or_still_say_so(rng):
    apart = torch.randn(60, 5, generator=rng) + 9 * torch.arange(5)
    assert views.memory_option(list(apart))["note"].startswith("Start not forgotten yet")
    assert views.memory_option([torch.ones(5)] * 60)["note"] == "The chains do not move: nothing can be told."


@pytest.mark.usefixtures("clean")
def test_it_moves_with_the_chains():
    app = open_page(shell.GIBBS)
    assert not app.exception
    app.button(key="step_100").click().run()
    assert not app.exception
    app.session_state["walk"].go_on()  # all that is owed: the page's socket takes it in turns
    part = app.session_state["feed"]._parts["gibbs_walk"]
    assert "samples" in part._draw()["chart_memory"]["note"]


@pytest.mark.usefixtures("clean")
def test_a_long_jump_can_be_stopped_where_it_is_and_gone_back_from(monkeypatch):
    monkeypatch.setattr("pages.generate.gibbs.stepping.TURN_SECONDS", 0.0)  # each turn is a single half step
    app = open_page(shell.GIBBS)
    assert app.button(key="stop").disabled
    assert app.button(key="back").disabled
    app.button(key="step_1000").click().run()
    walk = app.session_state["walk"]
    assert walk.owed
    assert len(walk.past) == 1
    assert not app.button(key="back").disabled
    app.button(key="stop").click().run()
    assert not app.exception
    assert not walk.owed
    assert 0 < walk.step < 1000
    assert walk.now.half == 2 * walk.step
    assert app.button(key="stop").disabled
    app.button(key="back").click().run()
    assert walk.step == 0
    app.button(key="step_1000").click().run()
    app.button(key="back").click().run()
    assert not app.exception
    assert (walk.step, walk.owed, len(walk.track)) == (0, False, 1)


@pytest.mark.usefixtures("clean")
def test_moments_of_the_film_that_are_not_there_yet_are_left_blank():
    app = open_page(shell.GIBBS)
    assert not app.exception
    every = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (film,) = [one for one in every if one.get("channel") == "wall_film"]
    assert film["n"] == views.FILM_FRAMES  # the room stays
    assert film["blank"] == sum(not name for name in film["labels"]) > 0
