"""How likely a model finds images: log-likelihood given log Z, and pseudo-likelihood, which needs none.

Both are summed over an image's pixels, nats per image, one number a row: average them afterwards, never before.
Letters: N images, V visible, H hidden units.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from rbm.core import kernels
from rbm.core.numerics import double, home
from rbm.errors import ConfigError, ShapeError
from rbm.models.rbm import RBM

BLOCK = 2**20  # numbers held at once while pixels are flipped, 4 MB in float32


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
    """Σ_i log p(v_i | all other pixels) = Σ_i logσ(F(v, pixel i flipped) − F(v)) of each row of v, (N,) float64.

    All V flips, exactly, in O(V·H) an image: a flip changes the hidden field by one row of W. Not comparable between
    data sets, and no likelihood: a model may score well here and mix badly (Besag, Statistical Analysis of Non-Lattice
    Data, 1975). ShapeError unless v is binary (N, V), ConfigError unless the visible units are.
    """
    v = _binary(model, v)
    return torch.cat([_all_flips(model, rows) for rows in v.split(max(BLOCK // model.n_hidden, 1))])


def mean_pseudo_log_likelihood(model: RBM, v: Tensor) -> PseudoLikelihood:
    """The mean of :func:`pseudo_log_likelihood` over the images v (N, V), N ≥ 1. Same errors."""
    values = pseudo_log_likelihood(model, v)
    if not len(values):
        raise ShapeError("v has no rows; a mean needs at least one image.")
    error = float(values.std()) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return PseudoLikelihood(float(values.mean()), error, len(values))


def _all_flips(model: RBM, v: Tensor) -> Tensor:
    """The sum over all pixels, a block of pixels at a time so that (N, block, H) numbers stay few."""
    x = model.hidden_field(v)
    if model.hidden_unit.name == "bernoulli" and kernels.flips_fit(model.weight, model.visible_bias):
        return kernels.flip_log_probability(v.contiguous(), x, model.weight, model.visible_bias)
    x = x[:, None, :]  # (N, 1, H)
    before = model.hidden_unit.log_partition(x)
    total = torch.zeros(len(v), dtype=torch.float64, device=home(v.device))
    block = max(BLOCK // max(len(v) * model.n_hidden, 1), 1)
    for pixels in torch.arange(model.n_visible, device=v.device).split(block):
        turn = 1 - 2 * v[:, pixels]  # (N, block)
        step = turn[:, :, None] * model.weight[pixels]  # (N, block, H)
        cost = _flip_cost(model, x, before, step, turn * model.visible_bias[pixels])
        total += F.logsigmoid(double(cost)).sum(1)
    return total


def _flip_cost(model: RBM, x: Tensor, before: Tensor, step: Tensor, own: Tensor) -> Tensor:
    """F(v flipped) − F(v) when a flip adds ``step`` to the hidden field x and ``own`` to b·v: (..., H) -> (...).

    ``before`` is the log_partition of x. Subtracted unit by unit: the difference of two sums would lose digits.
    """
    return -own - (model.hidden_unit.log_partition(x + step) - before).sum(-1)


def _binary(model: RBM, v: Tensor) -> Tensor:
    """v in the model's dtype, checked."""
    if model.visible_unit.name != "bernoulli":
        raise ConfigError(
            f"Pseudo-likelihood flips pixels, which needs bernoulli visible units; this model has "
            f"{model.visible_unit.name} ones."
        )
    v = model.check(v, "v", model.n_visible)
    model.visible_unit.check_states(v, "v")
    return v
