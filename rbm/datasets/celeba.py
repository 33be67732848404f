"""CelebA: photographs of faces, read out of the archive in which they are published.

Liu, Luo, Wang & Tang, Deep Learning Face Attributes in the Wild, ICCV 2015. Unpacked they would be 202,599 files.
"""

from __future__ import annotations

import zipfile
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rbm.datasets.files import CELEBA

ARCHIVE, ATTRIBUTES, PARTS = CELEBA
TRAINING, TEST = "0", "2"  # as the list of parts writes them
SIDE, MOST = 16, {TRAINING: 30_000, TEST: 5_000}  # of the data set: a hundred megabytes, a minute's reading
LABEL = "Smiling"  # of forty attributes


class Photographs(NamedTuple):
    """Pictures (N, side, side, 3) and whether each face smiles (N,)."""

    pixels: NDArray[np.uint8]
    smiling: NDArray[np.int64]


def photographs(folder: Path, part: str, side: int, count: int) -> Photographs:
    """The first ``count`` of a part, cut square in the middle and shrunk; fewer where there are fewer.

    Raises whatever a broken file makes of itself: KeyError, ValueError, OSError, zipfile.BadZipFile.
    """
    lines = (line.split() for line in (folder / PARTS).read_text("ascii").splitlines() if line)
    names = list(islice((name for name, its_part in lines if its_part == part), count))
    smiles = _smiles(folder / ATTRIBUTES)
    pixels = np.empty((len(names), side, side, 3), np.uint8)
    with zipfile.ZipFile(folder / ARCHIVE) as box:
        for row, name in enumerate(names):
            with box.open(f"img_align_celeba/{name}") as file, Image.open(file) as image:
                pixels[row] = _shrunk(image, side)
    return Photographs(pixels, np.array([smiles[name] for name in names], np.int64))


def _smiles(attributes: Path) -> dict[str, int]:
    """By the picture's name, 1 where the face smiles: 1 or −1 in the column of that name, below a line with their number."""
    __, heads, *rows = attributes.read_text("ascii").splitlines()
    column = 1 + heads.split().index(LABEL)
    return {name: int(values[column - 1] == "1") for name, *values in map(str.split, rows) if values}


def _shrunk(image: Image.Image, side: int) -> NDArray[np.uint8]:
    """Means over what falls into each pixel of the square in the middle."""
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    small = image.convert("RGB").resize((side, side), Image.Resampling.BOX, (left, top, left + edge, top + edge))
    return np.asarray(small)
