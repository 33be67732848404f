"""Pictures of the app: ``python -m tests.browser.gallery --cards`` makes the small ones of the path on Start here.

They go to ``assets/cards``, one for each page and theme, from a server that this starts: of the element that says most of the
page, with what comes with the program or, where nothing does, with what a press of its first button brings.
"""

import argparse
import io

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from pages.ui import shell
from tests.helpers.browser import FLAGS, find_chromium, start_server
from tests.helpers.places import ROOT

FOLDER = ROOT / "assets/cards"
SIZE = (288, 180)
QUALITY = 60
MOST_BYTES = 400_000  # of all together
SETTLES = 4000  # milliseconds in which charts are drawn
# What shows a page best, by its key; of the others a part of the page under its title. And what is to be pressed before, and
# for how long it is then watched.
SHOWS = {
    "energy": "energy_graph",
    "pixels": "pixels_bars",
    "hopfield": "hopfield_pad",
    "boltzmann": "boltzmann_w_boltzmann",
    "slow": "slow_wall_v",
    "markov": "markov_matrix",
    "follows": "follows_angles",
    "retrieval": "retrieval_map",
    "teacher": "teacher_q",
    "train": "wall_filters",
    "filters": "wall_all_filters",
    "examine": "examine_spectrum",
    "colour": "colour_samples",
    "deep": "deep_fantasies",
    "gibbs": "wall_mean",
    "labels": "labels_dream",
    "runs": "wall_dreams_A",
    "features": "features_scatter",
}
PRESSES = {"train": ("train", 15_000), "gibbs": ("step_1000", 3000), "teacher": ("teacher_learn", 60_000)}
PART = {"x": 64, "y": 150, "width": 720, "height": 450}  # of a page of 1280 × 800


def card(page: Page, address: str) -> Image.Image:
    """What shows the page best, as large as a card: the top of what is tall, the whole of what is wide."""
    if address in PRESSES:
        key, milliseconds = PRESSES[address]
        page.locator(f".st-key-{key} button").first.click()
        page.wait_for_timeout(milliseconds)
    if address not in SHOWS:
        return _fitted(page.screenshot(clip=PART))
    place = page.locator(f".st-key-{SHOWS[address]}").first
    if (pictures := place.locator(".wall")).count():
        place = pictures.first  # without the room beside them
    place.scroll_into_view_if_needed()
    page.wait_for_timeout(SETTLES)
    return _fitted(place.screenshot())


def _fitted(png: bytes) -> Image.Image:
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    scaled = whole.resize((SIZE[0], round(whole.height * SIZE[0] / whole.width)), Image.Resampling.LANCZOS)
    found = Image.new("RGB", SIZE, whole.getpixel((whole.width - 1, whole.height - 1)))
    found.paste(scaled, (0, max(0, (SIZE[1] - scaled.height) // 2)))
    return found


def make_cards() -> None:
    FOLDER.mkdir(exist_ok=True)
    server, url = start_server()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        for mode in ("light", "dark"):
            for address in (page.address for section in shell.PAGES.values() for page in section if page.address):
                context = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme=mode)
                page = context.new_page()
                page.goto(f"{url}/{address}")
                page.get_by_test_id("stHeading").first.wait_for(timeout=90_000)
                page.wait_for_timeout(SETTLES)
                card(page, address).save(FOLDER / f"{address}.{mode}.webp", quality=QUALITY, method=6)
                context.close()
        chromium.close()
    server.terminate()
    server.wait(20)
    taken = sum(file.stat().st_size for file in FOLDER.iterdir())
    print(f"{len(list(FOLDER.iterdir()))} pictures, {taken / 1000:.0f} kB of {MOST_BYTES / 1000:.0f}")  # noqa: T201


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cards", action="store_true", required=True, help="the pictures of the path on Start here")
    options.parse_args()
    make_cards()
