"""A checkpoint from anyone becomes a run of the registry, or a sentence that says why not. Nothing in it is executed."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import TYPE_CHECKING

from rbm.core.language import N_, _
from rbm.datasets.catalog import entry, is_available, names
from rbm.errors import CheckpointError
from rbm.experiment import cached_dataset
from rbm.store.owners import NOBODY, Visitor
from rbm.store.records import Progress
from rbm.store.registry import Store, new_id
from rbm.training import changes
from rbm.training.config import TrainConfig, knobs
from rbm.training.history import ROUNDING, History

if TYPE_CHECKING:
    from rbm.checkpoint import Checkpoint

ENDINGS = (".zip", ".safetensors")
TAG = "uploaded"
MOST_EPOCHS = int(knobs(TrainConfig)["epochs"].high or 1)


def add(store: Store, file_name: str, data: bytes, visitor: Visitor = NOBODY) -> str:
    """Put the run into the registry, as the visitor's, and return its id; CheckpointError, with nothing changed, if none."""
    from rbm.checkpoint import to_bytes

    saved = _read(file_name, data)
    per_epoch = _steps_per_epoch(saved)
    planned = saved.spec.training.epochs
    done, total = _progress(saved, per_epoch * planned)
    epochs = total // per_epoch
    if total % per_epoch or epochs > MOST_EPOCHS:
        wrong = _(
            "The run is {total:,} updates long, which are not 1 to {most_epochs:,} whole epochs of "
            "{per_epoch:,} updates; take the file as it was saved."
        )
        raise CheckpointError(wrong.format(total=total, most_epochs=MOST_EPOCHS, per_epoch=per_epoch))
    longer = {"epochs": epochs} if epochs > planned else {}
    step = min(done, total)
    history = _history(saved, step, per_epoch)
    turned = changes.from_state(saved.state)
    seconds = history.events[-1].seconds if len(history) else 0.0
    status = "finished" if step >= total else N_("paused")
    turned_to = {**changes.in_force(turned), **longer}
    at = Progress(status, step, total, step / per_epoch, seconds, knobs=turned_to, changes=tuple(turned))
    run_id = new_id()
    store.create(saved.spec, run_id, at, run_id=run_id, tags=(TAG,), note=file_name[:200], visitor=visitor)
    whole = to_bytes(saved.model, saved.spec, history, state=saved.state)
    store.write(run_id, run_id, at, history.events, (step, at.epoch, whole))
    return run_id


def _read(file_name: str, data: bytes) -> Checkpoint:
    from rbm import checkpoint
    from rbm.store import bundle

    ending = PurePath(file_name).suffix.lower()
    if ending not in ENDINGS:
        wrong = _("{file_name!r} is no run: take a file that ends in {endings}.")
        raise CheckpointError(wrong.format(file_name=file_name[:80], endings=" or ".join(ENDINGS)))
    return bundle.read(data) if ending == ".zip" else checkpoint.from_bytes(data)


def _progress(saved: Checkpoint, planned: int) -> tuple[int, int]:
    """Updates done and updates in all, of which older checkpoints hold only the first, and bare machines neither."""
    told = saved.state.get("progress")
    if told is None:
        return planned, planned
    done, _, *total = told.tolist()
    return done, max(planned, *total)


def _history(saved: Checkpoint, step: int, per_epoch: int) -> History:
    """The curves up to the machine's ``step``: those of a run that was downloaded while it trained are ahead of it.

    CheckpointError where they count other epochs than its data make.
    """
    known = History(event for event in saved.history.events if event.step <= step)
    for last in known.events[-1:]:  # the others are in proportion to it: rbm.training.history.checked
        if abs(last.epoch * per_epoch - last.step) > ROUNDING * max(last.step, 1):
            wrong = _(
                "The run's curves are at epoch {epoch:g} after {step:,} updates, but its data make an epoch of "
                "{per_epoch:,} updates; take the file as it was saved."
            )
            raise CheckpointError(wrong.format(epoch=last.epoch, step=last.step, per_epoch=per_epoch))
    return known


def _steps_per_epoch(saved: Checkpoint) -> int:
    """The updates of one epoch; CheckpointError when its data set is not here or does not fit the machine."""
    spec = saved.spec
    if spec.dataset.name not in names():
        wrong = _("The run learnt from {name!r}, a data set that is not here; add it first.")
        raise CheckpointError(wrong.format(name=spec.dataset.name[:80]))
    if not is_available(spec.dataset.name):
        wrong = _("The run learnt from {title}: download it on the Train page first.")
        raise CheckpointError(wrong.format(title=entry(spec.dataset.name).title))
    dataset = cached_dataset(spec.dataset, spec.model)
    if dataset.n_visible != saved.model.weight.shape[0]:
        wrong = _(
            "The machine has {shape} visible units but an image of {title} has {n_visible} pixels; take the "
            "file as it was saved."
        )
        raise CheckpointError(
            wrong.format(shape=saved.model.weight.shape[0], title=dataset.title, n_visible=dataset.n_visible)
        )
    return math.ceil(len(dataset.train) / spec.training.batch_size)
