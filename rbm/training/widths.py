"""The learned precision of Gaussian and ReLU pixels, in coordinates where it moves no mean.

W and b carry λ: a Gaussian pixel has the mean (b + Wh)/λ. A step of log λ alone moves every mean with it, and where the
data lie far from 0 a small one throws the model off them. So the step is made in (Δ, m, c̃, log λ),

    W = λΔ,    b̃ = λm,    with b̃ = b + W·h₀ and c̃ = c + Wᵀv₀ of the centred gradient (``centring``; offsets 0 without it),

where it changes widths and nothing else. By the chain rule ∂/∂log λ_i gains Σ_j W_ij ∂/∂W_ij + b̃_i ∂/∂b̃_i, and what log λ
moves by, W and b̃ are multiplied by. Our own derivation.
"""

import torch

from rbm.models.rbm import RBM
from rbm.training.centring import Centring
from rbm.training.gradients import ScaledGradient


class Widths:
    """Carries steps of ``model``'s log λ to W and b: ``before_step``, the optimiser, then ``after_step``."""

    def __init__(self, model: RBM, centring: Centring | None) -> None:
        self.model, self._centring = model, centring
        self._old = torch.zeros_like(model.visible_bias)  # log λ (V,)
        self._own = torch.zeros_like(model.visible_bias)  # W·h₀ (V,)

    @torch.no_grad()
    def before_step(self, gradient: ScaledGradient) -> None:
        """Complete the gradient of log λ, in place, W's and b's being centred already; remember where log λ stands."""
        model = self.model
        assert model.visible_log_precision is not None
        self._old.copy_(model.visible_log_precision)
        if self._centring is not None and self._centring.hidden is not None:
            torch.mv(model.weight, self._centring.hidden, out=self._own)
        along = (model.weight * gradient.weight).sum(1)
        along.addcmul_(model.visible_bias + self._own, gradient.visible_bias)
        gradient.visible_log_precision.add_(along)

    @torch.no_grad()
    def after_step(self) -> None:
        """Multiply W and b̃ by what λ was multiplied by; before ``Centring.after_step``, which hears of W's whole change."""
        model = self.model
        assert model.visible_log_precision is not None
        growth = torch.expm1(model.visible_log_precision - self._old)
        model.visible_bias.addcmul_(model.visible_bias + self._own, growth)
        model.weight.addcmul_(model.weight, growth[:, None])
