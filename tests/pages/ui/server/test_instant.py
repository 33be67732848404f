"""What a moved slider is answered, and what is no question at all."""

import json
from base64 import b64encode
from threading import Lock

import numpy as np
import pytest

from pages.ui.server import instant
from pages.ui.server.feed import Feed
from pages.ui.server.instant import MOST_PIXELS, Sketch, Sliders
from pages.ui.server.socket import MOST_CHARACTERS

sliders = Sliders(
    {"rate": (0.1, 0.2, 0.5), "step": range(4)}, lambda rate, step: {"sum": {"value": rate + step}}, Lock()
)


def test_a_question_names_the_stops_by_number():
    answer = sliders.answer(json.dumps({"rate": 2, "step": 3}))
    assert answer is not None
    assert answer["sum"]["value"] == 3.5
    assert answer["sum"]["asked"] == '{"rate":2,"step":3}'  # as JSON.stringify writes it: the page compares
    later = sliders.drawn((0.2, 1))
    assert later["sum"]["value"] == 1.2
    assert later["sum"]["at"] >= answer["sum"]["at"]
    assert later["sum"]["asked"] == '{"rate":1,"step":1}'


NONSENSE = """
{}
[]
7
{"rate": 1}
{"rate": 3, "step": 0}
{"rate": -1, "step": 0}
{"rate": "1", "step": 0}
{"rate": 0.5, "step": 0}
{"rate": null, "step": 0}
{"rate": NaN, "step": 0}
"""


@pytest.mark.parametrize("question", NONSENSE.split("\n"))  # among them two empty lines
def test_nonsense_is_not_answered(question):
    assert sliders.answer(question) is None


def packed(bits: np.ndarray) -> str:
    return b64encode(np.packbits(bits).tobytes()).decode()


def drawn(bits: np.ndarray, **other: str) -> str:
    return json.dumps({"pad": "pad", "ink": packed(bits), "centred": packed(bits), "cover": packed(0 * bits), **other})


@pytest.fixture
def pad() -> Feed:
    ours = Feed()
    ours.sketches["pad"] = Sketch((3, 5), ours.turn)
    return ours


def test_a_pad_asks_with_its_picture_and_is_answered_by_what_follows_from_it(pad):
    sketch = pad.sketches["pad"]
    assert sketch.answers(lambda drawing: {"sum": {"is": int(drawing.ink.sum())}}) == {"sum": {"is": 0}}
    ink = np.arange(15) % 2 == 0
    other = np.arange(15) < 4
    assert instant.answer(pad, drawn(ink, centred=packed(other), cover=packed(~ink))) == {"sum": {"is": 8}}
    for found, wanted in zip(sketch.drawing, (ink, other, ~ink), strict=True):
        np.testing.assert_array_equal(found, wanted)
    before = sketch.version
    sketch.put(other)
    assert sketch.version != before  # by which the page knows that it is to show another
    assert not sketch.drawing.covered.any()


def test_the_largest_pad_asks_within_what_the_socket_reads():
    assert len(drawn(np.ones(MOST_PIXELS, bool))) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    "other", [{"ink": "AAAA"}, {"ink": "%%%%"}, {"cover": 7}, {"pad": "another"}, {"pad": ["pad"]}]
)
def test_what_is_no_drawing_is_not_answered_and_changes_nothing(pad, other):
    before = pad.sketches["pad"].drawing
    assert instant.answer(pad, drawn(np.ones(15, bool), **other)) is None
    assert pad.sketches["pad"].drawing is before


def test_an_error_of_what_follows_is_not_taken_for_a_question_of_no_sense(pad):
    def fails(drawing: instant.Drawing) -> dict:
        raise ValueError("the machine has diverged")

    pad.sketches["pad"].follows(fails)
    with pytest.raises(ValueError, match="diverged"):
        instant.answer(pad, drawn(np.ones(15, bool)))


def test_a_press_is_done_in_its_order_and_what_is_no_button_does_nothing():
    ours, done = Feed(), []
    ours.presses = {"one": lambda: done.append(1), "two": lambda: done.append(2)}
    for key in ("two", "one", "three", None, 7, ["one"], {"one": 1}):
        assert instant.answer(ours, json.dumps({"press": key})) is None
    assert done == [2, 1]


def test_a_press_counts_while_its_page_is_drawn_anew_and_not_once_it_is_left():
    ours, done = Feed(), []
    ours.begin("gibbs")
    ours.presses = {"one": lambda: done.append(1)}
    ours.begin("gibbs")
    instant.answer(ours, json.dumps({"press": "one"}))
    assert done == [1]
    ours.begin("train")
    assert instant.answer(ours, json.dumps({"press": "one"})) is None
    assert done == [1]
