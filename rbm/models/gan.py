"""Generative adversarial networks: a forger of pictures, and the critic that is to tell them from real ones."""

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.baseline import Baseline, draw_weights, perceptron

N_NOISE = 64
DEVIATION = 0.02  # of a DCGAN's first weights: Radford et al. 2016, section 4


class Adversaries(Baseline):
    """A generator G of pictures from noise z ~ N(0, 1) (N, Z), and a discriminator with logit D of "this is real".

    They take turns: D lowers −⟨log σ(D(v))⟩ − ⟨log(1 − σ(D(G(z))))⟩, then G lowers −⟨log σ(D(G(z)))⟩ (the form that does
    not saturate). There is no likelihood, not even a bound. Goodfellow et al., Generative Adversarial Nets, 2014,
    equation 1 and section 3. Adam with β₁ = 0.5 and rate 0.0002 as in Radford et al. 2016.
    """

    players = ("discriminator", "generator")
    rate = 2e-4
    beta1 = 0.5
    generator: nn.Module
    discriminator: nn.Module
    n_noise: int

    def loss(self, player: str, v: Tensor, generator: torch.Generator) -> Tensor:
        self.check(v)
        noise = torch.randn(len(v), self.n_noise, generator=generator)
        if player == "generator":
            return generator_loss(self.discriminator(self.generator(noise)))
        with torch.no_grad():
            made = self.generator(noise)
        return discriminator_loss(self.discriminator(v), self.discriminator(made))

    @torch.no_grad()
    def generate(self, n: int, generator: torch.Generator) -> Tensor:
        noise = torch.randn(n, self.n_noise, generator=generator)
        self.generator.eval()
        made: Tensor = self.generator(noise)
        self.generator.train()
        return made


class GAN(Adversaries):
    """Both sides perceptrons with one wide layer."""

    title = "GAN"

    def __init__(
        self,
        width: int,
        image_shape: tuple[int, int],
        *,
        n_noise: int = N_NOISE,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(width, image_shape)
        self.n_noise = n_noise
        self.generator = nn.Sequential(perceptron(n_noise, width, self.n_visible), nn.Sigmoid())
        self.discriminator = nn.Sequential(perceptron(self.n_visible, width, 1), nn.Flatten(0))
        draw_weights(self, generator)


class DCGAN(Adversaries):
    """Both sides convolutional, with strides instead of pooling and batch normalisation between: each picture is made
    from 2W maps of a quarter of its side, W maps of half of it, one map. ConfigError unless both sides divide by 4.

    Radford, Metz & Chintala, Unsupervised Representation Learning with Deep Convolutional GANs, 2016, section 3.
    """

    title = "DCGAN"

    def __init__(
        self,
        width: int,
        image_shape: tuple[int, int],
        *,
        n_noise: int = N_NOISE,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(width, image_shape)
        if image_shape[0] % 4 or image_shape[1] % 4:
            wrong = _("A DCGAN halves its pictures twice, so both sides must be multiples of 4; got {shape}.")
            raise ConfigError(wrong.format(shape=tuple(image_shape)))
        self.n_noise = n_noise
        rows, columns = image_shape[0] // 4, image_shape[1] // 4
        self.generator = nn.Sequential(
            nn.Linear(n_noise, 2 * width * rows * columns), nn.Unflatten(1, (2 * width, rows, columns)),
            nn.BatchNorm2d(2 * width), nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, 2, 1), nn.Sigmoid(), nn.Flatten(),
        )  # fmt: skip
        self.discriminator = nn.Sequential(
            nn.Unflatten(1, (1, *image_shape)), nn.Conv2d(1, width, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2),
            nn.Flatten(), nn.Linear(2 * width * rows * columns, 1), nn.Flatten(0),
        )  # fmt: skip
        draw_weights(self, generator, DEVIATION)


def discriminator_loss(real: Tensor, made: Tensor) -> Tensor:
    """−⟨log σ(D)⟩ over real logits − ⟨log(1 − σ(D))⟩ over made ones, (N,) and (M,); at its least 2 log 2 − 2 JSD."""
    return softplus(-real).mean() + softplus(made).mean()


def generator_loss(made: Tensor) -> Tensor:
    """−⟨log σ(D)⟩ over the logits of made pictures (N,), log 2 where the discriminator cannot tell."""
    return softplus(-made).mean()
