"""What every reader gives: grey pictures of one size with labels; and how one picture comes to that size."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rbm.datasets.own import limits
from rbm.errors import ConfigError, DatasetError

Bytes = NDArray[np.uint8]
FITS = ("pad", "crop", "stretch")


class Pictures(NamedTuple):
    """Grey pictures (N, h, w) uint8, labels (N,) as indices into class_names, and what was done to them, in sentences."""

    grey: Bytes
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """How files become pictures. ConfigError for a value that does not exist.

    size: pixels of a side, None to leave them as they are (all must then be alike). fit: how what is not square becomes
    so. labels: "auto", "none", or in a table "first", "last" or a column's name.
    """

    size: int | None = 28
    fit: str = "pad"
    labels: str = "auto"

    def __post_init__(self) -> None:
        if self.size is not None and (isinstance(self.size, bool) or self.size not in limits.SIDES):
            raise ConfigError(
                f"The pictures' side is {self.size!r}; choose {limits.SIDES[0]} to {limits.SIDES[-1]} pixels."
            )
        if self.fit not in FITS:
            raise ConfigError(f"fit is {self.fit!r}; choose one of {', '.join(FITS)}.")


def fitted(picture: Image.Image, reading: Reading) -> Bytes:
    """A grey picture (mode L) at the size that was asked for: (h, w). Area averages down, whole blocks up."""
    side, (width, height) = reading.size, picture.size
    if side is None or picture.size == (side, side):
        return np.asarray(picture)
    box: tuple[float, float, float, float] = (0, 0, width, height)
    if reading.fit == "crop":
        edge = min(width, height)
        left, top = (width - edge) / 2, (height - edge) / 2
        box = (left, top, left + edge, top + edge)
    if reading.fit != "pad" or width == height:
        return np.asarray(picture.resize((side, side), Image.Resampling.BOX, box))
    scale = side / max(width, height)
    inner = picture.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX)
    corners = np.asarray(inner)[[0, 0, -1, -1], [0, -1, 0, -1]]
    whole = Image.new("L", (side, side), int(np.median(corners)))  # the background goes on
    whole.paste(inner, ((side - inner.width) // 2, (side - inner.height) // 2))
    return np.asarray(whole)


def square(n_values: int) -> tuple[int, int]:
    """How a row of values is laid out: a square where it is one, otherwise a line."""
    side = math.isqrt(n_values)
    return (side, side) if side * side == n_values else (1, n_values)


def checked(grey: Sequence[Bytes] | Bytes, labels: Sequence[str] | None, notes: Sequence[str] = ()) -> Pictures:
    """Pictures of one size with their labels as text (None: without), after all that does not depend on the file's kind.

    Raises :class:`DatasetError` for too few or too many pictures, several sizes, or more classes than can be chosen.
    """
    n = len(grey)
    if n < limits.LEAST_PICTURES:
        raise DatasetError(
            f"There {'is' if n == 1 else 'are'} {n} picture{'' if n == 1 else 's'} in the file; at least "
            f"{limits.LEAST_PICTURES} are needed, so that some can be kept for validation and test."
        )
    check_size(n, *grey[0].shape)
    if any(picture.shape != grey[0].shape for picture in grey):
        raise DatasetError("The pictures have several sizes; choose one size for all of them.")
    numbers, names = _classes(labels, n)
    return Pictures(np.ascontiguousarray(grey, dtype=np.uint8), numbers, names, tuple(notes))


def check_size(n: int, height: int, width: int) -> None:
    """DatasetError when n pictures of that size are more than is kept."""
    if height * width > limits.PICTURE_PIXELS or height * width < 2:
        raise DatasetError(
            f"The pictures have {height}×{width} pixels; 2 to {limits.PICTURE_PIXELS:,} can be learnt from, so choose a size."
        )
    if n * height * width > limits.VALUES:
        raise DatasetError(
            f"{n:,} pictures of {height}×{width} pixels are more than {limits.VALUES // 10**6} million pixels in all; "
            "choose a smaller size or fewer pictures."
        )


def _classes(labels: Sequence[str] | None, n: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    if labels is None:
        return np.zeros(n, dtype=np.int64), ("all",)
    if len(labels) != n:
        raise DatasetError(f"There are {n:,} pictures but {len(labels):,} labels; give one label for each picture.")
    clean = {label: _clean(label) for label in set(labels)}
    names = sorted(set(clean.values()), key=_order)
    if len(names) > limits.CLASSES:
        raise DatasetError(
            f"The labels have {len(names):,} different values; at most {limits.CLASSES} classes are kept. "
            "Choose other labels, or none."
        )
    index = {name: i for i, name in enumerate(names)}
    return np.array([index[clean[label]] for label in labels], dtype=np.int64), tuple(names)


def _clean(label: str) -> str:
    """A class name that is safe to show anywhere: letters, digits and a few marks, not too long."""
    return re.sub(r"[^\w .,+&()-]|_(?=_)", "_", label).strip()[:40] or "unnamed"


def _order(name: str) -> tuple[float, str]:
    """Numbers by value, then words."""
    return (float(name) if re.fullmatch(r"-?\d{1,9}", name) else math.inf, name)
