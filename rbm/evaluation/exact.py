"""Everything exact, by visiting each state of the smaller layer: what estimates are measured against.

Summing the larger layer out leaves one term for each state s of the smaller, enumerated one:

    log p*(s) = a·s − base_energy(s) + Σ_i log_partition((sW + b)_i),    Z = Σ_s p*(s)

with a the biases of the smaller layer and b those of the larger. All of it in float64 (nats), a bounded block of
states at a time. A layer with a continuum of states can only be the one summed out.

Letters: F columns of the smaller layer, M of the larger, N states, V visible, H hidden columns.
"""

import copy
import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.core.numerics import home
from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.models.rbm import RBM
from rbm.samplers.chains import Chains
from rbm.units import DReLU, Unit
from rbm.units.listing import bits, joint_states

LIMIT = 20  # units of two states: at most 2^20 states are visited (others: as many units as make that many states)
BLOCK = 2**17  # numbers of float64 held at once by an enumeration: 1 MB, which stays in the cache


class Layer(NamedTuple):
    """The layer with fewer joint states, which is the one to enumerate: its ``name``, ``n_units`` and ``bits``, log₂ of
    how many states there are; infinite where both layers are a continuum."""

    name: str
    n_units: int
    bits: float


class Moments(NamedTuple):
    """Mean statistics ⟨v hᵀ⟩ (V, H), ⟨v⟩ (V,), ⟨h⟩ (H,), or a difference of two such, named by their parameters."""

    weight: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor


class ScaledMoments(NamedTuple):
    """The same for Gaussian and ReLU visible units, whose precision has a statistic too: −⟨½λv²⟩ (V,)."""

    weight: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor
    visible_log_precision: Tensor


class ShapedMoments(NamedTuple):
    """The same for dReLU hidden units, whose shape has one too: the mean derivative of log_partition by it (2, H)."""

    weight: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor
    hidden_shape: Tensor


class _Halves(NamedTuple):
    """A model in float64 seen from its smaller layer ("few"), whose states are visited; "many" is summed out."""

    few: Unit
    many: Unit
    weight: Tensor  # (F, M)
    few_bias: Tensor  # (F,)
    many_bias: Tensor  # (M,)
    few_is_hidden: bool

    @property
    def n_few(self) -> int:
        return len(self.few_bias) // self.few.width

    def field(self, s: Tensor) -> Tensor:
        return torch.addmm(self.many_bias, s, self.weight)  # (N, M)

    def log_weight(self, s: Tensor, field: Tensor) -> Tensor:
        """log p*(s), (N,)."""
        own = s @ self.few_bias - self.few.base_energy(s).sum(1)
        return own + self.many.log_partition(field).sum(1)

    def ordered(self, few: Tensor, many: Tensor) -> tuple[Tensor, Tensor]:
        """The two as (visible, hidden)."""
        return (many, few) if self.few_is_hidden else (few, many)


def states(n: int, unit: Unit) -> Tensor:
    """Every joint state of n units, one a row, the first unit changing slowest: (Sⁿ, n·width), float64.

    TooLargeError beyond 2^LIMIT rows.
    """
    _refuse(bits(n, unit), _("the states of {n} {name} units").format(n=n, name=unit.name))
    return _rows(0, len(unit.states()) ** n, n, unit)


def smaller_layer(model: RBM) -> Layer:
    """Which layer is visited state by state, by the number of its states and not of its units or columns.

    Twelve binary units have 2¹² states, twelve of eight levels 2³⁶; four one-hot units of eight have 2¹² in 32 columns.
    It decides between exact numbers and estimates.
    """
    bits_v, bits_h = bits(model.n_visible, model.visible_unit), bits(model.n_hidden, model.hidden_unit)
    if bits_h <= bits_v:
        return Layer("hidden", model.n_hidden, bits_h)
    return Layer("visible", model.n_visible, bits_v)


