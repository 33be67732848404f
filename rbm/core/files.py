"""Files written so that a reader, or a program killed at any moment, never meets half of one."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """A reader of ``path`` finds the old file or the new one. Its folder is made when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with part.open("xb") as file:  # who may read it is as for every file that this person makes
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.replace(part, path)
        except BaseException:
            file.close()
            part.unlink()
            raise


def remove(path: Path) -> None:
    """Delete a file that may be gone already, and its folder when that was the last one in it."""
    path.unlink(missing_ok=True)
    try:
        path.parent.rmdir()
    except OSError:
        return  # not empty


def remove_folder(path: Path) -> None:
    """Delete a folder, which may be gone already, with all that is in it."""
    if path.is_dir():
        shutil.rmtree(path)
