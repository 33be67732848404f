"""The Phase transition page in a real browser: a lattice that lives, a slider that is answered, a machine that learns."""

import pytest
from playwright.sync_api import expect

from tests.helpers.hands import OpenPage, drawn, fits, picture, press, ready
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser


@pytest.mark.slow  # two minutes; the page without a browser is tested at every run
def test_a_lattice_lives_and_a_machine_finds_its_couplings(server, open_page: OpenPage):
    page = open_page(f"{server.url}/ising", height=720)
    ready(page)
    drawn(page)
    chart = page.locator(".st-key-ising_against .chart")
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 720  # all of it on one screen
    lattice, couplings = picture(page, "ising_lattice"), picture(page, "ising_j")
    page.locator(".st-key-ising_temperature input").focus()

    def answered() -> bool:
        page.keyboard.press("ArrowRight")  # again, until the socket is open
        page.wait_for_timeout(500)
        return bool(page.evaluate("boltzmannBoard.news.has('ising_table')"))

    wait(answered, what="news of the slider")
    wait(lambda: picture(page, "ising_lattice") != lattice, what="another lattice")
    press(page, "try_ising_2")
    expect(page.locator(".st-key-ising_table")).to_contain_text("machine, 3.5")
    wait(lambda: picture(page, "ising_j") != couplings, what="couplings")
    expect(page.locator(".st-key-ising_words")).to_contain_text("100 % learnt")
    lattice = picture(page, "ising_lattice")
    wait(lambda: picture(page, "ising_lattice") != lattice, what="a sweep by itself")


def test_it_fits_a_phone(server, open_page: OpenPage):
    page = open_page(f"{server.url}/ising", width=390, height=800)
    ready(page)
    fits(page)
