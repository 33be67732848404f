"""Double rectified units: two rectified halves, one above and one below 0, each with a precision of its own."""

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self, final

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.units.base import uniform_like
from rbm.units.quadratic import Continuum, ReLU, zero

MOST_ASYMMETRY = 0.95  # |η|: no half is more than 39 times as wide as the other


class _Half(NamedTuple):
    """Of each unit in its field: ``p``, how often it is in this half; there ``mean`` ⟨|s|⟩ and ``energy`` ⟨½γ±s²⟩."""

    p: Tensor
    mean: Tensor
    energy: Tensor


@final
@dataclass(frozen=True, eq=False)
class DReLU(Continuum):
    """Real units s with s₊ = max(s, 0), s₋ = min(s, 0) and the energy U(s) = ½γ₊s₊² + ½γ₋s₋² + θ₊s₊ + θ₋s₋.

    What θ₊ and θ₋ share is the field, x = −(θ₊ + θ₋)/2; the rest stands here: Δ = (θ₊ − θ₋)/2, so that
    base_energy = ½γ±s² + Δ|s|. Each half is a rectified unit (L its log_partition, m its mean), and the whole chooses one:

    log_partition = logaddexp(L₊(x − Δ), L₋(−x − Δ)),    mean = p₊m₊ − p₋m₋,    p₊ = σ(L₊ − L₋)

    Gaussian where γ₊ = γ₋ and Δ = 0, ReLU where γ₋ or −θ₋ grows without end, two peaks where Δ < 0.
    Source: Tubiana & Monasson, Emergence of Compositional Representations in RBMs, PRL 118, 138301, 2017.
    """

    name: ClassVar[str] = "drelu"
    takes: ClassVar[str] = _("any finite number")
    remedy: ClassVar[str] = _("leave out rows with missing values, or fill them in")
    above: ReLU = field(default_factory=ReLU)  # γ₊, one number a unit (n,) or one for all ()
    below: ReLU = field(default_factory=ReLU)  # γ₋
    threshold: Tensor = field(default_factory=zero)  # Δ

    def shaped(self, shape: Tensor) -> Self:
        """The unit of the learned shape (2, n): η, with 1/γ± = 1 ± η, and Δ. The scale that γ₊ and γ₋ share is the weights'."""
        eta, threshold = shape
        return type(self)(ReLU(-torch.log1p(eta)), ReLU(-torch.log1p(-eta)), threshold)

    def is_state(self, s: Tensor) -> Tensor:
        return s.isfinite()

    def log_partition(self, x: Tensor) -> Tensor:
        up, down = self._fields(x)
        return torch.logaddexp(self.above.log_partition(up), self.below.log_partition(down))

    def mean(self, x: Tensor) -> Tensor:
        up, down = self._halves(x)
        return up.p * up.mean - down.p * down.mean

    @torch.no_grad()
    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """The half first, then a state of it."""
        up, down = self._fields(x)
        log_odds = self.above.log_partition(up) - self.below.log_partition(down)
        chosen = uniform_like(x, generator) < log_odds.sigmoid()
        precision = torch.where(chosen, self.above.log_lambda(x), self.below.log_lambda(x))
        size = ReLU(precision).sample(torch.where(chosen, up, down), generator)
        return torch.where(chosen, size, -size)

    def base_energy(self, s: Tensor) -> Tensor:
        half = torch.where(s >= 0, self.above.base_energy(s), self.below.base_energy(s))
        return half + self.threshold.to(s.dtype) * s.abs()

    def mean_energy(self, x: Tensor) -> Tensor:
        """⟨½γ±s²⟩ + Δ⟨|s|⟩."""
        up, down = self._halves(x)
        size = up.p * up.mean + down.p * down.mean
        return up.p * up.energy + down.p * down.energy + self.threshold.to(x.dtype) * size

    def shape_slope(self, x: Tensor) -> Tensor:
        """∂log_partition/∂(η, Δ) in the field x of each unit: (N, n) -> (N, 2, n).

        Δ multiplies −|s|; log γ± multiplies −½γ±s², and ∂log γ±/∂η = ∓γ±.
        """
        up, down = self._halves(x)
        above, below = (half.log_lambda(x).exp() for half in (self.above, self.below))
        eta = up.p * above * up.energy - down.p * below * down.energy
        return torch.stack([eta, -up.p * up.mean - down.p * down.mean], 1)

    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        """The mean inverted by bisection."""
        wanted = mean.double()
        # Far out the unit is its Gaussian half, of mean (x ∓ Δ)/γ±; ten more hold what stands between the halves.
        steep = torch.maximum(self.above.log_precision, self.below.log_precision).double().exp()
        high = 10 + self.threshold.double().abs() + 2 * steep * wanted.abs()
        low = -high
        for __ in range(100):
            middle = (low + high) / 2
            below = self.mean(middle) < wanted
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return ((low + high) / 2).to(mean.dtype)

    def cooled(self, beta: float) -> Self:
        return type(self)(self.above.cooled(beta), self.below.cooled(beta), beta * self.threshold)

    def _fields(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The field of s₊, and that of −s₋."""
        threshold = self.threshold.to(x.dtype)
        return x - threshold, -x - threshold

    def _halves(self, x: Tensor) -> tuple["_Half", "_Half"]:
        up, down = self._fields(x)
        log_odds = self.above.log_partition(up) - self.below.log_partition(down)
        one, other = self.above.mean(up), self.below.mean(down)
        return _Half(log_odds.sigmoid(), one, (1 + up * one) / 2), _Half(
            (-log_odds).sigmoid(), other, (1 + down * other) / 2
        )
