"""Pads, steps and charts by a finger and by arrow keys: what is touched answers, where the keyboard is is seen and read out."""

import re
from collections.abc import Iterator
from itertools import pairwise

import optuna
import pytest
from playwright.sync_api import Locator, Page, expect

from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.store import Progress, open_store
from rbm.sweep import Axis, Ledger, SweepSpec
from rbm.sweep.objective import Judged
from rbm.sweep.study import storage
from rbm.training.config import TrainConfig
from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, at_rest, drawn, points
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser
SEARCH = "walked by keys"

# All that is read out from now on.
LISTEN = """() => {
  const place = document.getElementById("boltzmann-voice");
  window.read = [];
  new MutationObserver(() => window.read.push(place.textContent)).observe(place, { childList: true });
}"""


class Finger:
    """A finger on the page's screen, as Chromium hears of one."""

    def __init__(self, page: Page) -> None:
        self._page, self._to = page, page.context.new_cdp_session(page)
        self._send("Emulation.setTouchEmulationEnabled", enabled=True)

    def _send(self, name: str, **more: object) -> None:
        self._to.send(name, more)

    def moves(self, *places: tuple[float, float]) -> None:
        """Down at the first place, over the others, up; so many small steps that the page sees a finger that drags."""
        self._send("Input.dispatchTouchEvent", type="touchStart", touchPoints=[dict(zip("xy", places[0], strict=True))])
        for (x0, y0), (x1, y1) in pairwise(places):
            for part in range(1, 9):
                point = {"x": x0 + (x1 - x0) * part / 8, "y": y0 + (y1 - y0) * part / 8}
                self._send("Input.dispatchTouchEvent", type="touchMove", touchPoints=[point])
        self._send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def taps(self, place: Locator) -> None:
        place.scroll_into_view_if_needed()
        box = place.bounding_box()
        assert box is not None
        self.moves((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))


