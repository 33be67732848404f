"""The laboratory's pages in a real browser: they draw, they answer, they fit."""

from itertools import cycle

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.hands import OpenPage, drawn, fits, picture, points, press, ready
from tests.helpers.stage import open_view
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser


def version(page: Page, key: str) -> str:
    return page.locator(f".st-key-{key} .statebars").get_attribute("data-version") or ""


def test_two_pixels_learn_step_by_step(server, open_page: OpenPage):
    page = open_page(f"{server.url}/pixels")
    ready(page)
    first = version(page, "pixels_bars")
    press(page, "pixels_one")
    wait(lambda: version(page, "pixels_bars") != first, what="other bars")
    press(page, "try_pixels_0")
    expect(page.get_by_role("columnheader", name="step 100")).to_be_visible()


SHOWN = """([slider, key]) => {
  const news = boltzmannBoard.news.get(key), { value, min, step } = document.querySelector(`.st-key-${slider} input`);
  const there = news && JSON.parse(news.asked)[slider] === Math.round((value - min) / step);
  return there ? news.version : null;
}"""  # the picture of where the slider stands, as the socket told it, once it has


def move(page: Page, slider: str, shown: set[str]) -> None:
    """Move a slider until the page's own socket has answered for every element."""
    keys = cycle(("ArrowLeft", "ArrowRight"))

    def answered() -> bool:
        page.locator(f".st-key-{slider} input").focus()  # again, where what came late has drawn it anew
        page.keyboard.press(next(keys))  # again and to and fro, until the socket is open
        page.wait_for_timeout(500)
        return shown <= set(page.evaluate("[...boltzmannBoard.news.keys()]"))

    wait(answered, what="news of every element")


@pytest.mark.parametrize(
    ("address", "slider", "shown"),
    [
        ("markov", "markov_beta", {"markov_matrix", "markov_spectrum", "markov_times", "markov_visits"}),
        ("slow", "slow_k", {"slow_wall_v", "slow_names_h", "slow_hidden", "slow_scale_6", "slow_part_7"}),
        ("follows", "follows_place", {"follows_numbers", "follows_angles", "follows_lengths"}),
    ],
)
@pytest.mark.slow
def test_a_slider_is_answered_over_the_pages_own_socket(server, open_page: OpenPage, address, slider, shown):
    page = open_page(f"{server.url}/{address}")
    ready(page)
    drawn(page)
    move(page, slider, shown)


@pytest.mark.slow
def test_the_script_says_what_the_socket_said(server, open_page: OpenPage):
    page = open_page(f"{server.url}/pixels")
    ready(page)
    drawn(page)
    move(page, "pixels_rate", {"pixels_bars", "pixels_table", "pixels_kl", "pixels_correlation"})
    told = ["pixels_rate", "pixels_bars"]
    wait(lambda: page.evaluate(SHOWN, told) is not None, what="news of where the slider stands")
    said = page.evaluate(SHOWN, told)
    drawn(page)
    # Without the socket's news the script's own answer is what is drawn.
    shown = page.locator(".st-key-pixels_bars [data-version]")
    shown.evaluate("node => { boltzmannBoard.news.clear(); node.dataset.version = 'not yet'; }")
    page.evaluate("document.activeElement.blur()")  # the slider would take the key
    page.locator("body").press("r")  # Streamlit's key for another run
    expect(shown).not_to_have_attribute("data-version", "not yet")
    expect(shown).to_have_attribute("data-version", said)


def test_a_slider_moved_faster_than_the_script_keeps_every_step(server, open_page: OpenPage):
    page = open_page(f"{server.url}/slow")
    ready(page)
    slider = page.locator(".st-key-slow_stage input")
    expect(slider).to_have_value("0")
    slider.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(120)
    expect(slider).to_have_value("8")
    drawn(page)
    expect(slider).to_have_value("8")


@pytest.mark.slow  # tests/lessons has both chains in every run
def test_a_chain_that_never_crosses_and_one_that_does(server, open_page: OpenPage):
    page = open_page(f"{server.url}/markov")
    ready(page)
    matrix = picture(page, "markov_matrix")
    press(page, "try_markov_2")
    wait(lambda: picture(page, "markov_matrix") != matrix, what="another matrix")
    before = version(page, "markov_visits")
    press(page, "markov_play")
    wait(lambda: version(page, "markov_visits") != before, what="a step by itself")
    press(page, "markov_play")
    expect(page.locator(".st-key-markov_distance .chart")).to_be_visible()


@pytest.mark.slow  # tests/pages/learn walks through it in every run
def test_an_update_click_by_click(server, open_page: OpenPage):
    page = open_page(f"{server.url}/slow")
    ready(page)
    visible, hidden = picture(page, "slow_wall_v"), picture(page, "slow_wall_h")
    press(page, "slow_next")
    wait(lambda: picture(page, "slow_wall_h") != hidden, what="p(h|v₀)")
    assert picture(page, "slow_wall_v") == visible
    press(page, "try_slow_4")
    expect(page.get_by_text("decay · update")).to_be_visible()


@pytest.mark.slow  # tests/tasks/test_races.py races in every run
def test_five_algorithms_race(server, open_page: OpenPage):
    page = open_page(f"{server.url}/follows")
    ready(page)
    open_view(page, "Five algorithms, one start")
    press(page, "try_race_1")
    wait(lambda: points(page, "race_likelihood") > 30, what="the first legs")


@pytest.mark.slow  # each page turned into a phone's is measured in test_every_page.py
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_lesson_fits_a_phone(server, open_page: OpenPage, scheme):
    page = open_page(server.url, width=390, height=800, scheme=scheme)
    for address in ("pixels", "markov", "slow", "follows"):
        page.goto(f"{server.url}/{address}")
        ready(page)
        fits(page)


@pytest.mark.slow
def test_what_is_chosen_stays_marked_while_pictures_are_changed_quickly(server, open_page: OpenPage):
    """The row of buttons goes and comes back with each: what marks it must wait for it (the page may log no error)."""
    page = open_page(f"{server.url}/boltzmann")
    ready(page)
    for _ in range(4):
        for name in ("Spin glass", "Beside an RBM"):
            page.get_by_role("radio", name=name).click()
            page.wait_for_timeout(300)
    press(page, "try_boltzmann_1")
    expect(page.locator(".st-key-try_boltzmann_1 button")).to_have_attribute("aria-pressed", "true")
