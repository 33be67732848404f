"""The colour scales of pictures, as look-up tables of 256 RGB rows.

Letters: L lightness, C chroma (colourfulness), both of OKLab, where equal steps look equal (B. Ottosson, 2020); that is what
makes a scale fair to +w and to -w.
"""

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Mode = Literal["light", "dark"]
Lut = NDArray[np.uint8]  # (256, 3)

# 256 rows have no middle. Row 128 is zero and 127 rows lie on each side of it; row 0 only repeats row 1.
ZERO_ROW = 128
STEPS = 127

# The page's ground, its ink, and colours that every eye can tell apart.
BACKGROUND: dict[Mode, str] = {"light": "#FFFFFF", "dark": "#0E1116"}
TEXT: dict[Mode, str] = {"light": "#1B2026", "dark": "#E6E9ED"}
CATEGORICAL: dict[Mode, tuple[str, ...]] = {
    "light": (
        *("#0B7670", "#D9590B", "#7D68F3", "#1B3363", "#BE0E25"),
        *("#5A95CD", "#8A7F56", "#5C2BB5", "#6A0000", "#7E987A"),
    ),
    "dark": (
        *("#3CC7B8", "#FF9A57", "#6B78F2", "#AAD5FE", "#D04E8C"),
        *("#F7E24A", "#A089C1", "#CD97FE", "#9DFFDC", "#B17A0C"),
    ),
}

_BLUE, _RED = 255.0, 28.0  # hue in degrees: a pair that red-green blindness leaves apart
_DISTANCE = (0.0, 0.25, 0.5, 0.75, 1.0)  # of a value from zero, where L and C are given
_LIGHTNESS: dict[Mode, tuple[float, ...]] = {
    "light": (0.965, 0.87, 0.74, 0.58, 0.41),
    "dark": (0.235, 0.38, 0.53, 0.68, 0.82),
}
_CHROMA: dict[Mode, tuple[float, ...]] = {
    "light": (0.0, 0.055, 0.115, 0.150, 0.130),
    "dark": (0.0, 0.085, 0.130, 0.130, 0.090),
}


@lru_cache
def diverging(mode: Mode = "light") -> Lut:
    """Blue below zero, neutral at zero, red above; -w and +w are equally light and equally colourful. (256, 3)"""
    distance = np.arange(STEPS + 1) / STEPS  # 0 ... 1
    lightness = np.interp(distance, _DISTANCE, _LIGHTNESS[mode])
    chroma = np.interp(distance, _DISTANCE, _CHROMA[mode])
    below = oklch_to_rgb(lightness, chroma, _BLUE)[:0:-1]  # from -1 up to the last step before zero
    above = oklch_to_rgb(lightness, chroma, _RED)
    return _frozen(np.concatenate([below[:1], below, above]))


@lru_cache
def grey(ink: Literal["white on black", "ink on paper"] = "white on black") -> Lut:
    """Probability 0 ... 1 as black to white (as MNIST is drawn), or as paper to ink. (256, 3)"""
    zero, one = {"white on black": ((0, 0, 0), (255, 255, 255)), "ink on paper": ((250, 249, 246), (27, 32, 38))}[ink]
    return _frozen(np.rint(np.linspace(zero, one, 256)).astype(np.uint8))


def rgb(colour: str) -> tuple[int, ...]:
    """Red, green and blue of a colour such as "#0B7670"."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def oklch_to_rgb(lightness: NDArray[np.float64], chroma: NDArray[np.float64], hue: float) -> Lut:
    """OKLCH to 8-bit sRGB: (n,) and (n,) -> (n, 3)"""
    angle = np.deg2rad(hue)
    a, b = chroma * np.cos(angle), chroma * np.sin(angle)
    cone = np.stack(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ],
        axis=-1,
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip(cone**3 @ to_linear.T, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb: Lut = np.rint(255 * encoded).astype(np.uint8)
    return rgb


def _frozen(lut: Lut) -> Lut:
    lut.setflags(write=False)  # it is cached and shared by every session
    return lut
