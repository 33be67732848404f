"""``python -m tests.browser.film``: four browsers in one room as a contact sheet, assets/gallery/class.webp."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps
from playwright.sync_api import Browser, Page, sync_playwright

from tests.helpers.browser import FLAGS, Server, find_chromium, start_server
from tests.helpers.places import ROOT
from tests.helpers.room import WORD, lesson
from tests.helpers.waiting import PATIENCE

SHEET = ROOT / "assets/gallery/class.webp"
VIEW = 1040, 780  # of a browser, in CSS pixels
PANEL = 480, 360  # of its picture on the sheet
GAP, TITLE, LABEL = 12, 34, 22
INK, FAINT, EDGE, PAPER = "#1B2026", "#5A646E", "#D9DFE3", "#FFFFFF"
QUALITY = 60  # of WebP: letters stay readable
MOST_BYTES = 400_000


def filmed(server: Server, pid: int, browser: Browser) -> list[tuple[str, dict[str, Image.Image]]]:
    """Every scene of the lesson with everybody's page."""
    scenes: list[tuple[str, dict[str, Image.Image]]] = []

    def open_page(url: str) -> Page:
        page = browser.new_context(viewport={"width": VIEW[0], "height": VIEW[1]}).new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(url)
        return page

    def look(title: str, pages: dict[str, Page]) -> None:
        for page in pages.values():
            page.mouse.move(1, 1)  # off the button, whose tooltip would lie over the page
        taken = {name: Image.open(io.BytesIO(page.screenshot())).convert("RGB") for name, page in pages.items()}
        scenes.append((title, {name: one.resize(PANEL, Image.Resampling.LANCZOS) for name, one in taken.items()}))

    lesson(server, pid, open_page, look)
    return scenes


def sheet(scenes: list[tuple[str, dict[str, Image.Image]]]) -> Image.Image:
    """A row for each scene, a column for each browser."""
    columns = len(scenes[0][1])
    row = TITLE + LABEL + PANEL[1] + GAP
    whole = Image.new("RGB", (GAP + columns * (PANEL[0] + GAP), GAP + len(scenes) * row), PAPER)
    draw = ImageDraw.Draw(whole)
    for i, (title, pictures) in enumerate(scenes):
        top = GAP + i * row
        draw.text((GAP, top), f"{i + 1}. {title}", INK, ImageFont.load_default(20))
        for j, (name, picture) in enumerate(pictures.items()):
            left = GAP + j * (PANEL[0] + GAP)
            draw.text((left, top + TITLE - 2), name, FAINT, ImageFont.load_default(14))
            whole.paste(ImageOps.expand(ImageOps.crop(picture, 1), 1, EDGE), (left, top + TITLE + LABEL))
    return whole


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        os.environ |= {"RBM_RUNS": f"{folder}/runs", "RBM_TEACHER": WORD, "RBM_WORKERS": "2"}
        process, url = start_server()
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
            scenes = filmed(Server(url), process.pid, browser)
            browser.close()
        finally:
            process.terminate()
            process.wait(PATIENCE)
    SHEET.parent.mkdir(exist_ok=True)
    sheet(scenes).save(SHEET, quality=QUALITY, method=6)
    size = Path(SHEET).stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{SHEET} has {size:,} bytes; at most {MOST_BYTES:,} are meant: make the panels smaller.")


if __name__ == "__main__":
    main()
