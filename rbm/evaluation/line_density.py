"""log p(v_i | all other units) of Gaussian and ReLU visible units: a density, by quadrature along the line of v_i's states.

    p(v_i | v₋ᵢ) = f(v_i) / ∫ f(s) ds,    f(s) = exp(K(s) − ½λs²),    K(s) = b_i s + Σ_j log_partition(x_j + (s − v_i) W_ij)

with x = vW + c, over all s, or over s ≥ 0 for ReLU units. eᴷ is a sum of exponentials exp((b_i + W_i·h) s) over the states h
of the hidden layer, all of them bounded: beside unbounded pixels no others are allowed. Two things follow.

f is a mixture of Gaussians of one deviation σ = 1/√λ with means (b_i + W_i·h)/λ, which lie between those of the least and the
greatest W_i·h. So the trapezoidal rule of step 0.9σ is right to 2exp(−2π²/0.9²) = 5·10⁻¹¹ of every Gaussian, however
many peaks there are (Trefethen & Weideman, The Exponentially Convergent Trapezoidal Rule, SIAM Review 56, 2014), and what
lies REACH·σ beyond the outermost means is 4·10⁻¹¹ on either side. Where the line ends at 0 that rule fails, and Gauss and
Legendre's takes its place, of 11 nodes in 3.6σ, right to 10⁻¹¹: the bound e^(ρ²·1.8²/8)/ρ²² of its error on an ellipse is least
there at ρ² = 27. Panels at 0 are halved until the steepest of the exponentials falls by e^3.6 in the first.

K is convex, so between two places it lies below its chord. Panels are halved from the whole line down, and one is left out
where the most that the chord allows it is e⁻²⁷ of what the integral is known to be at least.

All in float64, but for the fields of float32 machines on the CPU: `rbm.core.lines`.
Letters: N images, V visible, H hidden columns, P pairs of an image and a unit, I panels.
"""

import math
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from rbm.core import kernels
from rbm.core import lines as core
from rbm.core.language import _
from rbm.core.numerics import double
from rbm.errors import ConfigError
from rbm.models.rbm import RBM
from rbm.units import Gaussian, Quadratic, Unit

BLOCK = 2**20  # numbers of one operation, 8 MB
PAIRS = 2**12  # lines looked at together
PANELS = 2**14  # panels looked at together: where a line has very many, some wait
PANEL = 3.6  # σ, of the smallest panel but those halved at 0
STEPS, NODES = 4, 11  # places in a panel of the trapezoidal rule, and of Gauss and Legendre's
REACH = 6.5  # σ beyond the outermost means
NEGLIGIBLE = 27.0  # nats below the integral: ten such panels are 2·10⁻¹¹ of it
FARTHEST = 2.0**20  # σ between the outermost means: beyond them ½λs² is so large that f's digits are lost


class PanelRule(NamedTuple):
    """Where in a panel f is evaluated, as fractions of its length, and the weight of each; they sum to 1."""

    at: Tensor  # (m,)
    weight: Tensor  # (m,)

    @classmethod
    def of(cls, cut: bool, device: torch.device) -> Self:
        if not cut:  # the midpoints of equal parts, which are a trapezoidal rule through all panels
            at = (torch.arange(STEPS, dtype=torch.float64, device=device) + 0.5) / STEPS
            return cls(at, torch.full_like(at, 1 / STEPS))
        x, weight = np.polynomial.legendre.leggauss(NODES)
        return cls(torch.from_numpy((x + 1) / 2).to(device), torch.from_numpy(weight / 2).to(device))


class UnitLines(NamedTuple):
    """The lines of all units: where each begins, and in how many halvings it comes to panels of PANEL·σ."""

    hidden: Unit
    cut: bool  # whether a line ends at 0
    weight: Tensor  # (V, H)
    bias: Tensor  # (V,)
    precision: Tensor  # λ (V,)
    slope: Tensor  # the least of K (V,)
    start: Tensor  # (V,)
    panel: Tensor  # PANEL·σ (V,)
    level: Tensor  # halvings down to it (V,)
    floor: Tensor  # −those after it of a panel that begins at 0 (V,)

    @classmethod
    def of(cls, model: RBM, unit: Quadratic) -> Self:
        """ConfigError where weights are so large that no line that holds all means is known to float64's digits."""
        hidden, weight, bias = model.hidden_unit, double(model.weight.detach()), double(model.visible_bias.detach())
        least, greatest = (bias + slope for slope in slopes(hidden, weight))
        precision = double(unit.log_precision.detach()).exp().expand_as(bias)
        sigma = precision.rsqrt()
        far = float(((greatest - least) * sigma).max())
        if not far <= FARTHEST:  # NaN is not
            wrong = _(
                "The hidden units move the mean of a pixel by up to {far:.3g} of its deviations, too far to integrate over: "
                "such weights are beyond use, so train again with a lower learning rate."
            )
            raise ConfigError(wrong.format(far=far))
        cut = not isinstance(unit, Gaussian)
        start = torch.zeros_like(bias) if cut else least / precision - REACH * sigma
        stop = (greatest / precision).clamp(min=0.0 if cut else -math.inf) + REACH * sigma
        panel = PANEL * sigma
        level = ((stop - start) / panel).log2().ceil().clamp(min=0).long()
        floor = -(-least * sigma).clamp(min=1).log2().ceil().long() if cut else torch.zeros_like(level)
        return cls(hidden, cut, weight, bias, precision, least, start, panel, level, floor)


