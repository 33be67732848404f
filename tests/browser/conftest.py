"""The running app in a real Chromium: a server started as the README says, and pages in contexts of their own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.helpers.browser import FLAGS, Server, find_chromium, start_server
from tests.helpers.waiting import PATIENCE


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


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, each a visitor of its own, and fails the test when one of their consoles shows an error."""
    contexts, errors = [], []

    def make(url: str, width: int = 1280, height: int = 900, scheme: str = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        return page

    yield make
    for context in contexts:
        context.close()
    # A deep link makes Streamlit ask for its own files beside the page's path first; those 404s are its habit.
    assert [e for e in errors if "404" not in e] == []
