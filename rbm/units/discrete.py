"""Units with finitely many states and no energy of their own: Bernoulli, spin, categorical (Potts), multinary."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self, final

import torch
import torch.nn.functional as F
from torch import Tensor

from rbm import randomness
from rbm.core import free_energies, kernels
from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.units.base import Unit, uniform_like


class Discrete(Unit):
    """Any unit whose states can be listed: only the field tells one from another."""

    @abstractmethod
    def states(self) -> Tensor: ...

    def uniform(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        states = self.states().to(generator.device, torch.get_default_dtype())
        chosen = states[torch.randint(0, len(states), shape, generator=generator, device=generator.device)]
        return chosen.flatten(len(shape) - 1)  # one-hot states side by side

    def base_energy(self, s: Tensor) -> Tensor:
        return torch.zeros_like(s)

    def mean_energy(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)

    def anneal(self, beta: float) -> Self:
        return self  # no base energy to scale


@final
@dataclass(frozen=True)
class Bernoulli(Discrete):
    """Binary units s in {0, 1}: log_partition = softplus(x), mean = σ(x) (Hinton, A Practical Guide, 2010, sec. 2)."""

    name: ClassVar[str] = "bernoulli"
    stored: ClassVar[torch.dtype] = torch.bool
    takes: ClassVar[str] = "0 or 1"
    remedy: ClassVar[str] = _("binarise grey levels from 0 to 1 (stochastic or threshold), or take gaussian units")

    def is_state(self, s: Tensor) -> Tensor:
        return (s == 0) | (s == 1)

    def is_datum(self, s: Tensor) -> Tensor:
        return (s >= 0) & (s <= 1)

    def log_partition(self, x: Tensor) -> Tensor:
        return F.softplus(x, threshold=40.0)  # beyond it x; torch's own 20 is a jump of 2e-9, seen in float64

    def mean(self, x: Tensor) -> Tensor:
        return torch.sigmoid(x)

    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        return randomness.logistic(x, generator)

    def draw(self, x: Tensor, coins: randomness.Coins) -> tuple[Tensor, Tensor]:
        return coins.draw(x)

    def log_ratio(self, x: Tensor, old: float, new: float) -> Tensor:
        same = x.dtype == torch.float32 and x.ndim == 2 and kernels.fits(x)
        return free_energies.log_ratio(x, old, new) if same else super().log_ratio(x, old, new)

    def states(self) -> Tensor:
        return torch.tensor([0.0, 1.0])

    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        """log(p / (1 − p)) with p kept 1/count away from 0 and 1: a pixel never seen on is rare, not impossible."""
        margin = 1.0 / max(count, 2)
        return torch.logit(mean.clamp(margin, 1.0 - margin))


@final
@dataclass(frozen=True)
class Spin(Discrete):
    """Ising spins s in {−1, +1}: log_partition = log 2cosh x, mean = tanh x (Ackley, Hinton & Sejnowski 1985)."""

    name: ClassVar[str] = "spin"
    stored: ClassVar[torch.dtype] = torch.int8
    takes: ClassVar[str] = "-1 or +1"
    remedy: ClassVar[str] = _("turn zeros and ones x into 2x - 1, or take bernoulli units")

    def is_state(self, s: Tensor) -> Tensor:
        return (s == -1) | (s == 1)

    def log_partition(self, x: Tensor) -> Tensor:
        return torch.logaddexp(x, -x)

    def mean(self, x: Tensor) -> Tensor:
        return torch.tanh(x)

    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        return 2 * randomness.logistic(2 * x, generator) - 1

    def draw(self, x: Tensor, coins: randomness.Coins) -> tuple[Tensor, Tensor]:
        p, s = coins.draw(x.mul_(2))
        return p.mul_(2).sub_(1), s.mul_(2).sub_(1)

    def states(self) -> Tensor:
        return torch.tensor([-1.0, 1.0])

    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        """artanh of the mean, its probabilities kept 1/count away from 0 and 1."""
        margin = 1.0 / max(count, 2)
        return torch.logit(((1 + mean) / 2).clamp(margin, 1.0 - margin)) / 2


@final
@dataclass(frozen=True)
class Categorical(Discrete):
    """One of M unordered states (a Potts spin), one-hot in M neighbouring columns: log_partition = logsumexp of its M fields.

    A layer of n such units is n·M columns wide, unit i in columns i·M to i·M + M − 1, so a weight and a bias belong to
    each state. A constant added to the M fields of a unit changes nothing: ``RBM.zero_sum_gauge`` removes the freedom.
    """

    name: ClassVar[str] = "categorical"
    stored: ClassVar[torch.dtype] = torch.bool
    remedy: ClassVar[str] = _("make columns of class numbers with torch.nn.functional.one_hot")
    n_states: int

    def __post_init__(self) -> None:
        _check_n_states(self.name, self.n_states)

    @property
    def width(self) -> int:
        return self.n_states

    @property
    def takes(self) -> str:
        return _("a single 1 among its {n_states} columns and 0 in all others").format(n_states=self.n_states)

    def is_state(self, s: Tensor) -> Tensor:
        columns = self._apart(s)
        return ((columns == 0) | (columns == 1)).all(-1) & ((columns == 1).sum(-1) == 1)

    def log_partition(self, x: Tensor) -> Tensor:
        return self._apart(x).logsumexp(-1)

    def mean(self, x: Tensor) -> Tensor:
        return self._apart(x).softmax(-1).flatten(-2)

    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Inverse CDF: the first state whose cumulative probability exceeds u; one of probability 0 is never drawn."""
        cumulative = self._apart(x).softmax(-1).cumsum(-1)  # (..., n, M)
        u = uniform_like(cumulative[..., :1], generator)
        passed = (cumulative <= u * cumulative[..., -1:]).sum(-1).clamp_(max=self.n_states - 1)
        return F.one_hot(passed, self.n_states).to(x.dtype).flatten(-2)

    def covariance(self, x: Tensor) -> Tensor:
        p = self._apart(x).softmax(-1)
        return torch.diag_embed(p) - p[..., :, None] * p[..., None, :]

    def states(self) -> Tensor:
        return torch.eye(self.n_states)

    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        """log p of each state, p at least 1/count, shifted to sum to zero over a unit's states."""
        log_p = self._apart(mean.clamp(min=1.0 / max(count, 2))).log()
        return (log_p - log_p.mean(-1, keepdim=True)).flatten(-2)

    def _apart(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.n_states))  # (..., n·M) -> (..., n, M)


