"""How pictures shall look before they are kept: turned and mirrored, contrast, bright on dark, black and white."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rbm.core.language import _
from rbm.datasets.user_datasets.pictures import Bytes, Pictures
from rbm.errors import ConfigError

CONTRASTS, LEVELS, TURNS = ("as it is", "each"), ("grey", "binary"), (0, 90, 180, 270)
BRIGHT = 140  # the mean grey level above which pictures look like ink on paper


@dataclass(frozen=True)
class Look:
    """contrast "each" spreads every picture from black to white; levels "binary" is white above ``threshold`` of white.

    turn: degrees clockwise, after the left and right of a picture are swapped if ``mirror``. Rows and columns, which some
    files have exchanged (EMNIST's among them), are put right by mirror and turn = 270.
    ConfigError for a value that does not exist.
    """

    invert: bool = False
    contrast: str = "as it is"
    levels: str = "grey"
    threshold: float = 0.5
    turn: int = 0
    mirror: bool = False

    def __post_init__(self) -> None:
        if self.contrast not in CONTRASTS or self.levels not in LEVELS:
            wrong = _("contrast is {contrast!r} and levels {levels!r}; choose from {contrasts} and {known}.")
            raise ConfigError(
                wrong.format(contrast=self.contrast, levels=self.levels, contrasts=CONTRASTS, known=LEVELS)
            )
        if self.turn not in TURNS:
            wrong = _("turn is {turn!r}; choose {turns} degrees clockwise.")
            raise ConfigError(wrong.format(turn=self.turn, turns=", ".join(map(str, TURNS))))
        if not 0 < self.threshold < 1:
            wrong = _("threshold is {threshold!r}; choose a share of white between 0 and 1.")
            raise ConfigError(wrong.format(threshold=self.threshold))


def finish(pictures: Pictures, look: Look) -> Pictures:
    """The same pictures with that look, in the order mirror, turn, contrast, inversion, levels; and what to try, if anything."""
    grey = pictures.grey
    if look.mirror:
        grey = grey[:, :, ::-1]
    grey = np.rot90(grey, -(look.turn // 90), axes=(1, 2))
    if look.contrast == "each":
        low = grey.min(axis=(1, 2), keepdims=True)
        reach = np.maximum(grey.max(axis=(1, 2), keepdims=True) - low, 1)
        grey = ((grey - low).astype(np.uint16) * 255 // reach).astype(np.uint8)
    if look.invert:
        grey = 255 - grey
    if look.levels == "binary":
        grey = np.where(grey > 255 * look.threshold, np.uint8(255), np.uint8(0))
    return pictures._replace(grey=np.ascontiguousarray(grey), notes=(*pictures.notes, *_advice(grey, look)))


def _advice(grey: Bytes, look: Look) -> list[str]:
    """What usually helps, said where it bites."""
    told = []
    if grey.mean() > BRIGHT:
        told.append(_("Most pixels are bright. RBMs learn strokes better bright on dark: swap bright and dark."))
    blank = int((grey.min(axis=(1, 2)) == grey.max(axis=(1, 2))).sum()) if look.levels == "binary" else 0
    if blank:
        told.append(
            _(
                "In black and white {blank:,} of {n_grey:,} pictures are all black or all white: choose another threshold."
            ).format(blank=blank, n_grey=len(grey))
        )
    return told
