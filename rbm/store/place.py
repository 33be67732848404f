"""Where the registry's files lie, so that one which was removed under the running program is noticed, and nothing is made
silently elsewhere: in the empty folder, say, where a drive was mounted."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from rbm.core.language import _
from rbm.errors import RemovedError, StoreError, UnusableError


class FilePlace(NamedTuple):
    """What a file was when the program began with it: on which disk, and which there (0: not made yet)."""

    disk: int
    node: int

    @classmethod
    def of(cls, path: Path) -> FilePlace:
        """Its place; its folder is made when it is missing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(disk_of(path.parent), path.stat().st_ino if path.exists() else 0)

    def holds(self, path: Path) -> bool:
        """Whether it is still that one."""
        try:
            return disk_of(path.parent) == self.disk and path.stat().st_ino == self.node
        except OSError:
            return False

    def removed(self, path: Path) -> bool:
        """Whether it is gone and its disk is not, so that it can be made again where it was."""
        return not path.exists() and disk_of(path.parent) == self.disk

    def error(self, path: Path) -> StoreError:
        """What to say of one that is not there."""
        if self.removed(path):
            return RemovedError(
                _(
                    "The registry of runs at {path} was removed while this program ran: put it back as it was, or "
                    "begin a new run, which makes a new one."
                ).format(path=path)
            )
        return away(path)


NOWHERE = FilePlace(0, 0)


def disk_of(path: Path) -> int:
    """The disk that a folder is on, or would be made on."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.stat().st_dev


def away(path: Path) -> UnusableError:
    """What to say where a whole disk is missing."""
    return UnusableError(
        _("{path} is not there, nor is the disk that it was on: connect that disk again.").format(path=path)
    )
