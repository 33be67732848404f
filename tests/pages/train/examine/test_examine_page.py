"""The page of diagnostics under AppTest."""

import pytest

from pages.ui import shell
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")


def test_the_page_without_a_machine_says_what_to_do():
    app = open_page(shell.EXAMINE)
    assert not app.exception
    assert "There is no machine yet to examine" in app.info[0].value
