"""Images: each becomes one grey picture, labelled by its folder or by a table, in the part that its folder names."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath

import numpy as np
from PIL import Image, ImageOps

from rbm.core import limits
from rbm.core.language import _
from rbm.datasets.user_datasets import colours
from rbm.datasets.user_datasets.folders import labels_of
from rbm.datasets.user_datasets.ink import Ink, Survey, opaque
from rbm.datasets.user_datasets.levels import WHITES, Levels, judge
from rbm.datasets.user_datasets.pictures import Bytes, Pictures, Reading, check_count, check_size, checked
from rbm.datasets.user_datasets.sizes import fitted, scaled_note
from rbm.datasets.user_datasets.source import Source
from rbm.errors import DatasetError

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")  # what is opened, whatever a file calls itself
_SURVEYED = 200  # pictures with transparency that tell how the others are drawn
_SIDE = 64  # pixels of a side that are enough for that


def read_images(
    source: Source, paths: Sequence[str], tables: Mapping[str, bytes], others: int, reading: Reading
) -> Pictures:
    """All images of these paths, in the order of their names. ``tables`` may say their classes; ``others``: files left out.

    The first frame counts of a film, and that is said; colours become grey, and that is said too.
    Raises :class:`DatasetError`, naming the file, for an image that cannot be read.
    """
    paths = sorted(paths)
    found = labels_of(paths, tables)
    paths = [path for path, used in zip(paths, found.used, strict=True) if used]
    check_count(len(paths))
    if reading.shape is not None:
        check_size(len(paths), *reading.shape)
    surveyed = _Look(source, paths)
    grey: list[Bytes] = []
    shapes = set()
    for path in paths:
        with _opened(path, source.read(path)) as image:
            ImageOps.exif_transpose(image, in_place=True)
            shapes.add((image.height, image.width))
            if reading.shape is None:
                check_size(1, image.height, image.width)
            grey.append(surveyed.grey(image, reading))
    left_out = others - (1 if found.table else 0)
    notes = [*found.notes, *surveyed.notes(), scaled_note(shapes, reading)]
    if left_out:
        notes.append(_("Left out, since not images: {left_out:,} of the files.").format(left_out=left_out))
    labels = None if reading.labels == "none" else found.labels
    return checked(grey, labels, [note for note in notes if note], found.parts)


def is_hidden(path: PurePosixPath) -> bool:
    """What systems add on their own: __MACOSX, .DS_Store, Thumbs.db."""
    return any(part.startswith((".", "__MACOSX")) for part in path.parts) or path.name == "Thumbs.db"


class _Look:
    """What must be known of the whole set before one picture is made: black and white, and what transparency is."""

    def __init__(self, source: Source, paths: Sequence[str]) -> None:
        self._range: dict[str, tuple[float, float]] = {}  # by depth: the least and greatest number
        self._levels: dict[str, Levels] = {}
        self._survey, self._films, self._coloured = Survey(), 0, False
        pixels = 0
        for path in paths:
            with _opened(path, source.read(path)) as image:
                pixels += image.width * image.height
                if pixels > limits.DECODED_PIXELS:
                    wrong = _(
                        "The images have more than {decoded_pixels:,} million pixels together; save them smaller, or give "
                        "fewer."
                    )
                    raise DatasetError(wrong.format(decoded_pixels=limits.DECODED_PIXELS // 10**6))
                self._films += image.format in ("GIF", "TIFF", "WEBP", "PNG") and getattr(image, "is_animated", False)
                self._coloured = self._coloured or _is_coloured(image)
                self._look(image)
        for depth, (low, high) in self._range.items():
            usual = {"byte": (255.0,), "word": (65535.0,)}.get(depth, WHITES)
            self._levels[depth] = (
                judge(low, high, usual) if low < high or len(self._range) == 1 else judge(0, high or 1)
            )
        self._ink: Ink = self._survey.ink()

    def _look(self, image: Image.Image) -> None:
        if _is_transparent(image):
            if self._survey.pictures < _SURVEYED:
                few = min(image.width, _SIDE), min(image.height, _SIDE)
                self._survey.add(*_parts(np.asarray(_rgba(image).resize(few, Image.Resampling.BOX))))
            return
        depth = _depth(image)
        low, high = self._range.get(depth, (np.inf, -np.inf))
        if depth in ("byte", "word") and low == 0 and high > {"byte": 127, "word": 32767}[depth]:
            return  # black and white are known: the others need not be looked at twice
        if image.mode in ("1", "P") or (depth == "byte" and image.mode not in ("L", "RGB")):
            image = image.convert("RGB")
        extrema = image.getextrema() if depth != "float" else _extrema(image)
        pairs = extrema if isinstance(extrema[0], tuple) else (extrema,)
        self._range[depth] = (
            min(low, 0.0 if depth in ("byte", "word") else np.inf, *(float(pair[0]) for pair in pairs)),
            max(high, *(float(pair[1]) for pair in pairs)),
        )

    def grey(self, image: Image.Image, reading: Reading) -> Bytes:
        """One picture (h, w)."""
        if _is_transparent(image):
            levels, opacity = _parts(fitted(_rgba(image), reading))
            return np.rint(opaque(levels, opacity, self._ink) * 255).astype(np.uint8)
        depth = _depth(image)
        black, factor = self._levels[depth].black, self._levels[depth].factor
        if depth != "byte":
            numbers = fitted(image.convert("F"), reading)
            return np.clip(np.rint((numbers - np.float32(black)) * np.float32(factor)), 0, 255).astype(np.uint8)
        if factor != 1:
            image = (image if image.mode in ("L", "RGB") else image.convert("RGB")).point(
                [min(255, max(0, round((i - black) * factor))) for i in range(256)] * (1 if image.mode == "L" else 3)
            )
        return fitted(image.convert("L"), reading)

    def notes(self) -> list[str]:
        """What is to be said about black, white, transparency and films."""
        told = [levels.note for levels in self._levels.values()]
        if self._survey.pictures:
            told.append(self._ink.note)
        told.append(colours.note(self._coloured))
        if self._films:
            told.append(
                _("{films:,} of the images hold several frames: the first of each is read.").format(films=self._films)
            )
        return told


@contextmanager
def _opened(path: str, data: bytes) -> Iterator[Image.Image]:
    """The image of a file, and in its context a sentence for all that may go wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what is refused below, and of odd but harmless files
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            if image.width * image.height > limits.IMAGE_PIXELS:
                wrong = _(
                    "The image {path!r} has {width:,}×{height:,} pixels; at most {image_pixels} million are read: save "
                    "it smaller."
                )
                raise DatasetError(
                    wrong.format(
                        path=path[:120],
                        width=image.width,
                        height=image.height,
                        image_pixels=limits.IMAGE_PIXELS // 10**6,
                    )
                )
            try:
                yield image
            finally:
                image.close()  # before the next is opened
    except DatasetError:
        raise
    except Exception as cause:  # a broken image ends in many ways: OSError, SyntaxError, struct.error, IndexError ...
        fault = _("The image {path!r} cannot be read; leave it out or save it again as PNG.")
        raise DatasetError(fault.format(path=path[:120])) from cause


