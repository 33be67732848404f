"""The page that learns colours, under AppTest."""

import pytest

from pages.ui import shell
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")


def test_the_page_stands_ready_and_its_experiments_set_the_controls():
    app = open_page(shell.COLOUR)
    assert not app.exception
    assert not app.button(key="colour_learn").disabled
    assert app.button(key="colour_pause").disabled
