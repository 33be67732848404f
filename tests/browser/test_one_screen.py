"""In a real browser of 1280 × 720, a projector's: what is pressed and what it moves share the first screen, on every page."""

import pytest
from playwright.sync_api import expect

from pages.ui import shell
from tests.helpers.axe import is_for_everyone
from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, at_rest, drawn, points, press
from tests.helpers.stage import HEIGHT, PICTURES, WIDTH, places
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser
ADDRESSES = {entry.script: entry.address for entries in shell.PAGES.values() for entry in entries}


def test_the_table_knows_every_page():
    assert set(PICTURES) == set(ADDRESSES)


@pytest.mark.parametrize("script", PICTURES, ids=ADDRESSES.get)
def test_control_and_picture_share_the_first_screen_of_a_page_that_is_for_everyone(
    server: Server, open_page: OpenPage, script: str
):
    page = open_page(f"{server.url}/{ADDRESSES[script]}", width=WIDTH, height=HEIGHT)
    if PICTURES[script].pictures:
        found = places(page, script)
        assert {key: place for key, place in found.items() if place[0] < 0 or place[1] > HEIGHT} == {}
    is_for_everyone(page)


def test_next_leads_through_all_pages_in_their_order_and_before_leads_back(server: Server, open_page: OpenPage):
    page = open_page(server.url, width=WIDTH, height=HEIGHT)
    entries = [entry for section in shell.PAGES.values() for entry in section]
    for entry in entries[1:]:
        page.get_by_role("link", name="Next →").click()
        expect(page.get_by_role("heading", name=entry.title, exact=True)).to_be_visible()
        drawn(page)
    page.get_by_role("link", name="← Before").click()
    expect(page.get_by_role("heading", name=entries[-2].title, exact=True)).to_be_visible()


def test_projector_mode_is_remembered_hides_settings_and_fills_the_screen_with_one_picture(
    server: Server, open_page: OpenPage
):
    page = open_page(f"{server.url}/markov", width=WIDTH, height=HEIGHT)
    guide, picture = page.locator(".st-key-guide_markov"), page.locator(".st-key-markov_visits")
    expect(guide).to_be_visible()
    expect(picture.locator("svg.frame .grid text").first).to_be_visible()
    expect(page.get_by_role("button", name="Projector")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("f")
    expect(guide).to_be_hidden()
    page.reload()
    expect(picture).to_be_visible()
    expect(guide).to_be_hidden()
    choice = page.get_by_label("Picture that fills the screen")
    choice.focus()
    choice.select_option("Shares of visits of the chains against the exact probabilities")
    box = at_rest(picture)
    assert box["width"] > 0.9 * WIDTH or box["height"] > 0.7 * HEIGHT
    assert box["y"] + box["height"] <= HEIGHT
    expect(page.locator(".st-key-markov_1 button").first).to_be_visible()
    expect(page.locator(".st-key-markov_matrix .wall")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-markov_matrix .wall")).to_be_visible()
    page.get_by_role("button", name="Projector").click()
    expect(guide).to_be_visible()


def test_a_step_lights_what_it_speaks_of(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/pixels", width=WIDTH, height=HEIGHT)
    lit = page.locator(".st-key-pixels_kl")
    expect(lit).to_have_css("outline-style", "none")

    def pointed_at() -> bool:
        page.locator(
            ".st-key-see_two_pixels_2"
        ).hover()  # again, where a chart that came late has moved it from under the hand
        return lit.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"

    wait(pointed_at, what="the light")


def test_nothing_fades_and_streamlit_s_own_stop_does_not_show(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/boltzmann", width=WIDTH, height=HEIGHT)
    expect(page.locator(".st-key-boltzmann_kl .main-svg").first).to_be_visible()
    page.evaluate(
        """() => {
          window.faintest = 1;
          window.own = 0;
          const look = () => {
            for (const node of document.querySelectorAll(".stElementContainer"))
              window.faintest = Math.min(window.faintest, Number(getComputedStyle(node).opacity));
            window.own += document.querySelector("[data-testid=stStatusWidget]")?.clientHeight ?? 0;
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    press(page, "try_boltzmann_2")
    wait(lambda: points(page, "boltzmann_kl") > 8, what="learning")
    press(page, "boltzmann_play")
    drawn(page)
    assert page.evaluate("[window.faintest, window.own]") == [1, 0]


def test_on_a_phone_the_picture_comes_first_then_its_control_then_the_text_and_the_menu_is_a_word(
    server: Server, open_page: OpenPage
):
    page = open_page(f"{server.url}/pixels", width=390, height=844)
    drawn(page)
    places_ = [page.locator(f".st-key-{key}").first for key in ("pixels_bars", "pixels_rate", "see_two_pixels_1")]
    tops = [at_rest(one)["y"] for one in places_]
    assert tops == sorted(tops)
    button = at_rest(page.locator(".st-key-pixels_one"))
    assert button["y"] + button["height"] <= 844  # at hand, whatever is scrolled past
    menu = page.get_by_test_id("stExpandSidebarButton")
    assert menu.evaluate("(node) => getComputedStyle(node, '::after').content") == '"Menu"'
    menu.click()
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "false")
