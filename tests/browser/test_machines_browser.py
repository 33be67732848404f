"""In a real browser: no page is empty, and the machine that was chosen is there after a reload and on the next page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, fits, picture, sized
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser
# A picture or chart of the machine, which is there without a click.
SHOWS = {
    "filters": ".st-key-wall_all_filters .wall",
    "examine": ".st-key-examine_spectrum",
    "gibbs": ".st-key-wall_v .wall",
    "features": ".st-key-features_scatter .scatter[data-points='1000']",
    "runs": ".st-key-wall_dreams_A .wall",
    "labels": ".st-key-labels_dream .wall",
    "deep": ".st-key-deep_fantasies .wall",
    "colour": ".st-key-colour_samples .wall",
}


def says(page: Page, words: str) -> None:
    expect(page.locator(".st-key-machine .facts").first).to_contain_text(words)


@pytest.mark.slow
def test_every_page_shows_a_new_visitor_a_machine_and_another_one_stays_chosen(
    fresh_server: Server, open_page: OpenPage
):
    page = open_page(fresh_server.url)
    for address, place in SHOWS.items():
        page.goto(f"{fresh_server.url}/{address}")
        says(page, "comes with the program")
        expect(page.locator(place)).to_be_visible()
    page.goto(f"{fresh_server.url}/filters")
    says(page, "500 hidden · PCD-1 · epoch 25")
    before = picture(page, "wall_all_filters")
    page.locator(".st-key-machine_menu input").click()
    page.get_by_role("option", name=re.compile("100 hidden")).click()
    says(page, "100 hidden · CD-1 · epoch 20")
    wait(lambda: picture(page, "wall_all_filters") != before, what="the other machine's filters")
    expect(page).to_have_url(re.compile(r"/filters\?run=digits-100$"))
    page.reload()
    says(page, "100 hidden · CD-1 · epoch 20")
    sized(page, 390, 800)
    fits(page)
    link = open_page(f"{fresh_server.url}/gibbs?run=digits-100")
    says(link, "100 hidden · CD-1 · epoch 20")
