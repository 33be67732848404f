"""What a teacher's hands and eyes do on a page in a real browser."""

import io
import re
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from rbm.experiment import RunSpec
from rbm.link import to_url
from rbm.training.config import TrainConfig
from tests.helpers.browser import Server
from tests.helpers.waiting import ENDLESS, wait

OpenPage = Callable[..., Page]
LONG = RunSpec(training=TrainConfig(epochs=ENDLESS))


def complaints(page: Page) -> list[str]:
    """What the page's console will say of errors, as it says it.

    A deep link makes Streamlit ask for its own files beside the page's path first; those 404s are its habit.
    """
    found: list[str] = []

    def note(text: str) -> None:
        if "404" not in text:
            found.append(text)

    page.on("console", lambda message: note(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: note(str(error)))
    return found


def sized(page: Page, width: int, height: int) -> None:
    """A window of another size, whose rules of style count for every element.

    Until the next frame a page stands by the rules of the old size; and on a busy machine Chromium (156) leaves an element by
    them until something touches it, one time in thirty. So a rule is changed that touches all.
    """
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(
        """() => new Promise((done) => {
          const all = document.createElement("style");
          all.textContent = `* { --width: ${innerWidth} }`;
          document.head.append(all);
          requestAnimationFrame(() => requestAnimationFrame(() => done(all.remove())));
        })"""
    )


def press(page: Page, key: str) -> None:
    button = page.locator(f".st-key-{key} button").first
    expect(button).to_be_enabled()
    button.click()


def endless(server: Server) -> str:
    """The address of the Train page with a run that ends when it is told to."""
    return to_url(f"{server.url}/train", LONG)


def drawn(page: Page) -> None:
    """Until Streamlit's script has run."""
    expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")


def rest(page: Page) -> None:
    """Pause, until the slices under way have come in too: then there is nothing left to pause."""
    press(page, "pause")
    at_rest_now(page)


def at_rest_now(page: Page) -> None:
    expect(page.locator(".st-key-pause button").first).to_be_disabled()
    expect(page.locator(".st-key-status .status")).to_contain_text("Paused")


def picture(page: Page, key: str) -> str:
    """The fingerprint of what a wall shows now."""
    wall = page.locator(f".st-key-{key} .wall")
    expect(wall).to_have_count(1)  # the one of the page before may still be going
    expect(wall).to_have_attribute("aria-busy", "false")  # once what it was told is drawn
    return wall.get_attribute("data-version") or ""


def points(page: Page, key: str) -> int:
    """How many points a chart shows, once it is in sight: what is not, is not drawn."""
    look = """(selector) => {
      const chart = document.querySelector(selector); // while the page is drawn anew the old one may still be there
      chart?.scrollIntoView({ block: "nearest" });
      return Number(chart?.dataset.points ?? 0);
    }"""
    return int(page.evaluate(look, f".st-key-{key} .chart"))


def longest(page: Page, slider: str) -> None:
    """As many epochs as there may be, so that there is something left to pause."""
    place = page.locator(f".st-key-{slider} input")
    place.focus()
    page.keyboard.press("End")
    expect(place).to_have_value(place.get_attribute("max") or "")
    drawn(page)


def epoch(page: Page) -> float:
    found = re.search(r"[Ee]poch (\d+\.\d+) of", page.locator(".st-key-status .status").inner_text())
    return float(found[1]) if found else 0.0  # "Starting", "Ready"


def train_until(page: Page, epochs: float) -> None:
    press(page, "train")
    expect(page.locator(".st-key-wall_filters .wall")).to_be_visible()
    wait(lambda: epoch(page) > epochs, what=f"epoch {epochs}")


def go(page: Page, section: str, title: str) -> None:
    """To another page by the menu."""
    page.get_by_role("navigation", name="App pages").get_by_role("button", name=section).click()
    page.get_by_role("menuitem", name=title).click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def at_rest(place: Locator) -> dict[str, float]:
    """Where something is, once it has stopped moving: the same four times, each when the browser had nothing else to do."""
    drawn(place.page)
    boxes = [place.bounding_box()]
    while len(boxes) < 4 or any(box != boxes[-1] for box in boxes[-4:]):
        place.page.wait_for_timeout(150)
        place.page.evaluate("new Promise((done) => requestIdleCallback(done, { timeout: 5000 }))")
        boxes.append(place.bounding_box())
    return boxes[-1]


def pixels(canvas: Locator) -> Image.Image:
    return Image.open(io.BytesIO(canvas.screenshot())).convert("L")


def choose(page: Page, key: str, option: str) -> None:
    page.locator(f".st-key-{key} input").click()
    page.get_by_role("option", name=option).click()


def fits(page: Page) -> None:
    """Nothing goes off a phone's screen, once what was drawn wider has followed."""
    drawn(page)
    wide = "[document.documentElement, document.querySelector('[data-testid=stMain]')].map((one) => one.scrollWidth)"
    wait(lambda: max(page.evaluate(wide)) <= 390, what="a page no wider than a phone")


def ready(page: Page) -> None:
    expect(page.get_by_text("What to see", exact=True).first).to_be_visible()
