"""A run on disk or on the wire: parameters as safetensors, everything else as JSON in its header. No pickle, ever."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load, save
from torch import Tensor

from rbm.core import seal
from rbm.core.files import write_atomically
from rbm.core.language import _
from rbm.errors import CheckpointError
from rbm.experiment import RunSpec, bare_model
from rbm.models.rbm import RBM
from rbm.training.events import TrainEvent
from rbm.training.history import History, checked, finite_or_missing

FORMAT = "boltzmann-explorer/1"
# What is read at most, a few times what the largest run on the screen writes: bytes in all, of the header, of the spec.
MOST_BYTES, MOST_HEADER, MOST_SPEC = 2**28, 2**25, 2**16
MOST_TENSORS, MOST_EVENTS, MOST_METRICS = 1000, 60_000, 64
KEYS = {"format", "spec", "history", seal.KEY}  # of the header; older programs wrote no checksum
DTYPES = ("F64", "F32", "F16", "BF16", "I64", "I32", "U8", "BOOL")


class Checkpoint(NamedTuple):
    """What was saved: the model, the spec that made it, the curves so far, and the trainer's state (empty when left out)."""

    model: RBM
    spec: RunSpec
    history: History
    state: dict[str, Tensor]


def save_checkpoint(
    path: str | Path,
    model: RBM,
    spec: RunSpec,
    history: History | None = None,
    *,
    state: Mapping[str, Tensor] | None = None,
) -> None:
    """Write a checkpoint atomically: a reader of ``path`` finds the old file or the new one, never half of one.

    CheckpointError where the disk is full or the folder cannot be written.
    """
    data = to_bytes(model, spec, history, state=state)
    try:
        write_atomically(Path(path), data)
    except OSError as error:
        wrong = _(
            "The checkpoint {path!r} cannot be written ({strerror}): free some space, or name a file in another folder."
        )
        raise CheckpointError(wrong.format(path=str(path), strerror=error.strerror or error)) from error


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read what ``save_checkpoint`` wrote; CheckpointError when it is missing or anything in it is malformed."""
    try:
        return from_bytes(Path(path).read_bytes())
    except OSError as error:
        wrong = _("The checkpoint {path!r} cannot be read: {strerror}.")
        raise CheckpointError(wrong.format(path=str(path), strerror=error.strerror or error)) from error


def to_bytes(
    model: RBM, spec: RunSpec, history: History | None = None, *, state: Mapping[str, Tensor] | None = None
) -> bytes:
    """The checkpoint as bytes, for a file, a download or another process."""
    tensors = {f"model.{name}": p.detach() for name, p in model.named_parameters()}
    tensors |= {f"state.{name}": tensor for name, tensor in (state or {}).items()}
    kept = _thinned(history.events if history else ())
    events = [[e.step, e.epoch, e.seconds, finite_or_missing(e.metrics)] for e in kept]
    header = {"format": FORMAT, "spec": spec.to_json(), "history": json.dumps(events), seal.KEY: seal.BLANK}
    return seal.sealed(save({name: t.cpu().contiguous().clone() for name, t in tensors.items()}, metadata=header))


def _thinned(events: Sequence[TrainEvent]) -> Sequence[TrainEvent]:
    """Every so many of a history longer than ``from_bytes`` reads (hours of training), counted from the newest."""
    return events[:: -math.ceil(max(len(events), 1) / MOST_EVENTS)][::-1]


def from_bytes(data: bytes) -> Checkpoint:
    """The reverse of ``to_bytes``; CheckpointError for anything that is not exactly such a checkpoint.

    Safe for a stranger's bytes: nothing in them is run, sizes are checked before memory is taken, and what comes back
    is finite and of the types and shapes that this program writes.
    """
    if len(data) > MOST_BYTES:
        wrong = _("The checkpoint has {n_data:,.0f} MB; at most {most_bytes} are read.")
        raise CheckpointError(wrong.format(n_data=len(data) / 2**20, most_bytes=MOST_BYTES // 2**20))
    try:
        described = _json(data[8 : 8 + min(int.from_bytes(data[:8], "little"), len(data))])
        header = described.pop("__metadata__")
        if header["format"] != FORMAT:
            wrong = _("The checkpoint's format is {header!r}; this program reads {format!r}.")
            raise CheckpointError(wrong.format(header=str(header["format"])[:40], format=FORMAT))
        if unknown := sorted(header.keys() - KEYS):
            wrong = _("The checkpoint's header says {unknown!r}, which no program of ours wrote.")
            raise CheckpointError(wrong.format(unknown=unknown[0][:40]))
        if reason := seal.damage(data):
            wrong = _("The checkpoint is damaged ({reason}); take the file as it was saved.")
            raise CheckpointError(wrong.format(reason=reason))
        spec = RunSpec.from_json(header["spec"][:MOST_SPEC])
        history = checked(_event(*event) for event in _json(header["history"].encode()))
        _check_tensors(described)
        tensors = load(data)
        model = _model(spec, {n.removeprefix("model."): t for n, t in tensors.items() if n.startswith("model.")})
    except CheckpointError:
        raise
    except Exception as error:  # json, safetensors and torch raise what they like at broken bytes
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        wrong = _("This is not a checkpoint of the Boltzmann Explorer, or it is damaged ({reason}); save it again.")
        raise CheckpointError(wrong.format(reason=reason)) from error
    if model.n_hidden != spec.model.n_hidden:
        wrong = _("The checkpoint holds {n_hidden} hidden units but its description says {described}.")
        raise CheckpointError(wrong.format(n_hidden=model.n_hidden, described=spec.model.n_hidden))
    state = {n.removeprefix("state."): t for n, t in tensors.items() if n.startswith("state.")}
    for name, tensor in state.items():
        if not torch.isfinite(tensor).all():
            raise CheckpointError(_("The checkpoint's {name} holds values that are not finite.").format(name=name))
    if (told := state.get("progress")) is not None:
        _check_progress(told)
    return Checkpoint(model, spec, history, state)


def _json(text: bytes) -> Any:
    """JSON of a size that this program writes: ten bytes of lists in lists would otherwise become a kilobyte of objects."""
    if (
        len(text) > MOST_HEADER
        or max(map(text.count, (b"[", b"{"))) > 2 * MOST_EVENTS
        or text.count(b'"') > 80 * MOST_EVENTS
    ):
        raise ValueError(f"its header is larger than {MOST_HEADER // 2**20} MB or {MOST_EVENTS:,} events")
    return json.loads(text)


def _check_tensors(described: Mapping[str, Mapping[str, Any]]) -> None:
    """Names, types and sizes as the header announces them, before torch takes memory for them."""
    if len(described) > MOST_TENSORS:
        wrong = _("The checkpoint holds {n_described:,} tensors; at most {most_tensors} are read.")
        raise CheckpointError(wrong.format(n_described=len(described), most_tensors=MOST_TENSORS))
    for name, about in described.items():
        if not re.fullmatch(r"(model|state)\.[\w.]{1,80}", name):
            wrong = _("The checkpoint holds {name!r}; expected a model's parameters and its trainer's state.")
            raise CheckpointError(wrong.format(name=name[:80]))
        if about["dtype"] not in DTYPES:
            wrong = _("The checkpoint's {name} is {about}; expected {dtypes}.")
            raise CheckpointError(wrong.format(name=name, about=str(about["dtype"])[:20], dtypes=", ".join(DTYPES)))
        shape = about["shape"]
        if len(shape) > 4 or not all(type(size) is int and 0 <= size <= MOST_BYTES for size in shape):
            wrong = _("The checkpoint's {name} has the shape {shape}; expected up to four sizes.")
            raise CheckpointError(wrong.format(name=name, shape=str(shape)[:80]))


def _check_progress(told: Tensor) -> None:
    """Updates done and those at the last event; newer checkpoints add those in all."""
    if told.ndim != 1 or told.dtype != torch.long or len(told) not in (2, 3) or int(told.min()) < 0:
        raise CheckpointError(_("The checkpoint does not say how far its run had come; take the file as it was saved."))


def _event(step: Any, epoch: Any, seconds: Any, numbers: Any) -> TrainEvent:
    """One event of the curves, of exactly the types that ``to_bytes`` writes. A number may be NaN: its curve breaks there."""
    if type(step) is not int or not all(type(x) in (int, float) and 0 <= x < 2**53 for x in (step, epoch, seconds)):
        raise ValueError("its history has an event whose step, epoch or seconds is no number from 0 up")
    if len(numbers) > MOST_METRICS or not all(
        type(x) in (int, float) and re.fullmatch(r"\w{1,80}", n) for n, x in numbers.items()
    ):
        raise ValueError("its history has an event whose measurements are not numbers by name")
    return TrainEvent(step, float(epoch), {name: float(x) for name, x in numbers.items()}, float(seconds))


@torch.no_grad()
def _model(spec: RunSpec, parameters: dict[str, Tensor]) -> RBM:
    weight = parameters["weight"]
    if weight.ndim != 2 or 0 in weight.shape:
        wrong = _("The checkpoint's weights have shape {shape}; expected (visible, hidden).")
        raise CheckpointError(wrong.format(shape=tuple(weight.shape)))
    width = spec.model.n_states if spec.model.hidden == "categorical" else 1
    model = bare_model(spec.model, weight.shape[0], max(weight.shape[1] // width, 1))
    expected = {name: (tuple(p.shape), p.dtype) for name, p in model.named_parameters()}
    got = {name: (tuple(p.shape), p.dtype) for name, p in parameters.items()}
    if expected != got:
        wrong = _("The checkpoint's parameters are {got}; expected {expected}.")
        raise CheckpointError(wrong.format(got=got, expected=expected))
    for name, p in model.named_parameters():
        if not torch.isfinite(parameters[name]).all():
            raise CheckpointError(_("The checkpoint's {name} holds values that are not finite.").format(name=name))
        p.copy_(parameters[name])
    return model
