"""Several files by name, whether packed in a ZIP or given side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Source(Protocol):
    """Names, and each name's bytes. ``rbm.core.archive.Archive`` is one."""

    @property
    def names(self) -> Sequence[str]: ...

    def read(self, name: str) -> bytes: ...


class Loose:
    """Files that were given side by side."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files, self.names = files, list(files)

    def read(self, name: str) -> bytes:
        """One file's bytes."""
        return self._files[name]
