"""What every trainer shares: the order of its images, how far it is, when an event is due, and how it is stepped."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

import torch
from torch import Tensor

from rbm.core.rests import worked

Event = TypeVar("Event")
WORK_BETWEEN_EVENTS = 1.2e10  # floating-point operations: about 0.15 s on one core
MOST_BATCHES_BETWEEN_EVENTS = 250


class SteppedTraining(ABC, Generic[Event]):
    """A training as a value that can be stepped. To pause it is not to ask it.

    Public attributes: ``step_number`` updates done of ``total_steps``; ``batches_per_epoch``; ``seconds`` of training.
    A subclass says what an update is, what an event tells, and how many updates lie between two events.
    """

    def __init__(
        self, n_images: int, batch_size: int, epochs: int, generator: torch.Generator, *, smallest_batch: int = 1
    ) -> None:
        """``generator`` shuffles the images for each epoch; a last batch of fewer than ``smallest_batch`` is left out."""
        self.batches_per_epoch = max(math.ceil((n_images - smallest_batch + 1) / batch_size), 1)
        self.total_steps = self.batches_per_epoch * epochs
        self.step_number, self.seconds = 0, 0.0
        self._n_images, self._batch_size, self._generator = n_images, batch_size, generator
        self._order = torch.empty(0, dtype=torch.long)
        self._last_report, self._last_seconds, self._images = 0, 0.0, 0

    @property
    def finished(self) -> bool:
        return self.step_number >= self.total_steps

    @property
    def epoch(self) -> float:
        return self.step_number / self.batches_per_epoch

    @property
    def last_report(self) -> int:
        """The update of the last event; while one is made, of that before it."""
        return self._last_report

    @property
    def done(self) -> float:
        """The share of all updates that is done, 0 to 1, by which a schedule sets the learning rate."""
        return min(self.step_number / self.total_steps, 1.0)

    @property
    def images_per_second(self) -> float:
        """Of training since the last event."""
        return self._images / max(self.seconds - self._last_seconds, 1e-9)

    def events(self, every: int | None = None) -> Iterator[Event]:
        """Train to the end: an event now and then, or after ``every`` so many updates, and one after the last."""
        while not self.finished:
            event = self.step(report=every is not None and (self.step_number + 1) % every == 0)
            if event is not None and (every is None or self.finished or self.step_number % every == 0):
                yield event

    def step(self, *, report: bool = False) -> Event | None:
        """One update from one batch; an event when one is due or asked for.

        When it is due is counted and not timed, so that a second run tells the same.
        """
        started = worked()
        torch.set_flush_denormal(True)  # for this thread: σ(−90) is not worth a hundredfold time
        left = self._last_report + self._spacing() - self.step_number
        due = report or left <= 1 or self.step_number + 1 >= self.total_steps
        rows = self._next_rows()
        self._learn(rows, 1 if due else left)
        self.step_number += 1
        self._images += len(rows)
        self.seconds += worked() - started
        return self.report() if due else None

    def report(self) -> Event:
        """An event about the model as it stands; DivergenceError when it broke."""
        event = self._event()
        self._last_report, self._last_seconds, self._images = self.step_number, self.seconds, 0
        return event

    @abstractmethod
    def _learn(self, rows: Tensor, left: int) -> None:
        """The update from the images with these numbers (N,); ``left`` updates, this one included, lead to an event."""

    @abstractmethod
    def _event(self) -> Event: ...

    @abstractmethod
    def _spacing(self) -> int:
        """Updates from the last event to the next."""

    def _doubling(self, operations: float) -> int:
        """Events at updates 1, 2, 4, 8 ... so that something is seen at once, then evenly, by the work of an update."""
        even = min(max(round(WORK_BETWEEN_EVENTS / operations), 1), MOST_BATCHES_BETWEEN_EVENTS)
        return max(min(self._last_report, even), 1)

    def _next_rows(self) -> Tensor:
        """The numbers of the next images (N,) of this epoch's shuffle."""
        place = self.step_number % self.batches_per_epoch * self._batch_size
        if place == 0:
            self._order = self._shuffled()
        return self._order[place : place + self._batch_size]

    def _shuffled(self) -> Tensor:
        """The numbers of an epoch's images in their order, (n_images,)."""
        return torch.randperm(self._n_images, generator=self._generator, device=self._generator.device)
