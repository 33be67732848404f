"""Colour images to learn: faces drawn here, which need no download, and CIFAR-10 and CelebA through torchvision.

Images are (N, h, w, 3) float32 in [0, 1].
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from rbm.core.language import _
from rbm.datasets._torchvision import import_torchvision
from rbm.datasets.faces import Images, faces
from rbm.datasets.files import data_folder
from rbm.errors import ConfigError, DatasetError
from rbm.tasks.colour import SOURCES


def load(source: str, count: int, seed: int = 1) -> Images:
    """``count`` images of a source; ConfigError for an unknown one, DatasetError where it cannot be fetched."""
    if source not in SOURCES:
        wrong = _("There are no colour images called {source!r}; choose one of {sources}.")
        raise ConfigError(wrong.format(source=source, sources=", ".join(SOURCES)))
    if count < 1:
        raise ConfigError(_("At least one image is needed, got {count}.").format(count=count))
    return faces(count, seed) if source == "faces" else _downloaded(source, count)


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
        wrong = _(
            "{sources} could not be fetched ({error}); it needs a network: choose the drawn faces, or put the "
            "files that torchvision expects into {folder}."
        )
        raise DatasetError(wrong.format(sources=_(SOURCES[source]), error=error, folder=folder)) from error
    rows = [np.asarray(_square(known[i][0])) for i in range(min(count, len(known)))]
    return (np.stack(rows) / 255).astype(np.float32)


def _square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.convert("RGB").crop((left, top, left + side, top + side)).resize((32, 32))
