"""The running app in a real Chromium: a server started as the README says, and pages in contexts of their own."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.helpers.browser import FLAGS, Server, find_chromium, start_server
from tests.helpers.hands import complaints
from tests.helpers.waiting import PATIENCE

Scheme = Literal["light", "dark"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        how = "no Chromium found: install one (Debian: apt-get install chromium) or name it in CHROMIUM"
        if os.environ.get("RBM_REQUIRE_BROWSER"):
            pytest.fail(how)
        pytest.skip(how)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def fresh_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that nobody has asked anything yet, and whose registry no other test fills."""
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    yield from _serve()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all the tests that do not mind who was there before."""
    yield from _serve()


def _serve() -> Iterator[Server]:
    process, url = start_server()
    yield Server(url)
    process.terminate()
    process.wait(PATIENCE)


@pytest.fixture(scope="session")
def first_context(browser: Browser) -> Iterator[BrowserContext]:
    """The context of every test's first page, so that the browser reads and compiles what all pages share once."""
    with closing(browser.new_context()) as context:
        yield context


@pytest.fixture
def open_page(browser: Browser, first_context: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Opens pages, each a visitor of its own, and fails the test when one of their consoles shows an error."""
    pages: list[Page] = []
    errors: list[list[str]] = []

    def make(url: str, width: int = 1280, height: int = 900, scheme: Scheme = "light") -> Page:
        page = (browser.new_context() if pages else first_context).new_page()
        if not pages:  # nothing is left of the visitor before
            forget = {"origin": url, "storageTypes": "all"}
            first_context.new_cdp_session(page).send("Storage.clearDataForOrigin", forget)
            first_context.clear_cookies()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(1000 * PATIENCE)
        errors.append(complaints(page))
        page.goto(url)
        return page

    yield make
    for page in pages[1:]:
        page.context.close()
    for page in first_context.pages:
        page.close()
    assert [*chain(*errors)] == []
