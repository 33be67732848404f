"""A CSV: one picture a row, with or without a header, with or without a column of labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from rbm.datasets.own import limits
from rbm.datasets.own.arrays import from_array
from rbm.datasets.own.pictures import Pictures, Reading, square
from rbm.errors import DatasetError

LABELS = ("label", "labels", "class", "target", "digit", "y")
_DELIMITERS = (",", ";", "\t")


def read_table(data: bytes, reading: Reading) -> Pictures:
    """Rows of pixels separated by commas, semicolons or tabs, as text in UTF-8; see ``label_column`` for the labels.

    Raises :class:`DatasetError`, naming the row, for anything that is not a number, and for rows of several lengths.
    """
    rows = _rows(data)
    number, first = next(rows, (0, [""]))
    header = _is_header(first)
    column = label_column(first, header, reading.labels)
    lines: list[NDArray[np.float32]] = []
    labels: list[str] = []
    room = limits.VALUES
    body = rows if header else chain([(number, list(first))], rows)
    for line, row in body:
        if len(row) != len(first):
            raise DatasetError(f"Row {line:,} of the table has {len(row):,} columns; the first has {len(first):,}.")
        if column is not None:
            labels.append(row.pop(column).strip())
        lines.append(_numbers(line, row))
        room -= len(row)
        if room < 0:
            raise DatasetError(f"The table holds more than {limits.VALUES:,} numbers; give fewer rows.")
    if not lines or not len(lines[0]):
        raise DatasetError("The table holds no row of numbers; give one picture a row.")
    pictures = from_array(np.stack(lines), None if column is None else labels, reading)
    name = "" if column is None else f"Labels are column {column + 1}{f' ({first[column][:40]})' if header else ''}."
    return pictures._replace(notes=(*([name] if name else []), *pictures.notes))


def label_column(first: list[str], header: bool, asked: str) -> int | None:
    """Which column holds labels: as asked, or found by its name, by being text, or since the others make a square.

    "none" finds it too, where it cannot be pixels: it is read and then forgotten.
    """
    if asked in ("first", "last"):
        return 0 if asked == "first" else len(first) - 1
    names = [cell.strip().lower() for cell in first]
    if asked not in ("auto", "none"):
        if not header or asked.strip().lower() not in names:
            raise DatasetError(f"The table has no column called {asked!r}; choose first, last or none instead.")
        return names.index(asked.strip().lower())
    if header:
        return next((i for i, name in enumerate(names) if name in LABELS), None)
    words = [i for i, cell in enumerate(first) if not _is_number(cell)]
    if len(words) == 1:
        return words[0]
    n = len(first)
    return 0 if asked == "auto" and n > 4 and square(n)[0] == 1 and square(n - 1)[0] > 1 else None


def _rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with their numbers, line by line: a cell never goes on in the next line."""
    delimiter = ""
    try:
        for number, line in enumerate(io.TextIOWrapper(io.BytesIO(data), "utf-8-sig"), 1):
            if not line.strip():
                continue
            delimiter = delimiter or max(_DELIMITERS, key=line.count)
            if line.count(delimiter) >= limits.ROW_VALUES:  # before an object is made of each
                raise DatasetError(
                    f"Row {number:,} has more than {limits.ROW_VALUES:,} columns; give smaller pictures."
                )
            yield number, next(csv.reader([line], delimiter=delimiter))
    except UnicodeDecodeError as cause:
        raise DatasetError(
            "The file is none of: a ZIP of images, IDX, .npy, .npz, or a CSV in UTF-8. Save it again as one of these."
        ) from cause
    except csv.Error as cause:
        raise DatasetError(f"The file is not a readable CSV ({cause}); save it again.") from cause


def _is_header(row: list[str]) -> bool:
    words = sum(not _is_number(cell) for cell in row)
    return 2 * words > len(row) or any(cell.strip().lower() in LABELS for cell in row)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(number: int, row: list[str]) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):
            values = np.array(row, dtype=np.float32)
    except ValueError as cause:
        wrong = next((cell for cell in row if not _is_number(cell)), "")
        raise DatasetError(f"Row {number:,} of the table holds {wrong[:40]!r} where a number is expected.") from cause
    if not np.isfinite(values).all():
        raise DatasetError(f"Row {number:,} of the table holds a value that is not finite; leave it out.")
    return values
