"""Pictures as memories: the most typical one of each class, coarse enough to watch single pixels."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset

SIDE = 14
MOST_SIDE = 16  # pixels of a coarse picture's side, about
MOST = 10  # memories of a data set
_INK = 0.4  # of a 2 × 2 block: above it the coarse pixel is on


class Memories(NamedTuple):
    """``patterns`` (P, n) of −1 and +1, n = h·w of ``shape``, and what each is called."""

    patterns: Tensor
    shape: tuple[int, int]
    names: tuple[str, ...]


def digit_patterns(examples: int = 5000) -> Tensor:
    """One pattern of −1 and +1 for each digit 0 ... 9, (10, 196): the example nearest to its class's mean."""
    data = load_dataset("mnist", size=examples)
    pixels = _coarse(data.train, (28, 28)).flatten(1)
    return torch.where(torch.stack(_typical(pixels, data.train_labels, range(10))) > _INK, 1.0, -1.0)


def memories(dataset: Dataset) -> Memories:
    """Up to MOST pictures of a data set: the most typical of each class that has one, or without classes evenly chosen ones.

    Blocks of pixels become one until no side is much longer than MOST_SIDE; a coarse pixel is on where it is brighter
    than its picture's mean, which suits strokes and photographs alike.
    """
    coarse = _coarse(dataset.train, (dataset.image_shape[0], dataset.image_shape[1]))
    pixels, labels = coarse.flatten(1), dataset.train_labels
    if len(dataset.class_names) > 1:
        classes = labels.unique().tolist()[:MOST]
        chosen = torch.stack(_typical(pixels, labels, classes))
        names = tuple(dataset.class_names[k] for k in classes)
    else:
        rows = torch.linspace(0, len(pixels) - 1, min(MOST, len(pixels))).long()
        chosen, names = pixels[rows], tuple(str(row) for row in rows.tolist())
    on = torch.where(chosen > chosen.mean(1, keepdim=True), 1.0, -1.0)
    return Memories(on, (coarse.shape[1], coarse.shape[2]), names)


def _coarse(rows: Tensor, shape: tuple[int, int]) -> Tensor:
    """Means over blocks of pixels: (N, h·w) -> (N, h', w'); what is left over at the right and below is cut off."""
    block = -(-max(shape) // MOST_SIDE)
    blocks = min(block, shape[0]), min(block, shape[1])
    return functional.avg_pool2d(rows.view(-1, 1, *shape).float(), blocks).squeeze(1)


def _typical(pixels: Tensor, labels: Tensor, classes: Iterable[int]) -> list[Tensor]:
    """Of each class the row nearest to its mean."""
    found = []
    for k in classes:
        own = pixels[labels == k]
        found.append(own[(own - own.mean(0)).square().sum(1).argmin()])
    return found
