"""Text as a grid of numbers: counted before it is parsed, then parsed some lines at a time into the smallest type."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbm.core import limits
from rbm.core.language import _
from rbm.datasets.user_datasets import names
from rbm.errors import DatasetError

Numbers = NDArray[Any]
MISSING = frozenset(("", "?", "-", ".", "na", "n/a", "nan", "null", "none"))
BLANKS = " "  # the delimiter that stands for any run of blanks and tabs
_DELIMITERS = (";", "\t", "|", ",", BLANKS)
_SAMPLE = 20  # lines that tell how the others are written
_CELLS_AT_ONCE = 2**19
_LONGEST_CELL = 64
_LARGEST = 1e30
_MOST_WORDS = 4  # columns of words: file names, classes
_SPARSE = re.compile(r"\S+(\s+\d+:\S+)+\s*")


class Way(NamedTuple):
    """How a line is written."""

    delimiter: str
    decimal_comma: bool
    trailing: bool  # whether each line ends with one delimiter too many

    def cells(self, line: str) -> list[str]:
        """The cells of one line, without the blanks around them."""
        if self.delimiter == BLANKS:
            row = [cell.strip('"') for cell in line.split()]
        else:
            try:
                row = [cell.strip() for cell in next(csv.reader([line.strip("\r\n")], delimiter=self.delimiter))]
            except csv.Error as cause:
                raise DatasetError(
                    _("The file is not a readable CSV ({cause}); save it again.").format(cause=cause)
                ) from cause
        return row[:-1] if self.trailing and len(row) > 1 and not row[-1] else row

    def number(self, cell: str) -> float:
        """A cell's number, NaN for one that is missing; ValueError for anything else."""
        if cell.lower() in MISSING:
            return np.nan
        return float(cell.replace(",", ".") if self.decimal_comma else cell)

    def is_number(self, cell: str) -> bool:
        """Whether it is a number, or missing."""
        try:
            self.number(cell)
        except ValueError:
            return False
        return True


class Grid(NamedTuple):
    """What a table holds: numbers (N, C) and which column of the table each is, words by column, and the header's cells."""

    numbers: Numbers
    columns: list[int]
    words: dict[int, list[str]]
    header: list[str] | None
    notes: list[str]

    def name(self, column: int) -> str:
        """A column as it is told: "785 (label)"."""
        named = self.header[column].strip()[:40] if self.header else ""
        return f"{column + 1} ({named})" if named else str(column + 1)


def parse_grid(data: bytes, most_bytes: int) -> Grid:
    """The table in a text, in at most so many bytes of numbers.

    Raises :class:`DatasetError`, naming the row, for what is no number, for rows of several lengths, and for cells without a
    value, which are counted.
    """
    rows = max(data.count(b"\n"), data.count(b"\r")) + 1
    if rows > limits.ROWS + _SAMPLE:
        fault = _("The table has about {rows:,} rows; at most {most:,} are read. Give fewer rows.")
        raise DatasetError(fault.format(rows=rows, most=limits.ROWS))
    lines = _lines(data)
    sample = list(itertools.islice(lines, _SAMPLE))
    if not sample:
        raise DatasetError(_("The table holds no row of numbers; give one picture a row."))
    way = _way([line for _, line in sample])
    header, notes = _header(sample, way)
    body = sample[1:] if header is not None else sample
    width = len(way.cells(body[0][1])) if body else len(header or ())
    if header is not None and len(header) == width - 1:
        header = ["", *header]  # as R writes a table with row names
    if header is not None and len(header) != width:
        fault = _("Row {body:,} of the table has {width:,} columns; the first, its header, has {n_header:,}.")
        raise DatasetError(fault.format(body=body[0][0], width=width, n_header=len(header)))
    if rows * width > limits.VALUES + 2 * width:
        raise DatasetError(
            _("The table holds more than {values:,} numbers; give fewer rows.").format(values=limits.VALUES)
        )
    parser = _Parser(way, header, width, rows, [line for _, line in body], most_bytes)
    return parser.parse(itertools.chain(body, lines), notes)


