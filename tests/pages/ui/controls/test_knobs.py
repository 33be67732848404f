"""Settings on the screen: each knob as the widget that fits it, the record that the widgets say, and stops of sliders."""

from dataclasses import dataclass

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.controls.knobs import Panel
from rbm.training.config import knob


@dataclass(frozen=True)
class Meal:
    dish: str = knob("soup", "Dish", "What.", choices=("soup", "pie"), names={"pie": "A pie"})
    spice: str = knob("none", "Spice", "Which.", choices=("none", "salt", "pepper", "thyme", "sage"))
    guests: int = knob(2, "Guests", "How many.", low=1, high=8, step=1)
    grams: int = knob(1000, "Grams", "How much.", stops=(500, 1000, 2000))
    salt: float = knob(0.3, "Salt", "Of soup alone.", low=0.0, high=0.9, step=0.3, acts=lambda s: s["dish"] == "soup")
    table: int = knob(7, "Table", "Where.", low=1, high=999)
    music: bool = knob(False, "Music", "Or none.")
    paid: str = "no knob, so no widget"


PANEL = Panel("meal", Meal)
FEAST = Meal("pie", guests=8, grams=2000)


def script() -> None:
    import streamlit as st

    panel, feast = st.session_state["panel"], st.session_state["feast"]
    st.button("A feast", key="have_feast", on_click=panel.put, args=(feast,))
    st.session_state["said"] = panel.draw(off=["table"])


@pytest.fixture
def app() -> AppTest:
    found = AppTest.from_function(script)
    found.session_state["panel"], found.session_state["feast"] = PANEL, FEAST
    found.run()
    assert not found.exception
    return found


def test_each_knob_is_the_widget_that_fits_it_at_its_default(app):
    assert app.segmented_control(key="meal_dish").options == ["soup", "A pie"]
    assert app.selectbox(key="meal_spice").options == ["none", "salt", "pepper", "thyme", "sage"]
    assert (app.slider(key="meal_guests").min, app.slider(key="meal_guests").max) == (1, 8)
    assert app.select_slider(key="meal_grams").options == ["500", "1,000", "2,000"]
    assert app.number_input(key="meal_table").value == 7
    assert app.number_input(key="meal_table").disabled
    assert not app.toggle(key="meal_music").value
    assert app.session_state["said"] == Meal()


def test_the_record_is_what_the_widgets_say(app):
    app.segmented_control(key="meal_dish").set_value("pie")
    app.slider(key="meal_guests").set_value(5)
    app.toggle(key="meal_music").set_value(True).run()
    assert app.session_state["said"] == Meal(dish="pie", guests=5, music=True)


def test_a_knob_that_does_nothing_is_left_out(app):
    assert [one.key for one in app.slider] == ["meal_guests", "meal_salt"]
    app.segmented_control(key="meal_dish").set_value("pie").run()
    assert [one.key for one in app.slider] == ["meal_guests"]


def test_settings_can_be_put_into_the_widgets(app):
    app.button(key="have_feast").click().run()
    assert not app.exception
    assert app.slider(key="meal_guests").value == 8
    assert app.session_state["said"] == FEAST


def test_stops_are_all_places_of_a_slider_by_its_key():
    assert PANEL.stops("guests", "grams", "salt") == {
        "meal_guests": [1, 2, 3, 4, 5, 6, 7, 8],
        "meal_grams": [500, 1000, 2000],
        "meal_salt": [0.0, 0.3, 0.6, 0.9],
    }


@pytest.mark.parametrize(("typed", "taken"), [(1e23, 999), (0, 1), (-3, 1)])
def test_of_a_typed_number_beyond_its_range_the_nearest_is_taken_and_said(app, typed, taken):
    app.session_state["meal_table"] = typed
    app.run()
    assert not app.exception
    assert app.number_input(key="meal_table").value == typed
    assert app.warning[0].value == f"Table is {typed:.10g}; expected 1 to 999. {taken} is taken."
    assert app.session_state["said"].table == taken
    assert type(app.session_state["said"].table) is int
