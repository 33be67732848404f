"""Steps of Gibbs chains by clicks that go over the page's own socket, and by clicks that cannot."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, drawn, picture, press, ready
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser
COUNT_RUNS = """() => {
  window.runs = 0;
  const app = document.querySelector("[data-testid=stApp]");
  new MutationObserver(() => app.dataset.testScriptState === "running" && window.runs++)
    .observe(app, { attributeFilter: ["data-test-script-state"] });
}"""


def steps(page: Page) -> str:
    return page.locator(".st-key-wall_v .wall").get_attribute("aria-label") or ""


def button(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} button").first  # Streamlit draws those with a help text twice


@pytest.fixture
def gibbs(server: Server, open_page: OpenPage) -> Page:
    page = open_page(f"{server.url}/gibbs")
    ready(page)
    page.wait_for_function("globalThis.boltzmannBoard?.socket")
    press(page, "step")
    expect(button(page, "back")).to_be_enabled()  # by the one run of a script that the first step asks for
    drawn(page)
    return page


def test_every_click_is_a_step_and_none_runs_a_script(gibbs: Page):
    gibbs.evaluate(COUNT_RUNS)
    for __ in range(5):
        press(gibbs, "step")
    wait(lambda: "step 6," in steps(gibbs), what="six steps")
    press(gibbs, "half")
    wait(lambda: "step 6.5," in steps(gibbs), what="half a step")
    press(gibbs, "back")
    wait(lambda: "step 6," in steps(gibbs), what="the step before")
    button(gibbs, "step").press("Enter")
    wait(lambda: "step 7," in steps(gibbs), what="a step by the keyboard")
    assert gibbs.evaluate("window.runs") == 0


def test_a_long_jump_can_be_stopped_and_stop_goes_once_it_is_over(gibbs: Page):
    press(gibbs, "step_10")
    wait(lambda: "step 11," in steps(gibbs), what="ten steps")
    expect(button(gibbs, "stop")).to_be_disabled()
    for __ in range(5):
        press(gibbs, "step_1000")
    stop = button(gibbs, "stop")
    expect(stop).to_be_enabled()
    stop.click()
    expect(stop).to_be_disabled()
    shown = picture(gibbs, "wall_v")
    gibbs.wait_for_timeout(1000)
    assert picture(gibbs, "wall_v") == shown


def test_without_the_socket_a_click_is_a_step_by_the_script(gibbs: Page):
    gibbs.evaluate("boltzmannBoard.socket = null")
    gibbs.evaluate(COUNT_RUNS)
    press(gibbs, "step")
    wait(lambda: gibbs.evaluate("window.runs") > 0, what="a run of the script")
    wait(lambda: "step 2," in steps(gibbs), what="a second step")
