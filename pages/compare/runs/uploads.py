"""A checkpoint from anyone becomes a run of the registry, or a sentence that says why not. Nothing in it is executed."""

from __future__ import annotations

import math
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING

from rbm.datasets.catalog import entry, is_available, names
from rbm.errors import CheckpointError
from rbm.experiment import cached_dataset
from rbm.jobs.live import MOST_EPOCHS
from rbm.jobs.recording import Record
from rbm.store import Progress, open_store
from rbm.training import changes

if TYPE_CHECKING:
    from rbm.checkpoint import Checkpoint

# What reads an uploaded file, by the ending of its name: a module and its function from bytes to a Checkpoint. Named, not
# imported: torch comes only with the first file.
READERS = {".zip": ("rbm.store.bundle", "read"), ".safetensors": ("rbm.checkpoint", "from_bytes")}
TAG = "uploaded"


def add(file_name: str, data: bytes) -> str:
    """Put the run into the registry and return its id; CheckpointError, with the registry unchanged, for what is none."""
    reader = READERS.get(PurePath(file_name).suffix.lower())
    if reader is None:
        raise CheckpointError(f"{file_name[:80]!r} is no run: upload a file that ends in {' or '.join(READERS)}.")
    from rbm.checkpoint import to_bytes

    module, function = reader
    saved: Checkpoint = getattr(import_module(module), function)(data)
    per_epoch = _steps_per_epoch(saved)
    planned = saved.spec.training.epochs
    done, total = _progress(saved, per_epoch * planned)
    epochs = total // per_epoch
    if total % per_epoch or epochs > MOST_EPOCHS:
        raise CheckpointError(
            f"The run is {total:,} updates long, which are not 1 to {MOST_EPOCHS:,} whole epochs of {per_epoch:,} updates; "
            "upload it as it was saved."
        )
    knobs = {"epochs": epochs} if epochs > planned else {}
    step = min(done, total)
    at = Progress("finished" if step >= total else "paused", step, total, step / per_epoch, knobs=knobs)
    turned = changes.from_state(saved.state)
    at = at._replace(knobs={**changes.in_force(turned), **knobs}, changes=tuple(turned))
    seconds = saved.history.events[-1].seconds if len(saved.history) else 0.0
    record = Record(saved.spec, tags=(TAG,), note=PurePath(file_name).name[:200])
    store = open_store()
    store.create(
        saved.spec, record.id, at._replace(seconds=seconds), run_id=record.id, tags=(TAG,), note=file_name[:200]
    )
    whole = to_bytes(saved.model, saved.spec, saved.history, state=saved.state)
    store.write(record.id, record.id, at._replace(seconds=seconds), saved.history.events, (step, at.epoch, whole))
    return record.id


def _progress(saved: Checkpoint, planned: int) -> tuple[int, int]:
    """Updates done and updates in all, of which older checkpoints hold only the first, and bare machines neither."""
    told = saved.state.get("progress")
    if told is None:
        return planned, planned
    if told.ndim != 1 or len(told) not in (2, 3) or told.is_floating_point() or int(told.min()) < 0:
        raise CheckpointError("The checkpoint does not say how far its run had come; upload it as it was saved.")
    done, _, *total = told.tolist()
    return done, max(planned, *total)


def _steps_per_epoch(saved: Checkpoint) -> int:
    """The updates of one epoch; CheckpointError when its data set is not here or does not fit the machine."""
    spec = saved.spec
    if spec.dataset.name not in names():
        raise CheckpointError(
            f"The run learnt from {spec.dataset.name[:80]!r}, a data set that is not here; add it first."
        )
    if not is_available(spec.dataset.name):
        raise CheckpointError(
            f"The run learnt from {entry(spec.dataset.name).title}: download it on the Train page first."
        )
    dataset = cached_dataset(spec.dataset)
    if dataset.n_visible != saved.model.weight.shape[0]:
        raise CheckpointError(
            f"The machine has {saved.model.weight.shape[0]} visible units but an image of {dataset.title} has "
            f"{dataset.n_visible} pixels; upload it as it was saved."
        )
    return math.ceil(len(dataset.train) / spec.training.batch_size)
