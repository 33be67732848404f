"""A large data set unpacked once for all processes of a user, as files that each of them maps into its memory.

A server and its workers would each hold 0.2 GB of the same floats, made in a second of each one's time. Mapped, they are there at
once, and once in memory. The files lie in the user's cache folder and may be deleted at any time; where they cannot be written,
every process holds its own.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from platformdirs import user_cache_dir
from torch import Tensor

Tensors = dict[str, Tensor]
_log = logging.getLogger(__name__)


def unpacked(name: str, sources: Sequence[Path], make: Callable[[], Tensors]) -> Tensors:
    """What ``make`` makes of the ``sources``, by name: from the files where they are there, which others then find.

    Sources that have changed have other files. Read the tensors, never write into them.
    """
    try:
        place = _folder() / f"{name}-{_digest(sources)}"
        if not place.is_dir():
            _keep(place, make)
        return {path.stem: _mapped(path) for path in sorted(place.glob("*.npy"))}
    except (OSError, ValueError) as error:
        _log.info("%s is not shared between processes: %s", name, error)
        return make()


def _folder() -> Path:
    return Path(user_cache_dir("boltzmann-explorer", appauthor=False)) / "unpacked"


def _digest(sources: Sequence[Path]) -> str:
    whole = hashlib.sha256()
    for path in sources:
        whole.update(path.read_bytes())
    return whole.hexdigest()[:16]


def _keep(place: Path, make: Callable[[], Tensors]) -> None:
    """All files in one go: whoever finds the folder finds them whole. Of several who make it at once one is kept."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=".part-", ignore_cleanup_errors=True) as part:
        tensors = make()
        for name, one in tensors.items():
            with Path(part, f"{name}.npy").open("wb") as file:
                np.save(file, one.numpy())
                file.flush()
                os.fsync(file.fileno())
        whole = Path(part, "whole")
        whole.mkdir()
        for name in tensors:
            Path(part, f"{name}.npy").rename(whole / f"{name}.npy")
        try:
            whole.rename(place)
        except OSError:
            if not place.is_dir():  # another was first
                raise


def _mapped(path: Path) -> Tensor:
    """Pages are read when they are touched, and one that was written into would become this process's own."""
    return torch.from_numpy(np.load(path, mmap_mode="c"))