def _depth(image: Image.Image) -> str:
    """ "byte", "word" (two bytes), "integer" or "float"."""
    if image.mode.startswith("I;16"):
        return "word"
    return {"I": "integer", "F": "float"}.get(image.mode, "byte")


def _is_transparent(image: Image.Image) -> bool:
    """Whether a picture has transparency and uses it."""
    if not image.has_transparency_data or _depth(image) != "byte":
        return False
    return int(np.asarray(_rgba(image).getchannel("A")).min()) < 255


def _is_coloured(image: Image.Image) -> bool:
    """Looked at small: a picture of a camera has millions of pixels."""
    if _depth(image) != "byte" or image.mode in ("1", "L", "LA"):
        return False
    few = min(image.width, _SIDE), min(image.height, _SIDE)
    pixels = np.asarray(_rgba(image).resize(few, Image.Resampling.BOX), np.float32) / 255
    return colours.are_in(pixels)


def _rgba(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGBA" else image.convert("RGBA")


def _extrema(image: Image.Image) -> tuple[float, float]:
    values = np.asarray(image)
    return float(values.min()), float(values.max())  # a NaN makes both NaN


def _parts(pixels: Bytes) -> tuple[np.ndarray, np.ndarray]:
    """Levels and opacity (h, w) in [0, 1] of (h, w, 4) bytes."""
    scaled = pixels.astype(np.float32) / 255
    return scaled[..., :3] @ colours.LUMA, scaled[..., 3]
