"""What is drawn on a page: what it says that it shows, and the files that it can be had as."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from pages.ui import shell
from tests.helpers.hands import points, press
from tests.helpers.waiting import wait

# By the key of its element and its name: what is drawn, as far as a change of it shows, and its text.
LOOK = """() => {
  const found = {};
  const print = {
    ".wall": (one) => one.dataset.version,
    "div.chart": (one) => JSON.stringify((one.querySelector(".plot")?.data ?? []).map(({ x, y, dimensions: d }) => [x, y, d])),
    ".statebars": (one) => one.dataset.version,
    ".pad": (one) => one.dataset.pixels,
    ".heat": (one) => one.querySelector(".grid").innerHTML,
    "div.scatter": (one) => one.querySelector("canvas").toDataURL(),
    "div.drawn": (one) => one.querySelector("svg").innerHTML,
  };
  for (const place of document.querySelectorAll('[data-testid=stMain] [data-testid=stElementContainer][class*="st-key-"]')) {
    if (!place.clientHeight) continue;
    const key = place.className.match(/st-key-(\\S+)/)[1];
    const host = [...place.querySelectorAll("*")].find((node) => node.shadowRoot);
    for (const [kind, version] of Object.entries(print))
      for (const one of (host?.shadowRoot ?? place).querySelectorAll(kind)) {
        if (!one.clientHeight) continue;
        const said = one.matches("[aria-label]") ? one : one.querySelector("[aria-label]");
        found[`${key} ${one.dataset.name ?? ""}`.trim()] = [version(one) ?? "", said?.getAttribute("aria-label") ?? ""];
      }
  }
  return found;
}"""

DRAWN = "div.chart, div.statebars, div.heat, div.scatter, div.drawn"


class Shown(NamedTuple):
    """A picture: the fingerprint of what it shows, and its text."""

    version: str
    text: str


def look(page: Page) -> dict[str, Shown]:
    """All pictures of the page by key and name."""
    return {name: Shown(*one) for name, one in page.evaluate(LOOK).items()}


def keys(page: Page) -> set[str]:
    """The keys of the pictures that are there."""
    return {name.split()[0] for name in look(page)}


def silent(page: Page, before: dict[str, Shown]) -> dict[str, str]:
    """The pictures that have changed since then, and whose text has not."""
    now = look(page)
    return {
        name: now[name].text
        for name, then in before.items()
        if name in now and now[name].version != then.version and now[name].text == then.text
    }


def changed(page: Page, before: dict[str, Shown]) -> set[str]:
    """The keys of the pictures that show something else than then."""
    now = look(page)
    return {name.split()[0] for name, then in before.items() if name in now and now[name].version != then.version}


def without_files(page: Page) -> list[str]:
    """The charts of the page, also those out of sight, that cannot be had as PNG and CSV."""
    lacking = []
    for chart in page.locator(DRAWN).all():
        if not chart.is_visible():
            continue
        chart.scroll_into_view_if_needed()
        if chart.evaluate("one => one.matches('.chart')"):
            expect(chart).to_have_attribute("data-points", re.compile(r"\d+"))  # it is drawn
        kinds = [one for one in ("PNG", "CSV") if chart.get_by_role("button", name=one).count()]
        empty = chart.get_attribute("data-points") == "0"
        if kinds != ["PNG", "CSV"] and not empty:
            lacking.append(chart.get_attribute("data-name") or chart.inner_html()[:80])
    return lacking


def rows_of(page: Page, place: Locator) -> list[list[str]]:
    """The CSV of a chart, row by row."""
    place.scroll_into_view_if_needed()
    with page.expect_download() as download:
        place.get_by_role("button", name="CSV").click()
    return list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))


def png_of(page: Page, place: Locator) -> Image.Image:
    """The PNG of a chart."""
    with page.expect_download() as download:
        place.get_by_role("button", name="PNG").click()
    return Image.open(download.value.path()).convert("RGB")


def _key(place: str, key: str) -> Callable[[Page], None]:
    def turn(page: Page) -> None:
        page.locator(place).first.focus()
        page.keyboard.press(key)

    return turn


def _press(key: str) -> Callable[[Page], None]:
    return lambda page: press(page, key)


def _train(page: Page) -> None:
    press(page, "train")
    wait(lambda: points(page, "chart_reconstruction_error") > 1, what="the first points")


# What moves a page's pictures, and which of them at least; what has to be learnt first is left out.
MOVES: dict[str, tuple[Callable[[Page], None], set[str]]] = {
    shell.HOME: (lambda page: None, {"dream_v", "dream_h", "dream_others"}),
    shell.ENERGY: (_key(".st-key-energy_graph .graph", "ArrowUp"), {"energy_graph"}),
    shell.PIXELS: (_press("pixels_one"), {"pixels_bars", "pixels_kl", "pixels_correlation"}),
    shell.HOPFIELD: (_key(".st-key-hopfield_pad canvas", " "), {"hopfield_pad"}),
    shell.BOLTZMANN: (_press("boltzmann_one"), {"boltzmann_w_rbm", "boltzmann_w_boltzmann", "boltzmann_kl"}),
    shell.SLOW: (_press("slow_next"), {"slow_wall_h"}),
    shell.MARKOV: (_press("markov_50"), {"markov_visits", "markov_distance"}),
    shell.CD_BIAS: (_key(".st-key-follows_place input", "ArrowRight"), {"follows_angles", "follows_lengths"}),
    shell.ISING: (_key(".st-key-ising_temperature input", "ArrowRight"), {"ising_lattice"}),
    shell.RETRIEVAL: (_key(".st-key-retrieval_load input", "ArrowRight"), {"retrieval_m", "retrieval_map"}),
    shell.TEACHER: (_key(".st-key-teacher_beta input", "ArrowRight"), {"teacher_q"}),
    shell.TRAIN: (_train, {"wall_filters", "wall_reconstructions", "chart_free_energy", "chart_reconstruction_error"}),
    shell.DEEP: (_press("deep_sweep_1"), {"deep_fantasies"}),
    shell.GIBBS: (_press("step"), {"wall_v", "wall_mean", "wall_h", "wall_film", "chart_energy"}),
    shell.LABELS: (_press("labels_step_1"), {"labels_dream"}),
}
