"""Reading a stranger's upload on a worker: the screen's own process never parses one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rbm.core import limits
from rbm.datasets.user_datasets.pictures import Pictures, Reading
from rbm.datasets.user_datasets.read import read


def read_upload(files: Sequence[bytes], names: Sequence[str], reading: Reading) -> Iterator[Pictures]:
    """The pictures of these files, within the page's room."""
    yield read(files, reading, names, limits.SCREEN_ROOM)
