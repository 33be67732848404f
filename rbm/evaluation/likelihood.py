"""How likely a model finds images: log-likelihood given log Z, and pseudo-likelihood, which needs none.

Both are summed over an image's pixels, nats per image, one number a row: average them afterwards, never before.
Letters: N images, V visible, H hidden units.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from rbm.core import free_energies
from rbm.core.language import _
from rbm.core.numerics import double, home
from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.evaluation import line_density
from rbm.models.rbm import RBM
from rbm.units import Quadratic

BLOCK = 2**20  # numbers held at once while pixels are flipped, 4 MB in float32
TWO_STATES = ("bernoulli", "spin")


class PseudoLikelihood(NamedTuple):
    """Mean pseudo-log-likelihood of ``n_images``, nats per image, over all of their pixels: the ``value`` is exact for
    these images, and ``standard_error`` says how far it may be from the mean over all images like them; NaN for one."""

    value: float
    standard_error: float
    n_images: int


@torch.no_grad()
def log_likelihood(model: RBM, v: Tensor, log_z: float) -> Tensor:
    """log p(v) = −F(v) − log Z of each row of v (N, V), (N,) float64, nats per image.

    With log Z from forward AIS, which tends to be low, this tends to be too high: quote ``ais.bracket`` with it.
    ShapeError unless the rows are states of the visible units.
    """
    v = model.check(v, "v", model.visible_columns)
    model.visible_unit.check_states(v, "v")
    return -double(model.free_energy(v)) - log_z


@torch.no_grad()
def pseudo_log_likelihood(model: RBM, v: Tensor) -> Tensor:
    """Σ_i log p(v_i | all other units) = −Σ_i log Σ_s exp(F(v) − F(v with unit i in state s)) of each row of v, (N,) float64.

    All states of all units, exactly, in O(V·H·S) an image, S states a unit: another state changes the hidden field by one
    row of W. Of two states it is Σ_i logσ(F(v, unit i flipped) − F(v)). Of Gaussian and ReLU units the sum over s is an
    integral, p a density, see :mod:`line_density`. Not comparable between data sets, and no likelihood: a model may score
    well here and mix badly (Besag, Statistical Analysis of Non-Lattice Data, 1975). ConfigError for units that are of two
    kinds or have weights beyond use, ShapeError unless v (N, V) are states of the units.
    """
    unit = model.visible_unit
    v = model.check(v, "v", model.visible_columns) if isinstance(unit, Quadratic) else _listed(model, v)
    if isinstance(unit, Quadratic):
        unit.check_states(v, "v")
        return line_density.pseudo_log_likelihood(model, unit, v)
    of = _all_flips if model.visible_unit.name in TWO_STATES else _all_states
    return torch.cat([of(model, rows) for rows in v.split(max(BLOCK // model.hidden_columns, 1))])


def mean_pseudo_log_likelihood(model: RBM, v: Tensor) -> PseudoLikelihood:
    """The mean of :func:`pseudo_log_likelihood` over the images v (N, V), N ≥ 1. Same errors."""
    values = pseudo_log_likelihood(model, v)
    if not len(values):
        raise ShapeError(_("v has no rows; a mean needs at least one image."))
    error = float(values.std()) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return PseudoLikelihood(float(values.mean()), error, len(values))


def _all_flips(model: RBM, v: Tensor) -> Tensor:
    """The sum over all units of two states, a block of units at a time so that (N, block, H) numbers stay few."""
    x = model.hidden_field(v)
    if model.hidden_unit.name in TWO_STATES:
        bits, fields, weight, bias = _in_bits(model, v, x)
        if free_energies.flips_fit(weight, bias):
            return free_energies.flip_log_probability(bits.contiguous(), fields, weight, bias)
    x = x[:, None, :]  # (N, 1, H)
    before = model.hidden_unit.log_partition(x)
    total = torch.zeros(len(v), dtype=torch.float64, device=home(v.device))
    block = max(BLOCK // max(len(v) * model.hidden_columns, 1), 1)
    for units in torch.arange(model.n_visible, device=v.device).split(block):
        turn = -2 * v[:, units] if model.visible_unit.name == "spin" else 1 - 2 * v[:, units]  # (N, block)
        step = turn[:, :, None] * model.weight[units]  # (N, block, H)
        cost = _cost(model, x, before, step, turn * model.visible_bias[units])
        total += F.logsigmoid(double(cost)).sum(1)
    return total


def _in_bits(model: RBM, v: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """v (N, V), x (N, H), W and b of the machine of zeros and ones that gives each v the same probability.

    A spin is 2u − 1, and log 2cosh x = softplus(2x) − x, whose last term is linear in v and goes into the biases.
    """
    weight, bias = model.weight.detach(), model.visible_bias.detach()
    if model.visible_unit.name == "spin":
        v, weight, bias = (v + 1) / 2, 2 * weight, 2 * bias
    if model.hidden_unit.name == "spin":
        x, weight, bias = 2 * x, 2 * weight, bias - weight.sum(1)
    return v, x, weight, bias


def _all_states(model: RBM, v: Tensor) -> Tensor:
    """The sum over all units whose S states can be listed, a block of units at a time as above."""
    unit = model.visible_unit
    states = unit.states().to(v).reshape(-1, unit.width)  # (S, M), M columns a unit
    now, bias = v.unflatten(1, (-1, unit.width)), model.visible_bias.unflatten(0, (-1, unit.width))
    weight = model.weight.unflatten(0, (-1, unit.width))  # (units, M, H)
    x = model.hidden_field(v)[:, None, None, :]  # (N, 1, 1, H)
    before = model.hidden_unit.log_partition(x)
    total = torch.zeros(len(v), dtype=torch.float64, device=home(v.device))
    block = max(BLOCK // max(len(v) * len(states) * model.hidden_columns, 1), 1)
    for units in torch.arange(model.n_visible, device=v.device).split(block):
        turn = states - now[:, units, None, :]  # (N, block, S, M)
        cost = _cost(model, x, before, turn @ weight[units], (turn * bias[units, None, :]).sum(-1))
        total -= double(-cost).logsumexp(-1).sum(1)  # of the state that it is in the cost is 0
    return total


def _cost(model: RBM, x: Tensor, before: Tensor, step: Tensor, own: Tensor) -> Tensor:
    """F(v′) − F(v) of a v′ that adds ``step`` to the hidden field x and ``own`` to b·v: (..., H) -> (...).

    ``before`` is the log_partition of x. Subtracted unit by unit: the difference of two sums would lose digits.
    """
    return -own - (model.hidden_unit.log_partition(x + step) - before).sum(-1)


def _listed(model: RBM, v: Tensor) -> Tensor:
    """v in the model's dtype, checked."""
    unit = model.visible_unit
    try:
        unit.states()
    except TooLargeError as error:
        wrong = _(
            "Pseudo-likelihood puts every visible unit into each of its states, of which {name} units have no "
            "list: judge this model by its log-likelihood."
        )
        raise ConfigError(wrong.format(name=unit.name)) from error
    v = model.check(v, "v", model.visible_columns)
    unit.check_states(v, "v")
    return v
