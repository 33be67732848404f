"""What can be said of a digit beside its name: tags that follow from its class. N labels, T tags."""

from types import MappingProxyType

import torch
from torch import Tensor

from rbm.errors import ShapeError

TAGS = MappingProxyType(
    {
        "even": (0, 2, 4, 6, 8),
        "below 5": (0, 1, 2, 3, 4),
        "a loop": (0, 6, 8, 9),
        "straight": (1, 4, 7),
        "prime": (2, 3, 5, 7),
    }
)


def tags_of(labels: Tensor) -> Tensor:
    """Digits 0 to 9 (N,) as tags (N, T) of 0 and 1, in the order of TAGS; ShapeError for anything but digits.

    6 and 8 have the same tags; every other digit has its own.
    """
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) <= 9:
        raise ShapeError(
            f"Tags are known of the digits 0 to 9, got labels from {int(labels.min())} to {int(labels.max())}."
        )
    table = torch.tensor([[float(digit in digits) for digits in TAGS.values()] for digit in range(10)])
    return table[labels]
