"""The app as a server of its own, as the README starts it, and what it costs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from rbm.store import Store
from tests.helpers.places import ROOT

START_SECONDS = 120.0


class Server:
    """A running app: its address, and its process with the children that train."""

    def __init__(self, url: str, process: psutil.Process, store: Store) -> None:
        self.url, self.store, self._process = url, store, process

    def processes(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]

    def memory(self) -> tuple[float, float]:
        """Megabytes of the server's own process, and of it and all its children: unique to each (USS), or resident."""
        sizes = []
        for process in self.processes():
            try:
                full = process.memory_full_info()
            except psutil.NoSuchProcess:
                continue
            sizes.append(full.uss / 2**20)
        return sizes[0], sum(sizes)

    def seconds(self) -> float:
        """Processor seconds of the server's own process so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def serve(**environment: str) -> Iterator[Server]:
    """Start the app on a free port with a registry and data of its own; it ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        registry = f"sqlite:///{folder}/runs/runs.sqlite3"
        own = {"RBM_RUNS": f"{folder}/runs", "RBM_DATABASE_URL": registry, **environment}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
        address = ["--server.address", "127.0.0.1", "--server.port", str(port)]
        process = subprocess.Popen([*command, *address], cwd=ROOT, env={**os.environ, **own})
        try:
            url = _ready(f"http://127.0.0.1:{port}", process)
            store = Store(registry, Path(folder, "runs"))
            yield Server(url, psutil.Process(process.pid), store)
            store.close()
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _ready(url: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return url
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The app did not answer within {START_SECONDS:.0f} s; its own words stand above.")
