"""Training of the RBM's rivals: autograd and Adam, as an iterator of the same events that an RBM's training yields."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from rbm.datasets.base import Dataset, binarise
from rbm.errors import ConfigError, DivergenceError
from rbm.models.rival import Rival
from rbm.training.config import check_knobs, knob
from rbm.training.events import TrainEvent

EVENTS_EVERY = 50  # updates


@dataclass(frozen=True)
class RivalConfig:
    """How a rival is trained; rates are the field's usual ones, kept with each model."""

    batch_size: int = knob(
        64, "Batch size", "Images averaged for one update; usually 32 to 128.", low=2, high=1024, unit="images"
    )
    epochs: int = knob(20, "Epochs", "Passes over the training images.", low=1, high=5000)

    def __post_init__(self) -> None:
        check_knobs(self)


def train_rival(
    model: Rival, dataset: Dataset, config: RivalConfig, generator: torch.Generator
) -> Iterator[TrainEvent]:
    """Train ``model`` in place, an event before the first update, every EVENTS_EVERY, and after the last.

    The same model, data, config and generator state give the same parameters bit for bit on one machine and thread
    count. DivergenceError when a loss is no longer finite.
    """
    trainer = RivalTrainer(model, dataset, config, generator)
    yield trainer.report()
    while not trainer.finished:
        trainer.step()
        if trainer.step_number % EVENTS_EVERY == 0 or trainer.finished:
            yield trainer.report()


class RivalTrainer:
    """One run of a rival's training, to be stepped. ``step_number`` updates done, ``seconds`` of training so far.

    In an update every player of the model steps once, in order, on the same batch. Metrics of its events: ``loss`` of a
    model with one player, else ``loss_<player>`` of each, means since the last event, nats per picture.
    """

    def __init__(self, model: Rival, dataset: Dataset, config: RivalConfig, generator: torch.Generator) -> None:
        """ConfigError when the pictures are of another size than the model's."""
        if dataset.n_visible != model.n_visible:
            raise ConfigError(
                f"The model is for pictures of {model.n_visible} pixels but those of {dataset.name!r} have "
                f"{dataset.n_visible}: make it with image_shape={tuple(dataset.image_shape)}."
            )
        self.model, self.config = model, config
        self._data, self._generator = dataset.train, generator
        self._optimizers = {
            player: torch.optim.Adam(getattr(model, player).parameters(), model.rate, betas=(model.beta1, 0.999))
            for player in model.players
        }
        # A batch of one has no variance for batch normalisation: a last row left over is left out.
        self.batches_per_epoch = max((len(self._data) + config.batch_size - 2) // config.batch_size, 1)
        self.total_steps = self.batches_per_epoch * config.epochs
        self.step_number, self.seconds = 0, 0.0
        self._order = torch.empty(0, dtype=torch.long)
        self._sums = dict.fromkeys(model.players, 0.0)
        self._reported = 0

    @property
    def finished(self) -> bool:
        return self.step_number >= self.total_steps

    @property
    def epoch(self) -> float:
        return self.step_number / self.batches_per_epoch

    def step(self) -> None:
        """One update of every player from one batch."""
        started = time.perf_counter()
        v = self._next_batch()
        for player, optimizer in self._optimizers.items():
            loss = self.model.loss(player, v, self._generator)
            self.model.zero_grad(set_to_none=True)  # a generator's loss leaves gradients in the discriminator too
            loss.backward()
            optimizer.step()
            self._sums[player] += float(loss.detach())
        self.step_number += 1
        self.seconds += time.perf_counter() - started

    def report(self) -> TrainEvent:
        """Where training stands; DivergenceError when a loss broke."""
        numbers = self._numbers()
        if not all(map(math.isfinite, numbers.values())):
            raise DivergenceError(
                f"The {self.model.title}'s training diverged after {self.step_number} updates: its loss is no longer "
                "finite. Take another seed or a larger batch."
            )
        self._sums, self._reported = dict.fromkeys(self._sums, 0.0), self.step_number
        return TrainEvent(self.step_number, self.epoch, numbers, self.seconds)

    def _numbers(self) -> Mapping[str, float]:
        count = self.step_number - self._reported
        if not count:
            return {}
        single = len(self._sums) == 1
        return {"loss" if single else f"loss_{player}": total / count for player, total in self._sums.items()}

    def _next_batch(self) -> Tensor:
        """The next rows of this epoch's shuffle, drawn anew where the model learns from draws."""
        size, place = self.config.batch_size, self.step_number % self.batches_per_epoch
        if place == 0:
            self._order = torch.randperm(len(self._data), generator=self._generator)
        rows = self._data[self._order[place * size : (place + 1) * size]]
        return binarise(rows, self.model.binarise, self._generator)
