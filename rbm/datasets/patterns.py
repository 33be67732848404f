"""Digits as memories: the most typical MNIST digit of each class, coarse enough to watch single pixels."""

import torch
from torch import Tensor
from torch.nn import functional

from rbm.datasets.catalog import load_dataset

SIDE = 14
_INK = 0.4  # of a 2 × 2 block: above it the coarse pixel is on


def digit_patterns(examples: int = 5000) -> Tensor:
    """One pattern of −1 and +1 for each digit 0 ... 9, (10, 196): the example nearest to its class's mean."""
    data = load_dataset("mnist", size=examples)
    labels = data.train_labels
    assert labels is not None
    pixels = functional.avg_pool2d(data.train.view(-1, 1, 28, 28).float(), 2).flatten(1)
    found = []
    for digit in range(10):
        own = pixels[labels == digit]
        found.append(own[(own - own.mean(0)).square().sum(1).argmin()])
    return torch.where(torch.stack(found) > _INK, 1.0, -1.0)