@torch.no_grad()
def log_partition(model: RBM) -> float:
    """log Z = log Σ_{v,h} exp(−E(v, h)), nats; TooLargeError when the smaller layer has more than 2^LIMIT states."""
    return float(_log_weights(_halves(model, _("log Z"))).logsumexp(0))


@torch.no_grad()
def visible_distribution(model: RBM) -> tuple[Tensor, Tensor]:
    """Every visible state (S, V) in the model's dtype and its p(v) = exp(−F(v) − log Z) (S,) in float64.

    TooLargeError when there are more than 2^LIMIT visible states.
    """
    _refuse(
        bits(model.n_visible, model.visible_unit),
        _("p(v) of {n_visible} visible units").format(n_visible=model.n_visible),
    )
    v = states(model.n_visible, model.visible_unit).to(model.weight.device)
    log_p = -in_float64(model).free_energy(v) - log_partition(model)
    return v.to(model.weight), log_p.exp()


@torch.no_grad()
def joint_distribution(model: RBM) -> tuple[Tensor, Tensor, Tensor]:
    """Every v (S, V) and every h (T, H) in the model's dtype, and p(v, h) (S, T) in float64.

    TooLargeError when there are more than 2^LIMIT pairs.
    """
    size = bits(model.n_visible, model.visible_unit) + bits(model.n_hidden, model.hidden_unit)
    _refuse(
        size,
        _("p(v, h) of {n_visible} visible and {n_hidden} hidden units").format(
            n_visible=model.n_visible, n_hidden=model.n_hidden
        ),
    )
    double = in_float64(model)
    v = states(model.n_visible, model.visible_unit).to(double.weight)
    h = states(model.n_hidden, model.hidden_unit).to(double.weight)
    own_v = v @ double.visible_bias - double.visible_unit.base_energy(v).sum(1)
    own_h = h @ double.hidden_bias - double.hidden_unit.base_energy(h).sum(1)
    log_p = v @ double.weight @ h.T + own_v[:, None] + own_h - log_partition(model)  # (S, T)
    return v.to(model.weight), h.to(model.weight), log_p.exp()


@torch.no_grad()
def moments(model: RBM) -> Moments | ScaledMoments | ShapedMoments:
    """⟨v hᵀ⟩, ⟨v⟩ and ⟨h⟩ under the model itself, float64: what a negative phase estimates.

    ScaledMoments for a model whose visible units have a precision, ShapedMoments for one whose hidden units have a shape.
    """
    halves = _halves(model, _("the model's mean statistics"))
    log_z = _log_weights(halves).logsumexp(0)
    scaled = model.visible_log_precision is not None  # then v is the layer summed out
    shaped = halves.many if isinstance(halves.many, DReLU) else None  # then h is
    pair = torch.zeros_like(halves.weight)
    few, many, energy = (torch.zeros_like(b) for b in (halves.few_bias, halves.many_bias, halves.many_bias))
    shape = energy.new_zeros(2, len(energy))
    for s in _blocks(halves):
        field = halves.field(s)
        p = (halves.log_weight(s, field) - log_z).exp()  # (N,)
        mean = halves.many.mean(field)
        weighted = s * p[:, None]
        pair.addmm_(weighted.T, mean)
        few += weighted.sum(0)
        many += p @ mean
        if scaled:
            energy += p @ halves.many.mean_energy(field)
        if shaped is not None:
            shape += torch.einsum("n,nkm->km", p, shaped.shape_slope(field))
    weight = pair.T if halves.few_is_hidden else pair
    if scaled:
        return ScaledMoments(weight, *halves.ordered(few, many), -energy)
    if shaped is not None:
        return ShapedMoments(weight, *halves.ordered(few, many), shape)
    return Moments(weight, *halves.ordered(few, many))


