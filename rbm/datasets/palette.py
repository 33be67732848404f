"""A palette: M colours that the pixels of pictures gather around, and which of them each pixel is nearest to.

Colours are rows (M, 3) of red, green and blue in [0, 1], pixels (..., 3).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rbm.datasets.faces import Images, faces

if TYPE_CHECKING:
    from torch import Tensor

LOOKED_AT = 400  # faces that the palette of the data set is made of


def gathered(images: Images, n_colours: int, rounds: int = 12) -> Tensor:
    """M colours that the pixels gather around: Lloyd's k-means from pixels spread evenly over brightness."""
    import torch

    pixels = torch.from_numpy(images.reshape(-1, 3))[:: max(1, images[..., 0].size // 20_000)]
    order = pixels.sum(1).argsort()
    colours = pixels[order[torch.linspace(0, len(order) - 1, n_colours).long()]].clone()
    for _ in range(rounds):
        nearest = torch.cdist(pixels, colours).argmin(1)
        for i in range(n_colours):
            mine = pixels[nearest == i]
            if len(mine):
                colours[i] = mine.mean(0)
    return colours


def one_hot(pixels: Tensor, colours: Tensor) -> Tensor:
    """Each pixel as the nearest colour, a single 1 among M: (N, P, 3) -> (N, P·M)"""
    import torch

    nearest = torch.cat([torch.cdist(part, colours).argmin(-1) for part in pixels.split(256)])
    return torch.nn.functional.one_hot(nearest, len(colours)).float().flatten(1)


@lru_cache(maxsize=16)
def of_data(n_colours: int) -> Images:
    """The palette of the data set of colour pictures, (M, 3) in 255ths: rounded, it is the same in every process."""
    found: Images = np.rint(255 * gathered(faces(LOOKED_AT), n_colours).numpy()) / np.float32(255)
    return found
