"""What can be said of a digit beside its name: tags that follow from its class. N labels, T tags."""

from types import MappingProxyType

import torch
from torch import Tensor

from rbm.core.language import N_, _
from rbm.errors import ShapeError

TAGS = MappingProxyType(
    {
        N_("even"): (0, 2, 4, 6, 8),
        N_("below 5"): (0, 1, 2, 3, 4),
        N_("a loop"): (0, 6, 8, 9),
        N_("straight"): (1, 4, 7),
        N_("prime"): (2, 3, 5, 7),
    }
)


def tags_of(labels: Tensor) -> Tensor:
    """Digits 0 to 9 (N,) as tags (N, T) of 0 and 1, in the order of TAGS; ShapeError for anything but digits.

    6 and 8 have the same tags; every other digit has its own.
    """
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) <= 9:
        wrong = _("Tags are known of the digits 0 to 9, got labels from {low} to {high}.")
        raise ShapeError(wrong.format(low=int(labels.min()), high=int(labels.max())))
    table = torch.tensor([[float(digit in digits) for digits in TAGS.values()] for digit in range(10)])
    return table[labels]
