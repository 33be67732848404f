"""Faces in colour, drawn here: a data set that needs no download and no licence.

Images are (N, h, w, 3) float32 in [0, 1]; a row of the data set is one of them laid flat, red, green and blue of each pixel in
turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rbm.datasets.entry import CATALOG

if TYPE_CHECKING:
    from rbm.datasets.base import Dataset

Images = npt.NDArray[np.float32]
SIDE = 16
PARTS = {"train": 4_000, "validation": 500, "test": 500}
Floats = npt.NDArray[np.float64]
BLOCK = 200  # faces drawn at a time: all at once would need a gigabyte
FINER = 3  # each drawn on a grid so many times finer, then averaged: soft edges
_SKIN = np.array([[0.98, 0.86, 0.74], [0.91, 0.72, 0.55], [0.73, 0.52, 0.36], [0.45, 0.30, 0.20]])
_HAIR = np.array([[0.12, 0.09, 0.07], [0.36, 0.21, 0.10], [0.88, 0.72, 0.35], [0.70, 0.28, 0.12], [0.75, 0.75, 0.77]])
_EYES = np.array([[0.20, 0.12, 0.06], [0.15, 0.35, 0.62], [0.18, 0.45, 0.25]])
_GROUND = np.array([[0.62, 0.78, 0.92], [0.80, 0.90, 0.70], [0.95, 0.85, 0.65], [0.85, 0.75, 0.90], [0.35, 0.42, 0.55]])


def load(name: str) -> Dataset:
    """The faces as a data set; always the same ones."""
    import torch

    from rbm.datasets.base import Dataset

    entry, (images, smiling) = CATALOG[name], drawn(sum(PARTS.values()))
    rows, labels = torch.from_numpy(images).flatten(1), torch.from_numpy(smiling).long()
    sizes = list(PARTS.values())
    parts: dict[str, Any] = dict(zip(PARTS, rows.split(sizes), strict=True))
    parts |= {f"{part}_labels": of for part, of in zip(PARTS, labels.split(sizes), strict=True)}
    return Dataset.of(entry, parts)


def faces(count: int, seed: int = 1) -> Images:
    """The pictures alone."""
    return drawn(count, seed)[0]


def drawn(count: int, seed: int = 1) -> tuple[Images, npt.NDArray[np.bool_]]:
    """Faces of four skin tones, five hair colours and three eye colours, short or long hair, a little moved; which smile."""
    draw = np.random.default_rng(seed)
    blocks = [_faces(min(BLOCK, count - start), draw) for start in range(0, count, BLOCK)]
    return np.concatenate([images for images, _ in blocks]), np.concatenate([smile for _, smile in blocks])


def _faces(count: int, draw: np.random.Generator) -> tuple[Images, npt.NDArray[np.bool_]]:
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
    return coarse.astype(np.float32), smile[:, 0, 0] > 0
