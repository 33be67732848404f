"""The page of diagnostics under AppTest."""

import json

import pytest

from pages.ui import shell
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")


def test_what_the_weights_say_stands_there_unasked_and_the_rest_at_a_press():
    app = open_page(shell.EXAMINE)
    assert not app.exception
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    (modes,) = (one for one in sent if one.get("channel") == "examine_modes")
    assert modes["n"] == 20
    assert app.button(key="examine").label == "Examine"
    assert not any(one.get("channel") == "examine_walk" for one in sent)
