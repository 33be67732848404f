"""Colours: one accent, chart colours that every eye can tell apart, and the two colour scales of pictures, which are the
engine's."""

from collections.abc import Sequence

import numpy as np

from rbm.core.colours import BACKGROUND as BACKGROUND
from rbm.core.colours import CATEGORICAL as CATEGORICAL
from rbm.core.colours import STEPS as STEPS
from rbm.core.colours import TEXT as TEXT
from rbm.core.colours import ZERO_ROW as ZERO_ROW
from rbm.core.colours import Lut as Lut
from rbm.core.colours import Mode as Mode
from rbm.core.colours import diverging as diverging
from rbm.core.colours import grey as grey
from rbm.core.colours import rgb

# `.streamlit/config.toml` holds the same values for Streamlit's own widgets and charts; a test compares the two.
ACCENT: dict[Mode, str] = {"light": "#0B7670", "dark": "#12847A"}


def css_gradient(lut: Lut, stops: int = 9) -> str:
    """The scale as a CSS background, for the legend beside a picture."""
    first = 1 if np.array_equal(lut[0], lut[1]) else 0  # the spare row of a diverging scale
    rows = np.rint(np.linspace(first, 255, stops)).astype(int)
    return f"linear-gradient(to right, {', '.join('#' + lut[row].tobytes().hex() for row in rows)})"


def tint(part: float, end: str, mode: Mode) -> tuple[str, str]:
    """The page's ground with that part of a colour in it, and the ink that is read best on it; as CSS."""
    pairs = zip(rgb(BACKGROUND[mode]), rgb(end), strict=True)
    mixed = [round(a + part * (b - a)) for a, b in pairs]
    ink = max(("#FFFFFF", "#000000"), key=lambda one: _contrast(rgb(one), mixed))
    return f"rgb({mixed[0]}, {mixed[1]}, {mixed[2]})", ink


def _contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """(L₁ + 0.05) / (L₂ + 0.05) of the relative luminances, the lighter over the darker: WCAG 2, from 1 to 21."""
    weights = (0.2126, 0.7152, 0.0722)
    lights = [sum(w * _linear(c / 255) for w, c in zip(weights, rgb, strict=True)) for rgb in (one, other)]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
