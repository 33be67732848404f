"""The temperature of Ising spins on the Train page: a setting that only they have."""

import pytest

from pages.ui.session import state
from pages.ui.session.kept import data_title
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
    assert any("v = (s + 1)/2" in caption.value for caption in app.caption)
    app.selectbox(key="draft_dataset").set_value("tiny_digits").run()
    assert draft(app)["temperature"] is None
    assert not app.exception
