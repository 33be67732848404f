"""The components' Python side: what is sent, and that every new runtime knows them. Their look is in tests/browser."""

import json
import re
import zlib
from base64 import b64decode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.components import component, wall
from pages.ui.draw import theme
from tests.helpers.waiting import PATIENCE


def page():
    import numpy as np
    import streamlit as st

    from pages.ui.components import chart, wall
    from pages.ui.draw import frames
    from pages.ui.draw.figures import Series, curve_option

    shown = wall.pictures(frames.colour_probabilities(np.full((3, 5, 7), 0.2)), 2, labels=["a", "b", "c"])
    clicked = wall.show(shown, clickable=True, alt="Three", key="three")
    st.text(repr(clicked))
    chart.show(
        curve_option([Series("a", [1], [2])], x_title="epoch", y_title="nats"), key="curve", alt="A curve", height=200
    )


@pytest.mark.parametrize("again", [1, 2])
def test_components_mount_in_every_new_runtime(again):
    app = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert not app.exception
    assert app.text[0].value == "None"
    wall_proto, curve_proto = (element.proto for element in app.get("bidi_component"))
    sent = json.loads(wall_proto.json)
    assert (sent["n"], sent["columns"], sent["cell"], sent["labels"]) == (3, 2, [5, 7], ["a", "b", "c"])
    assert zlib.decompress(b64decode(sent["cells"])) == bytes([51]) * 3 * 5 * 7
    assert b64decode(sent["lut"]) == theme.grey().tobytes()
    assert len(sent["version"]) == 12
    assert json.loads(curve_proto.json)["height"] == 200
    assert curve_proto.js_content.count("export default") == 1


def test_a_wall_needs_a_label_for_each_picture_or_none():
    with pytest.raises(ValueError, match="each of 3 pictures, got 2"):
        wall.pictures(np.zeros((3, 2, 2, 3), np.uint8), 3, labels=["a", "b"])


def test_pictures_of_their_own_colours_are_sent_as_they_are_and_a_change_says_nothing_of_labels():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    sent = wall.changed(pixels, 5)
    assert zlib.decompress(b64decode(sent["cells"])) == bytes(range(24))
    assert (sent["lut"], sent["n"], sent["columns"], sent["cell"]) == ("", 2, 2, [2, 2])
    assert not {"labels", "selected"} & set(sent)
    assert wall.changed(pixels, 5)["version"] == sent["version"] != wall.changed(pixels[::-1], 5)["version"]
    assert wall.changed(pixels, 1)["version"] != sent["version"]  # in other places: a browser draws them anew


def test_scripts_are_sent_without_comments():
    assert component._brief("// why\n  const a = 1; // kept\n\nf(a);\n") == "const a = 1; // kept\nf(a);"


def test_no_style_asks_the_whole_page_what_is_in_it():
    """Each such rule took up to ten milliseconds of every change of a page: two thirds of what a chart's drawing cost."""
    texts = [*component.ASSETS.glob("*.css"), *component.ASSETS.parent.glob("pages/**/*.py")]
    assert not [file for file in texts if re.search(r"(body|html|:root)[^\s{]*:has\(", file.read_text("utf-8"))]
