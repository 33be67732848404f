"""A run on disk or on the wire: parameters as safetensors, everything else as JSON in its header. No pickle, ever."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from rbm.errors import CheckpointError, ConfigError
from rbm.experiment import RunSpec, bare_model
from rbm.files import write_atomically
from rbm.models.rbm import RBM
from rbm.training.events import TrainEvent
from rbm.training.history import History

FORMAT = "boltzmann-explorer/1"


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
    """Write a checkpoint atomically: whoever reads ``path`` finds the old file or the new one, never half of one."""
    write_atomically(Path(path), to_bytes(model, spec, history, state=state))


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read what ``save_checkpoint`` wrote; CheckpointError when it is missing or anything in it is malformed."""
    try:
        return from_bytes(Path(path).read_bytes())
    except OSError as error:
        raise CheckpointError(f"The checkpoint {str(path)!r} cannot be read: {error.strerror or error}.") from error


def to_bytes(
    model: RBM, spec: RunSpec, history: History | None = None, *, state: Mapping[str, Tensor] | None = None
) -> bytes:
    """The checkpoint as bytes, for a file, a download or another process."""
    tensors = {f"model.{name}": p.detach() for name, p in model.named_parameters()}
    tensors |= {f"state.{name}": tensor for name, tensor in (state or {}).items()}
    events = [[e.step, e.epoch, e.seconds, dict(e.metrics)] for e in (history.events if history else [])]
    header = {"format": FORMAT, "spec": spec.to_json(), "history": json.dumps(events)}
    return bytes(save({name: t.cpu().contiguous().clone() for name, t in tensors.items()}, metadata=header))


def from_bytes(data: bytes) -> Checkpoint:
    """The reverse of ``to_bytes``; CheckpointError for anything that is not exactly such a checkpoint."""
    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])["__metadata__"]
        if header["format"] != FORMAT:
            raise CheckpointError(f"The checkpoint's format is {header['format']!r}; this program reads {FORMAT!r}.")
        spec = RunSpec.from_json(header["spec"])
        history = History(
            TrainEvent(int(step), float(epoch), {str(n): float(x) for n, x in numbers.items()}, float(seconds))
            for step, epoch, seconds, numbers in json.loads(header["history"])
        )
        model = _model(spec, {n.removeprefix("model."): t for n, t in tensors.items() if n.startswith("model.")})
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError, ConfigError) as error:
        raise CheckpointError(
            f"This is not a checkpoint of the Boltzmann Explorer, or it is damaged ({error}); save it again."
        ) from error
    if model.n_hidden != spec.model.n_hidden:
        raise CheckpointError(
            f"The checkpoint holds {model.n_hidden} hidden units but its description says {spec.model.n_hidden}."
        )
    state = {n.removeprefix("state."): t for n, t in tensors.items() if n.startswith("state.")}
    return Checkpoint(model, spec, history, state)


@torch.no_grad()
def _model(spec: RunSpec, parameters: dict[str, Tensor]) -> RBM:
    weight = parameters["weight"]
    if weight.ndim != 2 or 0 in weight.shape:
        raise CheckpointError(f"The checkpoint's weights have shape {tuple(weight.shape)}; expected (visible, hidden).")
    width = spec.model.n_states if spec.model.hidden == "categorical" else 1
    model = bare_model(spec.model, weight.shape[0], max(weight.shape[1] // width, 1))
    expected = {name: (tuple(p.shape), p.dtype) for name, p in model.named_parameters()}
    got = {name: (tuple(p.shape), p.dtype) for name, p in parameters.items()}
    if expected != got:
        raise CheckpointError(f"The checkpoint's parameters are {got}; expected {expected}.")
    for name, p in model.named_parameters():
        if not torch.isfinite(parameters[name]).all():
            raise CheckpointError(f"The checkpoint's {name} holds values that are not finite.")
        p.copy_(parameters[name])
    return model
