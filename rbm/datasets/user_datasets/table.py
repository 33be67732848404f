"""Tables: one picture a row, with or without a header, row numbers and a column of classes."""

from __future__ import annotations

from collections.abc import Mapping

from rbm.core import limits
from rbm.datasets.user_datasets.arrays import Array, from_array
from rbm.datasets.user_datasets.columns import interpret, interpret_array
from rbm.datasets.user_datasets.grid import parse_grid
from rbm.datasets.user_datasets.levels import WHITES
from rbm.datasets.user_datasets.npz import ArrayPart, join
from rbm.datasets.user_datasets.pictures import Pictures, Reading


def read_table(data: bytes, reading: Reading, most_bytes: int = limits.COMMAND_ROOM.table) -> Pictures:
    """Rows of pixels separated by commas, semicolons, tabs, bars or blanks, as text in UTF-8; see ``columns``.

    Raises :class:`DatasetError`, naming the row, for anything that is not a number, for rows of several lengths, and
    for cells without a value.
    """
    pixels, labels, notes = interpret(parse_grid(data, most_bytes), reading)
    return from_array(pixels, labels, _rows(reading), notes, usual=WHITES)


def read_rows(values: Array, reading: Reading) -> Pictures:
    """An array without labels beside it, among whose columns the class may be; see ``columns``."""
    pixels, labels, notes = interpret_array(values, reading)
    return from_array(pixels, labels, reading, notes)


def read_tables(tables: Mapping[int, bytes], reading: Reading, most_bytes: int) -> Pictures:
    """One table for each part of the data set, by ``names.TRAIN`` and so on."""
    parts, notes = [], []
    for part, data in sorted(tables.items()):
        pixels, labels, told = interpret(parse_grid(data, most_bytes // len(tables)), reading)
        notes += told
        parts.append(ArrayPart(pixels, labels, part))
    return join(parts, _rows(reading), [*dict.fromkeys(notes)], usual=WHITES)


def _rows(reading: Reading) -> Reading:
    """A table's rows are its pictures."""
    return Reading(reading.size, reading.fit, reading.labels, "first")
