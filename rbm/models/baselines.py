"""The baselines by name, each made as large as is asked for."""

from collections.abc import Mapping
from types import MappingProxyType

import torch

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.autoencoder import Autoencoder
from rbm.models.baseline import Baseline, n_weights
from rbm.models.gan import DCGAN, GAN
from rbm.models.vae import VAE

WIDEST = 1 << 14

Kind = type[GAN] | type[DCGAN] | type[Autoencoder] | type[VAE]
KINDS: Mapping[str, Kind] = MappingProxyType({"gan": GAN, "dcgan": DCGAN, "autoencoder": Autoencoder, "vae": VAE})


def width_for(kind: str, budget: int, image_shape: tuple[int, int]) -> int:
    """The width of its wide layers that brings the baseline's number of weights nearest to ``budget``.

    ConfigError for an unknown kind, and for a budget under which even width 1 does not fit.
    """
    if kind not in KINDS:
        wrong = _("There is no baseline {kind!r}; choose one of: {kinds}.")
        raise ConfigError(wrong.format(kind=kind, kinds=", ".join(KINDS)))
    low, high = 1, WIDEST
    smallest = _count(kind, low, image_shape)
    if budget < smallest:
        wrong = _(
            "The smallest {title} for pictures of {height}×{width} has {smallest:,} weights; got "
            "a budget of {budget:,}: take a larger RBM."
        )
        raise ConfigError(
            wrong.format(
                title=KINDS[kind].title,
                height=image_shape[0],
                width=image_shape[1],
                smallest=smallest,
                budget=budget,
            )
        )
    while high - low > 1:  # low fits, high does not
        middle = (low + high) // 2
        low, high = (middle, high) if _count(kind, middle, image_shape) <= budget else (low, middle)
    return min((low, high), key=lambda width: abs(_count(kind, width, image_shape) - budget))


def make_baseline(
    kind: str, budget: int, image_shape: tuple[int, int], generator: torch.Generator | None = None
) -> Baseline:
    """A baseline with about ``budget`` weights, drawn from ``generator``; errors of :func:`width_for`."""
    return KINDS[kind](width_for(kind, budget, image_shape), image_shape, generator=generator)


def _count(kind: str, width: int, image_shape: tuple[int, int]) -> int:
    with torch.device("meta"):  # shapes without numbers
        return n_weights(KINDS[kind](width, image_shape))
