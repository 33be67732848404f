"""What the baselines have in common: networks of layers, trained by gradients of a loss, that make pictures from noise.

Letters of the baselines' modules: N batch, V pixels of a picture, Z numbers of a code or of noise, W units of a wide layer.
"""

import math
from abc import ABC, abstractmethod
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError


class Baseline(nn.Module, ABC):
    """A generative model of pictures in [0, 1] whose ``loss`` autograd differentiates.

    Class attributes: ``title`` for people; ``players``, the parts (attributes of that name) that take turns in an update,
    each by Adam on a loss of its own; ``rate`` and ``beta1`` of Adam as the field has them; ``binarise``, what it
    learns from: "none" grey levels, "stochastic" their draws. ``image_shape``: rows and columns, V in all.
    """

    title: ClassVar[str]
    players: ClassVar[tuple[str, ...]]
    rate: ClassVar[float] = 1e-3
    beta1: ClassVar[float] = 0.9
    binarise: ClassVar[str] = "none"

    def __init__(self, width: int, image_shape: tuple[int, int]) -> None:
        """ConfigError for a width below 1."""
        super().__init__()
        if width < 1:
            raise ConfigError(_("A layer needs at least one unit, got width={width}.").format(width=width))
        self.width, self.image_shape = width, image_shape

    @property
    def n_visible(self) -> int:
        """The number of pixels of a picture, V."""
        return self.image_shape[0] * self.image_shape[1]

    @abstractmethod
    def loss(self, player: str, v: Tensor, generator: torch.Generator) -> Tensor:
        """What ``player`` lowers, a mean over the batch v (N, V), nats per picture."""

    @abstractmethod
    def generate(self, n: int, generator: torch.Generator) -> Tensor:
        """n new pictures (n, V), grey levels in [0, 1]; the same generator state gives the same noise to a later model."""

    def settle(self, images: Tensor) -> None:  # most have nothing to do
        """What must be known of the images (N, V) before pictures are made; only the autoencoder needs any."""

    def check(self, v: Tensor) -> None:
        """ShapeError unless v is (N, V)."""
        if v.ndim != 2 or v.shape[1] != self.n_visible:
            wrong = _("v has shape {shape}, expected (N, {n_visible}): one row a picture; flatten with x.flatten(1).")
            raise ShapeError(wrong.format(shape=tuple(v.shape), n_visible=self.n_visible))


def n_weights(model: nn.Module) -> int:
    """Numbers that training sets: weights, biases, scales; of every part, a GAN's discriminator included."""
    return sum(p.numel() for p in model.parameters())


def perceptron(*sizes: int) -> nn.Sequential:
    """Linear layers from sizes[0] to sizes[-1] with leaky ReLU (slope 0.2) between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


@torch.no_grad()
def draw_weights(model: nn.Module, generator: torch.Generator | None, deviation: float | None = None) -> None:
    """Weights and biases uniform within ±1/√fan-in, as torch draws them (LeCun et al., Efficient BackProp, 1998), but from
    ``generator``, a fixed seed without one. With ``deviation``: weights N(0, deviation²), biases 0. Layers that normalise
    keep their ones."""
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    for layer in model.modules():
        if not isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d) or layer.weight.is_meta:
            continue
        bound = 1 / math.sqrt(layer.weight[0].numel())
        for p in layer.parameters():
            if deviation is None:
                p.uniform_(-bound, bound, generator=generator)
            elif p is layer.bias:
                p.zero_()
            else:
                p.normal_(0.0, deviation, generator=generator)
