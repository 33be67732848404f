"""The pseudo-log-likelihood of a model that still learns: every visible unit of some validation images.

One pixel an image would be cheaper, but its noise (30 nats on MNIST) is larger than what runs differ by. All pixels of
128 images, the same in every run of such a machine, tell two runs apart to about 1 nat (0.6 between two seeds), though
the mean over all images is only known to ±2.5. It takes a hundredth of the time of training 100 hidden units, a tenth of 500's.

A Gaussian or ReLU pixel's density is an integral, a hundred times as much work as a flip. So few images are taken, and of a
large machine they are looked at only now and then, so that all its events together take no longer.
"""

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from rbm import randomness
from rbm.core import kernels
from rbm.datasets.base import Dataset, binarise
from rbm.errors import ConfigError
from rbm.evaluation.likelihood import TWO_STATES, PseudoLikelihood, mean_pseudo_log_likelihood
from rbm.models.rbm import RBM
from rbm.units import Unit

SEED = 2026  # of which images, and of their binarisation
MOST_IMAGES, FEWEST_IMAGES = 128, 20
TERMS = 52_000_000  # pixels × hidden units × images at one event: 14 ms of one core
TERMS_UNCOMPILED = TERMS // 10  # by torch's own operations, which pass over memory ten times as often
# Places on a pixel's line where all hidden units are summed (784 pixels, 100 and 500 hidden units, before and after training),
# and how many flips one such term takes: 20 ns and 50 ns a weight and image against 0.25 ns; by torch in float64 550 and 900.
# Of multinary hidden units it is M^0.7 times as much (57 and 140 ns of 3 states, 530 and 1,050 of 64), as there are more places
# too, and of categorical ones, for each column, nearly twice as much (32 to 42 and 80 to 92 ns of 3 and of 8 states).
PLACES = {"gaussian": 27, "relu": 60}
OF_A_PLACE, OF_A_PLACE_ONE_HOT, OF_A_PLACE_UNCOMPILED = 3, 5, 25
OF_STATES = 0.7
LONGER = (
    3  # times as long as binary ones do such pixels, for which no loop is compiled, train from one event to the next
)
MOST_APART = 20  # events: a curve should have points, so a still larger machine takes fewer images


class Training(Protocol):
    """What a trainer says of how far it is: see ``rbm.training.stepped``."""

    step_number: int

    @property
    def last_report(self) -> int: ...

    @property
    def finished(self) -> bool: ...


class PseudoLikelihoodTracker:
    """A metric for training, on the same images for all machines of one size and kind: two differ by what they learned.

    ``rows`` (N, V): the first of an order that depends on the data alone, as many as are quick for this model. ``every``:
    how many events lie between two that should tell it.
    """

    rows: Tensor
    every: int

    def __init__(self, model: RBM, dataset: Dataset, how: str, beside: Callable[[], Training] | None = None) -> None:
        """``how`` grey levels are binarised, as in ``TrainConfig``; ``beside`` whose training, where not every call tells it."""
        self._beside = beside
        visible, hidden = model.visible_unit.name, model.hidden_unit.name
        loop = visible in PLACES or {visible, hidden} <= set(TWO_STATES)
        compiled = loop and kernels.fits(model.weight)
        allowed = (TERMS if compiled else TERMS_UNCOMPILED) * (LONGER if visible in PLACES else 1)
        cost = model.weight.numel() * _terms(model.visible_unit, model.hidden_unit, compiled)  # of an image
        n = min(max(allowed // cost, FEWEST_IMAGES), MOST_IMAGES)
        if visible in PLACES:
            n = max(min(n, MOST_APART * allowed // cost), 2)
        draw = randomness.generator(SEED, "pseudo-likelihood")
        order = torch.randperm(len(dataset.validation), generator=draw)[:n]
        self.rows = binarise(dataset.validation[order], how, draw).to(model.weight.device)
        self.every = -(-len(order) * cost // allowed) if visible in PLACES else 1

    def due(self, step: int, before: int) -> bool:
        """Whether an event at ``step`` is to tell it, the event before it at ``before``: of those spaced evenly one in
        ``every``, and the first from each of 2, 8, 32, 128 ... on.

        By steps alone, so that a run that was interrupted tells it where an uninterrupted one does.
        """
        apart = max(self.every * (step - before), 1)
        fourfold = step.bit_length() // 2 > before.bit_length() // 2
        return self.every <= 1 or step < 1 or fourfold or step // apart > before // apart

    def __call__(self, model: RBM, _probe: object) -> dict[str, float]:
        """``pseudo_log_likelihood`` in nats per image and ``pseudo_log_likelihood_error``; nothing without images.

        NaN where weights are so large that there is none: training's own check ends such a run, with its own advice.
        """
        trainer = self._beside() if self._beside is not None else None
        due = trainer is None or trainer.finished or self.due(trainer.step_number, trainer.last_report)
        if not due or not len(self.rows):
            return {}
        try:
            found = mean_pseudo_log_likelihood(model, self.rows)
        except ConfigError:
            found = PseudoLikelihood(math.nan, math.nan, len(self.rows))
        return {"pseudo_log_likelihood": found.value, "pseudo_log_likelihood_error": found.standard_error}


def _terms(visible: Unit, hidden: Unit, compiled: bool) -> int:
    """What an image costs for each number in W: in flips, where they are ``compiled``, else in terms of torch's."""
    if visible.name in PLACES:
        return PLACES[visible.name] * (_of_a_place(hidden) if compiled else OF_A_PLACE_UNCOMPILED)
    return len(visible.states()) // visible.width if visible.name not in TWO_STATES else 1  # beside W's columns


def _of_a_place(hidden: Unit) -> int:
    """What a compiled term costs for each number in W, in flips."""
    if hidden.width > 1:
        return OF_A_PLACE_ONE_HOT
    many = hidden.name not in TWO_STATES
    return math.ceil(OF_A_PLACE * len(hidden.states()) ** OF_STATES) if many else OF_A_PLACE
