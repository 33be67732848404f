"""In a real browser: what changes is read out politely, once it rests, and not at each tick."""

import pytest
from playwright.sync_api import Browser

from pages.ui.components.component import ASSETS

pytestmark = pytest.mark.browser
TICK = 300  # milliseconds, of the browser's own clock, which stands still here
OBSERVE = """() => {
  window.read = [];
  const place = document.getElementById("boltzmann-voice");
  new MutationObserver(() => window.read.push(place.textContent)).observe(place, { childList: true });
}"""
SAY = "words => boltzmannVoice.changed(document.querySelector('main'), words)"


@pytest.fixture
def page(browser: Browser):
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.set_content("<main tabindex='0'></main><p></p>")
    page.clock.pause_at("2040-01-01")
    page.add_script_tag(content=(ASSETS / "voice.js").read_text("utf-8"))
    page.evaluate(OBSERVE)
    yield page
    context.close()


def ticks(page, count: int) -> list[str]:
    for step in range(count):
        page.evaluate(SAY, f"step {step}")
        page.clock.run_for(TICK)
    return page.evaluate("read")


def test_what_plays_is_read_out_when_it_has_come_to_rest(page):
    assert ticks(page, 20) == []
    page.clock.run_for(10 * TICK)
    assert page.evaluate("read") == ["step 19"]
    assert page.locator("#boltzmann-voice").get_attribute("aria-live") == "polite"


def test_what_the_keyboard_is_in_is_read_out_every_few_seconds_while_it_plays(page):
    page.locator("main").focus()
    read = ticks(page, 40)  # twelve seconds
    assert read[0] == "step 0"
    assert 2 <= len(read) <= 4


def test_what_answers_a_key_is_read_at_once_and_not_cut_short_by_what_waits(page):
    for words in ("a picture", "another picture"):  # the second waits until five seconds after the first
        page.evaluate(SAY, words)
        page.clock.run_for(10 * TICK)
    page.clock.run_for(TICK)
    assert page.evaluate("read") == ["a picture"]
    page.evaluate("boltzmannVoice.say('a key')")
    page.clock.run_for(10 * TICK)
    assert page.evaluate("read") == ["a picture", "a key"]
    page.clock.run_for(10 * TICK)
    assert page.evaluate("read") == ["a picture", "a key", "another picture"]


def test_two_pictures_that_rest_are_read_together_and_one_that_is_gone_is_not(page):
    for name in ("main", "p", "p"):
        page.evaluate("name => boltzmannVoice.changed(document.querySelector(name), name)", name)
    page.evaluate("boltzmannVoice.changed(document.createElement('i'), 'gone')")
    page.clock.run_for(10 * TICK)
    assert page.evaluate("read.at(-1)") == "main. p"


def test_a_picture_that_is_only_arriving_is_not_read_out_and_a_change_of_it_is(page):
    page.add_script_tag(content=(ASSETS / "board.js").read_text("utf-8"))
    say = (
        "([words, arriving, main = document.querySelector('main')]) => describe(main, main, 'A wall', words, arriving)"
    )
    for words, arriving in (("A wall", True), ("A wall: 5 % bright", True)):
        page.evaluate(say, [words, arriving])
    page.clock.run_for(10 * TICK)
    assert page.evaluate("read") == []
    page.evaluate(say, ["A wall: 6 % bright", False])
    assert page.locator("main").get_attribute("aria-label") == "A wall: 6 % bright"
    page.clock.run_for(10 * TICK)
    assert page.evaluate("read") == ["A wall: 6 % bright"]
