"""Units with a continuum of states and the base energy ½λs²: Gaussian (all of them) and rectified (s ≥ 0)."""

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Self, final

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError, TooLargeError
from rbm.units.base import Unit, uniform_like

VARIANCE_FLOOR = 1e-3  # no visible unit is taken, or learned, to be sharper: λ ≤ 1000
_LOG_2PI = math.log(2 * math.pi)


def zero() -> Tensor:
    return torch.zeros((), dtype=torch.float64)  # of no dimension, so it takes on a field's dtype


class Continuum(Unit):
    """A unit whose states have no list, and no largest among them."""

    unbounded: ClassVar[bool] = True

    def states(self) -> Tensor:
        wrong = _("A {name} unit has a continuum of states: there is no list of them.")
        raise TooLargeError(wrong.format(name=self.name))

    def uniform(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return self.sample(torch.zeros(shape, device=generator.device), generator)

    def anneal(self, beta: float) -> Self:
        """ConfigError for β ≤ 0, where nothing would hold a continuum of states together."""
        if not beta > 0:
            wrong = _("{name} units have no distribution at inverse temperature β = {beta:g}: take β above 0.")
            raise ConfigError(wrong.format(name=self.name.capitalize(), beta=beta))
        return self if beta == 1.0 else self.cooled(beta)

    @abstractmethod
    def cooled(self, beta: float) -> Self:
        """The unit with β times its base energy, β > 0."""


@dataclass(frozen=True, eq=False)
class Quadratic(Continuum):
    """A unit with base_energy ½λs²; λ = exp(``log_precision``), one number a unit (n,) or one for all ().

    p(s|x) ∝ exp(xs − ½λs²): a Gaussian of mean x/λ and variance 1/λ on the states that there are. Integrating
    d/ds (s·p(s|x)) gives ⟨½λs²⟩ = ½(1 + x⟨s⟩) for every such unit, which is −∂log_partition/∂log λ.
    """

    log_precision: Tensor = field(default_factory=zero)

    def log_lambda(self, x: Tensor) -> Tensor:
        """log λ in x's dtype."""
        return self.log_precision.to(x.dtype)

    def at(self, log_precision: Tensor) -> Self:
        """The same type of unit with another precision."""
        return type(self)(log_precision)

    @abstractmethod
    def log_precision_for(self, mean: Tensor, square: Tensor) -> Tensor:
        """A log λ that suits units whose states have this mean ⟨s⟩ and mean square ⟨s²⟩: (n,), (n,) -> (n,)."""

    def base_energy(self, s: Tensor) -> Tensor:
        return 0.5 * self.log_lambda(s).exp() * s.square()

    def mean_energy(self, x: Tensor) -> Tensor:
        return 0.5 * (1 + x * self.mean(x))

    def cooled(self, beta: float) -> Self:
        return self.at(self.log_precision + math.log(beta))


@final
@dataclass(frozen=True, eq=False)
class Gaussian(Quadratic):
    """Real units: log_partition = x²/2λ + ½log(2π/λ), mean x/λ, variance 1/λ (Hinton, A Practical Guide, 2010, sec. 13.2)."""

    name: ClassVar[str] = "gaussian"
    takes: ClassVar[str] = _("any finite number")
    remedy: ClassVar[str] = _("leave out rows with missing values, or fill them in")

    def is_state(self, s: Tensor) -> Tensor:
        return s.isfinite()

    def log_partition(self, x: Tensor) -> Tensor:
        log_precision = self.log_lambda(x)
        return 0.5 * (x.square() * (-log_precision).exp() + _LOG_2PI - log_precision)

    def mean(self, x: Tensor) -> Tensor:
        return x * (-self.log_lambda(x)).exp()

    @torch.no_grad()
    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        return noise * (-0.5 * self.log_lambda(x)).exp() + self.mean(x)

    def log_precision_for(self, mean: Tensor, square: Tensor) -> Tensor:
        return -(square - mean.square()).clamp(min=VARIANCE_FLOOR).log()

    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        return self.log_lambda(mean).exp() * mean


@final
@dataclass(frozen=True, eq=False)
class ReLU(Quadratic):
    """Rectified units s ≥ 0, a Gaussian cut off at 0: with y = x/√λ,

    log_partition = y²/2 + log Φ(y) + ½log(2π/λ),    mean = (y + φ(y)/Φ(y)) / √λ ≈ max(x, 0)/λ

    Exact, unlike the noisy rectifier max(0, x + N(0, σ(x))) of Nair & Hinton 2010, of which no energy is known. For
    y < 0 both are written with erfcx, whose digits do not cancel.
    """

    name: ClassVar[str] = "relu"
    takes: ClassVar[str] = _("a finite number from 0 up")
    remedy: ClassVar[str] = _("move the data to 0 and above, or take gaussian units")

    def is_state(self, s: Tensor) -> Tensor:
        return (s >= 0) & s.isfinite()

    def log_partition(self, x: Tensor) -> Tensor:
        y = x * (-0.5 * self.log_lambda(x)).exp()
        above, below = y.clamp(min=0), y.clamp(max=0)
        log_mass = torch.where(
            y >= 0,
            above.square() / 2 + torch.special.log_ndtr(above),
            (torch.special.erfcx(below * -math.sqrt(0.5)) / 2).log(),
        )
        return log_mass + 0.5 * (_LOG_2PI - self.log_lambda(x))

    def mean(self, x: Tensor) -> Tensor:
        root = (-0.5 * self.log_lambda(x)).exp()
        return _cut_mean(x * root) * root

    @torch.no_grad()
    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Inverse CDF, the far tail by Newton's method."""
        root = (-0.5 * self.log_lambda(x)).exp()
        y = x * root
        u = uniform_like(y, generator).clamp_(2.0**-25, 1 - 2.0**-24)
        return torch.where(y > -1, _cut_near(y.clamp(min=-1), u), _cut_tail(-y.clamp(max=-1), u)) * root

    def log_precision_for(self, mean: Tensor, square: Tensor) -> Tensor:
        """⟨s²⟩ = 1/λ without a field."""
        return -square.clamp(min=VARIANCE_FLOOR).log()

    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        """The mean inverted by bisection; means below 1/count are taken to be that."""
        root = (0.5 * self.log_precision.double()).exp()
        wanted = mean.double().clamp(min=1.0 / max(count, 2)) * root
        low, high = -1 / wanted - 1, wanted.clone()  # y ≤ mean(y), and mean(y) ≤ −1/y for y < 0
        for __ in range(100):
            middle = (low + high) / 2
            below = _cut_mean(middle) < wanted
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return ((low + high) / 2 * root).to(mean.dtype)


_FAR = 8.0  # standard deviations below 0 from where y + φ/Φ loses digits that the fraction keeps
_DEPTH = 16  # of the continued fraction, exact to 1e-15 from _FAR on


def _hazard(t: Tensor) -> Tensor:
    """φ(t) / Φ(−t) without overflow for t ≥ 0."""
    return math.sqrt(2 / math.pi) / torch.special.erfcx(t * math.sqrt(0.5))


def _cut_mean(y: Tensor) -> Tensor:
    """Mean of N(y, 1) cut off below 0: y + φ(y)/Φ(y), and far below 0 Laplace's fraction 1/(t + 2/(t + 3/(t + ...)))."""
    above = y.clamp(min=0)
    density = (-0.5 * (above.square() + _LOG_2PI) - torch.special.log_ndtr(above)).exp()
    near = torch.where(y >= 0, above + density, y.clamp(-_FAR, 0) + _hazard((-y).clamp(0, _FAR)))
    t = (-y).clamp(min=_FAR)
    rest = t
    for k in range(_DEPTH, 1, -1):
        rest = t + k / rest
    return torch.where(y > -_FAR, near, 1 / rest)


def _cut_near(y: Tensor, u: Tensor) -> Tensor:
    """The u-quantile of N(y, 1) cut off below 0, for y ≥ −1."""
    below = torch.special.ndtr(-y)
    p = (below + u * (1 - below)).clamp(max=1 - torch.finfo(u.dtype).eps / 2)
    return (y + torch.special.ndtri(p)).clamp(min=0)


def _cut_tail(t: Tensor, u: Tensor) -> Tensor:
    """s with P(beyond s) = u for N(−t, 1) cut off below 0, t ≥ 1.

    log P(beyond s) = log erfcx((t+s)/√2) − log erfcx(t/√2) − ts − s²/2 is concave, and its last two terms alone (the
    Rayleigh tail of Marsaglia 1964) give a start to the right of the root, whence Newton's steps only come closer.
    """
    log_u = u.log()
    scale = math.sqrt(0.5)
    start = torch.special.erfcx(t * scale).log()
    s = -2 * log_u / (t + (t.square() - 2 * log_u).sqrt())
    for __ in range(5):
        excess = torch.special.erfcx((t + s) * scale).log() - start - s * (t + s / 2) - log_u
        s = (s + excess / _hazard(t + s)).clamp(min=0)
    return s
