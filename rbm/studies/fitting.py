"""The training that studies share: the data that a protocol asks for, and a run until its end or its time is up."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from rbm.datasets.base import Dataset
from rbm.experiment import RunSpec, make_trainer
from rbm.models.rbm import RBM
from rbm.studies.report import Say
from rbm.training.stepped import SteppedTraining

Model = TypeVar("Model", bound=nn.Module)
EVERY = 5  # updates between two looks of a running mean
LINES = 10  # of progress, in the course of one training


class Fit(NamedTuple):
    """A trained model; the ``epochs`` and ``seconds`` of training that it took."""

    model: RBM
    epochs: float
    seconds: float


def changed(dataset: Dataset, change: Callable[[Tensor], Tensor]) -> Dataset:
    """The data set with ``change`` made to the pixels of all three parts."""
    return replace(
        dataset, train=change(dataset.train), validation=change(dataset.validation), test=change(dataset.test)
    )


class RunningMean(Generic[Model]):
    """Parameters averaged over the last updates, each counting ``memory`` times the next (Polyak & Juditsky 1992).

    Chains and parameters chase each other in PCD: now this mode is too probable, now that. Their mean is not.
    """

    def __init__(self, model: Model, memory: float) -> None:
        self.model, self.share = copy.deepcopy(model), EVERY * (1 - memory)

    @torch.no_grad()
    def follow(self, model: Model) -> None:
        """Told every EVERY updates."""
        for mean, p in zip(self.model.parameters(), model.parameters(), strict=True):
            mean.lerp_(p, self.share)


def fit(spec: RunSpec, dataset: Dataset, say: Say, *, seconds: float | None = None, memory: float = 0.0) -> Fit:
    """Train as ``spec`` says on ``dataset``, for its epochs or for ``seconds`` of training, whichever end first.

    ``memory`` above 0 hands back the running mean of the parameters instead of the last ones.
    """
    trainer = make_trainer(spec, dataset)
    mean = RunningMean(trainer.model, memory) if memory else None
    to_the_end(trainer, trainer.model, mean, say, seconds)
    return Fit(trainer.model if mean is None else mean.model, trainer.epoch, trainer.seconds)


def to_the_end(
    trainer: SteppedTraining[Any], model: Model, mean: RunningMean[Model] | None, say: Say, seconds: float | None = None
) -> None:
    """Train until the end or for ``seconds``, ``mean`` following ``model``; DivergenceError for a training that broke."""
    said = 0
    while not trainer.finished and (seconds is None or trainer.seconds < seconds):
        trainer.step()
        if mean is not None and trainer.step_number % EVERY == 0:
            mean.follow(model)
        done = trainer.done if seconds is None else trainer.seconds / seconds
        if int(done * LINES) > said:
            said = int(done * LINES)
            say(f"  epoch {trainer.epoch:.1f}, {trainer.seconds:.0f} s of training")
    trainer.report()
