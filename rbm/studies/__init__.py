"""Studies: numbers of the literature, reproduced. One module each, a recipe as a value and a function of its sizes.

Reading this list needs no torch.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from rbm.errors import ConfigError

if TYPE_CHECKING:
    from rbm.studies.report import Recipe


class Study(NamedTuple):
    """What a study asks, and about how long it takes on two quiet cores."""

    asks: str
    minutes: float


STUDIES = MappingProxyType(
    {
        "presets": Study("What do the app's default and its PCD preset reach?", 4),
        "defaults": Study("Is every algorithm good at its defaults? 20 epochs of MNIST with 100 units, untouched.", 15),
        "centring": Study("What is centring worth, on MNIST and on its negative? 16 hidden units, exact.", 3),
        "minute": Study("How good do 500 hidden units get within a minute of training?", 3),
        "ordering": Study("CD-1, CD-3, CD-25, PCD-1, PT: which likelihood, which reconstruction error?", 4),
        "rivals": Study(
            "An RBM, a GAN, a DCGAN, an autoencoder and a VAE, equally large, a minute each: who is best?", 8
        ),
        "labels_few": Study("What is pre-training worth with 100 to 60,000 labels? Error with and without it.", 10),
        "dbn": Study("Which test error does a pre-trained 500-500-2000 net reach on all of MNIST?", 20),
        "dbm": Study("How good is a deep Boltzmann machine of 500-1000 units? The bound on its likelihood.", 30),
        "best500": Study("How good do 500 hidden units get within 20 minutes of training?", 10),
        "ising": Study("Which couplings, energies and magnetisations does a machine learn of the Ising model?", 5),
        "labels": Study("How many test digits does a machine of pictures and labels misread, learnt three ways?", 40),
    }
)


def recipe(name: str) -> "Recipe":
    """The function of that study; ConfigError for a name that is none."""
    if name not in STUDIES:
        raise ConfigError(f"There is no study {name!r}; choose one of: {', '.join(STUDIES)}.")
    found: Recipe = import_module(f"rbm.studies.{name}").run
    return found
