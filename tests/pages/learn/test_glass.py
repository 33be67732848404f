"""The Boltzmann page's spin glass: the switch, its settings, and that what it draws is what its chains and states say."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.learn.boltzmann import glass
from pages.learn.boltzmann.glass import GlassRace, GlassSettings
from pages.ui import shell
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")


def channels(app: AppTest) -> set[str]:
    return {data["channel"] for e in app.get("bidi_component") if "channel" in (data := json.loads(e.proto.json))}


def test_the_page_has_two_pictures_and_goes_from_one_to_the_other():
    app = open_page(shell.BOLTZMANN)
    assert "boltzmann_kl" in channels(app)
    app.segmented_control(key="boltzmann_view").set_value("Spin glass").run()
    assert not app.exception
    assert {"glass_floor", "glass_way", "glass_shares", "glass_j", "glass_words"} <= channels(app)
    app.button(key="try_glass_2").click().run()
    assert not app.exception
    assert app.session_state["glass_race"].asked == GlassSettings(12, "two values", 2)
    app.button(key="glass_reset").click().run()
    assert app.session_state["glass_race"].history == ()
    app.segmented_control(key="boltzmann_view").set_value("Beside an RBM").run()
    assert not app.exception
    assert "boltzmann_kl" in channels(app)


def test_both_kinds_of_chains_have_made_as_many_sweeps_and_the_charts_are_theirs():
    race = GlassRace(GlassSettings(8))
    race.learn()
    assert race.alone.work == race.tempered.work > 0
    drawn = glass.elements(race, "light")
    json.dumps(drawn)
    work, alone, tempered = zip(*race.history, strict=True)
    for line, far in zip(drawn["glass_way"]["series"], (alone, tempered), strict=True):
        assert line["x"] == list(work)
        np.testing.assert_allclose(line["y"], far, rtol=1e-5)
    exact = drawn["glass_shares"]["series"][0]
    np.testing.assert_allclose(exact["y"], race.glass.shares(0.2)[: glass.SHOWN])
    dots = drawn["glass_floor"]["series"][1]
    np.testing.assert_allclose(dots["y"], race.glass.energies[race.glass.valleys.minima])


def test_every_place_of_the_sliders_can_be_drawn_as_json():
    for seed, temperature in ((1, 0.1), (30, 2.0)):
        for kind in ("two values", "Gaussian"):
            json.dumps(glass.anew(8, kind, "dark", seed, temperature), allow_nan=False)
