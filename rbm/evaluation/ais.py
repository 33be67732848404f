"""Annealed importance sampling: log Z of a model too large to enumerate, from below and from above.

Independent chains start in a model whose Z is known and are moved, temperature by temperature, towards the one asked
about; each collects a weight w with ⟨w⟩ = Z. Neal, Annealed Importance Sampling, 2001; for RBMs: Salakhutdinov &
Murray, On the Quantitative Analysis of Deep Belief Networks, 2008, section 4. Letters: N chains, V visible, H hidden.

    E[log w] ≤ log Z, so a forward estimate tends to be too low and the likelihood it gives *too high*. Chains that
    start at the model's own samples and go back give a bound from the other side (Burda, Grosse & Salakhutdinov,
    Accurate and Conservative Estimates of MRF Log-likelihood, 2015). Both bounds hold in expectation: one pair of
    estimates may lie on the same side of log Z, or be crossed, forward above reverse.
"""

import math
from collections.abc import Generator
from itertools import pairwise
from typing import NamedTuple, Self

import torch
from torch import Tensor

from rbm.core import annealing, kernels
from rbm.core.language import _
from rbm.core.numerics import double, home
from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import verdict
from rbm.models.given import matrix
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.units import UNITS, Unit

DEVIATIONS = 3.0  # standard errors from the value to either end of an Estimate
DOUBT = math.erfc(DEVIATIONS / math.sqrt(2)) / 2  # chance of a normal variable beyond one such end, 0.00135
WIDEST_GAP = 2.0  # nats between forward and reverse estimate; a likelihood is then known to about 1 nat


class Estimate(NamedTuple):
    """log Z in nats, with what is known of its error.

    ``standard_error`` of the value, by the delta method: std(w) / (⟨w⟩ √N); ``ess`` = (Σw)² / Σw², between 1 and N, the
    number of chains that count; ``low`` and ``high``: three standard errors of the mean weight either way, in logs.
    None of them knows of weights that no chain has met: with few effective chains the value is too low (forward) or
    too high (reverse) by more than they say. A :class:`Bracket` shows that.
    """

    value: float
    standard_error: float
    ess: float
    low: float
    high: float

    @classmethod
    def from_log_weights(cls, log_w: Tensor) -> Self:
        """log⟨w⟩ and its error from log w (N,), float64, N ≥ 2.

        Where the weights scatter so much that ⟨w⟩ minus three standard errors is not positive, ``low`` comes from
        Markov's inequality instead, P(⟨w⟩ ≥ Z eᵗ) ≤ e⁻ᵗ: the value is at most log(1 / DOUBT) = 6.6 nats too high with
        the same confidence, whatever the distribution of the weights.
        """
        n = len(log_w)
        value = float(log_w.logsumexp(0)) - math.log(n)
        w = (log_w - value).exp()  # relative to their mean, so that nothing overflows
        error = float(w.std()) / math.sqrt(n)
        low = value + math.log(max(1.0 - DEVIATIONS * error, DOUBT))
        high = value + math.log1p(DEVIATIONS * error)
        return cls(value, error, float(w.sum() ** 2 / w.square().sum()), low, high)

    @classmethod
    def from_inverse_log_weights(cls, log_w: Tensor) -> Self:
        """The same of log Z from weights whose mean is 1/Z: −log⟨w⟩, its ends changed over."""
        inverse = cls.from_log_weights(log_w)
        return cls(-inverse.value, inverse.standard_error, inverse.ess, -inverse.high, -inverse.low)


