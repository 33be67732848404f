"""A disk of a megabyte that can be filled to the last byte, and files that nobody may change: the system itself refuses."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BYTES = 4 * 2**20


class Disk:
    """One below ``folder``: a file system of its own where this process may mount one, or else a limit on files' sizes."""

    def __init__(self, folder: Path, mounted: bool) -> None:
        self.folder, self.mounted = folder, mounted
        self._filler = folder / "filler"
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, *, left: int = 0) -> None:
        """Nothing more goes onto it, but ``left`` bytes."""
        if not self.mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (max(left, 1024), self._limits[1]))
            return
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
            if left:
                file.truncate(max(file.tell() - left, 0))

    def free(self) -> None:
        """There is room again."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        self._filler.unlink(missing_ok=True)


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """An empty one, which is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    made = Disk(folder, mounted)
    try:
        yield made
    finally:
        made.free()
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def unwritable(*paths: Path) -> Iterator[None]:
    """Files and folders that can only be read meanwhile: by their permissions, or where root has no use for these as immutable
    ones."""
    if os.geteuid():
        modes = [path.stat().st_mode for path in paths]
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode & ~0o222)
        try:
            yield
        finally:
            for path, mode in zip(paths, modes, strict=True):
                path.chmod(mode)
        return
    if subprocess.run(["chattr", "+i", *paths], capture_output=True, check=False).returncode:
        subprocess.run(["chattr", "-i", *paths], capture_output=True, check=False)
        pytest.skip("this process is root and may not make a file immutable")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", *paths], check=True)
