"""Pictures from arrays: layers and filters as tiles, PNG walls and GIF films.

Letters: N pictures, h rows and w columns of one picture, V = h * w its pixels, T frames of a film.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from pages.ui.draw.theme import STEPS, ZERO_ROW, Lut, Mode, diverging, grey
from rbm.core import glyphs
from rbm.core.language import _
from rbm.core.rests import rest
from rbm.datasets.coding import Coding
from rbm.experiment import UNBOUNDED, ModelSpec
from rbm.report.pictures import near_square as near_square

Pixels = NDArray[np.uint8]
Packed = NDArray[np.uint32]
TRANSPARENT = (0, 0, 0, 0)
LONGEST = 4  # times the shorter side: a row of many values would be a hair's breadth high, and is drawn as stripes
DRAWN_PIXELS = 2**14  # of one picture at most, when it is drawn broader


@dataclass(frozen=True)
class Tiles:
    """N pictures as rows of a colour scale, a byte a pixel: the browser colours them, a file is coloured here."""

    rows: Pixels  # (N, h, w), h and w those of ``drawn_shape``
    lut: Lut
    words: tuple[str, str, str] | None = None  # what the scale's two ends and its middle mean, where that must be said
    read: tuple[str, ...] | None = None  # what is written in each picture, where that is letters

    def __len__(self) -> int:
        return len(self.rows)

    def rgb(self) -> Pixels:
        """The same in colours: (N, h, w, 3)"""
        return self.lut[self.rows]


class Coloured(NamedTuple):
    """Pictures as colours, and the |value| that the strongest colour stands for: what a legend has to say."""

    tiles: Tiles
    limit: NDArray[np.float64]  # (N,), all the same where the scale is shared


def as_pictures(values: ArrayLike, shape: tuple[int, int] | None = None) -> NDArray[np.float64]:
    """Rows of V numbers, or pictures already, as (N, h, w)."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 2 and shape is not None:
        if array.shape[1] != math.prod(shape):
            raise ValueError(f"each row should hold {shape[0]} x {shape[1]} pixels, got {array.shape[1]}")
        array = array.reshape(-1, *shape)
    if array.ndim != 3 or not array.size:
        raise ValueError(f"expected pictures (N, h, w), or rows (N, V) with shape=(h, w); got {array.shape}")
    return array


def layer_pictures(values: ArrayLike, fill: float = 0.0) -> NDArray[np.float64]:
    """A layer that has no picture of its own, drawn as a small grid, padded with `fill`: (N, H) -> (N, rows, columns)"""
    units = np.asarray(values, dtype=np.float64)
    if units.ndim != 2:
        raise ValueError(f"expected one row of units per picture (N, H), got {units.shape}")
    rows, columns = near_square(units.shape[1])
    padded = np.full((len(units), rows * columns), fill)
    padded[:, : units.shape[1]] = units
    return padded.reshape(-1, rows, columns)


def tile(images: ArrayLike, columns: int, gap: int = 1, shape: tuple[int, int] | None = None) -> NDArray[np.float64]:
    """All pictures side by side in one, with NaN in the gaps and in the places left over: (N, h, w) -> (H, W)"""
    return _arrange(as_pictures(images, shape), columns, gap, np.nan)


