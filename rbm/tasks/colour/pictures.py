"""Colour images to learn: faces drawn here, which need no download, and CIFAR-10 and CelebA, twice as large as in the catalogue.

Images are (N, h, w, 3) float32 in [0, 1].
"""

from __future__ import annotations

import numpy as np

from rbm.core.language import _
from rbm.datasets import celeba
from rbm.datasets._torchvision import import_torchvision
from rbm.datasets.catalog import entry
from rbm.datasets.faces import Images, faces
from rbm.datasets.files import SOURCES as FILES
from rbm.datasets.files import obtain
from rbm.datasets.images import unreadable
from rbm.errors import ConfigError
from rbm.tasks.colour import SOURCES

LARGE = 32


def load(source: str, count: int, seed: int = 1) -> Images:
    """``count`` images of a source; ConfigError for an unknown one, DatasetError where it cannot be fetched."""
    if source not in SOURCES:
        wrong = _("There are no colour images called {source!r}; choose one of {sources}.")
        raise ConfigError(wrong.format(source=source, sources=", ".join(SOURCES)))
    if count < 1:
        raise ConfigError(_("At least one image is needed, got {count}.").format(count=count))
    return faces(count, seed) if source == "faces" else _downloaded(source, count)


def _downloaded(source: str, count: int) -> Images:
    """The first training images of a data set of the catalogue, at 32×32 instead of its 16×16."""
    folder = obtain(source)
    place = folder / FILES[source].folder
    try:
        if source == "cifar10":
            pixels = import_torchvision().CIFAR10(str(folder), train=True, download=False).data[:count]
        else:
            pixels = celeba.photographs(place, celeba.TRAINING, LARGE, count).pixels
    except Exception as error:  # torchvision asserts, indexes and converts its way through a broken file
        raise unreadable(entry(source), place, error) from error
    return (pixels / 255).astype(np.float32)
