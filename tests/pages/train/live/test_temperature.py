"""The temperature of Ising spins on the Train page: a setting that only they have."""

import pytest

from pages.ui.session import state
from rbm.datasets.entry import ISING_CRITICAL
from rbm.lessons.finite_lattice import ring
from rbm.report.words import data_title
from tests.helpers.screen import draft, open_page

pytestmark = pytest.mark.usefixtures("clean")


def test_spins_have_a_temperature_and_digits_have_none():
    app = open_page("pages/train/live/page.py")
    assert not [one for one in app.number_input if one.key == "draft_temperature"]
    app.selectbox(key="draft_dataset").set_value("ising_8").run()
    assert app.number_input(key="draft_temperature").value == 2.269
    assert draft(app)["temperature"] is None
    app.number_input(key="draft_temperature").set_value(3.5).run()
    assert not app.exception
    spec = state.to_spec(draft(app))
    assert spec.dataset.temperature == 3.5
    assert data_title(spec) == "Ising spins, 8×8 at T = 3.5"
    app.selectbox(key="draft_visible").set_value("bernoulli").run()
    assert any("v = (s + 1)/2" in caption.value for caption in app.caption)
    app.selectbox(key="draft_dataset").set_value("tiny_digits").run()
    assert draft(app)["temperature"] is None
    assert not app.exception


def test_further_temperatures_are_typed_and_become_classes():
    app = open_page("pages/train/live/page.py")
    app.selectbox(key="draft_dataset").set_value("ising_8").run()
    app.text_input(key="draft_further").set_value("1.8, 3.5").run()
    assert not app.exception
    assert draft(app)["temperature"] == (ISING_CRITICAL, 1.8, 3.5)  # the usual one as it is, not as it is shown
    app.number_input(key="draft_temperature").set_value(2.5).run()
    assert data_title(state.to_spec(draft(app))) == "Ising spins, 8×8 at T = 2.5, 1.8, 3.5"
    assert app.text_input(key="draft_further").value == "1.8, 3.5"
    for wrong, told in (
        ("warm; 1.8", "The temperature is 'warm'; expected a number from 0.1 to 100."),
        ("2.5", "The temperature 2.5 is given twice; give each once."),
    ):
        app.text_input(key="draft_further").set_value(wrong).run()
        assert not app.exception
        assert told in [one.value for one in app.warning]
        assert app.button(key="train").disabled
    app.text_input(key="draft_further").set_value("").run()
    assert draft(app)["temperature"] == 2.5
    assert not app.button(key="train").disabled
    app.selectbox(key="draft_dataset").set_value("ising_1d").run()
    assert [one for one in app.caption if one.value.startswith("Exactly:")]
    app.text_input(key="draft_further").set_value("2 3").run()
    assert draft(app)["temperature"] == (1.0, 2.0, 3.0)
    assert not [one for one in app.caption if one.value.startswith("Exactly:")]  # which is of one temperature


def test_a_ring_says_what_is_exactly_known_of_it_at_its_temperature():
    app = open_page("pages/train/live/page.py")
    app.selectbox(key="draft_dataset").set_value("ising_1d").run()
    assert app.number_input(key="draft_temperature").value == 1.0
    told = next(one.value for one in app.caption if one.value.startswith("Exactly:"))
    known = ring(16, 1.0)
    assert f"{-known.entropy:.2f} nats".replace("-", "−") in told
    app.number_input(key="draft_temperature").set_value(2.0).run()
    assert not app.exception
    told = next(one.value for one in app.caption if one.value.startswith("Exactly:"))
    assert f"C(1) = {ring(16, 2.0).correlation[1]:.3f}" in told


def test_numbers_out_of_range_reach_the_script_and_are_told_where_train_is():
    app = open_page("pages/train/live/page.py")
    app.selectbox(key="draft_dataset").set_value("ising_1d").run()
    for key in ("draft_temperature", "draft_seed"):
        bounds = app.number_input(key=key).proto  # the browser keeps what is beyond them to itself
        assert not bounds.has_min
        assert not bounds.has_max
        assert bounds.max > 1e300
    for wrong in (1e9, 0.0, -1.0):
        app.number_input(key="draft_temperature").set_value(wrong).run()
        assert not app.exception
        assert f"The temperature is {wrong}; expected a number from 0.1 to 100." in [one.value for one in app.warning]
        assert app.button(key="train").disabled
    app.number_input(key="draft_temperature").set_value(2.0).run()
    assert not app.button(key="train").disabled
    for wrong in (99999999999999999999999.0, -3.0):
        app.number_input(key="draft_seed").set_value(wrong).run()
        assert not app.exception
        assert f"seed is {int(wrong)}; expected a whole number from 0 to 2147483647." in [
            one.value for one in app.warning
        ]
        assert app.button(key="train").disabled
    app.number_input(key="draft_seed").set_value(12).run()
    assert state.to_spec(draft(app)).seed == 12
    assert not app.button(key="train").disabled
