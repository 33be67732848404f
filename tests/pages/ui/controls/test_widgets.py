"""Widgets whose value the program sets: the browser can neither undo it nor mount them without it."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.learn.energy.graph import ALL, RBM
from pages.learn.hopfield import recall
from pages.ui import shell
from tests.helpers.screen import SCRIPTS, draft, open_page

pytestmark = pytest.mark.usefixtures("clean")


def told_and_usual(proto: Any) -> tuple[Any, Any]:
    """The value that the browser is told once, and the one it falls back on, of a widget's message."""
    kind = type(proto).__name__
    if kind == "Slider" and proto.options:
        return list(proto.raw_value), [proto.options[int(i)] for i in proto.default]
    if kind == "Slider":
        return list(proto.value), list(proto.default)
    if kind == "Selectbox":
        return proto.raw_value, proto.options[proto.default] if proto.HasField("default") else ""
    if kind in ("ButtonGroup", "MultiSelect"):
        options = [getattr(option, "content", option) for option in proto.options]
        return list(proto.raw_values), [options[i] for i in proto.default]
    return proto.value, proto.default


WIDGETS = "slider", "select_slider", "number_input", "selectbox", "toggle", "checkbox", "button_group", "multiselect"


def values(app: AppTest) -> dict[str, Any]:
    """What every widget of the page stands at, by its key."""
    return {one.key: one.value for kind in WIDGETS for one in app.get(kind) if one.key}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_widget_that_is_mounted_anew_stands_where_it_stood(script):
    """Also when the page was left: Streamlit forgets the widgets of one that is."""
    app = open_page(script)
    set_here = [one for kind in WIDGETS for one in app.get(kind) if one.proto.set_value]
    for told, usual in (told_and_usual(one.proto) for one in set_here):
        assert told == usual
    if script == shell.TRAIN:
        assert len(set_here) > 20
    before = values(app)
    app.switch_page(shell.HOME if script != shell.HOME else shell.DATA).run()
    app.switch_page(script).run()
    assert not app.exception
    assert values(app) == before


def test_the_laboratorys_choices_come_back_whichever_was_made():
    for script, key, choices in (
        (shell.ENERGY, "energy_shape", (ALL, RBM)),
        (shell.HOPFIELD, "hopfield_rule", (recall.DENSE, "storkey", recall.DENSE)),
    ):
        app = open_page(script)
        for choice in choices:
            app.button_group(key=key).set_value(choice).run()
            assert not app.exception
            before = values(app)
            app.switch_page(shell.HOME).run()
            app.switch_page(script).run()
            assert not app.exception
            assert values(app) == before


def test_the_dice_draws_another_seed():
    app = open_page(shell.TRAIN)
    seeds = set()
    for _ in range(4):
        app.button(key="dice").click().run()
        seeds.add(draft(app)["seed"])
    assert len(seeds) > 1


def test_a_control_that_tells_of_no_choice_changes_nothing():
    """The browser's first message may hold none for a row of choices that was only just drawn."""
    app = open_page(shell.TRAIN)
    old = draft(app)["visible_bias"]
    app.session_state["draft_visible_bias"] = None
    app.button_group(key="draft_visible_bias").set_value(None).run()
    assert not app.exception
    assert draft(app)["visible_bias"] == old


def test_play_and_pause_are_two_buttons_so_that_a_click_told_twice_turns_once():
    def script() -> None:
        from pages.ui.controls import widgets

        widgets.player("moves", "wheel")

    app = AppTest.from_function(script).run()
    assert app.button(key="wheel_go").label == "Play"
    app.button(key="wheel_go").click().run()
    assert app.session_state["moves"]
    assert [button.key for button in app.button] == ["wheel_pause"]
    app.button(key="wheel_pause").click().run()
    assert not app.session_state["moves"]
