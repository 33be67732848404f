"""The variational autoencoder: a code with a distribution, and a bound on the likelihood that autograd can climb."""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from rbm.models.autoencoder import N_CODE
from rbm.models.baseline import Baseline, draw_weights, perceptron


class VAE(Baseline):
    """z ~ N(0, 1), v | z ~ Bernoulli(σ(g(z))); q(z|v) = N(μ(v), e^{s(v)}) stands in for the posterior. It raises

        log p(v) ≥ ⟨log p(v|z)⟩_q − KL(q(z|v) ‖ p(z)), nats per picture,

    with z = μ + e^{s/2} ε, so that the gradient passes through. Decoder and encoder have one wide layer each.
    It learns binary draws of the grey levels, as the RBM does, so that bound and likelihood are of one task.
    Kingma & Welling, Auto-Encoding Variational Bayes, 2014, equations 7 and 10.
    """

    title = "VAE"
    players = ("network",)
    binarise = "stochastic"

    def __init__(
        self,
        width: int,
        image_shape: tuple[int, int],
        *,
        n_code: int = N_CODE,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(width, image_shape)
        self.n_code = n_code
        encoder, decoder = perceptron(self.n_visible, width, 2 * n_code), perceptron(n_code, width, self.n_visible)
        self.network = nn.ModuleDict({"encoder": encoder, "decoder": decoder})
        draw_weights(self, generator)

    def posterior(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """Mean μ and log variance s of q(z|v), each (N, Z)."""
        self.check(v)
        mean, log_variance = self.network["encoder"](v).chunk(2, 1)
        return mean, log_variance

    def logits(self, z: Tensor) -> Tensor:
        """g(z) (N, V), of the pixels' probabilities."""
        found: Tensor = self.network["decoder"](z)
        return found

    def log_conditional(self, v: Tensor, z: Tensor) -> Tensor:
        """log p(v|z) of binary v, (N,) nats."""
        return -binary_cross_entropy_with_logits(self.logits(z), v, reduction="none").sum(1)

    def bound(self, v: Tensor, generator: torch.Generator) -> Tensor:
        """The evidence lower bound of binary v, (N,) nats: KL in closed form, one z a picture for the rest."""
        mean, log_variance = self.posterior(v)
        noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
        return self.log_conditional(v, mean + (log_variance / 2).exp() * noise) - kl_to_normal(mean, log_variance)

    def loss(self, player: str, v: Tensor, generator: torch.Generator) -> Tensor:
        return -self.bound(v, generator).mean()

    @torch.no_grad()
    def generate(self, n: int, generator: torch.Generator) -> Tensor:
        return self.logits(torch.randn(n, self.n_code, generator=generator)).sigmoid()


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, e^s) ‖ N(0, 1)) = ½ Σ (μ² + e^s − 1 − s), (N,) nats of μ and s (N, Z)."""
    return 0.5 * (mean.square() + log_variance.expm1() - log_variance).sum(1)
