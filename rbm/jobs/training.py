"""A run in training as a Dask actor: what lives on the worker. The server's side of it is ``rbm.jobs.live``."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rbm.core.rests import Work
from rbm.errors import DivergenceError
from rbm.experiment import RunSpec, cached_dataset, check_units, make_trainer
from rbm.jobs.snapshots import Snapshot
from rbm.models.parameters import Array
from rbm.training.changes import Change
from rbm.training.events import TrainEvent

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.datasets.base import Dataset
    from rbm.models.rbm import RBM

# The ten test images of recipe (b), one of which is shown under each column of the reconstructions.
SHOWN_IMAGES = (1, 6, 5, 12, 26, 35, 62, 52, 46, 4)
# Epochs whose checkpoints are kept for good, so that a run can be looked at through its whole time.
KEPT_EPOCHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def shown_images(dataset: Dataset, count: int = len(SHOWN_IMAGES)) -> Tensor:
    """The first so many of SHOWN_IMAGES, (count, V); a smaller test part goes round."""
    return dataset.test[[i % len(dataset.test) for i in SHOWN_IMAGES[:count]]]


def reconstructions(model: RBM, originals: Tensor) -> Array:
    """⟨v|⟨h⟩⟩ of each of the originals (N, V), (N, V)."""
    import torch

    with torch.no_grad():
        found: Array = model.visible_mean(model.hidden_mean(originals.to(model.weight))).cpu().numpy()
        return found


class Kept(NamedTuple):
    """A checkpoint of a chosen epoch."""

    step: int
    epoch: float
    data: bytes


class Slice(NamedTuple):
    """What one turn on the worker brought. ``status`` is "running", "finished" or "diverged", the last with a reason.

    ``changes``: all the knobs that were turned since the run began.
    """

    events: list[TrainEvent]
    status: str
    reason: str
    step: int
    total_steps: int
    batches_per_epoch: int
    snapshot: Snapshot | None
    checkpoint: bytes | None
    kept: list[Kept]
    epoch: float
    device: str
    changes: tuple[Change, ...] = ()


class TrainingJob:
    """One run on one worker; every call is one turn, and actors of a worker take turns."""

    def __init__(self, spec: str, checkpoint: bytes | None = None, kept_epochs: tuple[int, ...] = KEPT_EPOCHS) -> None:
        """Start ``spec`` (RunSpec.to_json), or go on from a checkpoint of it; ``kept_epochs``: see ``Slice.kept``."""
        from rbm import checkpoint as checkpoints

        self.spec = RunSpec.from_json(spec)
        begun = self.spec if checkpoint is None else replace(self.spec, model=replace(self.spec.model, start="noise"))
        check_units(begun)  # where it began no longer matters to one that goes on
        dataset = cached_dataset(self.spec.dataset, self.spec.model)
        self.trainer = make_trainer(self.spec, dataset)
        model = self.trainer.model
        self._originals = shown_images(dataset).to(model.weight)
        self._before = self._reconstruct()
        self._kept_steps = {epoch * self.trainer.batches_per_epoch for epoch in kept_epochs}
        self._first_event = True
        self._broken = ""
        self._under_way: Work | None = None  # an update that was left in its midst
        self._events, self._kept = list[TrainEvent](), list[Kept]()  # that no slice has brought yet
        self._owes_checkpoint = False
        if checkpoint is not None:
            saved = checkpoints.from_bytes(checkpoint)
            model.load_state_dict(saved.model.state_dict())
            self.trainer.load_state(saved.state)
            self._first_event = False

    def advance(
        self,
        seconds: float = 0.2,
        until: int | None = None,
        snapshot: bool = False,
        checkpoint: bool = False,
    ) -> Slice:
        """Train for about ``seconds``, or up to update ``until`` if that comes first, whose event is then sure.

        A long update is left between two of its sweeps when the time is up, and gone on with in the next turn; one that is
        beyond ``until``, as after a pause, is ended. A checkpoint that is asked for in its midst comes with its end.
        """
        trainer = self.trainer
        self._owes_checkpoint |= checkpoint
        deadline = time.perf_counter() + seconds
        limit = trainer.total_steps if until is None else min(until, trainer.total_steps)
        try:
            if self._first_event and not self._broken:
                self._events.append(trainer.report())
                self._first_event = False
            while not self._broken and (self._under_way is not None or trainer.step_number < limit):
                left_before = self._under_way is not None
                beyond = until is not None and trainer.step_number >= until
                self._update(trainer.step_number + 1 == until, math.inf if beyond else deadline)
                if until is not None and trainer.step_number >= until:
                    continue  # nobody asks again, so it may not be left where it is judged
                if time.perf_counter() >= deadline or (left_before and self._owes_checkpoint):
                    break
            if (
                trainer.step_number == until
                and trainer.last_report < until
                and self._under_way is None
                and not self._broken
            ):
                self._events.append(trainer.report())  # that update was under way before it was known to be the last
        except DivergenceError as error:
            self._broken = str(error)
        events, self._events = self._events, []
        kept, self._kept = self._kept, []
        over = trainer.finished and self._under_way is None  # the last update may have been left where it is judged
        status = "diverged" if self._broken else "finished" if over else "running"
        self._owes_checkpoint |= status != "running"
        return Slice(
            events,
            status,
            self._broken,
            trainer.step_number,
            trainer.total_steps,
            trainer.batches_per_epoch,
            self._snapshot() if snapshot or status != "running" else None,
            self._owed_checkpoint(),
            kept,
            trainer.epoch,
            str(trainer.model.weight.device),
            tuple(trainer.changes),
        )

    def _update(self, report: bool, until: float) -> None:
        """The next update, or what is left of one, until about then. DivergenceError as of a step, and then it is over."""
        trainer = self.trainer
        work, self._under_way = self._under_way or Work(partial(trainer.step, report=report)), None
        if not work.go_on(until):
            self._under_way = work
            return
        if work.result is not None:
            self._events.append(work.result)
        if trainer.step_number in self._kept_steps:
            self._kept.append(Kept(trainer.step_number, trainer.epoch, self._checkpoint()))

    def _owed_checkpoint(self) -> bytes | None:
        if not self._owes_checkpoint or self._under_way is not None:
            return None
        self._owes_checkpoint = False
        return self._checkpoint()

    def change(self, knobs: dict[str, Any]) -> None:
        """Turn live knobs, and make the run as long as ``epochs`` says: in force from the next batch on."""
        if self._under_way is not None:
            try:
                self._update(False, math.inf)  # with the knobs that it began with
            except DivergenceError as error:
                self._broken = str(error)
        live = {name: value for name, value in knobs.items() if name != "epochs"}
        self.trainer.lengthen(int(knobs.get("epochs", 0)))
        self.trainer.change(**live)

    def _reconstruct(self) -> Array:
        return reconstructions(self.trainer.model, self._originals)

    def _snapshot(self) -> Snapshot:
        import torch

        model, trainer = self.trainer.model, self.trainer
        with torch.no_grad():
            activity = model.hidden_mean(trainer.probe.validation).mean(0)
        return Snapshot.of(
            model,
            step=trainer.step_number,
            epoch=trainer.epoch,
            activity=activity.cpu().numpy().copy(),
            pictures=np.stack([self._originals.cpu().numpy(), self._before, self._reconstruct()]),
        )

    def _checkpoint(self) -> bytes:
        from rbm import checkpoint as checkpoints

        return checkpoints.to_bytes(self.trainer.model, self.spec, state=self.trainer.state())