class Bracket(NamedTuple):
    """log Z from below (``forward``) and from above (``reverse``), each in expectation."""

    forward: Estimate
    reverse: Estimate

    @property
    def gap(self) -> float:
        """Reverse minus forward, nats: about by how much a likelihood from ``forward`` may be too high."""
        return self.reverse.value - self.forward.value

    @property
    def crossed(self) -> bool:
        """Whether the estimate from below lies above the one from above: the two then bracket nothing."""
        return self.gap < 0

    @property
    def ess(self) -> float:
        """The smaller of both effective sample sizes: what the bracket rests on."""
        return min(self.forward.ess, self.reverse.ess)

    @property
    def trustworthy(self) -> bool:
        """Whether the forward estimate is fit to be quoted; ``reason`` says why."""
        return self._judge()[0]

    @property
    def reason(self) -> str:
        """The verdict in one sentence, fit to be shown to a person."""
        return self._judge()[1]

    def _judge(self) -> tuple[bool, str]:
        if not math.isfinite(self.gap):
            return False, _("An estimate is not a finite number: look for parameters that are not finite.")
        if verdict.unreliable(self.ess):
            return False, verdict.too_few(self.ess)
        if abs(self.gap) > WIDEST_GAP:
            way = _("below the forward one, so the two are crossed") if self.crossed else _("above the forward one")
            return False, (
                _(
                    "The reverse estimate lies {gap:.1f} nats {way} ({widest_gap:g} would do): take more temperatures, "
                    "or start from samples that have moved longer."
                ).format(gap=abs(self.gap), way=way, widest_gap=WIDEST_GAP)
            )
        agree = _("Forward and reverse estimates agree within {gap:.2f} nats.").format(gap=abs(self.gap))
        return True, " ".join(filter(None, (agree, verdict.crossed(self.gap))))


class Path:
    """The models on the way from the base (β = 0) to the target (β = 1), unit types unchanged:

    weights βW, hidden biases βc, visible biases a + β(b − a), so that with x = vW + c, computed once for every β,

        log p*_β(v) = v·(a + β(b − a)) − base_energy(v) + Σ_j log_partition(βx_j)

    Base energies stay whole, so a continuum of states has its distribution at every β. At β = 0 all units are
    independent and Z is known. Attribute ``base`` a (V,).
    Source: Salakhutdinov & Murray 2008, eq. 15-18, with the base model's weights and hidden biases 0.
    """

    def __init__(self, model: RBM, base: Tensor | None = None) -> None:
        """``base`` None starts from zero biases, every state equally likely. ShapeError unless base is (V,)."""
        self.visible_unit, self.hidden_unit = model.visible_unit, model.hidden_unit
        self._weight = model.weight.detach()
        self._visible_bias, self._hidden_bias = model.visible_bias.detach(), model.hidden_bias.detach()
        self.base = torch.zeros_like(self._visible_bias) if base is None else base.detach().to(self._weight)
        if self.base.shape != self._visible_bias.shape:
            wrong = _(
                "base has shape {shape}, expected ({visible_columns},), one bias a visible unit: make it with "
                "base_biases(data)."
            )
            raise ShapeError(wrong.format(shape=tuple(self.base.shape), visible_columns=model.visible_columns))

        self._added_bias = self._visible_bias - self.base

    def log_base(self) -> float:
        """log Z at β = 0: Σ_i log_partition(a_i) + Σ_j log_partition(0)."""
        hidden = self.hidden_unit.log_partition(double(torch.zeros_like(self._hidden_bias)))
        return float(self.visible_unit.log_partition(double(self.base)).sum() + hidden.sum())

    def start(self, n_chains: int, generator: torch.Generator) -> Tensor:
        """Exact draws from the model at β = 0, (N, V)."""
        return self.visible_unit.sample(self.base.expand(n_chains, -1), generator)

    def inner(self, v: Tensor) -> Tensor:
        """x = vW + c (N, H), from which everything about v at every β follows."""
        return torch.addmm(self._hidden_bias, v, self._weight)

    def log_ratio(self, v: Tensor, x: Tensor, old: float, new: float) -> Tensor:
        """log p*_new(v) − log p*_old(v), (N,) float64."""
        visible = double(v @ self._added_bias)
        return (new - old) * visible + self.hidden_unit.log_ratio(x, old, new)

    def hidden_field(self, x: Tensor, beta: float) -> Tensor:
        """The field in which h is drawn given v at β, (N, H)."""
        return beta * x

    def visible_field(self, h: Tensor, beta: float) -> Tensor:
        """The field in which v is drawn given h at β, (N, V)."""
        return torch.addmm(self.visible_bias(beta), h, self._weight.T, alpha=beta)

    def visible_bias(self, beta: float) -> Tensor:
        """a + β(b − a), (V,)."""
        return torch.lerp(self.base, self._visible_bias, beta)

    def chains(self, v: Tensor) -> "Annealing":
        """Chains from states v (N, V), moved in the fastest way for these units."""
        binary = self.visible_unit.name == self.hidden_unit.name == "bernoulli"
        compiled = binary and v.dtype == torch.float32 and kernels.fits(v, self._weight, self._hidden_bias, self.base)
        return CompiledAnnealing(self, v) if compiled else Annealing(self, v)

    def loops(self, v: Tensor) -> annealing.Loops:
        """The same in compiled loops, for binary units on the CPU."""
        return annealing.Loops(v, self._weight, self._hidden_bias, self._added_bias)

    def move(self, x: Tensor, beta: float, generator: torch.Generator) -> Tensor:
        """One Gibbs sweep v → h → v at β of the chains whose x is given: leaves p_β(v) as it is. (N, H) -> (N, V)."""
        h = self.hidden_unit.sample(self.hidden_field(x, beta), generator)
        return self.visible_unit.sample(self.visible_field(h, beta), generator)


