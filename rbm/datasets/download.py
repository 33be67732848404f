"""One file from one URL: whole, verified and in place, or not there at all."""

import hashlib
import os
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

from rbm.core.language import _
from rbm.errors import DatasetError

Progress = Callable[[int, int | None], None]  # (bytes so far, bytes in all or None while unknown)

_CHUNK = 1 << 18  # bytes between two reports of progress
_HEADERS = {"User-Agent": "boltzmann-explorer"}  # some hosts turn Python's own name away


def fetch(url: str, path: Path, md5: str, progress: Progress | None = None, timeout: float = 30.0) -> None:
    """Download ``url`` to ``path``, whose folder is made if need be.

    The bytes arrive under another name beside ``path`` and are renamed only when their number and their MD5 are right,
    so nobody ever sees half a file, not even another process fetching the same one. MD5 guards against damage (it is
    what torchvision publishes), not against an attacker.

    ``timeout`` is the longest silence, in seconds, that is waited through. Raises :class:`DatasetError` when the host
    cannot be reached, refuses, breaks off, or sends other bytes than expected. What ``progress`` raises passes through
    (a way to cancel); in every case nothing is left behind.
    """
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            found = _receive(url, file.write, progress, timeout)
        if found != md5:
            wrong = _("{url} sent a file with MD5 {found}, but {md5} was expected: damaged or replaced")
            raise DatasetError(wrong.format(url=url, found=found, md5=md5))
        os.replace(part, path)
    except OSError as error:  # the network's errors are dealt with in _receive: this is the disk
        wrong = _("{path} cannot be written: {error}; free some space or choose another folder")
        raise DatasetError(wrong.format(path=path, error=error)) from error
    finally:
        if part.exists():
            part.unlink()


def content_length(url: str, timeout: float = 10.0) -> int | None:
    """The size of the file in bytes, for a progress bar, or None when the server does not tell.

    Never raises for a host in trouble: the fetch that follows meets the same trouble and says what it is.
    """
    try:
        with urlopen(Request(url, headers=_HEADERS, method="HEAD"), timeout=timeout) as response:
            return _length(response)
    except HTTPError as error:
        error.close()
        return None
    except (OSError, HTTPException, ValueError):
        return None


def md5_of(path: Path) -> str:
    """MD5 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest()


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)  # said aloud, since hardened systems refuse it otherwise


def _length(response: Any) -> int | None:
    text = response.headers.get("Content-Length")
    return int(text) if text is not None and text.isdigit() else None


def _receive(url: str, write: Callable[[bytes], Any], progress: Progress | None, timeout: float) -> str:
    """Hand the body of ``url`` to ``write`` piece by piece and return its MD5."""
    digest, done = _md5(), 0
    response = _open(url, timeout)
    with response:
        total = _length(response)
        while chunk := _read(url, response, timeout):
            write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, total)
    if total is not None and done < total:  # http.client stays silent about a body that ends early
        wrong = _("the download of {url} broke off after {done:,} of {total:,} bytes; try again")
        raise DatasetError(wrong.format(url=url, done=done, total=total))
    return str(digest.hexdigest())


def _open(url: str, timeout: float) -> Any:
    try:
        return urlopen(Request(url, headers=_HEADERS), timeout=timeout)
    except HTTPError as error:
        error.close()
        wrong = _("{netloc} answered {code} {reason} for {url}")
        raise DatasetError(
            wrong.format(netloc=urlsplit(url).netloc, code=error.code, reason=error.reason, url=url)
        ) from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        wrong = _("the host {netloc} could not be reached ({reason})")
        raise DatasetError(wrong.format(netloc=urlsplit(url).netloc, reason=reason)) from error
    except ValueError as error:
        wrong = _("{url!r} is not an address that can be downloaded; it should start with http://")
        raise DatasetError(wrong.format(url=url)) from error


def _read(url: str, response: Any, timeout: float) -> bytes:
    try:
        chunk: bytes = response.read(_CHUNK)
        return chunk
    except TimeoutError as error:
        wrong = _("the download of {url} stopped: nothing arrived for {timeout:g} s; try again")
        raise DatasetError(wrong.format(url=url, timeout=timeout)) from error
    except (OSError, HTTPException) as error:
        wrong = _("the download of {url} broke off ({error}); try again")
        raise DatasetError(wrong.format(url=url, error=error)) from error
