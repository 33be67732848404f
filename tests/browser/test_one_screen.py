"""In a real browser of 1280 × 720, a projector's: what is pressed and what it moves share the first screen, on every page."""

import pytest

from pages.ui import shell
from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage
from tests.helpers.stage import HEIGHT, PICTURES, WIDTH, places

pytestmark = pytest.mark.browser
ADDRESSES = {entry.script: entry.address for entries in shell.PAGES.values() for entry in entries}


def test_the_table_knows_every_page():
    assert set(PICTURES) == set(ADDRESSES)


@pytest.mark.parametrize("script", [script for script, one in PICTURES.items() if one.pictures], ids=ADDRESSES.get)
def test_the_control_and_what_it_moves_share_the_first_screen(server: Server, open_page: OpenPage, script: str):
    page = open_page(f"{server.url}/{ADDRESSES[script]}", width=WIDTH, height=HEIGHT)
    found = places(page, script)
    assert {key: place for key, place in found.items() if place[0] < 0 or place[1] > HEIGHT} == {}