@final
@dataclass(frozen=True)
class Multinary(Discrete):
    """One of M ordered states s in {0, 1, ..., M − 1}, one weight a pair: log_partition = log Σ_s e^{sx}, in O(1) whatever M.

    With d = M − 1 − s for x ≥ 0 and d = s otherwise, the distance from the favoured end, P(d) ∝ e^{−d|x|} is a
    truncated geometric distribution. M = 2 is Bernoulli. After Hwang, Hwang & Jo 2020 (arXiv 2011.13509) in spirit;
    the formulae are our own derivation.
    """

    name: ClassVar[str] = "multinary"
    remedy: ClassVar[str] = _("number the levels from 0, or make a model with more states")
    n_states: int

    def __post_init__(self) -> None:
        _check_n_states(self.name, self.n_states)

    @property
    def takes(self) -> str:
        return _("a whole number from 0 to {n_states}").format(n_states=self.n_states - 1)

    def is_state(self, s: Tensor) -> Tensor:
        return (s >= 0) & (s <= self.n_states - 1) & (s == s.round())

    def log_partition(self, x: Tensor) -> Tensor:
        """(M−1)·max(x, 0) + log((1 − e^{−M|x|}) / (1 − e^{−|x|})); near 0 its series, without that 0/0."""
        m, size = self.n_states, x.abs()
        near = size * m < _NEAR
        safe = torch.where(near, torch.ones_like(size), size)  # keeps the branch not taken finite, its gradient too
        far = (m - 1) * x.clamp(min=0) + (-torch.expm1(-m * safe)).log() - (-torch.expm1(-safe)).log()
        small = torch.where(near, x, torch.zeros_like(x))
        square = small.square()
        curve = (m**2 - 1) * square / 24 - (m**4 - 1) * square.square() / 2880
        return torch.where(near, math.log(m) + (m - 1) * small / 2 + curve, far)

    def mean(self, x: Tensor) -> Tensor:
        """⟨d⟩ = 1/(e^{|x|} − 1) − M/(e^{M|x|} − 1), counted from the favoured end."""
        m, size = self.n_states, x.abs()
        near = size * m < _NEAR
        safe = torch.where(near, torch.ones_like(size), size)
        far = 1 / torch.expm1(safe) - m / torch.expm1(m * safe)
        square = size.square()
        slope = (m**2 - 1) / 12 - (m**4 - 1) * square / 720 + (m**6 - 1) * square.square() / 30240
        distance = torch.where(near, (m - 1) / 2 - size * slope, far)
        return torch.where(x >= 0, m - 1 - distance, distance)

    @torch.no_grad()
    def covariance(self, x: Tensor) -> Tensor:
        """1/(2 sinh ½x)² − M²/(2 sinh ½Mx)², near 0 its series; the mean's own slope overflows where e^{M|x|} does."""
        m, size = self.n_states, x.abs()
        near = size * m < 10 * _NEAR  # squares lose twice the digits
        safe = torch.where(near, torch.ones_like(size), size)
        far = (2 * (safe / 2).sinh()).square().reciprocal() - (m / (2 * (m * safe / 2).sinh())).square()
        square = size.square()
        curve = (m**2 - 1) / 12 - (m**4 - 1) * square / 240 + (m**6 - 1) * square.square() / 6048
        curve -= (m**8 - 1) * square**3 / 172800
        return torch.where(near, curve, far)[..., None, None]

    @torch.no_grad()
    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Inverse CDF of the truncated geometric distribution: d = ⌊−log(1 − u(1 − e^{−M|x|})) / |x|⌋."""
        top, size = self.n_states - 1, x.abs().clamp(min=1e-20)  # at 1e-20 the formula gives ⌊uM⌋, as at 0
        u = uniform_like(x, generator)
        distance = (-torch.log1p(u * torch.expm1(-self.n_states * size)) / size).floor_().clamp_(0, top).to(x.dtype)
        return torch.where(x >= 0, top - distance, distance)

    def states(self) -> Tensor:
        return torch.arange(self.n_states, dtype=torch.get_default_dtype())

    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        """The mean inverted by bisection, kept 1/count away from both ends."""
        margin = 1.0 / max(count, 2)
        wanted = mean.double().clamp(margin, self.n_states - 1 - margin)
        low, high = torch.full_like(wanted, -60.0), torch.full_like(wanted, 60.0)
        for __ in range(100):
            middle = (low + high) / 2
            below = self.mean(middle) < wanted
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return ((low + high) / 2).to(mean.dtype)


_NEAR = 0.03  # M|x| below which a series is exact to 1e-15 and the closed forms begin to lose digits


def _check_n_states(name: str, n_states: int) -> None:
    if isinstance(n_states, bool) or not isinstance(n_states, int) or n_states < 2:
        wrong = _("{name} units have 2 or more states, got n_states={n_states!r}.")
        raise ConfigError(wrong.format(name=name.capitalize(), n_states=n_states))