class Annealing:
    """The chains of a walk from states v (N, V), and their weights so far: ``log_w`` (N,), float64."""

    def __init__(self, path: Path, v: Tensor) -> None:
        self._path, self._v, self._x = path, v, path.inner(v)
        self.log_w = torch.zeros(len(v), dtype=torch.float64, device=home(v.device))

    def step(self, old: float, new: float, generator: torch.Generator | None) -> None:
        """The weights of the step from β = old to new, and where there is a generator a Gibbs sweep at new."""
        self.log_w += self._path.log_ratio(self._v, self._x, old, new)
        if generator is not None:
            self._v = self._path.move(self._x, new, generator)
            self._x = self._path.inner(self._v)


class CompiledAnnealing(Annealing):
    """The same for binary units in compiled loops, with the same random bits."""

    def __init__(self, path: Path, v: Tensor) -> None:
        self._path, self._loops = path, path.loops(v)
        self.log_w = self._loops.log_w

    def step(self, old: float, new: float, generator: torch.Generator | None) -> None:
        """The weights of the step from β = old to new, and where there is a generator a Gibbs sweep at new."""
        keys = annealing.NO_KEYS if generator is None else Coins(generator).keys(2)
        self._loops.step(old, new, self._path.visible_bias(new), keys)


def base_biases(data: Tensor, unit: Unit = UNITS["bernoulli"]) -> Tensor:
    """The biases of the base-rate model: without weights, each unit has its mean over data (N, V). (V,), float64.

    Give the model's own ``visible_unit`` where it is not Bernoulli. ShapeError for rows that are neither its states nor
    grey levels.
    """
    data = matrix(data, "data", "V", torch.float64)
    unit.check_states(data, "data", grey=True)
    return unit.bias_for(data.mean(0), len(data))


