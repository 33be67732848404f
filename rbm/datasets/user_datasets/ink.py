"""Pictures with transparency: the background is opposite to the ink, and ink is bright on dark whatever its colour."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbm.core.language import _

Floats = NDArray[np.float32]
FLAT = 0.1  # of white: ink whose brightness differs by less has one colour, and only its shape is a picture
NOTES = {
    True: _("What is transparent is black, and ink of one colour is white."),
    False: _("What is transparent is white, since what covers most of the pictures is dark."),
}


class Ink(NamedTuple):
    """What is drawn on transparency, over the whole set: whether it is bright, and whether it covers less than half."""

    bright: bool
    thin: bool

    @property
    def note(self) -> str:
        """How transparency was read."""
        return NOTES[self.bright or self.thin]


class Survey:
    """Mean opacity and mean brightness of the opaque, gathered from pictures of levels and opacities in [0, 1]."""

    def __init__(self) -> None:
        self.pictures = 0
        self._ink = self._opaque = self._all = 0.0

    def add(self, levels: Floats, opacity: Floats) -> None:
        """One more picture, or several at once."""
        self.pictures += 1
        self._ink += float((levels * opacity).sum(dtype=np.float64))
        self._opaque += float(opacity.sum(dtype=np.float64))
        self._all += opacity.size

    def ink(self) -> Ink:
        """What was found."""
        return Ink(bright=2 * self._ink >= self._opaque, thin=2 * self._opaque < self._all)


def opaque(levels: Floats, opacity: Floats, ink: Ink) -> Floats:
    """One picture (h, w) without transparency, in [0, 1].

    Ink of one colour is told by its opacity alone. Otherwise it is laid on black where the set's ink is bright, and on
    white where it is dark, which is then turned round if most is transparent: strokes are bright on dark.
    """
    total = float(opacity.sum())
    if opacity.min() >= 1 or total == 0:
        return levels * opacity
    mean = float((levels * opacity).sum()) / total
    spread = float((opacity * (levels - mean) ** 2).sum()) / total
    if spread < FLAT**2:
        return opacity
    if ink.bright:
        return levels * opacity
    on_white = levels * opacity + (1 - opacity)
    return 1 - on_white if ink.thin else on_white
