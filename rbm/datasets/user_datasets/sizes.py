"""How pictures come to one size: how that is written, how a row of values is laid out, how a picture is fitted."""

from __future__ import annotations

import math
import re
from collections.abc import Collection

import numpy as np
from PIL import Image

from rbm.core import limits
from rbm.core.language import _
from rbm.datasets.user_datasets.pictures import Bytes, Reading
from rbm.errors import ConfigError, DatasetError

_DONE = {"pad": "with a border", "crop": _("with their edges cut"), "stretch": "squeezed"}


def parse_size(text: str) -> int | tuple[int, int] | None:
    """ "28", "20x28" (height × width) or "keep", as ``Reading.size``; ConfigError for anything else."""
    found = re.fullmatch(r"\s*(\d{1,5})\s*(?:[xX×*]\s*(\d{1,5})\s*)?", text)
    if found is not None:
        return int(found[1]) if found[2] is None else (int(found[1]), int(found[2]))
    if text.strip().lower() in ("keep", "as it is"):
        return None
    wrong = _("{text!r} is no size; give pixels of a side such as 28, height × width such as 20x28, or keep.")
    raise ConfigError(wrong.format(text=text[:40]))


def fits(n_values: int, reading: Reading) -> bool:
    """Whether so many values make a picture: a square, or of the height and width that were given."""
    return square(n_values) is not None or (reading.given is not None and math.prod(reading.given) == n_values)


def one_over(n_values: int, reading: Reading) -> bool:
    """Whether so many values are one more than the height × width that was given: a picture and its class, no other square."""
    return reading.given is not None and math.prod(reading.given) == n_values - 1


def square(n_values: int) -> tuple[int, int] | None:
    """The sides of a square of so many values, None where there is none (of more than one value)."""
    side = math.isqrt(n_values)
    return (side, side) if side * side == n_values and side > 1 else None


def layout(n_values: int, reading: Reading) -> tuple[int, int, str]:
    """Height and width of a row of values, and what is to be said about it.

    The height and width that were given, or a square; otherwise a line, never a square made of something else.
    Raises :class:`DatasetError` where neither fits and a line would be too long.
    """
    given, sides = reading.given, square(n_values)
    if given is not None and math.prod(given) == n_values:
        return *given, ""
    if sides is not None:
        return *sides, ""
    if given is not None or n_values > limits.PICTURE_PIXELS:
        asked = "" if given is None else _(" and not {height}×{width}").format(height=given[0], width=given[1])
        wrong = _("A row has {n_values:,} values, which make no square{asked}; {advice}.")
        raise DatasetError(wrong.format(n_values=n_values, asked=asked, advice=_advice(n_values)))
    if _smaller_side(n_values) == 1:
        note = _(
            "Rows of {n_values:,} values make no square and no other rectangle, so each is kept as a line of 1×{n_values}."
        ).format(n_values=n_values)
        return 1, n_values, note
    note = _(
        "Rows of {n_values:,} values make no square, so each is kept as a line of 1×{n_values}. If they are pictures, "
    ).format(n_values=n_values)
    return 1, n_values, f"{note}{_advice(n_values)}."


def _advice(n_values: int) -> str:
    """How to say a height and width, with those that come nearest to a square."""
    small = _smaller_side(n_values)
    if small == 1:
        return _("they make no other rectangle either, so see whether each row has a value too many or too few")
    large = n_values // small
    return _("give the size as height × width, such as {large}x{small} or {small}x{large}").format(
        large=large, small=small
    )


def _smaller_side(n_values: int) -> int:
    """Of the rectangle of so many values that comes nearest to a square; 1 for a prime number of them."""
    return next((side for side in range(math.isqrt(n_values), 1, -1) if n_values % side == 0), 1)


def scaled_note(shapes: Collection[tuple[int, int]], reading: Reading) -> str:
    """What is to be said where pictures of these (height, width) were brought to another size; "" where none was."""
    wanted = reading.shape
    if wanted is None or all(shape == wanted for shape in shapes):
        return ""
    low, high = min(shapes, key=math.prod), max(shapes, key=math.prod)
    were = f"{low[0]}×{low[1]}" if len(shapes) == 1 else f"{low[0]}×{low[1]} to {high[0]}×{high[1]}"
    changed = any(height * wanted[1] != width * wanted[0] for height, width in shapes)
    how = f" {_DONE[reading.fit]}" if changed else ""
    return _("The pictures of {were} pixels were scaled to {height}×{width}{how}.").format(
        were=were, height=wanted[0], width=wanted[1], how=how
    )


def fitted(picture: Image.Image, reading: Reading) -> Bytes:
    """A picture at the size that was asked for: (h, w) or (h, w, channels). Area averages down, whole blocks up."""
    if reading.shape is None or picture.size == (reading.shape[1], reading.shape[0]):
        return np.asarray(picture)
    (height, width), (w, h) = reading.shape, picture.size
    box: tuple[float, float, float, float] = (0, 0, w, h)
    if reading.fit == "crop":
        inner_h, inner_w = min(h, w * height / width), min(w, h * width / height)
        left, top = (w - inner_w) / 2, (h - inner_h) / 2
        box = (left, top, left + inner_w, top + inner_h)
    if reading.fit != "pad" or w * height == h * width:
        return np.asarray(picture.resize((width, height), Image.Resampling.BOX, box))
    scale = min(height / h, width / w)
    inner = picture.resize((max(1, round(w * scale)), max(1, round(h * scale))), Image.Resampling.BOX)
    pixels = np.asarray(inner)
    background = np.median(pixels[[0, 0, -1, -1], [0, -1, 0, -1]], axis=0)  # it goes on in the border
    whole = np.empty((height, width, *pixels.shape[2:]), dtype=pixels.dtype)
    whole[:] = background.astype(pixels.dtype)
    top, left = (height - inner.height) // 2, (width - inner.width) // 2
    whole[top : top + inner.height, left : left + inner.width] = pixels
    return whole