def slopes(hidden: Unit, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The least and the greatest W_i·h over all states h of the hidden layer: (V, H) -> (V,), (V,)."""
    states = hidden.states().to(weight).reshape(-1, hidden.width)  # (S, M)
    each = weight.unflatten(1, (-1, hidden.width)) @ states.T  # (V, units, S)
    return each.amin(-1).sum(1), each.amax(-1).sum(1)


class Panels(NamedTuple):
    """Pieces of lines, I of them: which pair's, the halvings left, where it begins and K at both ends."""

    pair: Tensor
    level: Tensor
    low: Tensor
    at_low: Tensor
    at_high: Tensor

    def only(self, which: Tensor) -> "Panels":
        return Panels(*(part[which] for part in self))

    def split(self) -> tuple["Panels", "Panels"]:
        parts = zip(*(part.tensor_split(2) for part in self), strict=True)
        first, second = (Panels(*half) for half in parts)
        return first, second


def pseudo_log_likelihood(model: RBM, unit: Quadratic, v: Tensor) -> Tensor:
    """Σ_i log p(v_i | all other units) of rows v (N, V) of Gaussian or ReLU ``unit``s, (N,) float64, nats of a density.

    Where pixels are sharp it is positive, and in other units of v it is another number. ConfigError for weights beyond use.
    """
    lines = UnitLines.of(model, unit)
    parts = v.split(max(BLOCK // model.hidden_columns, 1))
    if kernels.fits(model.weight, v) and v.dtype == torch.float32:
        return torch.cat([_compiled(lines, part, model.hidden_field(part)).sum(1) for part in parts])
    bias = double(model.hidden_bias.detach())
    return torch.cat([_log_density(lines, part, part @ lines.weight + bias).sum(1) for part in map(double, parts)])


def _compiled(lines: UnitLines, v: Tensor, x: Tensor) -> Tensor:
    """As ``_log_density``, of float32. A spin is 2u − 1: log 2cosh x = softplus(2x) − x, whose last term goes into the bias."""
    weight, bias = lines.weight, lines.bias
    states = core.States(len(lines.hidden.states()), lines.hidden.width > 1)
    if states.one_hot:
        x, weight = (part.unflatten(1, (-1, states.n_states)).transpose(1, 2).flatten(1) for part in (x, weight))
    if lines.hidden.name == "spin":
        x, weight, bias = 2 * x, 2 * weight, bias - weight.sum(1)
    level, floor = lines.level.double(), lines.floor.double()
    ends = core.Ends(bias, lines.precision, lines.slope, lines.start, lines.panel, level, floor)
    places = PanelRule.of(lines.cut, v.device)
    rule = core.Rule(places.at, places.weight.log(), lines.cut, NEGLIGIBLE)
    return core.log_density(v, x, weight.float(), ends, rule, states)


def _log_density(lines: UnitLines, v: Tensor, field: Tensor) -> Tensor:
    """log p(v_i | v₋ᵢ) of v (N, V) in the hidden fields x (N, H): (N, V)."""
    pairs = torch.arange(v.numel(), device=v.device).split(PAIRS)
    return torch.cat([_Some(lines, v, field, pair).log_density() for pair in pairs]).reshape(v.shape)


class _Some:
    """The lines of P pairs, numbered along v: image · V + unit. PanelRule on them are t = s − v_i, so that far from 0 no digits
    are lost: f(v_i + t) ∝ exp(K(t) − ½λt²) with K(t) = (b_i − λv_i) t + Σ_j log_partition(x_j + t W_ij)."""

    def __init__(self, lines: UnitLines, v: Tensor, field: Tensor, pairs: Tensor) -> None:
        self.lines, self.field = lines, field
        self.image, self.unit = pairs // v.shape[1], pairs % v.shape[1]
        self.value = v[self.image, self.unit]  # v_i (P,)
        self.start = lines.start[self.unit] - self.value
        self.bias = lines.bias[self.unit] - lines.precision[self.unit] * self.value
        self.slope = lines.slope[self.unit] - lines.precision[self.unit] * self.value
        self.places = PanelRule.of(lines.cut, v.device)
        self.every = torch.arange(len(pairs), device=v.device)
        self.known = torch.full_like(self.value, -math.inf)  # log ∫f is more than this
        self.found = torch.full_like(self.value, -math.inf)  # log of what has been integrated

    def log_density(self) -> Tensor:
        """(P,)."""
        nowhere = torch.zeros_like(self.value)
        here = self._convex(self.every, nowhere)
        self._learn(self.every, nowhere, here)
        waiting = [self._whole()]
        while waiting:
            panels = waiting.pop()
            if len(panels.pair) > PANELS:
                waiting.extend(panels.split())
                continue
            panels = panels.only(self._may_count(panels))
            least = torch.where(panels.low == self.start[panels.pair], self.lines.floor[self.unit[panels.pair]], 0)
            small = panels.level <= least
            self._integrate(panels.only(small))
            if not bool(small.all()):
                waiting.append(self._halves(panels.only(~small)))
        return here - self.found

    def _whole(self) -> Panels:
        start, level = self.start, self.lines.level[self.unit]
        stop = start + self._length(self.every, level)
        return Panels(self.every, level, start, self._convex(self.every, start), self._convex(self.every, stop))

    def _halves(self, panels: Panels) -> Panels:
        pair, level = panels.pair, panels.level - 1
        middle = panels.low + self._length(pair, level)
        at_middle = self._convex(pair, middle)
        self._learn(pair, middle, self._log_f(pair, middle, at_middle))
        left = Panels(pair, level, panels.low, panels.at_low, at_middle)
        right = Panels(pair, level, middle, at_middle, panels.at_high)
        return Panels(*(torch.cat(both) for both in zip(left, right, strict=True)))

    def _integrate(self, panels: Panels) -> None:
        """Add ∫f over these panels to what has been found."""
        length, m = self._length(panels.pair, panels.level), len(self.places.at)
        t = (panels.low[:, None] + length[:, None] * self.places.at).flatten()
        pair = panels.pair.repeat_interleave(m)
        log_f = self._log_f(pair, t, self._convex(pair, t)).reshape(-1, m)
        mass = (log_f + self.places.weight.log()).logsumexp(1) + length.log()
        top = self.found.scatter_reduce(0, panels.pair, mass, "amax")
        top = torch.where(top > -math.inf, top, 0.0)  # of pairs that have none yet
        whole = (self.found - top).exp().index_add(0, panels.pair, (mass - top[panels.pair]).exp())
        self.found = top + whole.log()

    def _may_count(self, panels: Panels) -> Tensor:
        """Whether the chord of K lets a panel's mass be more than e^−NEGLIGIBLE of all."""
        precision, length = self.lines.precision[self.unit[panels.pair]], self._length(panels.pair, panels.level)
        slope = (panels.at_high - panels.at_low) / length
        top = (slope / precision).clamp(panels.low, panels.low + length)  # where slope·t − ½λt² is largest
        most = panels.at_low + slope * (top - panels.low) - precision * top.square() / 2 + length.log()
        return most >= self.known[panels.pair] - NEGLIGIBLE

    def _learn(self, pair: Tensor, t: Tensor, log_f: Tensor) -> None:
        """∫f ≥ f(t) √(2π/λ), as log f bends by no more than −λ; with a cut, what lies above t where K is least steep there.

        That is f(t)/√λ times Mills' ratio of y, which is more than 2/(y + √(y² + 4)) (Birnbaum 1942).
        """
        precision = self.lines.precision[self.unit[pair]]
        around = 0.5 * (math.log(2 * math.pi) - precision.log())
        if self.lines.cut:
            y = ((precision * t - self.slope[pair]) * precision.rsqrt()).clamp(min=0)
            around = (2 / (y + (y.square() + 4).sqrt())).log() - 0.5 * precision.log()
        self.known.scatter_reduce_(0, pair, log_f + around, "amax")

    def _length(self, pair: Tensor, level: Tensor) -> Tensor:
        return torch.ldexp(self.lines.panel[self.unit[pair]], level)

    def _log_f(self, pair: Tensor, t: Tensor, convex: Tensor) -> Tensor:
        return convex - self.lines.precision[self.unit[pair]] * t.square() / 2

    def _convex(self, pair: Tensor, t: Tensor) -> Tensor:
        """K(t) of each pair, a block of them at a time: (I,), (I,) -> (I,)."""
        lines, found = self.lines, []
        for which, place in zip(*(x.split(max(BLOCK // lines.weight.shape[1], 1)) for x in (pair, t)), strict=True):
            step = place[:, None] * lines.weight[self.unit[which]]
            inside = lines.hidden.log_partition(step.add_(self.field[self.image[which]])).sum(1)
            found.append(self.bias[which] * place + inside)
        return torch.cat(found)
