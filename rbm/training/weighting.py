"""How often each training row is drawn: all alike, each class as much as any other, or those that few others resemble more.

An epoch is N rows whoever is drawn. With weights w_n that sum to N, row n comes floor(w_n) or ceil(w_n) times, w_n on average:
where all w_n are whole, an epoch is the shuffle of a data set in which row n stands w_n times.
"""

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.datasets.base import Dataset
from rbm.errors import ConfigError
from rbm.units import Categorical, Discrete, Unit

ALIKE = 0.8  # share of the units in which two rows agree that count as one another's likeness
MOST_ROWS = 12_000  # each of which is compared with all the others
BLOCK = 1024


@torch.no_grad()
def row_weights(dataset: Dataset, unit: Unit, how: str) -> Tensor | None:
    """The weight of every training row, (N,) float64, N in sum; None where all are alike. ConfigError where there are none."""
    if how == "alike":
        return None
    if how == "by class":
        each = 1 / torch.bincount(dataset.train_labels).double()[dataset.train_labels]
    else:
        each = 1 / _alike(dataset.train, unit).double()
    return each * (len(each) / each.sum())


def epoch_of(weights: Tensor, generator: torch.Generator) -> Tensor:
    """The numbers of an epoch's rows in a random order, (N,): one uniform number for all, the calmest unbiased choice."""
    u = torch.rand((), generator=generator, device=generator.device, dtype=torch.float64)
    ends = weights.to(generator.device).cumsum(0)
    points = torch.arange(len(weights), device=generator.device) + u
    chosen = torch.searchsorted(ends, points, right=True).clamp(max=len(weights) - 1)
    return chosen[torch.randperm(len(weights), generator=generator, device=generator.device)]


def _alike(rows: Tensor, unit: Unit) -> Tensor:
    """How many rows agree with each in ALIKE of the units, itself included, (N,); of two-sided values the side is what counts."""
    if not isinstance(unit, Discrete):
        wrong = _("Rows of {name} units have no states to compare: let them count alike or by class.")
        raise ConfigError(wrong.format(name=unit.name))
    if len(rows) > MOST_ROWS:
        wrong = _(
            "Rows by likeness are compared with one another, {most_rows:,} at most, and there are {n_rows:,}: "
            "take fewer training images."
        )
        raise ConfigError(wrong.format(most_rows=MOST_ROWS, n_rows=len(rows)))
    if isinstance(unit, Categorical):
        signs, share = rows, lambda inner: inner / (rows.shape[1] // unit.width)
    else:
        signs, share = (
            torch.where(rows > unit.states().mean(), 1.0, -1.0),
            lambda inner: (1 + inner / rows.shape[1]) / 2,
        )
    return torch.cat([(share(block @ signs.T) > ALIKE - 1e-6).sum(1) for block in signs.split(BLOCK)])
