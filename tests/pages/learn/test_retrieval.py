"""The page Hopfield as an RBM: its sliders, its map, and that what it shows is what the machine's chains did."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.learn.retrieval import memory
from pages.ui import shell
from pages.ui.components import wall
from pages.ui.draw import frames
from rbm.lessons import retrieval_theory
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")


def sent(app: AppTest, channel: str) -> dict:
    every = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (found,) = [data for data in every if data.get("channel") == channel]
    return found


@pytest.mark.parametrize(
    ("number", "point", "phase"),
    [(0, (0.03, 0.4), "retrieval"), (1, (0.03, 1.5), "paramagnet"), (2, (0.2, 0.4), "spin glass")],
)
def test_an_experiment_moves_the_cross_and_the_chains(number, point, phase):
    app = open_page(shell.RETRIEVAL)
    app.button(key=f"try_retrieval_{number}").click().run()
    assert not app.exception
    assert (
        app.select_slider(key="retrieval_load").value,
        app.select_slider(key="retrieval_temperature").value,
    ) == point
    assert sent(app, "retrieval_facts")["head"][0] == f"{phase}, P = {memory.stored(point[0])}"
    here = next(one for one in sent(app, "retrieval_map")["series"] if one.get("name") == "here")
    assert (here["x"], here["y"]) == ([point[0]], [point[1]])


def test_what_is_drawn_is_what_the_chains_did():
    drawn, found = memory.elements(memory.PICTURE, 0.03, 0.4), memory.walked(0.03, 0.4, memory.PICTURE)
    lines = drawn["retrieval_m"]["series"]
    np.testing.assert_allclose([line["y"] for line in lines], found.overlap.numpy().T, atol=1e-5)
    assert [line["y"][0] for line in lines] == [1.0] * memory.CHAINS
    theory = float(retrieval_theory.solve(0.03, 0.4, retrieved=True).m)
    assert drawn["retrieval_m"]["line"]["value"] == theory
    assert found.value == pytest.approx(theory, abs=0.05)
    held = (np.concatenate([found.states.numpy(), found.means.numpy()]) + 1) / 2
    pictures = frames.colour_probabilities(held, shape=(memory.SIDE, memory.SIDE))
    assert drawn["retrieval_held"]["version"] == wall.pictures(pictures, memory.CHAINS)["version"]


def test_from_noise_the_chains_begin_elsewhere():
    found = memory.walked(0.03, 0.4, memory.NOISE)
    assert float(found.overlap[0].abs().max()) < 0.15


def test_every_place_of_the_sliders_can_be_drawn_as_json():
    for load in (memory.LOADS[0], memory.LOADS[-1]):
        for temperature in (memory.TEMPERATURES[0], memory.TEMPERATURES[-1]):
            json.dumps(memory.elements(memory.PICTURE, load, temperature))
