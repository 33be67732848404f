"""What axe-core says of every page, light and dark, with a machine at work: ``python -m tests.browser.measure_axe``, a table.

With addresses behind it (``energy labels``) of those pages alone. Also of what a choice on a page brings. In every run
``tests/browser/test_every_page.py`` judges all pages, a machine that learns among them, and ``test_one_screen.py`` what each
choice brings.
"""

import sys
from collections import Counter

from playwright.sync_api import Page, sync_playwright

from pages.ui import shell
from tests.helpers import axe
from tests.helpers.browser import FLAGS, find_chromium, start_server
from tests.helpers.hands import drawn
from tests.helpers.scenes import SCENES
from tests.helpers.stage import BROUGHT, HEIGHT, WIDTH

HEAD = "| page | | rules kept | critical | serious | moderate | minor |\n|---|---|---|---|---|---|---|"
PATIENCE = 120_000  # milliseconds


def main() -> None:
    """Print a line a page and theme."""
    server, url = start_server()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(PATIENCE)
        print(HEAD)  # noqa: T201
        wanted = {
            entry.script: entry
            for entries in shell.PAGES.values()
            for entry in entries
            if not sys.argv[1:] or entry.address in sys.argv[1:]
        }
        for entry in wanted.values():
            _open(page, f"{url}/{entry.address}")
            SCENES.get(entry.address, drawn)(page)
            _judge(page, entry.title)
        for what, (script, choose, __) in BROUGHT.items():
            if script in wanted:
                _open(page, f"{url}/{wanted[script].address}")
                drawn(page)
                choose(page)
                _judge(page, f"{wanted[script].title}: {what}")
        chromium.close()
    server.terminate()
    server.wait(20)


def _open(page: Page, address: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(address)
    page.get_by_test_id("stHeading").first.wait_for()


def _judge(page: Page, name: str) -> None:
    """A line for the page as it stands, light and dark, and one for each rule that it breaks."""
    for mode, found in axe.light_and_dark(page, axe.judged):
        by = Counter(one["impact"] for one in found["violations"])
        counts = " | ".join(str(by[impact]) for impact in ("critical", "serious", "moderate", "minor"))
        print(f"| {name} | {mode} | {len(found['passes'])} | {counts} |", flush=True)  # noqa: T201
        for one in found["violations"]:
            print(f"  {one['impact']} {one['id']}: {one['nodes'][0]['html'][:150]}")  # noqa: T201


if __name__ == "__main__":
    main()
