"""Machines of colour images: pictures to learn, what a pixel's unit can say, and the learning as a task.

What the screen must know is here, without torch.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from rbm.core.language import N_
from rbm.datasets.faces import SIDE, Images

__all__ = ["FILTERS", "KINDS", "SIDE", "SOURCES", "ColourLook", "Images"]
FILTERS = 60  # as many are shown
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "faces": N_("Faces drawn here, 16×16"),
        "cifar10": N_("CIFAR-10, 32×32 (a download of 170 MB)"),
        "celeba": N_("CelebA, 32×32 (a download of 1.4 GB)"),
    }
)
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "multinary": N_("Multinary: M levels of red, green and blue, in order"),
        "categorical": N_("Categorical: one of M colours of a palette"),
        "gaussian": N_("Gaussian: any value, with a variance that is learnt"),
    }
)


class ColourLook(NamedTuple):
    """The machine at one time. Pictures are (N, h, w, 3) in [0, 1]; free energies in nats per image.

    ``samples``: ⟨v|h⟩ of chains that began as noise and have taken ``sweeps`` since, under the weights as they went.
    """

    epoch: float
    epochs: int
    reconstruction_error: float
    free_energy_train: float
    free_energy_validation: float
    originals: Images
    reconstructions: Images
    filters: Images
    samples: Images
    sweeps: int
