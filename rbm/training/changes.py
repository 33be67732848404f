"""Knobs turned while a run trained: which, to what, and after how many updates, so that the run can be described and repeated.

A run that was trained further than planned is one whose epochs were turned. A change noted at update n is in force from
update n + 1 on. Values are kept as they were given, to the last bit. No torch is imported here: tensors are the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from rbm.core.language import _
from rbm.errors import CheckpointError, ConfigError
from rbm.training.config import LIVE, TrainConfig, knobs

if TYPE_CHECKING:
    from torch import Tensor

TURNS = (*LIVE, "epochs")  # what can change while a run trains
_STATE = "changes."  # how a checkpoint's tensors begin, one a knob: rows of (updates done, value)


class Change(NamedTuple):
    """The knobs that were turned after ``step`` updates, with their new values."""

    step: int
    knobs: Mapping[str, float]


def noted(changes: Sequence[Change], step: int, turned: Mapping[str, float]) -> list[Change]:
    """The changes with those of ``step`` added: twice at one step is one change."""
    last = changes[-1] if changes and changes[-1].step == step else Change(step, {})
    return [*(one for one in changes if one.step != step), Change(step, {**last.knobs, **turned})]


def in_force(changes: Iterable[Change]) -> dict[str, float]:
    """The knobs as they stand after all changes, by name; those that were never turned are left out."""
    return {name: value for one in changes for name, value in one.knobs.items()}


def in_words(changes: Iterable[Change], config: TrainConfig) -> str:
    """All of it for a person: "Learning rate 0.05 → 0.01 after update 1,200"; ``config`` is the run's at its start."""
    now, parts = config, []
    for one in changes:
        turned = moved_in_words(one.knobs, now)
        parts.append(_("{turned} after update {step:,}").format(turned=turned, step=one.step))
        now = replace(now, **dict(one.knobs))  # type: ignore[arg-type]
    return "; ".join(parts)


def moved_in_words(moved: Mapping[str, float], config: TrainConfig) -> str:
    """What was turned from where it stands in ``config``: "Learning rate 0.05 → 0.01"."""
    labels = knobs(TrainConfig)
    return ", ".join(f"{labels[n].label} {getattr(config, n):g} → {value:g}" for n, value in moved.items())


def values_of(changes: Iterable[Change], config: TrainConfig, name: str) -> list[tuple[int, Any]]:
    """What one setting was, and from which update on: the start's value at 0, then every other."""
    found = [(0, getattr(config, name))]
    for one in changes:
        if name in one.knobs:
            found.append((one.step, one.knobs[name]))
    return found


def to_json(changes: Iterable[Change] | None) -> str:
    """For the registry; None, which nobody noted, is the empty text."""
    return "" if changes is None else json.dumps([[one.step, dict(one.knobs)] for one in changes])


def from_json(text: str) -> tuple[Change, ...] | None:
    """The reverse."""
    return tuple(Change(step, turned) for step, turned in json.loads(text)) if text else None


def to_table(changes: Iterable[Change]) -> dict[str, list[tuple[float, float]]]:
    """For a checkpoint: the rows of each knob's tensor, by the tensor's name."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for one in changes:
        for name, value in one.knobs.items():
            rows.setdefault(_STATE + name, []).append((float(one.step), float(value)))
    return rows


def from_state(state: Mapping[str, Tensor]) -> list[Change]:
    """What a checkpoint's state tells of them; CheckpointError for what no trainer writes."""
    by_step: dict[int, dict[str, float]] = {}
    for key, table in state.items():
        if not key.startswith(_STATE):
            continue
        name = key.removeprefix(_STATE)
        if name not in TURNS or table.ndim != 2 or table.shape[1] != 2:
            wrong = _(
                "The checkpoint's {key} is no list of updates and values of a setting that can change during training."
            )
            raise CheckpointError(wrong.format(key=key[:80]))
        kind = type(getattr(TrainConfig(), name))
        for step, value in table.tolist():
            if step < 0 or step != int(step) or value != kind(value):
                wrong = _("The checkpoint changes {name} to {value:g} after {step:g} updates.")
                raise CheckpointError(wrong.format(name=name, value=value, step=step))
            by_step.setdefault(int(step), {})[name] = kind(value)
    found = [Change(step, by_step[step]) for step in sorted(by_step)]
    try:
        for one in found:
            replace(TrainConfig(), **dict(one.knobs))  # type: ignore[arg-type]
    except ConfigError as error:
        raise CheckpointError(_("The checkpoint changes a setting too far: {error}").format(error=error)) from error
    return found
