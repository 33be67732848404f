"""A ZIP of images: each becomes one grey picture, labelled by its folder."""

from __future__ import annotations

import io
import warnings
from pathlib import PurePosixPath

import numpy as np
from PIL import Image, ImageOps

from rbm.archive import Archive
from rbm.datasets.own import limits
from rbm.datasets.own.pictures import Bytes, Pictures, Reading, check_size, checked, fitted
from rbm.errors import DatasetError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".ppm", ".pbm")
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM")  # what is opened, whatever a file calls itself


def read_images(archive: Archive, reading: Reading) -> Pictures:
    """All images of an archive in the order of their paths; files of other kinds are left out and counted.

    Labels are the names of the folders that hold the images, where there are at least two. The first frame counts of
    a film; what is transparent becomes white; colours become grey by their luma (ITU-R 601-2).
    Raises :class:`DatasetError`, naming the file, for an image that cannot be read.
    """
    paths = sorted(name for name in archive.names if _is_image(PurePosixPath(name)))
    others = sum(not _is_hidden(PurePosixPath(name)) for name in archive.names) - len(paths)
    if reading.size is not None:
        check_size(len(paths), reading.size, reading.size)
    grey: list[Bytes] = []
    seen = 0
    for path in paths:
        picture, pixels = _grey(path, archive.read(path), limits.DECODED_PIXELS - seen)
        seen += pixels
        if reading.size is None:
            check_size(1, picture.height, picture.width)
        grey.append(fitted(picture, reading))
    folders = [PurePosixPath(path).parent.name for path in paths]
    labelled = reading.labels != "none" and len(set(folders)) > 1
    notes = [f"Left out, since not images: {others:,} of the ZIP's files."] if others else []
    return checked(grey, folders if labelled else None, notes)


def _is_hidden(path: PurePosixPath) -> bool:
    """What systems add on their own: __MACOSX, .DS_Store, Thumbs.db."""
    return any(part.startswith((".", "__MACOSX")) for part in path.parts) or path.name == "Thumbs.db"


def _is_image(path: PurePosixPath) -> bool:
    return path.suffix.lower() in SUFFIXES and not _is_hidden(path)


def _grey(path: str, data: bytes, room: int) -> tuple[Image.Image, int]:
    """One image in grey levels (mode L), and how many pixels were decoded for it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what is refused below, and of odd but harmless files
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            pixels = image.width * image.height
            if pixels > min(limits.IMAGE_PIXELS, room):
                raise DatasetError(_too_large(path, image, pixels))
            return _flat(ImageOps.exif_transpose(image)), pixels
    except DatasetError:
        raise
    except Exception as cause:  # a broken image ends in many ways: OSError, SyntaxError, struct.error, IndexError ...
        raise DatasetError(f"The image {path[:120]!r} cannot be read; leave it out or save it again as PNG.") from cause


def _too_large(path: str, image: Image.Image, pixels: int) -> str:
    if pixels > limits.IMAGE_PIXELS:
        return (
            f"The image {path[:120]!r} has {image.width:,}×{image.height:,} pixels; at most "
            f"{limits.IMAGE_PIXELS // 10**6} million are read: save it smaller."
        )
    return (
        f"The images have more than {limits.DECODED_PIXELS // 10**6:,} million pixels together; save them smaller, "
        "or give fewer."
    )


def _flat(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits: convert("L") would cut them off at 255
        return Image.fromarray((np.asarray(image).astype(np.float32) / 257).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        see_through = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, see_through).convert("L")
    return image.convert("L")
