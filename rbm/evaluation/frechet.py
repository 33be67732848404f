"""The Fréchet distance: how far the mean and covariance of samples' features lie from those of real images.

Letters: N rows, D features.
"""

from typing import NamedTuple, Self

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ShapeError


class FeatureGaussian(NamedTuple):
    """``mean`` (D,) and ``covariance`` (D, D), float64."""

    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Self:
        """Of features (N, D); ShapeError for fewer than two rows, which have no covariance."""
        if features.ndim != 2 or len(features) < 2:
            wrong = _("A mean and a covariance need features (N, D) of at least 2 rows, got {shape}.")
            raise ShapeError(wrong.format(shape=tuple(features.shape)))
        x = features.double()
        centred = x - x.mean(0)
        return cls(x.mean(0), centred.T @ centred / (len(x) - 1))


def frechet(a: FeatureGaussian, b: FeatureGaussian) -> float:
    """d² = |μ_a − μ_b|² + tr(Σ_a + Σ_b − 2 (Σ_a^½ Σ_b Σ_a^½)^½), the squared 2-Wasserstein distance of two Gaussians.

    Of samples it is too large, by about D²/N times their variance: compare equal numbers of samples only. ShapeError for
    different D. Dowson & Landau, The Fréchet Distance between Multivariate Normal Distributions, 1982; as a measure of
    generated images: Heusel et al., GANs Trained by a Two Time-Scale Update Rule, 2017 (FID, in Inception features).
    """
    if a.mean.shape != b.mean.shape:
        wrong = _("The sets have {first} and {second} features; describe both in the same way.")
        raise ShapeError(wrong.format(first=len(a.mean), second=len(b.mean)))
    values, vectors = torch.linalg.eigh(a.covariance)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    inner = torch.linalg.eigvalsh(root @ b.covariance @ root)
    spread = a.covariance.trace() + b.covariance.trace() - 2 * inner.clamp(min=0).sqrt().sum()
    return float((a.mean - b.mean).square().sum() + spread)
