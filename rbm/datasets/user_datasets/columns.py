"""What the columns of a table are: row numbers, classes, pixels. Told by names where there are some, and by content.

Nothing is guessed in silence: what is left out, and where the classes are from, is told; where two columns may be the
classes, it is asked.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np

from rbm.core import limits
from rbm.core.language import _
from rbm.datasets.user_datasets import names
from rbm.datasets.user_datasets.arrays import is_one_hot
from rbm.datasets.user_datasets.grid import Grid, Numbers
from rbm.datasets.user_datasets.pictures import Reading
from rbm.datasets.user_datasets.sizes import fits, one_over
from rbm.errors import DatasetError

EVEN = 0.75  # a column of which a greater share is one value is a picture's border rather than its class
_PIXEL = re.compile(r"(.*?)(\d+)")


class Rows(NamedTuple):
    """Pixels (N, V), labels as text or None, and what is to be said."""

    pixels: Numbers
    labels: list[str] | None
    notes: list[str]


def interpret(grid: Grid, reading: Reading) -> Rows:
    """The table's pixels and classes. Raises :class:`DatasetError` where they cannot be told."""
    return _Columns(grid, reading).rows()


def interpret_array(values: Numbers, reading: Reading) -> Rows:
    """The same of an array without labels beside it, where its rows are one longer than the size that was given, or where
    the first or last column was asked for; otherwise it is taken as it is."""
    is_rows = values.ndim == 2 and values.dtype.kind in "buif" and reading.counted != "last"
    if not is_rows or not (one_over(values.shape[1], reading) or reading.labels in ("first", "last")):
        return Rows(values, None, [])
    return interpret(Grid(values, list(range(values.shape[1])), {}, None, []), reading)


