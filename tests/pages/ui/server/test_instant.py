"""What a moved slider is answered, and what is no question at all."""

import json
from threading import Lock

import pytest

from pages.ui.server.instant import Sliders

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