@torch.no_grad()
def log_partition(
    model: RBM,
    *,
    n_chains: int = 100,
    n_temperatures: int = 1000,
    generator: torch.Generator,
    base: Tensor | None = None,
) -> Estimate:
    """log Z by forward AIS in ``n_temperatures`` equal steps of β from 0 to 1. ⟨w⟩ = Z, so log⟨w⟩ is low on average.

    ``base`` (V,): visible biases of the starting model; None starts from zero biases, which needs no data. The data's
    base rates, ``base_biases(data)``, are Salakhutdinov & Murray's choice and closer for small models (MNIST, 784–16:
    within 0.6 nats of the exact value, zero biases within 1.6), but not always: on one 784–500 machine, started at those
    rates, they came out 6 nats *lower* than zero biases. Prefer the base with the narrower bracket. The model's own
    biases are a poor base once it has learnt.
    Products in the model's dtype, weights in float64. ConfigError for fewer than 2 chains or 1 temperature.
    """
    check_size(n_chains, n_temperatures)
    path = Path(model, base)
    log_w = _collect(path, path.start(n_chains, generator), temperatures(n_temperatures), generator)
    return Estimate.from_log_weights(path.log_base() + log_w)


@torch.no_grad()
def reverse_log_partition(
    model: RBM,
    start: Tensor,
    *,
    n_temperatures: int = 1000,
    generator: torch.Generator,
    base: Tensor | None = None,
) -> Estimate:
    """log Z by AIS run backwards from ``start`` (N, V), samples of the model: −log⟨1/w⟩, high on average.

    That it is an upper bound in expectation holds for *exact* samples (``exact.sample``). From long Gibbs or persistent
    chains it is approximate, and chains stuck in some modes can hide it: all of Z that they miss is missed.
    """
    start = model.check(start, "start", model.visible_columns)
    model.visible_unit.check_states(start, "start")
    check_size(len(start), n_temperatures)
    path = Path(model, base)
    log_w = _collect(path, start, temperatures(n_temperatures)[::-1], generator)  # estimates 1/Z
    return Estimate.from_inverse_log_weights(log_w - path.log_base())


def bracket(
    model: RBM,
    start: Tensor,
    *,
    n_chains: int = 100,
    n_temperatures: int = 1000,
    generator: torch.Generator,
    base: Tensor | None = None,
) -> Bracket:
    """Both estimates over the same temperatures; ``start`` (N, V) as in :func:`reverse_log_partition`."""
    forward = log_partition(model, n_chains=n_chains, n_temperatures=n_temperatures, generator=generator, base=base)
    reverse = reverse_log_partition(model, start, n_temperatures=n_temperatures, generator=generator, base=base)
    return Bracket(forward, reverse)


def temperatures(n: int) -> list[float]:
    """β from 0 to 1 in n equal steps, n + 1 numbers."""
    return [k / n for k in range(n + 1)]


def walk(path: Path, v: Tensor, betas: list[float], generator: torch.Generator) -> Generator[Tensor, None, Tensor]:
    """Chains walked along ``betas`` from v (N, V): yields log w (N,) so far after each step, float64, and returns it.

    After the last step ⟨w⟩ = Z(last β) / Z(first β). At each step the weight is taken where the chain stands *before*
    it moves with the new temperature: moved first, it would be drawn from p_new and the mean weight would no longer be
    the ratio. The last move would weigh nothing and is left out.
    """
    chains = path.chains(v)
    for old, new in pairwise(betas):
        chains.step(old, new, generator if new != betas[-1] else None)
        yield chains.log_w
    return chains.log_w


def _collect(path: Path, v: Tensor, betas: list[float], generator: torch.Generator) -> Tensor:
    """log w (N,) at the end of the walk."""
    *_, log_w = walk(path, v, betas, generator)
    return log_w


def check_size(n_chains: int, n_temperatures: int) -> None:
    """ConfigError for fewer than 2 chains or 1 temperature."""
    if n_chains < 2:
        wrong = _("AIS needs at least 2 chains, got {n_chains}: one alone says nothing of its error.")
        raise ConfigError(wrong.format(n_chains=n_chains))
    if n_temperatures < 1:
        wrong = _("AIS needs at least 1 temperature, got n_temperatures={n_temperatures}.")
        raise ConfigError(wrong.format(n_temperatures=n_temperatures))