class _Columns:
    """The columns that are left while some of them are explained."""

    def __init__(self, grid: Grid, reading: Reading) -> None:
        self.grid, self.reading = grid, reading
        self.pixels = list(range(len(grid.columns)))  # of grid.numbers
        self.words = dict(grid.words)
        self.notes = list(grid.notes)

    def rows(self) -> Rows:
        """All of it."""
        if not self.pixels:
            raise DatasetError(_("The table holds words but no row of numbers; give one picture a row."))
        self._drop_counters()
        labels = self._labels()
        for column, cells in self.words.items():
            self.notes.append(
                _("Left out: column {name}, which holds words such as {cells!r}.").format(
                    name=self.grid.name(column), cells=cells[0][:40]
                )
            )
        if not self.pixels:
            raise DatasetError(_("The table holds no row of numbers; give one picture a row."))
        self._in_order()
        first, last = self.pixels[0], self.pixels[-1]
        apart = self.pixels != list(range(first, last + 1))
        numbers = self.grid.numbers[:, self.pixels] if apart else self.grid.numbers[:, first : last + 1]
        return Rows(numbers, labels, self.notes)

    def _name(self, i: int) -> str:
        return self.grid.name(self.grid.columns[i])

    def _header(self, column: int) -> str | None:
        return None if self.grid.header is None else self.grid.header[column]

    def _drop_counters(self) -> None:
        """Leave out columns that count or name the rows, and say so."""
        n = len(self.grid.numbers)
        for column, cells in list(self.words.items()):
            if len(set(cells)) == n > limits.CLASSES or (
                len(set(cells)) == n and names.is_counter(self._header(column) or "x")
            ):
                self.notes.append(
                    _("Left out: column {name}, which names the rows, such as {cells!r}.").format(
                        name=self.grid.name(column), cells=cells[0][:40]
                    )
                )
                del self.words[column]
        for i in [*self.pixels[:2], *self.pixels[-1:]]:
            if n > 2 and len(self.pixels) > 2 and i in self.pixels and self._is_counter(i):
                self.notes.append(_("Left out: column {name}, which counts the rows.").format(name=self._name(i)))
                self.pixels.remove(i)

    def _is_counter(self, i: int) -> bool:
        """Whether a column goes up by one from 0 or 1; or has whole numbers, all different, and a counter's name."""
        values, header = self.grid.numbers[:, i].astype(np.float64), self._header(self.grid.columns[i])
        if (np.diff(values) == 1).all() and values[0] in (0, 1):
            return header is None or not names.is_label(header)
        if (values != np.rint(values)).any() or len(np.unique(values)) < len(values):
            return False
        if header is not None:
            return names.is_counter(header)
        others = self.grid.numbers[:, [self.pixels[1], self.pixels[-2]]]
        return i == self.pixels[0] and values.min() >= 0 and bool(values.max() > max(255.0, 2 * float(others.max())))

    def _labels(self) -> list[str] | None:
        """The labels as text, taken out of the pixels; None where there are none."""
        asked = self.reading.labels
        if asked in ("auto", "none"):
            found = self._named() or self._worded() or self._one_hot()
            if found is not None:
                return found
            i = self._by_content()
        else:
            column = self._asked(asked)
            if column in self.words:
                return self._take_words(column)
            i = self.grid.columns.index(column)
        if i is not None:
            return self._take(i)
        if asked == "auto":
            self.notes.append(_("Read without labels: no column of classes was found."))
        return None

    def _asked(self, asked: str) -> int:
        """The column that was asked for: the first or last of what is left, or one by its name."""
        left = sorted([*self.words, *(self.grid.columns[i] for i in self.pixels)])
        if asked in ("first", "last"):
            return left[0 if asked == "first" else -1]
        header = [cell.strip().lower() for cell in self.grid.header or ()]
        if asked.strip().lower() not in header or header.index(asked.strip().lower()) not in left:
            wrong = _("The table has no column called {asked!r}; choose first, last or none instead.")
            raise DatasetError(wrong.format(asked=asked[:40]))
        return header.index(asked.strip().lower())

    def _take(self, i: int) -> list[str]:
        """A column of numbers as labels."""
        values = self.grid.numbers[:, i]
        if (values != np.rint(values)).any():
            wrong = _(
                "Column {name} cannot be labels: it holds fractions such as {values:g}. Choose another column, or none."
            )
            raise DatasetError(wrong.format(name=self._name(i), values=values[values != np.rint(values)][0]))
        self.pixels.remove(i)
        labels = [str(label) for label in values.astype(np.int64).tolist()]
        self._say(self._name(i), labels)
        return labels

    def _take_words(self, column: int) -> list[str]:
        labels = self.words.pop(column)
        self._say(self.grid.name(column), labels)
        return labels

    def _say(self, name: str, labels: list[str]) -> None:
        classes = sorted(set(labels), key=lambda label: (len(label), label))
        if len(classes) == 1 and self.reading.labels != "none":
            return  # which makes no classes, and that is said where they are counted
        shown = ", ".join(label[:20] for label in classes[:5]) + (", ..." if len(classes) > 5 else "")
        what = _("which was asked not to be used") if self.reading.labels == "none" else _("read as the classes")
        self.notes.append(_("Labels are column {name}, {what}: {shown}.").format(name=name, what=what, shown=shown))

    def _named(self) -> list[str] | None:
        """The column that is called "label", "class", "y" or the like; else the only one whose name does not fit the others'."""
        if self.grid.header is None:
            return None
        left = [*self.words, *(self.grid.columns[i] for i in self.pixels)]
        column = next((c for c in sorted(left) if names.is_label(self.grid.header[c])), None)
        if column is None:
            return self._odd_one()
        return self._take_words(column) if column in self.words else self._take(self.grid.columns.index(column))

    def _odd_one(self) -> list[str] | None:
        stems = {i: _stem(self._header(self.grid.columns[i]) or "") for i in self.pixels}
        numbered = [stem for stem in stems.values() if stem is not None]
        odd = [i for i, stem in stems.items() if stem is None]
        if len(numbered) < 4 or len(set(numbered)) != 1 or len(odd) != 1 or not self._is_plausible(odd[0]):
            return None
        return self._take(odd[0])

    def _worded(self) -> list[str] | None:
        """The only column of words that make classes."""
        n = len(self.grid.numbers)
        found = [c for c, cells in self.words.items() if len(set(cells)) <= min(limits.CLASSES, max(n // 2, 1))]
        several = [c for c in found if len(set(self.words[c])) > 1] or found
        if len(several) > 1:
            told = " and ".join(self.grid.name(c) for c in several)
            wrong = _("The columns {told} may both be the classes; say which, by its name or as first or last.")
            raise DatasetError(wrong.format(told=told))
        return self._take_words(several[0]) if several else None

    def _one_hot(self) -> list[str] | None:
        """Classes as one 1 among zeros in the last or first columns, beside a square of pixels, as in semeion."""
        v, given = len(self.pixels), math.prod(self.reading.given or (0,))
        if v == given or one_over(v, self.reading) or not self._is_range(self.pixels):
            return None
        most = min(limits.CLASSES, v - 4)
        for k in [v - given] if fits(v, self.reading) else range(2, most + 1):  # another square only without these
            if not (k <= most and fits(v - k, self.reading)):
                continue
            for place in (self.pixels[-k:], self.pixels[:k]):
                values = self.grid.numbers[:, place[0] : place[-1] + 1]
                if is_one_hot(values):
                    self.pixels = [i for i in self.pixels if i not in place]
                    self.notes.append(
                        _("Labels are the columns {first} to {last}, one of which is 1.").format(
                            first=self._name(place[0]), last=self._name(place[-1])
                        )
                    )
                    return [str(label) for label in values.argmax(1).tolist()]
        return None

    def _by_content(self) -> int | None:
        """The first or last column, where it is a class: unlike every pixel, or needed to leave a picture."""
        v, ends = len(self.pixels), [self.pixels[0], self.pixels[-1]] if self.pixels else []
        if v < 5:
            return None
        plausible = [i for i in ends if self._is_plausible(i)]
        unlike = [i for i in plausible if self._is_even(i) and self._is_unlike(i, ends)]
        if self.reading.given is not None and math.prod(self.reading.given) == v:
            self._doubt(unlike, *self.reading.given)
            return None
        if len(unlike) == 1:
            return unlike[0]
        whole = fits(v, self.reading) and not one_over(v, self.reading)
        if not whole and fits(v - 1, self.reading):
            even = [i for i in plausible if self._is_even(i)] or plausible
            if len(even) == 1:
                return even[0]
            wrong = _(
                "The table has {v:,} columns of numbers, one more than a picture, but either the first or the last "
                "may be the class. Choose first or last for the labels."
            )
            raise DatasetError(wrong.format(v=v))
        if len(unlike) > 1:
            wrong = _("The columns {first} and {last} may both be classes; choose first, last or none.")
            raise DatasetError(wrong.format(first=self._name(ends[0]), last=self._name(ends[1])))
        few = [i for i in plausible if self._is_even(i)] if not fits(v, self.reading) else []
        few = [i for i in few if self.reading.labels == "auto" and self._has_fewer(i)]
        return few[0] if len(few) == 1 else None

    def _doubt(self, unlike: list[int], height: int, width: int) -> None:
        """Say that what may be a class is read as a pixel, since only with it there are as many as were asked for."""
        if len(unlike) == 1 and self.reading.labels == "auto":
            self.notes.append(
                _(
                    "Column {name} may be a class, since it holds a number that no pixel has; it is read as a pixel, since "
                    "{height}×{width} takes every column. If it is the class, give another size and say so for the labels."
                ).format(name=self._name(unlike[0]), height=height, width=width)
            )

    def _is_plausible(self, i: int) -> bool:
        """Whether a column has the whole numbers of a few classes."""
        values = self.grid.numbers[:, i]
        different = np.unique(values)
        return bool(
            2 <= len(different) <= min(limits.CLASSES, len(values) // 2) and (different == np.rint(different)).all()
        )

    def _is_even(self, i: int) -> bool:
        _, counts = np.unique(self.grid.numbers[:, i], return_counts=True)
        return bool(counts.max() <= EVEN * counts.sum())

    def _is_unlike(self, i: int, ends: list[int]) -> bool:
        """Whether a column holds a number that no pixel has."""
        inner = self.grid.numbers[:, [j for j in self.pixels if j not in ends]]
        return not all((inner == value).any() for value in np.unique(self.grid.numbers[:, i]))

    def _has_fewer(self, i: int) -> bool:
        """Whether a column has far fewer different numbers than pixels usually have."""
        some = self.pixels[1:-1][:: max(1, len(self.pixels) // 64)]
        usual = np.median([len(np.unique(self.grid.numbers[:, j])) for j in some])
        return bool(4 * len(np.unique(self.grid.numbers[:, i])) <= usual)

    def _is_range(self, columns: list[int]) -> bool:
        return columns == list(range(columns[0], columns[-1] + 1)) if columns else False

    def _in_order(self) -> None:
        """Pixels by the numbers in their names: a table sorted by names has pixel10 before pixel2."""
        if self.grid.header is None:
            return
        found = [_PIXEL.fullmatch(self.grid.header[self.grid.columns[i]].strip()) for i in self.pixels]
        named = [(match[1], int(match[2])) for match in found if match is not None]
        places = [place for _, place in named]
        if len(named) < len(self.pixels) or len({stem for stem, _ in named}) > 1 or len(set(places)) < len(places):
            return
        if places != sorted(places):
            self.pixels = [self.pixels[k] for k in np.argsort(places)]
            self.notes.append(_("The pixels are taken in the order of the numbers in their names."))


def _stem(name: str) -> str | None:
    """What stands before the number in "pixel12"; None for a name that does not end in a number."""
    match = _PIXEL.fullmatch(name.strip())
    return None if match is None else match[1]
