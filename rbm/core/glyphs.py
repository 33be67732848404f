"""Letters as small pictures: sequences, and logos of their weights as biology draws them (Schneider & Stephens 1990).

A picture holds a byte a pixel. Of q letters the a-th has the rows a·m to a·m + m − 1 of the scale, m = 255 // q, from paper
to its full colour; row RULE is the line that a logo stands on. Letters: N pictures, L places, q letters.
"""

import string
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rbm.core.colours import BACKGROUND, CATEGORICAL, TEXT, Lut, Mode, rgb

Pixels = npt.NDArray[np.uint8]
RULE = 255
CELL = (16, 13)  # rows and columns of pixels of a letter of a sequence, of which the outermost stay free
MARGIN = 4  # pixels of paper around a picture
HALF = 22  # rows of a logo above its line, and as many below
_FONT = 96  # a letter is drawn large and made smaller
_ALPHABETS = {4: "ACGU", 20: "ACDEFGHIKLMNPQRSTVWY", 21: "-ACDEFGHIKLMNPQRSTVWY"}


def alphabet(q: int) -> str:
    """Nucleotides, amino acids, or the first q capitals."""
    return _ALPHABETS.get(q, string.ascii_uppercase[:q])


@lru_cache
def scale(q: int, mode: Mode) -> Lut:
    """The colours of the rows, each letter's its own on the page's ground: (256, 3)"""
    paper, ink, colours = np.array(rgb(BACKGROUND[mode])), np.array(rgb(TEXT[mode])), CATEGORICAL[mode]
    m = RULE // q
    part = np.linspace(0, 1, m)[:, None]
    found = np.empty((RULE + 1, 3))
    found[:] = paper
    for a in range(q):
        found[a * m : (a + 1) * m] = (1 - part) * paper + part * np.array(rgb(colours[a % len(colours)]))
    found[RULE] = (paper + ink) / 2
    return np.rint(found).astype(np.uint8)


def chances(rows: npt.ArrayLike, places: int, q: int) -> npt.NDArray[np.float64]:
    """States or means of units that are letters, (N, L q) of a column a letter or (N, L) of their numbers -> (N, L, q)"""
    v = np.asarray(rows, dtype=np.float64)
    return v.reshape(len(v), places, q) if v.shape[1] == places * q else np.eye(q)[np.rint(v).astype(int)]


def read(p: npt.NDArray[np.floating]) -> list[str]:
    """The likeliest letter of each place: (N, L, q) -> N words."""
    letters = np.array(list(alphabet(p.shape[2])))
    return ["".join(row) for row in letters[p.argmax(2)]]


def sequences(p: npt.NDArray[np.floating], columns: int) -> Pixels:
    """Sequences in lines of ``columns`` letters, the likeliest of each place as strong as it is likely.

    (N, L, q) -> (N, h, w) with h = ⌈L/columns⌉·16 + 2·MARGIN and w = columns·13 + 2·MARGIN
    """
    n, places, q = p.shape
    m = RULE // q
    lines = -(-places // columns)
    cells = np.zeros((n, lines * columns, *CELL), np.uint8)
    best = p.argmax(2)
    strength = np.clip(np.take_along_axis(p, best[..., None], 2)[..., 0], 0, 1)
    shapes = np.stack(
        [np.pad(_glyph(letter, CELL[0] - 2, CELL[1] - 2), 1) for letter in alphabet(q)]
    )  # (q, rows, columns)
    inked = np.rint(strength[..., None, None] * shapes[best] * (m - 1))
    cells[:, :places] = best[..., None, None] * m + inked
    return _with_margin(
        cells.reshape(n, lines, columns, *CELL).swapaxes(2, 3).reshape(n, lines * CELL[0], columns * CELL[1])
    )


def logos(weight: npt.NDArray[np.floating], full: npt.NDArray[np.floating]) -> Pixels:
    """Weights to letters as logos: above the line those that are positive, below it the others, each as high as it is strong.

    ``full`` (N,): the sum that fills a half. (N, L, q) -> (N, 2·HALF + 1 + 2·MARGIN, L·13 + 2·MARGIN)
    """
    n, places, q = weight.shape
    m, width = RULE // q, CELL[1]
    found = np.zeros((n, 2 * HALF + 1, places * width), np.uint8)
    found[:, HALF] = RULE
    letters = alphabet(q)
    for i in range(n):
        share = weight[i] / (full[i] or 1.0) * HALF
        for place in range(places):
            left = place * width + 1
            for sign in (1, -1):
                edge = 0.0
                for a in np.argsort(np.abs(share[place]), kind="stable"):  # the strongest stands outermost
                    size = sign * float(share[place, a])
                    start, edge = round(edge), edge + max(size, 0.0)
                    tall = min(round(edge), HALF) - start
                    if size <= 0 or tall < 1:
                        continue
                    top = HALF - start - tall if sign > 0 else HALF + 1 + start
                    inked = np.rint(_glyph(letters[a], tall, width - 2) * (m - 1))
                    found[i, top : top + tall, left : left + width - 2] = a * m + inked
    return _with_margin(found)


def reach(weight: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """The largest sum of one sign at a place: (N, L, q) -> (N,)"""
    return np.maximum(weight.clip(min=0).sum(2), -weight.clip(max=0).sum(2)).max(1)


def _with_margin(pictures: Pixels) -> Pixels:
    return np.pad(pictures, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))


@lru_cache(maxsize=2048)
def _glyph(letter: str, height: int, width: int) -> npt.NDArray[np.float64]:
    """How much of each pixel the letter covers, drawn to fill them: (height, width), 0 to 1."""
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("L", (2 * _FONT, 2 * _FONT))
    ImageDraw.Draw(canvas).text((_FONT // 4, _FONT // 4), letter, 255, ImageFont.load_default(_FONT), stroke_width=4)
    cut = canvas.crop(canvas.getbbox())
    if cut.width < cut.height / 2 or cut.width > 2 * cut.height:  # I and the gap keep their shape
        side = max(cut.height // 2, cut.width // 2)
        wide = Image.new("L", (max(cut.width, side), max(cut.height, side)))
        wide.paste(cut, ((wide.width - cut.width) // 2, (wide.height - cut.height) // 2))
        cut = wide
    return np.asarray(cut.resize((width, height), Image.Resampling.BOX), np.float64) / 255