@torch.no_grad()
def gradient(model: RBM, data: Tensor) -> Moments | ScaledMoments | ShapedMoments:
    """∂/∂(W, b, c) of the mean over data (N, V) of log p(v): ⟨v hᵀ⟩_data − ⟨v hᵀ⟩_model and so on, float64.

    Hinton, Training Products of Experts by Minimizing Contrastive Divergence, 2002, eq. 2-4; both phases exact.
    """
    double = in_float64(model)
    v = double.check(data, "data", double.visible_columns)
    double.visible_unit.check_states(v, "data")
    h = double.hidden_mean(v)
    if len(v) == 0:
        raise ShapeError(_("data has no rows; a mean gradient needs at least one."))
    positive = [v.T @ h / len(v), v.mean(0), h.mean(0)]
    if model.visible_log_precision is not None:
        positive.append(-double.visible_unit.base_energy(v).mean(0))
    if isinstance(double.hidden_unit, DReLU):
        positive.append(double.hidden_unit.shape_slope(double.hidden_field(v)).mean(0))
    negative = moments(model)
    return type(negative)(*(up - down for up, down in zip(positive, negative, strict=True)))


@torch.no_grad()
def sample(model: RBM, n: int, generator: torch.Generator) -> Chains:
    """n independent, exact draws of (v, h) from the model, as chains at step 0.

    The smaller layer is drawn from its tabulated distribution, the larger one from its conditional.
    """
    if n < 1:
        raise ConfigError(_("Exact sampling needs at least one draw, got n={n}.").format(n=n))
    halves = _halves(model, _("exact samples"))
    cumulative = _log_weights(halves).softmax(0).cumsum(0)
    u = torch.rand(n, generator=generator, device=generator.device, dtype=torch.float64).to(cumulative.device)
    index = torch.searchsorted(cumulative, u * cumulative[-1], right=True)  # right: a state of probability 0 never
    few = joint_states(index, halves.n_few, halves.few)
    many = halves.many.sample(halves.field(few), generator)
    v, h = halves.ordered(few, many)
    return Chains(v.to(model.weight), h.to(model.weight), 0)


def in_float64(model: RBM) -> RBM:
    """A copy, where float64 beside it lives."""
    return copy.deepcopy(model).to(home(model.weight.device)).double()


def _halves(model: RBM, what: str) -> _Halves:
    """The smaller layer first; TooLargeError when even that one has too many states."""
    few = smaller_layer(model)
    _refuse(
        few.bits,
        _("{what}, with {n_units} units in the smaller ({name}) layer,").format(
            what=what, n_units=few.n_units, name=few.name
        ),
    )
    double = in_float64(model)
    weight, b, c = (p.detach() for p in (double.weight, double.visible_bias, double.hidden_bias))
    if few.name == "hidden":
        return _Halves(double.hidden_unit, double.visible_unit, weight.T.contiguous(), c, b, True)
    return _Halves(double.visible_unit, double.hidden_unit, weight, b, c, False)


def _log_weights(halves: _Halves) -> Tensor:
    """log p*(s) of every state of the smaller layer, in the order of :func:`states`."""
    return torch.cat([halves.log_weight(s, halves.field(s)) for s in _blocks(halves)])


def _blocks(halves: _Halves) -> Iterator[Tensor]:
    """Every state of the smaller layer, so many at a time that their fields fill about BLOCK numbers."""
    total = len(halves.few.states()) ** halves.n_few
    rows = max(BLOCK // max(halves.weight.shape), 1)
    for start in range(0, total, rows):
        yield _rows(start, min(start + rows, total), halves.n_few, halves.few).to(halves.weight.device)


def _rows(start: int, stop: int, n: int, unit: Unit) -> Tensor:
    """Rows ``start`` to ``stop`` of all joint states: the row's number written in base S, digit by digit."""
    return joint_states(torch.arange(start, stop), n, unit)


def _refuse(size: float, what: str) -> None:
    if size > LIMIT:
        count = f"2^{size:g} states" if size < math.inf else _("a continuum of states")
        wrong = _(
            "Computing {what} exactly would visit {count}; the limit is 2^{limit}, that is {limit} binary "
            "units. Estimate instead: ais.log_partition for log Z, Gibbs chains for samples and means."
        )
        raise TooLargeError(wrong.format(what=what, count=count, limit=LIMIT))
