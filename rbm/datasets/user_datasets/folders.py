"""What the paths of images say: their classes and parts; or what a table of labels beside them says."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from rbm.core import limits
from rbm.core.language import _
from rbm.datasets.user_datasets import names
from rbm.datasets.user_datasets.pictures import Bytes
from rbm.errors import DatasetError

_MOST_TABLE_BYTES = 20 * limits.MB


class Found(NamedTuple):
    """Which paths are used; of these the labels (None: without) and parts (None: undivided); and what is to be said."""

    used: list[bool]
    labels: list[str] | None
    parts: Bytes | None
    notes: list[str]
    table: bool = False


def labels_of(paths: Sequence[str], tables: Mapping[str, bytes]) -> Found:
    """Labels by a table that names the images, else by their folders; parts by folders called train, test and the like."""
    folders = [PurePosixPath(path).parent.parts for path in paths]
    places = [[k for k, folder in enumerate(parts) if names.is_part_folder(folder)] for parts in folders]
    divided = (
        bool(paths) and all(places) and len({names.part(f[k[0]]) for f, k in zip(folders, places, strict=True)}) > 1
    )
    parts = None
    if divided:
        parts = np.array([names.part(f[k[0]]) for f, k in zip(folders, places, strict=True)], dtype=np.uint8)
        folders = [f[: k[0]] + f[k[0] + 1 :] for f, k in zip(folders, places, strict=True)]
    told = _from_table(paths, tables)
    if told is None:
        return Found([True] * len(paths), *_from_folders(folders, parts))
    by_path, note = told
    used = [path in by_path for path in paths]
    notes = [note]
    if not all(used):
        notes.append(
            _("Left out: {n:,} of {all:,} images, which that table does not name.").format(
                n=len(used) - sum(used), all=len(used)
            )
        )
    kept = None if parts is None else parts[np.array(used)]
    return Found(used, [by_path[path] for path in paths if path in by_path], kept, notes, table=True)


def _from_folders(
    folders: Sequence[tuple[str, ...]], parts: Bytes | None
) -> tuple[list[str] | None, Bytes | None, list[str]]:
    """The innermost folder of each image, below those that all share."""
    shared = 0
    while (
        folders and all(len(folder) > shared for folder in folders) and len({folder[shared] for folder in folders}) == 1
    ):
        shared += 1
    inner = [folder[shared:][-1] if folder[shared:] else "" for folder in folders]
    if len(set(inner)) < 2:
        return None, parts, []
    bare = inner.count("")
    if bare:
        note = _(
            "{bare:,} images lie in no class folder: their class is called 'unnamed'. Leave them out if that is wrong."
        ).format(bare=bare)
        return inner, parts, [note]
    return inner, parts, []


def _from_table(paths: Sequence[str], tables: Mapping[str, bytes]) -> tuple[dict[str, str], str] | None:
    """The label of each path that a table names, by the first table that names more than half of the images."""
    for name, data in tables.items():
        rows = _rows(data)
        if not rows:
            continue
        keys = [_keys(path) for path in paths]
        columns = range(len(rows[0]))
        matched = {c: _match(paths, keys, [row[c] for row in rows]) for c in columns}
        naming = max(columns, key=lambda c: len(matched[c]))
        if 2 * len(matched[naming]) <= len(paths):
            continue
        header = None if any(row == 0 for row in matched[naming].values()) else rows[0]
        label = _label_column(name, header, [c for c in columns if c != naming], rows)
        told = f" ({header[label].strip()[:40]})" if header else ""
        return (
            {path: rows[row][label].strip() for path, row in matched[naming].items()},
            _("Labels are from {name!r}, column {label}{told}.").format(name=name[:80], label=label + 1, told=told),
        )
    return None


def _rows(data: bytes) -> list[list[str]]:
    """The rows of a small table of words, all equally long; none where it is not one."""
    if len(data) > _MOST_TABLE_BYTES:
        return []
    try:
        lines = [line for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:  # not a table of labels: it is counted with the files that are left out
        return []
    if len(lines) < 2:
        return []
    delimiter = max(",;\t|", key=lines[1].count)
    if delimiter not in lines[1]:
        delimiter = " "
    if lines[1].count(delimiter) > 64:
        return []
    try:
        rows = [[cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))] for line in lines]
    except csv.Error:  # likewise
        return []
    return rows if len(rows[1]) > 1 and all(len(row) == len(rows[1]) for row in rows) else []


def _keys(path: str) -> list[str]:
    """How a table may call an image: by its path or parts of it, with or without its ending, by its number."""
    whole = PurePosixPath(path)
    tails = ["/".join(whole.parts[i:]) for i in range(len(whole.parts))]
    keys = [*tails, *(tail.removesuffix(whole.suffix) for tail in tails)]
    return (
        [*keys, str(int(whole.stem))]
        if whole.stem.isascii() and whole.stem.isdigit() and len(whole.stem) < 19
        else keys
    )


def _match(paths: Sequence[str], keys: Sequence[list[str]], cells: Sequence[str]) -> dict[str, int]:
    """The row of each path that a column names; nothing where a cell comes twice, as labels do."""
    rows = {cell.replace("\\", "/").removeprefix("./"): i for i, cell in enumerate(cells)}
    if len(rows) < len(cells):
        return {}
    found = (
        (path, next((rows[key] for key in some if key in rows), None)) for path, some in zip(paths, keys, strict=True)
    )
    return {path: row for path, row in found if row is not None}


def _label_column(name: str, header: list[str] | None, columns: list[int], rows: Sequence[list[str]]) -> int:
    """The column that is called "label" or the like; else the only one, or the only one with few different words."""
    if header is not None:
        called = [c for c in columns if names.is_label(header[c])]
        if called:
            return called[0]
    body = rows[1:] if header is not None else rows
    few = [c for c in columns if 1 < len({row[c] for row in body}) <= min(limits.CLASSES, max(2, len(body) // 2))]
    if len(columns) == 1 or len(few) == 1:
        return few[0] if few else columns[0]
    wrong = _(
        "The table {name!r} names the images, but several of its columns may be the class; call that one 'label'."
    )
    raise DatasetError(wrong.format(name=name[:80]))
