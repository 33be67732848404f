"""Reading an upload on a worker: a task (``rbm.task``) that yields the pictures, so that the screen's process parses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rbm.datasets.own import limits
from rbm.datasets.own.pictures import Pictures, Reading
from rbm.datasets.own.read import read


def read_upload(files: Sequence[bytes], names: Sequence[str], reading: Reading) -> Iterator[Pictures]:
    """The pictures of these files, within the page's room."""
    yield read(files, reading, names, limits.PAGE)
