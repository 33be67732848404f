"""The running app in a real Chromium: a server started as the README says, and pages in contexts of their own."""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.helpers.waiting import PATIENCE, wait

expect.set_options(timeout=1000 * PATIENCE)  # two cores train, draw and test at once
ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# Chromium must not call home: the tests run on closed networks too.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


def find_chromium() -> str | None:
    """$CHROMIUM, or the first of the usual names on PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Server(NamedTuple):
    """A running app: its address and its process, whose children train."""

    url: str
    process: psutil.Process

    def training_seconds(self) -> float:
        """Processor seconds that all of the server's children have used so far."""
        total = 0.0
        for child in self.process.children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total


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


def start_server() -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"]
    process = subprocess.Popen([sys.executable, "-m", *command, "--server.address", "127.0.0.1"], cwd=ROOT)
    atexit.register(process.terminate)  # also when a measurement ends in an error
    url = f"http://127.0.0.1:{port}"

    def healthy() -> bool:
        assert process.poll() is None, "the app ended as it began"
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=PATIENCE):
                return True
        except OSError:
            return False

    wait(healthy, what="the start of the app")
    return process, url


@pytest.fixture
def fresh_server() -> Iterator[Server]:
    """A server that nobody has asked anything yet."""
    yield from _serve()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all the tests that do not mind who was there before."""
    yield from _serve()


def _serve() -> Iterator[Server]:
    process, url = start_server()
    yield Server(url, psutil.Process(process.pid))
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
