"""How pictures shall look before they are kept: contrast, bright on dark, black and white."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rbm.datasets.own.pictures import Pictures
from rbm.errors import ConfigError

CONTRASTS, LEVELS = ("as it is", "each"), ("grey", "binary")


@dataclass(frozen=True)
class Look:
    """contrast "each" spreads every picture from black to white; levels "binary" is white above ``threshold`` of white.

    ConfigError for a value that does not exist.
    """

    invert: bool = False
    contrast: str = "as it is"
    levels: str = "grey"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.contrast not in CONTRASTS or self.levels not in LEVELS:
            raise ConfigError(
                f"contrast is {self.contrast!r} and levels {self.levels!r}; choose from {CONTRASTS} and {LEVELS}."
            )
        if not 0 < self.threshold < 1:
            raise ConfigError(f"threshold is {self.threshold!r}; choose a share of white between 0 and 1.")


def finish(pictures: Pictures, look: Look) -> Pictures:
    """The same pictures with that look, in the order contrast, inversion, levels."""
    grey = pictures.grey
    if look.contrast == "each":
        low = grey.min(axis=(1, 2), keepdims=True)
        reach = np.maximum(grey.max(axis=(1, 2), keepdims=True) - low, 1)
        grey = ((grey - low).astype(np.uint16) * 255 // reach).astype(np.uint8)
    if look.invert:
        grey = 255 - grey
    if look.levels == "binary":
        grey = np.where(grey > 255 * look.threshold, np.uint8(255), np.uint8(0))
    return pictures._replace(grey=grey)
