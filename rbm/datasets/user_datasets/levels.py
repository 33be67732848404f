"""One rule for every reader: which numbers are black and white.

Pictures use one of a few scales: up to 1, up to 255 (a byte) or up to 65,535 (two bytes). A scale is taken where the
brightest value of the whole set lies in its upper half. Other numbers, such as a scanner's 12 bits or 0 to 16, are
spread from the set's least to its greatest. What was spread is told.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from rbm.core.language import _
from rbm.errors import DatasetError

WHITES = (1.0, 255.0, 65535.0)


class Levels(NamedTuple):
    """The number that is black, the number that is white, and what is to be said about it ("" for nothing)."""

    black: float
    white: float
    note: str = ""

    @property
    def factor(self) -> float:
        """255 / (white − black): what turns a number above black into a grey level of one byte."""
        return 255 / (self.white - self.black)


def judge(low: float, high: float, usual: tuple[float, ...] = WHITES) -> Levels:
    """Black and white of pictures whose numbers span low ... high; ``usual``: the whites that need no word.

    Raises :class:`DatasetError` when the numbers are not finite, or all the same.
    """
    if not (math.isfinite(low) and math.isfinite(high) and abs(low) < 1e30 and abs(high) < 1e30):
        raise DatasetError(_("Some pixels are NaN or infinite; leave such pictures out or replace the values."))
    if low == high:
        wrong = _(
            "Every pixel of every picture has the same value, {low:g}, so there is nothing to learn; look at the file."
        )
        raise DatasetError(wrong.format(low=low))
    black, white = next(((0.0, white) for white in WHITES if low >= 0 and white / 2 < high <= white), (low, high))
    told = black == 0 and white in usual
    note = _(
        "The values {low:g} to {high:g} were spread over all grey levels: {black:g} is black and {white:g} is white."
    ).format(low=low, high=high, black=black, white=white)
    return Levels(black, white, "" if told else note)
