"""What every reader gives: grey pictures of one size with labels; and what is checked of them, whatever they came from."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbm.core import limits
from rbm.core.language import _, plural
from rbm.datasets.user_datasets.names import TEST, TRAIN, VALIDATION
from rbm.errors import ConfigError, DatasetError

Bytes = NDArray[np.uint8]
FITS = ("pad", "crop", "stretch")
COUNTED = ("auto", "first", "last")


@dataclass(frozen=True)
class Reading:
    """How files become pictures. ConfigError for a value that does not exist.

    size: pixels of a side, or (height, width), or None to leave pictures as they are (all must then be alike).
    fit: how a picture of other proportions comes to that size. labels: "auto", "none", or in a table "first", "last" or
    a column's name. counted: which axis of an array counts the pictures, "auto", "first" or "last".
    """

    size: int | tuple[int, int] | None = 28
    fit: str = "pad"
    labels: str = "auto"
    counted: str = "auto"

    def __post_init__(self) -> None:
        if isinstance(self.size, tuple):
            height, width = self.size
            if height not in range(1, limits.PICTURE_PIXELS + 1) or not 2 <= height * width <= limits.PICTURE_PIXELS:
                wrong = _(
                    "The size is {height}×{width}; choose a height and a width of 2 to {picture_pixels:,} pixels "
                    "together, such as 20x28."
                )
                raise ConfigError(wrong.format(height=height, width=width, picture_pixels=limits.PICTURE_PIXELS))
        elif self.size is not None and (isinstance(self.size, bool) or self.size not in limits.SIDES):
            wrong = _("The pictures' side is {size!r}; choose {low} to {high} pixels.")
            raise ConfigError(wrong.format(size=self.size, low=limits.SIDES[0], high=limits.SIDES[-1]))
        if self.fit not in FITS:
            raise ConfigError(_("fit is {fit!r}; choose one of {fits}.").format(fit=self.fit, fits=", ".join(FITS)))
        if self.counted not in COUNTED:
            wrong = _("counted is {counted!r}; choose one of {known}.")
            raise ConfigError(wrong.format(counted=self.counted, known=", ".join(COUNTED)))

    @property
    def shape(self) -> tuple[int, int] | None:
        """(height, width) of the pictures, None where they are left as they are."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    @property
    def given(self) -> tuple[int, int] | None:
        """(height, width) where both were asked for: rows of so many values are then laid out so."""
        return self.size if isinstance(self.size, tuple) else None


class Pictures(NamedTuple):
    """Grey pictures (N, h, w) uint8, labels (N,) as indices into class_names, and what was done to them, in sentences.

    parts (N,) uint8, where the file divides its pictures: 0 for training, 1 for validation, 2 for test.
    """

    grey: Bytes
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    parts: Bytes | None = None


def checked(
    grey: Sequence[Bytes] | Bytes,
    labels: Sequence[str] | None,
    notes: Sequence[str] = (),
    parts: Bytes | None = None,
) -> Pictures:
    """Pictures of one size with their labels as text (None: without), after all that does not depend on the file's kind.

    Raises :class:`DatasetError` for too few or too many pictures, several sizes, pictures without a picture in them,
    a division that leaves nothing to learn from, or more classes than can be chosen.
    """
    n = len(grey)
    check_count(n)
    check_size(n, *grey[0].shape)
    if any(picture.shape != grey[0].shape for picture in grey):
        raise DatasetError(_("The pictures have several sizes; choose one size for all of them."))
    whole = np.ascontiguousarray(grey, dtype=np.uint8)
    numbers, names, said = _classes(labels, n)
    told = [*notes, *said, *_sameness(whole)]
    if parts is not None:
        told.append(_division(parts))
    return Pictures(whole, numbers, names, tuple(dict.fromkeys(told)), parts)


def check_count(n: int) -> None:
    """DatasetError for so few pictures that nothing is left for validation and test, or more than are read."""
    if n < limits.LEAST_PICTURES:
        wrong = plural(
            "There is {n} picture in the file; at least {least} are needed, so that some can be kept for validation and test.",
            "There are {n} pictures in the file; at least {least} are needed, so that some can be kept for validation and "
            "test.",
            n,
        )
        raise DatasetError(wrong.format(n=n, least=limits.LEAST_PICTURES))
    if n > limits.ROWS:
        wrong = _("There are {n:,} pictures or rows in the file; at most {rows:,} are read. Give fewer of them.")
        raise DatasetError(wrong.format(n=n, rows=limits.ROWS))


