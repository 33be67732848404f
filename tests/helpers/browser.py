"""The running app for a real browser: a server started as the README says, and where Chromium is."""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from typing import NamedTuple

from playwright.sync_api import expect

from tests.helpers.places import ROOT
from tests.helpers.waiting import PATIENCE, wait

expect.set_options(timeout=1000 * PATIENCE)  # two cores train, draw and test at once
# The first has no windows at all, and takes a sixth less time for it.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
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
    """A running app: its address."""

    url: str


def start_server(port: int = 0) -> tuple[subprocess.Popen[bytes], str]:
    """The app in a process of its own, at that port or one that is free, once it answers."""
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    command = ["streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"]
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT)
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
