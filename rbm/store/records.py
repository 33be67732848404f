"""What the registry answers with: plain values, read from its rows."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row

from rbm.core import clock
from rbm.core.language import N_
from rbm.core.text import plain
from rbm.experiment import RunSpec
from rbm.store.owners import clean_name
from rbm.training import changes
from rbm.training.changes import Change

SILENT_SECONDS = 30.0  # a run in training writes every second: silent for longer, its trainer is gone
MOVING = (N_("starting"), N_("running"))
OVER = (N_("finished"), N_("diverged"))


_seen: dict[
    str, tuple[float, float]
] = {}  # times in the future, by what was written then, and when they were first seen


def silence(what: str, written_at: float) -> float:
    """Seconds since something was written. Where that is in the future, the clock was set back: since it was first seen."""
    age = clock.now() - written_at
    if age >= 0:
        return age
    if what not in _seen or _seen[what][0] != written_at:
        _seen[what] = written_at, time.monotonic()
    return time.monotonic() - _seen[what][1]


class Progress(NamedTuple):
    """Where a run stands; ``status`` as in ``rbm.jobs.live.LiveRun``, ``seconds`` of training.

    ``knobs``: the live ones as they stand; ``changes``: where they were turned, None where nobody noted it.
    """

    status: str
    step: int
    total_steps: int
    epoch: float
    seconds: float = 0.0
    message: str = ""
    device: str = "cpu"
    knobs: Mapping[str, float] = {}
    changes: tuple[Change, ...] | None = ()


class Run(NamedTuple):
    """One run of the registry. Times are seconds since 1970; ``metrics`` are the newest value of each number by name."""

    id: str
    spec: RunSpec
    progress: Progress
    metrics: Mapping[str, float]
    versions: Mapping[str, str]
    tags: tuple[str, ...]
    note: str
    created_at: float
    updated_at: float
    deleted_at: float | None
    visitor: str = ""  # whose it is, "" for nobody's
    data: str = ""  # the digest of the own data that it learns from, "" for any other
    name: str = ""  # that a person gave it

    @property
    def status(self) -> str:
        """The status last written, or "interrupted" when its trainer has fallen silent."""
        silent = silence(self.id, self.updated_at) > SILENT_SECONDS
        return N_("interrupted") if self.progress.status in MOVING and silent else self.progress.status


class Saved(NamedTuple):
    """A checkpoint of a run: ``kept`` for good, or the newest, which the next one replaces."""

    step: int
    epoch: float
    kept: bool
    file: str
    bytes: int


class Whole(NamedTuple):
    """The newest checkpoint of a run that is whole; ``damaged``: the files of newer ones that are not, and ``said`` why."""

    data: bytes
    step: int
    epoch: float
    damaged: tuple[str, ...] = ()
    said: str = ""


class Evaluation(NamedTuple):
    """What was once computed about a run at one step, such as its log-likelihood."""

    step: int
    name: str
    result: Mapping[str, Any]
    created_at: float


def run_of(row: Row[Any], tags: Sequence[str]) -> Run:
    """A row of the table of runs; ConfigError when its description is none that this program reads."""
    spec, knobs, noted = RunSpec.from_json(row.spec), json.loads(row.knobs), changes.from_json(row.changes)
    if noted is None and all(
        getattr(spec.training, name) == value for name, value in knobs.items() if name != "epochs"
    ):
        noted = ()  # older programs kept no more than the knobs' last values
    progress = Progress(
        row.status,
        row.step,
        row.total_steps,
        row.epoch,
        row.seconds,
        plain(row.message),
        plain(row.device),
        knobs,
        noted,
    )
    return Run(
        row.id,
        spec,
        progress,
        json.loads(row.metrics),
        json.loads(row.versions),
        tuple(map(plain, tags)),
        plain(row.note),
        row.created_at,
        row.updated_at,
        row.deleted_at,
        row.visitor,
        row.data,
        clean_name(row.name),
    )