def drawn_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns as which a picture of ``shape`` is drawn: as they are, or a long row of values as stripes.

    1×300 values become 300 stripes of 54 pixels each: their order is kept, and they can be seen.
    """
    height, width = shape
    most = max(DRAWN_PIXELS // (height * width), 1)
    down, across = (max(1, min(math.ceil(a / (LONGEST * b)), most)) for a, b in ((width, height), (height, width)))
    return height * down, width * across


def gap_between(shape: tuple[int, int]) -> int:
    """Pixels between drawn pictures of (h, w): they must stay apart when a wall of broad ones is shrunk to its container."""
    return max(1, max(shape) // 64)


def colour_weights(
    images: ArrayLike,
    *,
    shared: bool = True,
    limit: float | None = None,
    lut: Lut | None = None,
    shape: tuple[int, int] | None = None,
) -> Coloured:
    """Signed numbers as colours: zero neutral, -x and +x equally strong.

    shared: one scale for all pictures, so that they can be compared; otherwise each uses all of the scale.
    limit: the |value| of the strongest colour, where the caller knows it (a film must not breathe).
    """
    pictures = _finite(as_pictures(images, shape))
    strength = np.abs(pictures).max(axis=(1, 2))  # (N,)
    limits = np.full_like(strength, limit if limit is not None else strength.max()) if shared else strength
    scale = np.where(limits > 0, limits, 1.0)[:, None, None]  # a picture of zeros is neutral, whatever its scale
    rows = (ZERO_ROW + np.rint(STEPS * np.clip(pictures / scale, -1, 1))).astype(np.uint8)
    return Coloured(Tiles(_broad(rows), diverging() if lut is None else lut), limits)


def colour_probabilities(images: ArrayLike, *, lut: Lut | None = None, shape: tuple[int, int] | None = None) -> Tiles:
    """Numbers in [0, 1] as greys (values beyond are drawn as 0 or 1): (N, h, w) -> (N, *drawn_shape((h, w)))"""
    pictures = _finite(as_pictures(images, shape))
    rows = np.rint(255 * np.clip(pictures, 0, 1)).astype(np.uint8)
    return Tiles(_broad(rows), grey() if lut is None else lut)


@dataclass(frozen=True)
class Painter:
    """The layers of a run's machine as pictures, each type of unit on the colour scale that fits it.

    Probabilities and levels in greys from off to on, spins from −1 to +1; what is Gaussian around zero, blue below and red
    above. ``shape``: rows and columns of one image; ``colour``: each pixel of it is red, green and blue; ``letters``: each is
    a letter, whose number is the unit's state.
    """

    model: ModelSpec
    shape: tuple[int, int]
    mode: Mode = "light"
    colour: bool = False
    letters: bool = False

    @property
    def coding(self) -> Coding:
        """How rows of its visible layer are pictures."""
        one_of_many = self.model.visible == "categorical"
        return replace(self.model.coding, palette=self.colour and one_of_many, letters=self.letters and one_of_many)

    @property
    def framed(self) -> bool:
        """Whether whole pictures may be as white or as black as the page."""
        return self.model.visible == "spin" or self.letters

    @property
    def scale(self) -> str:
        """What the colours of the visible layer mean, in a sentence; "" where nobody needs to be told."""
        if self.colour:
            return ""
        if self.letters:
            return _("Each place shows its likeliest letter, the stronger the likelier.")
        told = {
            "spin": _("Black is −1, white +1."),
            "gaussian": _("Red is above 0, blue below, and the strongest colours are ±1."),
            "relu": _("Black is 0, white 1 and above."),
        }
        return told.get(self.model.visible, "")

    @property
    def filters_told(self) -> str:
        """What the colours of a filter mean, in a sentence."""
        if self.coding.letters:
            return _(
                "Each logo holds one hidden unit's weights to the letters of every place: it favours those above "
                "the line and shuns those below, the higher the more."
            )
        if self.colour:
            return _("Each picture holds one hidden unit's weights to red, green and blue; mid grey is none.")
        return _(
            "Each picture holds one hidden unit's weights to all pixels: red pixels excite it, blue ones silence it."
        )

    def visible(self, rows: ArrayLike, *, told: bool = False) -> Tiles | Pixels:
        """States or means of the visible layer, (N, V); ``told``: with a legend, where the units are not the usual ones."""
        name = self.model.visible
        if self.letters:
            return _of_letters(rows, self.model, math.prod(self.shape), self.mode)
        values = self.coding.pixels(rows)
        if self.colour:
            return _of_colours((values + 1) / 2 if name == "spin" else values, self.shape)
        drawn = _of_units(values, name, self.shape, 1.0, self.mode)
        ends = {"spin": ("−1", "spin", "+1"), "gaussian": ("−1", "value", "1"), "relu": ("0", "value", "1")}
        levels = ("0", "state", f"{self.model.n_states - 1}")
        return replace(drawn, words=ends.get(name, levels)) if told and name != "bernoulli" else drawn

    def hidden(self, h: ArrayLike) -> Tiles:
        """States of the hidden layer, (N, H), as small grids; where they have no largest, on a scale of their own."""
        values, name = np.asarray(h, dtype=np.float64), self.model.hidden
        if name == "multinary":
            values = values / (self.model.n_states - 1)
        limit = float(np.abs(values).max()) if name in UNBOUNDED else 1.0
        low = -1.0 if name == "spin" else 0.0
        return _of_units(layer_pictures(values, low), name, None, limit or 1.0, self.mode)

    def filters(self, weight: NDArray[Any]) -> NDArray[Any]:
        """The weights (V, H) as a picture of each hidden column, (P, H)."""
        return self.coding.filters(weight)


def filter_pictures(
    weight: NDArray[Any],
    shape: tuple[int, int],
    units: NDArray[np.intp],
    *,
    shared: bool,
    limit: float | None,
    mode: Mode,
) -> Tiles | Pixels:
    """The weights (P, H) into some units as pictures, on one scale or each on its own; in colour where P are three a pixel,
    as logos where they are one a letter."""
    rows = np.ascontiguousarray(weight.T[units], dtype=np.float64)
    if rows.shape[1] == math.prod(shape):
        return colour_weights(rows, shared=shared, limit=limit, lut=diverging(mode), shape=shape).tiles
    if rows.shape[1] != 3 * math.prod(shape):
        return _logos(rows.reshape(len(rows), math.prod(shape), -1), shared, mode)
    strength = np.abs(_finite(rows[:, None])).max(axis=2)
    scale = np.full_like(strength, limit if limit is not None else strength.max()) if shared else strength
    return _of_colours((rows / np.where(scale > 0, scale, 1.0) + 1) / 2, shape)


def rgb(shown: Tiles | Pixels) -> Pixels:
    """Pictures in colours: (N, h, w, 3)"""
    return shown.rgb() if isinstance(shown, Tiles) else shown


def _of_letters(rows: ArrayLike, model: ModelSpec, places: int, mode: Mode) -> Tiles:
    """States or means of units that are letters, as sequences in lines about as long as they are many."""
    q = model.n_states
    p = glyphs.chances(rows, places, q)
    return Tiles(glyphs.sequences(p, near_square(places)[1]), glyphs.scale(q, mode), read=tuple(glyphs.read(p)))


def _logos(weight: NDArray[np.float64], shared: bool, mode: Mode) -> Tiles:
    """Weights to letters (N, L, q) as logos, on one scale or each on its own."""
    full = glyphs.reach(_finite(weight))
    drawn = glyphs.logos(weight, np.full_like(full, full.max()) if shared else full)
    return Tiles(drawn, glyphs.scale(weight.shape[2], mode))


def _of_colours(values: ArrayLike, shape: tuple[int, int]) -> Pixels:
    """Numbers in [0, 1], red, green and blue of each pixel in turn, as colours: (N, h w 3) -> (N, h, w, 3)"""
    found = np.rint(255 * np.clip(np.asarray(values, dtype=np.float64), 0, 1)).astype(np.uint8)
    return found.reshape(-1, *shape, 3)


def _of_units(values: ArrayLike, name: str, shape: tuple[int, int] | None, limit: float, mode: Mode) -> Tiles:
    """Numbers of units of a type as pictures; ``limit``: the largest, where the type has none."""
    pictures = as_pictures(values, shape)
    if name in ("gaussian", "drelu"):
        return colour_weights(pictures, limit=limit, lut=diverging(mode)).tiles
    return colour_probabilities((pictures + 1) / 2 if name == "spin" else pictures / limit)


def grid_pixels(
    pixels: Pixels, columns: int, gap: int = 1, background: tuple[int, int, int] = (128, 128, 128)
) -> Pixels:
    """All pictures in one, as a frame of a film: (N, h, w, 3) -> (H, W, 3)"""
    return _arrange(pixels, columns, gap, np.array(background, dtype=np.uint8))


def grid_png(
    pictures: Tiles | Pixels,
    columns: int,
    gap: int | None = None,
    background: tuple[int, int, int, int] = TRANSPARENT,
    scale: int = 1,
) -> bytes:
    """A file of all pictures; the gaps, of `gap_between` unless said, show `background` (RGBA): (N, h, w, 3) -> PNG"""
    pixels = rgb(pictures)
    if pixels.ndim != 4 or pixels.shape[-1] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"expected 8-bit colours (N, h, w, 3), got {pixels.dtype} {pixels.shape}")
    gap = gap_between((pixels.shape[1], pixels.shape[2])) if gap is None else gap
    if scale < 1:
        raise ValueError(f"expected a whole scale of at least 1, got {scale}")
    wall = _image(_arrange(_packed(pixels), columns, gap, np.array(background, dtype=np.uint8).view(np.uint32)[0]))
    if scale > 1:
        wall = wall.resize((scale * wall.width, scale * wall.height), Image.Resampling.NEAREST)
    rest()
    file = io.BytesIO()
    wall.save(file, "png", compress_level=1)  # six times faster than the default level
    return file.getvalue()


def gif(frames: Sequence[Pixels] | Pixels, ms_per_frame: int, scale: int = 1) -> bytes:
    """A film that repeats for ever: T frames (h, w, 3). Viewers count in hundredths of a second and refuse under two.

    Equal frames in a row are stored as one that stays longer.
    """
    if len(frames) == 0:
        raise ValueError("a film needs at least one frame")
    strip = np.concatenate([_packed(np.asarray(frame, dtype=np.uint8)) for frame in frames])
    film = _image(strip)  # all frames below each other: one palette for all, since colours that change would flicker
    if film.mode != "P":
        film = film.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    rest()
    height = film.height // len(frames)
    size = (scale * film.width, scale * height)
    cuts = (film.crop((0, top, film.width, top + height)) for top in range(0, film.height, height))
    stills = [cut.resize(size, Image.Resampling.NEAREST) for cut in cuts]
    duration = max(20, 10 * round(ms_per_frame / 10))
    file = io.BytesIO()
    stills[0].save(file, "gif", save_all=True, append_images=stills[1:], duration=duration, loop=0, optimize=False)
    return file.getvalue()


def _broad(pictures: NDArray[Any]) -> NDArray[Any]:
    """Pictures (N, h, w) at the size at which they are drawn."""
    shape = pictures.shape[1:]
    height, width = drawn_shape((shape[0], shape[1]))
    return pictures.repeat(height // shape[0], axis=1).repeat(width // shape[1], axis=2)


def _packed(pixels: Pixels) -> Packed:
    """Each colour as one number, its four bytes RGBA: (..., 3) -> (...)"""
    opaque = np.full((*pixels.shape[:-1], 4), 255, dtype=np.uint8)
    opaque[..., :3] = pixels
    return opaque.view(np.uint32)[..., 0]


def _image(packed: Packed) -> Image.Image:
    """With a palette where 256 colours are enough, as on any one colour scale: three times smaller and faster."""
    colours, index = np.unique(packed, return_inverse=True)
    if len(colours) > 256:
        return Image.frombytes("RGBA", packed.shape[::-1], packed.tobytes())
    image = Image.frombytes("P", packed.shape[::-1], index.astype(np.uint8).tobytes())
    image.putpalette(colours.tobytes(), "RGBA")
    return image


def _arrange(pictures: NDArray[Any], columns: int, gap: int, empty: Any) -> NDArray[Any]:
    """(N, h, w, ...) -> (H, W, ...), row by row from the top left; `empty` fills what no picture covers."""
    if columns < 1 or gap < 0:
        raise ValueError(f"expected columns >= 1 and gap >= 0, got {columns} and {gap}")
    n, height, width, *channels = pictures.shape
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    cells = np.empty((rows * columns, height + gap, width + gap, *channels), dtype=pictures.dtype)
    cells[:] = empty
    cells[:n, :height, :width] = pictures
    grid = cells.reshape(rows, columns, height + gap, width + gap, *channels).swapaxes(1, 2)
    wall = grid.reshape(rows * (height + gap), columns * (width + gap), *channels)
    return np.ascontiguousarray(wall[: rows * (height + gap) - gap, : columns * (width + gap) - gap])


def _finite(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(pictures).all():
        raise ValueError(
            "a picture holds NaN or infinite values, so the model has diverged; a lower learning rate is the usual fix"
        )
    return pictures
