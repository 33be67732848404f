"""Colour images to learn: faces drawn here, which need no download, and CIFAR-10 and CelebA through torchvision.

Images are (N, h, w, 3) float32 in [0, 1].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbm.datasets._torchvision import import_torchvision
from rbm.datasets.files import data_folder
from rbm.errors import ConfigError, DatasetError
from rbm.tasks.colour import SIDE, SOURCES, Images

Floats = npt.NDArray[np.float64]
BLOCK = 200  # faces drawn at a time: all at once would need a gigabyte
FINER = 3  # each drawn on a grid so many times finer, then averaged: soft edges
_SKIN = np.array([[0.98, 0.86, 0.74], [0.91, 0.72, 0.55], [0.73, 0.52, 0.36], [0.45, 0.30, 0.20]])
_HAIR = np.array([[0.12, 0.09, 0.07], [0.36, 0.21, 0.10], [0.88, 0.72, 0.35], [0.70, 0.28, 0.12], [0.75, 0.75, 0.77]])
_EYES = np.array([[0.20, 0.12, 0.06], [0.15, 0.35, 0.62], [0.18, 0.45, 0.25]])
_GROUND = np.array([[0.62, 0.78, 0.92], [0.80, 0.90, 0.70], [0.95, 0.85, 0.65], [0.85, 0.75, 0.90], [0.35, 0.42, 0.55]])


def load(source: str, count: int, seed: int = 1) -> Images:
    """``count`` images of a source; ConfigError for an unknown one, DatasetError where it cannot be fetched."""
    if source not in SOURCES:
        raise ConfigError(f"There are no colour images called {source!r}; choose one of {', '.join(SOURCES)}.")
    if count < 1:
        raise ConfigError(f"At least one image is needed, got {count}.")
    return faces(count, seed) if source == "faces" else _downloaded(source, count)


def faces(count: int, seed: int = 1) -> Images:
    """Faces of four skin tones, five hair colours and three eye colours, short or long hair, smiling or not, a little moved."""
    draw = np.random.default_rng(seed)
    return np.concatenate([_faces(min(BLOCK, count - start), draw) for start in range(0, count, BLOCK)])


def _faces(count: int, draw: np.random.Generator) -> Images:
    axis = (np.arange(SIDE * FINER) + 0.5) / (SIDE * FINER)
    y, x = (grid[None] for grid in np.meshgrid(axis, axis, indexing="ij"))
    row = (count, 1, 1)
    middle_x, middle_y = 0.5 + draw.normal(0, 0.025, row), 0.53 + draw.normal(0, 0.025, row)
    wide, tall = draw.uniform(0.23, 0.30, row), draw.uniform(0.30, 0.36, row)
    long, smile = draw.random(row) < 0.5, draw.choice([-1.0, 1.0], row)

    def ellipse(cx: Floats, cy: Floats, rx: Floats | float, ry: Floats | float) -> npt.NDArray[np.bool_]:
        inside: npt.NDArray[np.bool_] = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        return inside

    def colours(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        chosen = table[draw.integers(len(table), size=count)] + draw.normal(0, 0.03, (count, 3))
        return np.clip(chosen, 0, 1)[:, None, None, :]

    ground, hair, skin, eyes = (colours(table) for table in (_GROUND, _HAIR, _SKIN, _EYES))
    picture = np.broadcast_to(ground, (count, len(axis), len(axis), 3)).copy()
    mane = ellipse(middle_x, middle_y - 0.07, wide + 0.07, tall + 0.05) & ((y < middle_y) | long)
    face = ellipse(middle_x, middle_y, wide, tall) & (y > middle_y - tall * 0.62)
    eye = np.zeros_like(face)
    for side in (-1, 1):
        eye |= ellipse(middle_x + side * wide * 0.45, middle_y - 0.05, 0.045, 0.04)
    curve = middle_y + 0.17 - smile * 0.6 * (((x - middle_x) / wide) ** 2 - 0.1) * wide
    mouth = (np.abs(y - curve) < 0.022) & (np.abs(x - middle_x) < wide * 0.5)
    for where, colour in ((mane, hair), (face, skin), (eye, eyes), (mouth, np.array([0.72, 0.20, 0.22]))):
        picture = np.where(where[..., None], colour, picture)
    coarse = picture.reshape(count, SIDE, FINER, SIDE, FINER, 3).mean((2, 4))
    return coarse.astype(np.float32)


def _downloaded(source: str, count: int) -> Images:
    """The first images of a set that torchvision knows, cut square and shrunk to 32×32."""
    torchvision = import_torchvision()
    folder = data_folder(None) / source
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if source == "cifar10":
            known = torchvision.CIFAR10(str(folder), train=True, download=True)
        else:
            known = torchvision.CelebA(str(folder), split="train", download=True)
    except (OSError, RuntimeError, ImportError) as error:
        raise DatasetError(
            f"{SOURCES[source]} could not be fetched ({error}); it needs a network: choose the drawn faces, or put the "
            f"files that torchvision expects into {folder}."
        ) from error
    rows = [np.asarray(_square(known[i][0])) for i in range(min(count, len(known)))]
    return (np.stack(rows) / 255).astype(np.float32)


def _square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.convert("RGB").crop((left, top, left + side, top + side)).resize((32, 32))