class _Parser:
    """Fills a grid line by line."""

    def __init__(
        self, way: Way, header: list[str] | None, width: int, rows: int, sample: list[str], most_bytes: int
    ) -> None:
        self.way, self.header, self.width, self.most_bytes = way, header, width, most_bytes
        cells = [row for row in map(way.cells, sample) if len(row) == width]
        self.texts = [c for c in range(width) if 2 * sum(not way.is_number(row[c]) for row in cells) > len(cells)]
        if len(self.texts) > _MOST_WORDS:
            fault = _(
                "{n_texts:,} of the table's {width:,} columns hold words, such as {cells!r} in column {texts}, "
                "where numbers are expected; give one picture a row, as numbers."
            )
            raise DatasetError(
                fault.format(
                    n_texts=len(self.texts), width=width, cells=cells[0][self.texts[0]][:40], texts=self.texts[0] + 1
                )
            )
        self.columns = [c for c in range(width) if c not in self.texts]
        self.words: dict[int, list[str]] = {c: [] for c in self.texts}
        _check_bytes(rows * len(self.columns), most_bytes)
        self.numbers = np.empty((rows, len(self.columns)), dtype=np.uint8)
        self.filled = 0
        self.missing: list[tuple[int, int, int]] = []  # (row's line, its first missing column, how many)

    def parse(self, lines: Iterator[tuple[int, str]], notes: list[str]) -> Grid:
        """All of it."""
        at_once = max(1, _CELLS_AT_ONCE // max(self.width, 1))
        while some := list(itertools.islice(lines, at_once)):
            self._add(self._fast(some) if self.columns else None, some)
        if self.missing:
            raise DatasetError(self._missing())
        return Grid(self.numbers[: self.filled], self.columns, self.words, self.header, notes)

    def _fast(self, some: Sequence[tuple[int, str]]) -> Numbers | None:
        """The numbers of plain lines at once, None where a line is not plain."""
        plain = [line.replace(",", ".") if self.way.decimal_comma else line for _, line in some]
        delimiter = None if self.way.delimiter == BLANKS else self.way.delimiter
        words = [self.way.cells(line) for _, line in some] if self.texts else []
        if any(len(cells) != self.width or any(cells[c].lower() in MISSING for c in self.texts) for cells in words):
            return None
        chosen = self.columns if self.texts else None
        try:
            found = np.loadtxt(plain, np.float64, None, delimiter, usecols=chosen, ndmin=2, quotechar='"')
        except ValueError:
            return None
        if found.shape != (len(some), len(self.columns)) or not np.abs(found).max() < _LARGEST:
            return None
        for c, told in self.words.items():
            told += [cells[c] for cells in words]
        return found

    def _add(self, found: Numbers | None, some: Sequence[tuple[int, str]]) -> None:
        if found is None:
            found = np.array([self._row(number, line) for number, line in some], dtype=np.float64)
            found = found.reshape(len(some), len(self.columns))
        if not len(self.columns):
            self.filled += len(found)
            return
        if self.numbers.dtype == np.uint8 and not (
            found.min() >= 0 and found.max() <= 255 and (found == np.rint(found)).all()
        ):
            _check_bytes(5 * self.numbers.size, self.most_bytes)
            self.numbers = self.numbers.astype(np.float32)
        self.numbers[self.filled : self.filled + len(found)] = found
        self.filled += len(found)

    def _row(self, number: int, line: str) -> list[float]:
        cells = self.way.cells(line)
        if len(cells) != self.width:
            fault = _("Row {number:,} of the table has {n_cells:,} columns; the first has {width:,}.")
            raise DatasetError(fault.format(number=number, n_cells=len(cells), width=self.width))
        for c, words in self.words.items():
            words.append(cells[c])
        try:
            values = [self.way.number(cells[c]) for c in self.columns]
        except ValueError as cause:
            wrong = next(cells[c] for c in self.columns if not self.way.is_number(cells[c]))
            fault = _("Row {number:,} of the table holds {wrong!r} where a number is expected.")
            raise DatasetError(fault.format(number=number, wrong=wrong[:40])) from cause
        if any(abs(value) > _LARGEST for value in values):
            raise DatasetError(
                _("Row {number:,} of the table holds a value that is not finite; leave it out.").format(number=number)
            )
        gaps = [c for c in range(self.width) if cells[c].lower() in MISSING]
        if gaps:
            self.missing.append((number, gaps[0], len(gaps)))
            values = [0.0 if value != value else value for value in values]
        return values

    def _missing(self) -> str:
        total, cells = sum(n for *_, n in self.missing), self.filled * self.width
        line, column, __ = self.missing[0]
        where = Grid(self.numbers, self.columns, self.words, self.header, []).name(column)
        return _(
            "{total:,} of the table's {cells:,} cells have no value, in {n_missing:,} of {filled:,} rows "
            "(first in row {line:,}, column {where}). A machine learns from whole pictures: put a number "
            "there, such as 0 for black or the column's mean, or leave these rows out."
        ).format(total=total, cells=cells, n_missing=len(self.missing), filled=self.filled, line=line, where=where)


def _check_bytes(size: int, most: int) -> None:
    if size > most:
        fault = _(
            "The table takes {size:,.0f} MB as numbers; at most {most:,.0f} MB are taken here. Give fewer "
            "rows, whole numbers from 0 to 255, or an .npy file."
        )
        raise DatasetError(fault.format(size=size / limits.MB, most=most / limits.MB))


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Lines that are not empty and no remarks, with their numbers: a cell never goes on in the next line."""
    begun = False
    try:
        for number, line in enumerate(io.TextIOWrapper(io.BytesIO(data), "utf-8-sig"), 1):
            if not line.strip() or (not begun and line.startswith(("# ", "%"))):
                continue
            begun = True
            most = max(line.count(delimiter) for delimiter in _DELIMITERS)
            if most >= limits.ROW_VALUES or len(line) > _LONGEST_CELL * limits.ROW_VALUES:  # before objects are made
                fault = _("Row {number:,} has more than {row_values:,} columns; give smaller pictures.")
                raise DatasetError(fault.format(number=number, row_values=limits.ROW_VALUES))
            yield number, line
    except UnicodeDecodeError as cause:
        raise DatasetError(
            _(
                "The file is none of: a ZIP of images, IDX, .npy, .npz, or a CSV in UTF-8. Save it again as one of these."
            )
        ) from cause


def _way(sample: Sequence[str]) -> Way:
    """How lines are written: with which most cells are numbers, then with which there are most cells."""
    if all(_SPARSE.fullmatch(line) for line in sample):
        raise DatasetError(
            _(
                "The rows hold pairs such as '3:0.5' (LIBSVM's sparse format), which are not read; save all values "
                "of a row as CSV."
            )
        )
    below = sample[1:] or sample  # the first may be a header
    best, ways = (-1.0, 0), []
    for delimiter in [d for d in _DELIMITERS if any(d in line.strip() for line in below)] or [","]:
        for comma in (False, True) if delimiter != "," else (False,):
            if comma and not any(re.search(r"\d,\d", line) for line in below):
                continue
            rows = [Way(delimiter, comma, False).cells(line) for line in below]
            way = Way(delimiter, comma, all(len(row) > 2 and not row[-1] for row in rows))
            cells = [cell for row in rows for cell in row]
            rank = (round(sum(map(way.is_number, cells)) / max(len(cells), 1), 6), len(cells))
            if rank > best:
                best, ways = rank, [way]
    return ways[0]


def _header(sample: Sequence[tuple[int, str]], way: Way) -> tuple[list[str] | None, list[str]]:
    """The first line's cells where they are names, and what is to be said about them."""
    first = way.cells(sample[0][1])
    if len(sample) < 2:
        return (first, []) if all(not way.is_number(cell) for cell in first) else (None, [])
    second = way.cells(sample[1][1])
    if len(first) not in (len(second), len(second) - 1):
        return None, []
    # Before the numbers of the columns may stand the names of row numbers and a class, behind them that of a class.
    runs = [slice(before, len(first) - behind) for before in range(3) for behind in range(2)]
    if any(_counts(first[run]) and not _counts(second[run]) for run in runs):
        return first, [_("The first row is read as a header: it counts the columns.")]
    if _is_mangled(first) and not any("." in cell for cell in second):
        return first, [
            _(
                "The first row is left out: its numbers (such as 0, 0.1, 0.2) are a picture that pandas took for a "
                "header. To have it, save the table again from the original, read with header=None."
            )
        ]
    below = second[len(second) - len(first) :]
    over_numbers = [cell for cell, under in zip(first, below, strict=True) if way.is_number(under)]
    worded = sum(not way.is_number(cell) for cell in over_numbers)
    labelled = any(names.is_label(cell) for cell in first)
    if labelled or (over_numbers and 2 * worded > len(over_numbers)):
        return first, []
    return None, []


def _counts(cells: Sequence[str]) -> bool:
    """Whether cells are numbers that go up by one, as a header of numbers does."""
    if len(cells) < 4 or not all(re.fullmatch(r"\d{1,6}", cell) for cell in cells):
        return False
    start = int(cells[0])
    return start in (0, 1, 2) and all(int(cell) == start + i for i, cell in enumerate(cells))


def _is_mangled(cells: Sequence[str]) -> bool:
    """Whether repeated numbers were numbered as pandas numbers repeated names: 0, 0.1, 0.2, 255, 255.1."""
    seen: dict[str, int] = {}
    for cell in cells:
        base, dot, count = cell.partition(".")
        if not base.isdigit() or (count if dot else "0") != str(seen.get(base, 0)):
            return False
        seen[base] = seen.get(base, 0) + 1
    return 3 <= len(seen) + 2 <= len(cells)
