import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rbm.datasets import download
from rbm.datasets.download import content_length, fetch, md5_of
from rbm.errors import DatasetError

Md5 = Callable[[bytes], str]
BODY = bytes(range(251)) * 4_001  # 1,004,251 bytes: several pieces, and not a round number


def test_brings_the_bytes_and_reports_them(tmp_path: Path, server: Any, md5: Md5) -> None:
    server.pages["/a.bin"] = BODY
    seen: list[tuple[int, int | None]] = []
    path = tmp_path / "new" / "folder" / "a.bin"

    def progress(done: int, total: int | None) -> None:
        assert not path.exists(), "the file shows itself only when it is whole"
        seen.append((done, total))

    fetch(f"{server.url}/a.bin", path, md5(BODY), progress)
    assert path.read_bytes() == BODY
    assert [p.name for p in path.parent.iterdir()] == ["a.bin"], "nothing else is left"
    done = [d for d, _ in seen]
    assert done == sorted(done)
    assert len(done) > 2
    assert seen[-1] == (len(BODY), len(BODY))
    assert {total for _, total in seen} == {len(BODY)}
    assert content_length(f"{server.url}/a.bin") == len(BODY)
    assert md5_of(path) == md5(BODY)


def test_unknown_length(tmp_path: Path, server: Any, md5: Md5) -> None:
    server.pages["/a.bin"] = BODY
    server.announce["/a.bin"] = None
    seen: list[tuple[int, int | None]] = []
    fetch(f"{server.url}/a.bin", tmp_path / "a", md5(BODY), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(BODY), None)
    assert content_length(f"{server.url}/a.bin") is None


def fails(url: str, path: Path, md5: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        fetch(url, path, md5)
    assert not path.exists()
    assert not list(path.parent.glob("*.part"))


def test_bad_checksum_leaves_nothing(tmp_path: Path, server: Any, md5: Md5) -> None:
    server.pages["/a"] = b"other bytes"
    fails(f"{server.url}/a", tmp_path / "a", md5(BODY), f"MD5 {md5(b'other bytes')}, but {md5(BODY)} was expected")


def test_bad_checksum_keeps_the_file_that_was_there(tmp_path: Path, server: Any, md5: Md5) -> None:
    server.pages["/a"] = b"other bytes"
    (tmp_path / "a").write_bytes(b"good and old")
    with pytest.raises(DatasetError, match="was expected"):
        fetch(f"{server.url}/a", tmp_path / "a", md5(BODY))
    assert (tmp_path / "a").read_bytes() == b"good and old"


def test_truncated_transfer(tmp_path: Path, server: Any, md5: Md5) -> None:
    server.pages["/a"] = BODY[:700_000]
    server.announce["/a"] = len(BODY)
    fails(f"{server.url}/a", tmp_path / "a", md5(BODY), "broke off after 700,000 of 1,004,251 bytes")


def test_not_found(tmp_path: Path, server: Any, md5: Md5) -> None:
    fails(f"{server.url}/none", tmp_path / "a", md5(BODY), r"127\.0\.0\.1:\d+ answered 404 Not Found for .*/none")
    assert content_length(f"{server.url}/none") is None


def test_connection_refused(tmp_path: Path, server: Any) -> None:
    server.stop()
    fails(f"{server.url}/a", tmp_path / "a", "", r"the host 127\.0\.0\.1:\d+ could not be reached \(.*refused")
    assert content_length(f"{server.url}/a") is None


def test_silent_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that accepts and then says nothing, and one that falls silent in the middle of the body."""
    with socket.create_server(("127.0.0.1", 0)) as quiet:
        url = f"http://127.0.0.1:{quiet.getsockname()[1]}/a"
        with pytest.raises(DatasetError, match=r"could not be reached .*timed out"):
            fetch(url, tmp_path / "a", "", timeout=0.1)
        assert content_length(url, timeout=0.1) is None

    class Stalled:
        def read(self, _: int) -> bytes:
            raise TimeoutError

    with pytest.raises(DatasetError, match=r"nothing arrived for 0\.1 s"):
        download._read(url, Stalled(), 0.1)


@pytest.mark.parametrize("url", ["nonsense", "mirror.example/a", "gopher://127.0.0.1/a"])
def test_what_is_no_address(tmp_path: Path, url: str) -> None:
    fails(url, tmp_path / "a", "", "not an address|could not be reached .*unknown url type")
    assert content_length(url) is None


def test_cannot_write(tmp_path: Path, server: Any) -> None:
    server.pages["/a"] = BODY
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=r"file/a cannot be written: .*choose another folder"):
        fetch(f"{server.url}/a", tmp_path / "file" / "a", "")


def test_cancelled_by_its_observer(tmp_path: Path, server: Any, md5: Md5) -> None:
    server.pages["/a"] = BODY

    class Cancelled(Exception):
        pass

    def cancel(done: int, total: int | None) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fetch(f"{server.url}/a", tmp_path / "a", md5(BODY), cancel)
    assert list(tmp_path.iterdir()) == []