def scrolled(page: Page) -> float:
    return float(page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop"))


def test_a_finger_draws_and_is_answered_and_the_page_stays_where_it_is(server: Server, open_page: OpenPage):
    page = open_page(server.url, width=700, height=700)
    pad = page.locator(".st-key-home_pad .pad")
    expect(pad).to_be_visible()
    drawn(page)
    wait(lambda: page.evaluate("Boolean(globalThis.boltzmannBoard?.socket)"), what="the page's socket")
    canvas = pad.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = at_rest(canvas)
    finger, before, example = Finger(page), scrolled(page), pad.get_attribute("data-pixels") or ""
    middle, high, low = box["x"] + box["width"] / 2, box["y"] + 0.15 * box["height"], box["y"] + 0.85 * box["height"]
    finger.moves((middle, low), (middle, high))
    expect(pad).not_to_have_attribute("data-pixels", example)
    ink = pad.get_attribute("data-pixels") or ""
    expect(pad).to_have_attribute("data-answered", ink)
    expect(pad.locator(".words")).to_contain_text("likelier than")
    expect(pad).to_have_attribute("data-drawing", "false")  # the finger was lifted, not taken away by the browser
    assert scrolled(page) == before
    words = at_rest(pad.locator(".words"))
    finger.moves((middle, words["y"] + 5), (middle, words["y"] + 5 - low + high))  # the same drag below the pad scrolls
    wait(lambda: scrolled(page) > before + 20, what="a page that is scrolled by a finger")


def test_two_pixels_by_a_finger_and_by_arrow_keys(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/pixels")
    steps, said = page.locator(".st-key-try_pixels button"), page.locator(".st-key-tried_pixels")
    expect(said).to_contain_text("Press one")
    drawn(page)
    finger = Finger(page)
    finger.taps(steps.nth(1))
    expect(said).to_contain_text("Two pixels that nearly always agree.")
    drawn(page)
    _marked(steps)
    finger.taps(page.locator(".st-key-pixels_one button").first)  # which draws the page anew
    expect(page.locator(".st-key-pixels_table .facts")).to_contain_text("21")
    drawn(page)
    _marked(steps)
    expect(said).to_contain_text("Two pixels that nearly always agree.")
    _bars(page)
    _chart(page)


def _marked(steps: Locator) -> None:
    """The second step is the one that was chosen, to be seen and to be heard."""
    expect(steps.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(steps.nth(0)).to_have_attribute("aria-pressed", "false")
    assert "✓" in steps.nth(1).evaluate("one => getComputedStyle(one, '::after').content")


def _bars(page: Page) -> None:
    """Over the states: the one that one is at is lit, its values stand beside it and are read out."""
    bars = page.locator(".st-key-pixels_bars .statebars")
    frame, tip = bars.locator("svg.frame"), bars.locator(".tip")
    page.evaluate(LISTEN)
    frame.focus()
    lit: list[float] = []
    for number, state in enumerate(("00", "01", "10", "01")):
        page.keyboard.press("ArrowLeft" if number == 3 else "ArrowRight")
        expect(tip).to_contain_text(state)
        lit.append(float(bars.locator("rect.here").get_attribute("x") or 0))
    answers = [one for one in page.evaluate("window.read") if re.match(r"[01]{2} ", one)]  # pictures are read out too
    assert [one[:2] for one in answers] == ["00", "01", "10", "01"]
    assert all(re.search(r"data P₀ 0\.\d+, Hebb 0\.\d+, gradient descent 0\.\d+", one) for one in answers)
    assert lit[0] < lit[1] == lit[3] < lit[2]
    expect(frame).to_have_css("outline-style", "solid")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def _chart(page: Page) -> None:
    """Over the places of a chart by Plotly: its values are shown and read out."""
    wait(lambda: points(page, "pixels_kl") > 2, what="points of the chart")
    chart = page.locator(".st-key-pixels_kl .chart")
    plot, voice = chart.locator(".plot"), chart.locator(".said")
    expect(voice).to_have_attribute("aria-live", "polite")
    plot.focus()
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        if seen:
            expect(voice).not_to_have_text(seen[-1])
        expect(chart.locator(".hoverlayer .hovertext").first).to_be_visible()
        seen.append(voice.text_content() or "")
    assert seen[0] == seen[2] != seen[1]
    assert all(re.fullmatch(r"\D+ \d+(, .+ [-−\d.e]+)+", words) for words in seen)
    expect(plot).to_have_css("outline-style", "solid")


@pytest.fixture
def search() -> Iterator[None]:
    """A search of nine cells that nobody has trained; one has no run yet."""
    store = open_store()
    base = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(epochs=4))
    ledger = Ledger.create(
        SEARCH,
        SweepSpec(base, (Axis("n_hidden", (5, 7, 11)), Axis("k", (1, 2, 3))), objective="free_energy_gap"),
        store,
    )
    ledger.claim()
    for number in range(9):
        given = ledger.next()
        assert given is not None
        if number == 4:
            continue
        run = store.create(ledger.spec.run(given.values), "w", Progress("finished", 20, 20, 4.0, 1.5))
        ledger.begin(given, run)
        ledger.finish(given, Judged(float(number), None))
    ledger.release()
    yield
    optuna.delete_study(study_name=SEARCH, storage=storage(store))


@pytest.mark.slow  # test_every_page.py leads over a wall and a scatter in every run
@pytest.mark.usefixtures("search")
def test_arrows_lead_over_the_cells_of_a_heat_map(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/sweep")
    drawn(page)
    page.locator(".st-key-sweep_choice input").click()
    page.get_by_role("option", name=SEARCH).click()
    cells = page.locator(".st-key-sweep_heat .grid button")
    expect(cells).to_have_count(9)
    drawn(page)
    expect(page.locator(".st-key-sweep_heat .grid button[tabindex='0']")).to_have_attribute("data-state", "best")
    cells.nth(0).focus()
    words = []
    # The middle of the nine is not tried yet: it is stepped over. At the edges one stays.
    for key, place in (("Right", 1), ("Down", 7), ("Left", 6), ("Left", 6), ("Up", 3), ("Right", 5), ("Right", 5)):
        page.keyboard.press(f"Arrow{key}")
        expect(cells.nth(place)).to_be_focused()
        expect(cells.nth(place)).to_have_css("outline-style", "solid")
        expect(page.locator(".st-key-sweep_heat .grid button[tabindex='0']")).to_have_count(1)
        words.append(cells.nth(place).get_attribute("aria-label") or "")
    assert words[0].startswith("Hidden")
    assert len(set(words)) == 5
    assert all("Click to open the run" in one for one in words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Compare runs")).to_be_visible()
