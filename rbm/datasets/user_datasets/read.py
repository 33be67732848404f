"""From files to pictures: what a file is, is told by its first bytes. Its name only tells why text is no table."""

from __future__ import annotations

from collections.abc import Sequence

from rbm.core import limits
from rbm.core.archive import Archive, ArchiveLimits
from rbm.core.language import _
from rbm.datasets.user_datasets import kinds
from rbm.datasets.user_datasets.arrays import parse_idx, parse_npy
from rbm.datasets.user_datasets.members import read_members
from rbm.datasets.user_datasets.npz import read_npz
from rbm.datasets.user_datasets.pictures import Pictures, Reading
from rbm.datasets.user_datasets.source import Loose
from rbm.datasets.user_datasets.table import read_rows, read_table
from rbm.errors import DatasetError


def read(
    files: Sequence[bytes],
    reading: Reading | None = None,
    names: Sequence[str] | None = None,
    room: limits.Room = limits.COMMAND_ROOM,
) -> Pictures:
    """One file (ZIP, .npy, .npz, CSV or other text, IDX images), or several that belong together, gzipped or not.

    ``names``: the files' own, which tell parts and classes where there are several. Everything is held in memory,
    within ``limits`` and ``room``. Raises :class:`DatasetError`, in one sentence, for anything else.
    """
    reading = reading or Reading()
    if not files:
        raise DatasetError(_("There is no file to read; give one."))
    for data in files:
        if problem := room.file.problem(len(data)):
            raise DatasetError(problem)
    if len(files) > 1:
        called = (
            names
            if names is not None and len(set(names)) == len(files)
            else [f"file {i + 1}" for i in range(len(files))]
        )
        return read_members(Loose(dict(zip(called, files, strict=True))), reading, room, "files")
    return _single(kinds.plain(files[0], room.unpacked), names[0] if names else "", reading, room)


def _single(data: bytes, name: str, reading: Reading, room: limits.Room) -> Pictures:
    kind = kinds.kind(data)
    if kind == "zip":
        archive = Archive(data, ArchiveLimits(limits.ENTRIES, room.unpacked, limits.RATIO), DatasetError)
        arrays = bool(archive.names) and all(name.endswith(".npy") for name in archive.names)
        return read_npz(archive, reading) if arrays else read_members(archive, reading, room, "ZIP")
    if kind == "npy":
        return read_rows(parse_npy(data, _("The file")), reading)
    if kind == "idx":
        values = parse_idx(data, _("The file"))
        if values.ndim == 1:
            raise DatasetError(_("The IDX file holds labels alone; give the file of images with it."))
        return read_rows(values, reading)
    if kind in ("table", "prose") and (problem := kinds.misnamed(name)):
        raise DatasetError(problem)
    if kind == "table":
        return read_table(data, reading, room.table)
    raise DatasetError(kinds.refusal(kind))
