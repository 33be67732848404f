"""A real HTTP server on loopback, and small files in the real formats for it to serve."""

import gzip
import hashlib
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest


@dataclass
class Server:
    """What it serves, by path; ``announce`` overrides a path's Content-Length (None: none is sent)."""

    url: str
    pages: dict[str, bytes] = field(default_factory=dict)
    announce: dict[str, int | None] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # (method, path), in order
    stop: Callable[[], None] = lambda: None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append((self.command, self.path))
            body = state.pages.get(self.path)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            length = state.announce.get(self.path, len(body))
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None: ...

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    def stop() -> None:
        if thread.is_alive():
            web.shutdown()
            web.server_close()
            thread.join()

    state = Server(f"http://127.0.0.1:{web.server_address[1]}", stop=stop)
    yield state
    stop()


def _idx(values: np.ndarray) -> bytes:
    """An IDX file, compressed: bytes as type 8, everything else as big-endian 32-bit integers, type 12."""
    kind, stored = (8, values) if values.dtype == np.uint8 else (12, values.astype(">i4"))
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, kind, values.ndim, *values.shape)
    return gzip.compress(header + stored.tobytes(), mtime=0)


@pytest.fixture
def idx() -> Callable[[np.ndarray], bytes]:
    return _idx


@pytest.fixture
def md5() -> Callable[[bytes], str]:
    return lambda data: hashlib.md5(data).hexdigest()
