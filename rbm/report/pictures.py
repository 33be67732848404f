"""Walls of pictures as PNG files inside a page: filters, samples, images over their reconstructions.

Letters: N pictures, h rows and w columns of one, P = h w its pixels, three times as many numbers where it is in colour.
"""

from __future__ import annotations

import base64
import io
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from rbm.core import glyphs
from rbm.core.colours import STEPS, ZERO_ROW, Lut, Mode, diverging

if TYPE_CHECKING:
    from PIL import Image

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.float32]
GAP = 1  # pixels between pictures
ENLARGED = 48  # dots, about, that a framed picture is wide
BETWEEN = 128  # their grey, which reads beside black and beside white


def wall(pictures: Bytes, columns: int, between: int = BETWEEN) -> Bytes:
    """Pictures side by side, row by row, lines of the value ``between`` around each: (N, h, w, ...) -> (H, W, ...)"""
    n, height, width, *channels = pictures.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    cells = np.full((rows * columns, height + GAP, width + GAP, *channels), between, dtype=np.uint8)
    cells[:n, :height, :width] = pictures
    arranged = cells.reshape(rows, columns, height + GAP, width + GAP, *channels).swapaxes(1, 2)
    found: Bytes = arranged.reshape(rows * (height + GAP), columns * (width + GAP), *channels)[:-GAP, :-GAP]
    return found


def framed(pictures: Bytes, columns: int) -> Bytes:
    """Pictures (N, h, w, ...) in thin frames with the page's ground between them, as red, green, blue and alpha.

    For those whose mid grey is a value too, and which may be as white or as black as the page. Small ones are enlarged, so
    that a frame, one dot wide, is thin beside their pixels.
    """
    larger = max(1, round(ENLARGED / pictures.shape[2]))
    cells = pictures.repeat(larger, axis=1).repeat(larger, axis=2)
    cells = cells if cells.ndim == 4 else np.repeat(cells[..., None], 3, axis=3)
    seen = np.pad(cells, [(0, 0), (0, 0), (0, 0), (0, 1)], constant_values=255)
    ends: list[tuple[int, int]] = [(0, 0), (1, 1), (1, 1), (0, 0)]
    seen = np.pad(seen, ends)
    seen[:, [0, -1]] = seen[:, :, [0, -1]] = (BETWEEN, BETWEEN, BETWEEN, 255)
    return wall(np.pad(seen, ends), columns, 0)


def greys(values: Numbers, lowest: float, shape: tuple[int, ...]) -> Bytes:
    """Numbers (N, P) from ``lowest`` to 1 as bytes (N, *shape); values beyond are drawn as the ends."""
    scaled = (values.reshape(-1, *shape) - lowest) / (1 - lowest)
    found: Bytes = np.rint(255 * scaled.clip(0, 1)).astype(np.uint8)
    return found


def signed(values: Numbers, shape: tuple[int, ...], limit: float) -> Bytes:
    """Numbers (N, P) around zero as rows of a diverging scale whose ends are ±``limit``; in colour around mid grey."""
    scaled = values.reshape(-1, *shape) / (limit or 1.0)
    if len(shape) == 3:
        return greys(scaled, -1.0, shape)
    found: Bytes = (ZERO_ROW + np.rint(STEPS * scaled.clip(-1, 1))).astype(np.uint8)
    return found


def near_square(n: int) -> tuple[int, int]:
    """Rows and columns for n units: as square as can be while few places stay empty."""
    if n < 1:
        raise ValueError(f"expected at least one unit, got {n}")
    smallest = math.ceil(math.sqrt(n))
    widest = max(smallest, math.floor(1.5 * math.sqrt(n)))
    columns = min(range(smallest, widest + 1), key=lambda columns: (-n % columns, columns))
    return math.ceil(n / columns), columns


def sequences(rows: npt.ArrayLike, places: int, states: int) -> Bytes:
    """States or means of letters, (N, L q) or (N, L), as sequences in nearly square blocks, in rows of `glyphs.scale`."""
    return glyphs.sequences(glyphs.chances(rows, places, states), near_square(places)[1])


def logos(weight: Numbers, places: int) -> Bytes:
    """Weights to letters (L q, H) as a logo of each hidden unit, all on one scale, in rows of `glyphs.scale`."""
    units = weight.T.reshape(weight.shape[1], places, -1)
    return glyphs.logos(units, np.full(len(units), glyphs.reach(units).max(initial=0.0)))


def strongest(weight: Numbers, count: int) -> NDArray[np.intp]:
    """The hidden columns of weight (P, H) with the largest norms, the largest first."""
    return np.argsort(-np.linalg.norm(weight, axis=0), kind="stable")[:count]


def reach(values: Numbers) -> float:
    """Where a scale ends that one lonely weight must not wash out: 99.9 % of the |values| lie below."""
    return float(np.quantile(np.abs(values), 0.999)) if values.size else 1.0


def address(arranged: Bytes, scale: Lut | None = None) -> str:
    """A wall as its own address, ``data:image/png``; ``scale``: the colours of its rows, which else are greys or colours."""
    file = io.BytesIO()
    image(arranged, scale).save(file, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def image(arranged: Bytes, scale: Lut | None = None) -> Image.Image:
    """The same as a picture of Pillow's."""
    from PIL import Image

    if arranged.ndim == 3:
        return Image.fromarray(arranged)
    found = Image.fromarray(arranged)
    if scale is not None:
        found.putpalette(scale.tobytes())
    return found


def columns_for(shape: tuple[int, ...], usual: int) -> int:
    """Fewer side by side where each picture is a long row of values."""
    return max(1, usual // math.ceil(max(shape[1] / (4 * shape[0]), 1)))


def gradient(mode: Mode) -> str:
    """The diverging scale as a CSS background, for the legend."""
    rows = (1, 48, 96, ZERO_ROW, 160, 208, 255)
    return f"linear-gradient(to right, {', '.join('#' + diverging(mode)[row].tobytes().hex() for row in rows)})"
