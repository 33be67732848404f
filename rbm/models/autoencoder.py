"""The autoencoder: a narrow code through which pictures must pass and come out again."""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from rbm.models.baseline import Baseline, draw_weights, perceptron

N_CODE = 16
JITTER = 1e-6  # on the covariance of codes, so that a direction that no picture uses does no harm


class Autoencoder(Baseline):
    """v → code z = f(v) (N, Z) → ⟨v⟩ = σ(g(z)) (N, V), one wide layer on either side; lowers the cross-entropy

        −Σ_i v_i log ⟨v⟩_i + (1 − v_i) log(1 − ⟨v⟩_i), nats per picture.

    It has no distribution of its own. To make pictures, a Gaussian is fitted to the codes of images after training
    (``settle``) and its draws are decoded: Ghosh et al., From Variational to Deterministic Autoencoders, 2020.
    Hinton & Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks, 2006.
    """

    title = "Autoencoder"
    players = ("network",)
    code_mean: Tensor
    code_factor: Tensor

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
        encoder, decoder = perceptron(self.n_visible, width, n_code), perceptron(n_code, width, self.n_visible)
        self.network = nn.ModuleDict({"encoder": encoder, "decoder": decoder})
        self.register_buffer("code_mean", torch.zeros(n_code))
        self.register_buffer("code_factor", torch.eye(n_code))
        draw_weights(self, generator)

    def encode(self, v: Tensor) -> Tensor:
        """z (N, Z)."""
        self.check(v)
        code: Tensor = self.network["encoder"](v)
        return code

    def reconstruct(self, v: Tensor) -> Tensor:
        """⟨v⟩ (N, V)."""
        return self.network["decoder"](self.encode(v)).sigmoid()

    def loss(self, player: str, v: Tensor, generator: torch.Generator) -> Tensor:
        logits = self.network["decoder"](self.encode(v))
        return binary_cross_entropy_with_logits(logits, v, reduction="none").sum(1).mean()

    @torch.no_grad()
    def settle(self, images: Tensor) -> None:
        """Fit the Gaussian of the codes of images (N, V)."""
        code = self.encode(images)
        self.code_mean.copy_(code.mean(0))
        centred = (code - self.code_mean).double()
        covariance = centred.T @ centred / max(len(code) - 1, 1)
        jitter = JITTER * covariance.diagonal().mean().clamp(min=JITTER)
        factor = torch.linalg.cholesky(covariance + jitter * torch.eye(self.n_code, dtype=torch.float64))
        self.code_factor.copy_(factor)

    @torch.no_grad()
    def generate(self, n: int, generator: torch.Generator) -> Tensor:
        """Decoded draws of the codes' Gaussian; of N(0, 1) before ``settle``."""
        noise = torch.randn(n, self.n_code, generator=generator)
        pictures: Tensor = self.network["decoder"](self.code_mean + noise @ self.code_factor.T).sigmoid()
        return pictures