def check_size(n: int, height: int, width: int) -> None:
    """DatasetError when n pictures of that size are more than is kept."""
    if height * width > limits.PICTURE_PIXELS or height * width < 2:
        wrong = _(
            "The pictures have {height}×{width} pixels; 2 to {picture_pixels:,} can be learnt from, so choose a size."
        )
        raise DatasetError(wrong.format(height=height, width=width, picture_pixels=limits.PICTURE_PIXELS))
    if n * height * width > limits.VALUES:
        wrong = _(
            "{n:,} pictures of {height}×{width} pixels are more than {values} million pixels in all; choose a "
            "smaller size or fewer pictures."
        )
        raise DatasetError(wrong.format(n=n, height=height, width=width, values=limits.VALUES // 10**6))


def _sameness(grey: Bytes) -> list[str]:
    """What is to be said of pictures in which nothing is seen; DatasetError where that is all of them."""
    flat = grey.reshape(len(grey), -1)  # (N, V)
    blank = np.flatnonzero(flat.min(1) == flat.max(1))
    if len(blank) == len(grey):
        wrong = _(
            "Each of the {n_grey:,} pictures has one grey level all over, so there is nothing to learn; look "
            "at the file, or at what is cut off."
        )
        raise DatasetError(wrong.format(n_grey=len(grey)))
    said = []
    if len(blank):
        said.append(
            _(
                "{n_blank:,} of {n_grey:,} pictures have one grey level all over (the first is number {blank:,}): "
                "leave them out if they are mistakes."
            ).format(n_blank=len(blank), n_grey=len(grey), blank=blank[0] + 1)
        )
    if all((flat[start : start + 1000] == flat[0]).all() for start in range(0, len(flat), 1000)):
        said.append(_("All pictures are the same picture."))
    return said


def _division(parts: Bytes) -> str:
    """How the file divides its pictures, in a sentence; DatasetError when none is left to learn from."""
    train, validation, test = (int((parts == part).sum()) for part in (TRAIN, VALIDATION, TEST))
    if train < 2:
        wrong = _("The file keeps {test:,} pictures for test and validation and {train:,} for training; give more.")
        raise DatasetError(wrong.format(test=test + validation, train=train))
    given = [
        _("{n:,} pictures for {name}").format(n=n, name=name)
        for n, name in ((validation, "validation"), (test, "test"))
        if n
    ]
    return _("The file's own division is kept: {given}, {train:,} others.").format(
        given=" and ".join(given), train=train
    )


def _classes(labels: Sequence[str] | None, n: int) -> tuple[NDArray[np.int64], tuple[str, ...], list[str]]:
    """Numbers, names, and what is to be said about them."""
    if labels is None:
        return np.zeros(n, dtype=np.int64), ("all",), []
    if len(labels) != n:
        wrong = _("There are {n:,} pictures but {n_labels:,} labels; give one label for each picture.")
        raise DatasetError(wrong.format(n=n, n_labels=len(labels)))
    shown, told = _told_apart({label.strip(): _clean(label) for label in sorted(set(labels))})
    clean = {label: shown[label.strip()] for label in set(labels)}
    names = sorted(set(clean.values()), key=_order)
    if len(names) > limits.CLASSES:
        wrong = _(
            "The labels have {n_names:,} different values; at most {classes} classes are kept. Choose other labels, or none."
        )
        raise DatasetError(wrong.format(n_names=len(names), classes=limits.CLASSES))
    if len(names) == 1:
        alone = _("All labels are {names!r}, which makes no classes: read without labels.").format(names=names[0])
        return np.zeros(n, dtype=np.int64), ("all",), [alone]
    index = {name: i for i, name in enumerate(names)}
    return np.array([index[clean[label]] for label in labels], dtype=np.int64), tuple(names), told


def _told_apart(clean: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The same with numbers after names that several labels would share, and a sentence that says so."""
    found: dict[str, str] = {}
    times = Counter[str]()
    for label, name in clean.items():
        times[name] += 1
        found[label] = name if times[name] == 1 else f"{name[:34]} {times[name]}"
    numbered = [name for label, name in found.items() if name != clean[label]]
    if not numbered:
        return found, []
    words = _(
        "Classes whose names differ only in marks that cannot be shown, or after 40 letters, are told apart by numbers: {names}."
    )
    return found, [words.format(names=", ".join(numbered[:5]))]


def _clean(label: str) -> str:
    """A class name that is safe to show anywhere: letters, digits and a few marks, not too long."""
    return re.sub(r"[^\w .,+&()-]|_(?=_)", "_", label).strip()[:40] or "unnamed"


def _order(name: str) -> tuple[float, str]:
    """Numbers by value, then words."""
    return (float(name) if re.fullmatch(r"-?\d{1,9}", name) else math.inf, name)
