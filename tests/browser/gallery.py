"""All pictures of the app: ``python -m tests.browser.gallery`` makes them anew, ``--only train gibbs`` those of some pages.

From a server that this starts, with the machines that come with the program and what a press of a page's first button brings:

- ``assets/gallery``: every page at 1280 × 720 (a projector), 1920 × 1080 and 390 × 844 (a phone), light and dark;
- ``assets/cards``: for each page the element that says most of it, for the path on Start here;
- ``assets/screenshot.png``: the Train page while a machine learns.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from pages.ui import shell
from tests.helpers.browser import FLAGS, find_chromium, start_server
from tests.helpers.hands import drawn, sized
from tests.helpers.places import ROOT
from tests.helpers.scenes import SCENES

GALLERY, CARDS, SCREENSHOT = ROOT / "assets/gallery", ROOT / "assets/cards", ROOT / "assets/screenshot.png"
SIZES = {1280: 720, 1920: 1080, 390: 844}
KEPT_WIDTH = 1280  # pixels of the widest picture that is kept
MODES: tuple[Literal["light", "dark"], ...] = "light", "dark"
QUALITY = {GALLERY: 45, CARDS: 60}
MOST_BYTES = {GALLERY: 6_000_000, CARDS: 400_000}  # of all WebP files in the folder
SIZE = (288, 180)  # of a card
COLOURS = 128  # of the screenshot, which has few
LOOKS, PAUSE = 8, 400  # at a page that may be moving by itself; milliseconds between two
# What shows a page best, by its key; of the others a part of the page under its title.
SHOWS = {
    "energy": "energy_graph",
    "pixels": "pixels_bars",
    "hopfield": "hopfield_pad",
    "boltzmann": "boltzmann_w_boltzmann",
    "slow": "slow_wall_v",
    "markov": "markov_visits",
    "follows": "follows_angles",
    "retrieval": "retrieval_map",
    "teacher": "teacher_q",
    "train": "wall_filters",
    "filters": "wall_all_filters",
    "examine": "examine_walk",
    "colour": "colour_samples",
    "deep": "deep_fantasies",
    "gibbs": "wall_mean",
    "labels": "labels_dream",
    "runs": "wall_dreams_A",
    "features": "features_scatter",
}
PART = {"x": 24, "y": 110, "width": 912, "height": 570}  # of a page of 1280 × 720
# Every picture wall shows what it was told, every chart in sight is drawn, every image is there; through shadow roots too.
PICTURES_ARE_THERE = """() => {
  const inside = (one) => (one.shadowRoot ? within(one.shadowRoot) : []);
  const within = (root) => [...root.querySelectorAll("*")].flatMap((one) => [one, ...inside(one)]);
  const all = within(document).filter((one) => one.getClientRects().length);
  const seen = (one) => { const { top, bottom } = one.getBoundingClientRect(); return bottom > 0 && top < innerHeight; };
  const mounted = (one) => (one.shadowRoot ?? one).childElementCount > 0;
  return all.every((one) => one.getAttribute("aria-busy") !== "true")
    && all.filter((one) => one.dataset?.testid?.startsWith("stBidiComponent")).every(mounted)
    && all.filter((one) => one.tagName === "IMG").every((one) => one.complete)
    && all.filter((one) => one.matches(".chart .plot") && seen(one)).every((one) => one.querySelector(".main-svg"));
}"""


def settle(page: Page) -> Image.Image:
    """The page once it is drawn, its pictures are there and it stands still; after some looks, as it plays."""
    page.mouse.move(1, 1)  # off what it pressed, whose tooltip would lie over the page
    drawn(page)
    page.wait_for_function(PICTURES_ARE_THERE, timeout=120_000)
    before, now = b"", page.screenshot()
    for _ in range(LOOKS):
        if now == before:
            break
        page.wait_for_timeout(PAUSE)
        before, now = now, page.screenshot()
    return Image.open(io.BytesIO(now)).convert("RGB")


def make(addresses: Iterable[str], url: str, page: Page) -> None:
    """Open each page, do what brings its machine to work, and keep it in every size and theme."""
    for address in addresses:
        began = time.monotonic()
        page.emulate_media(color_scheme="light")
        sized(page, 1280, SIZES[1280])
        page.goto(f"{url}/{address}")
        page.get_by_test_id("stHeading").first.wait_for(timeout=120_000)
        settle(page)
        SCENES.get(address, drawn)(page)
        for mode in MODES:
            page.emulate_media(color_scheme=mode)
            for width, height in SIZES.items():
                sized(page, width, height)
                page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
                whole = settle(page)
                if (address, mode, width) == ("train", "light", 1280):
                    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(SCREENSHOT, optimize=True)
                _keep(_at_most(whole), GALLERY, f"{address or 'home'}.{width}.{mode}")
            sized(page, 1280, SIZES[1280])
            if address:
                _keep(card(page, address), CARDS, f"{address}.{mode}")
        print(f"{address or 'home':10} {time.monotonic() - began:4.0f} s", flush=True)  # noqa: T201


def card(page: Page, address: str) -> Image.Image:
    """What shows the page best, as large as a card: the top of what is tall, the whole of what is wide."""
    whole = settle(page)
    if address not in SHOWS:
        left, top = PART["x"], PART["y"]
        return _fitted(whole.crop((left, top, left + PART["width"], top + PART["height"])))
    place = page.locator(f".st-key-{SHOWS[address]}").first
    if (pictures := place.locator(".wall")).count():
        place = pictures.first  # without the room beside them
    place.scroll_into_view_if_needed()
    page.wait_for_function(PICTURES_ARE_THERE)
    return _fitted(Image.open(io.BytesIO(place.screenshot())).convert("RGB"))


def _fitted(whole: Image.Image) -> Image.Image:
    scaled = whole.resize((SIZE[0], round(whole.height * SIZE[0] / whole.width)), Image.Resampling.LANCZOS)
    found = Image.new("RGB", SIZE, whole.getpixel((whole.width - 1, whole.height - 1)))
    found.paste(scaled, (0, max(0, (SIZE[1] - scaled.height) // 2)))
    return found


def _at_most(whole: Image.Image) -> Image.Image:
    if whole.width <= KEPT_WIDTH:
        return whole
    return whole.resize((KEPT_WIDTH, round(whole.height * KEPT_WIDTH / whole.width)), Image.Resampling.LANCZOS)


def _keep(picture: Image.Image, folder: Path, name: str) -> None:
    picture.save(folder / f"{name}.webp", quality=QUALITY[folder], method=6)


def main() -> None:
    known = [page.address for section in shell.PAGES.values() for page in section]
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", nargs="+", metavar="PAGE", help="addresses of pages; Start here is home")
    only = options.parse_args().only
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        os.environ["RBM_RUNS"] = f"{folder}/runs"  # nobody's: the class board and the runs show what is trained here
        server, url = start_server()
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        try:
            page = chromium.new_page()
            page.set_default_timeout(180_000)
            make([one for one in known if only is None or (one or "home") in only], url, page)
        finally:
            chromium.close()
            server.terminate()
            server.wait(20)
    for place, most in MOST_BYTES.items():
        files = list(place.glob("*.webp"))
        taken = sum(file.stat().st_size for file in files)
        print(f"{place.name}: {len(files)} pictures, {taken / 1000:,.0f} kB of {most / 1000:,.0f}")  # noqa: T201
        if taken > most:
            raise SystemExit(f"The pictures of {place} take too much room: lower QUALITY.")


if __name__ == "__main__":
    main()
