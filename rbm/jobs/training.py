"""A run in training as a Dask actor: what lives on the worker. The server's side of it is ``rbm.jobs.live``."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np

from rbm.errors import DivergenceError
from rbm.experiment import RunSpec, cached_dataset, check_units, make_trainer
from rbm.jobs.snapshots import Snapshot
from rbm.models.parameters import Array
from rbm.training.changes import Change
from rbm.training.events import TrainEvent

# The ten test images of recipe (b), one of which is shown under each column of the reconstructions.
SHOWN_IMAGES = (1, 6, 5, 12, 26, 35, 62, 52, 46, 4)
# Epochs whose checkpoints are kept for good, so that a run can be looked at through its whole time.
KEPT_EPOCHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


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
        check_units(self.spec)
        dataset = cached_dataset(self.spec.dataset, self.spec.model)
        self.trainer = make_trainer(self.spec, dataset)
        model = self.trainer.model
        rows = [i % len(dataset.test) for i in SHOWN_IMAGES]
        self._originals = dataset.test[rows].to(model.weight)
        self._before = self._reconstruct()
        self._kept_steps = {epoch * self.trainer.batches_per_epoch for epoch in kept_epochs}
        self._first_event = True
        self._broken = ""
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
        """Train for about ``seconds``, or up to update ``until`` if that comes first, whose event is then sure."""
        trainer, events, kept = self.trainer, [], []
        deadline = time.perf_counter() + seconds
        limit = trainer.total_steps if until is None else min(until, trainer.total_steps)
        try:
            if self._first_event and not self._broken:
                events.append(trainer.report())
                self._first_event = False
            while not self._broken and trainer.step_number < limit:
                event = trainer.step(report=trainer.step_number + 1 == until)
                if event is not None:
                    events.append(event)
                if trainer.step_number in self._kept_steps:
                    kept.append(Kept(trainer.step_number, trainer.epoch, self._checkpoint()))
                if time.perf_counter() >= deadline:
                    break
        except DivergenceError as error:
            self._broken = str(error)
        status = "diverged" if self._broken else "finished" if trainer.finished else "running"
        return Slice(
            events,
            status,
            self._broken,
            trainer.step_number,
            trainer.total_steps,
            trainer.batches_per_epoch,
            self._snapshot() if snapshot or status != "running" else None,
            self._checkpoint() if checkpoint or status != "running" else None,
            kept,
            trainer.epoch,
            str(trainer.model.weight.device),
            tuple(trainer.changes),
        )

    def change(self, knobs: dict[str, Any]) -> None:
        """Turn live knobs, and make the run as long as ``epochs`` says: in force from the next batch on."""
        live = {name: value for name, value in knobs.items() if name != "epochs"}
        self.trainer.lengthen(int(knobs.get("epochs", 0)))
        self.trainer.change(**live)

    def _reconstruct(self) -> Array:
        import torch

        model = self.trainer.model
        with torch.no_grad():
            return model.visible_mean(model.hidden_mean(self._originals)).cpu().numpy()

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
