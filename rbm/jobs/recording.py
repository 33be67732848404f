"""Runs on their way into the registry: training hands over what it has and goes on; one thread of the process writes.

Numbers wait up to a second and go in one transaction a run; a checkpoint goes at once. When the disk is slower than
training, newer states take the place of those that still wait, so that memory stays bounded. No torch in here.
"""

from __future__ import annotations

import logging
import math
import platform
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from rbm.core.language import _
from rbm.datasets.catalog import revision
from rbm.errors import DatasetError, RemovedError, StoreError, TakenOverError, UnwrittenError
from rbm.experiment import RunSpec
from rbm.jobs.training import Slice
from rbm.store import MOVING, SILENT_SECONDS, Progress, Store, open_store
from rbm.store.owners import NOBODY, Visitor
from rbm.store.registry import new_id
from rbm.training.events import TrainEvent

WRITE_SECONDS = 1.0
RETRY_SECONDS = 5.0
LOOK_SECONDS = 1.0  # between two looks at how long a write takes
BEAT_SECONDS = SILENT_SECONDS / 3  # without news, after which the registry hears that the trainer is there all the same
SLOW_SECONDS = 5.0  # that a run may wait for the registry before its page says so

Checkpoint = tuple[int, float, bytes]  # step, epoch, what rbm.checkpoint.to_bytes made

_log = logging.getLogger(__name__)


@dataclass
class _Waiting:
    """What a record has yet to write. Its newest progress and checkpoint only: older ones are worth nothing."""

    progress: Progress | None = None
    events: list[TrainEvent] = field(default_factory=list)
    newest: Checkpoint | None = None
    kept: list[Checkpoint] = field(default_factory=list)

    def add(self, later: _Waiting) -> None:
        self.progress = later.progress or self.progress
        self.events += later.events
        self.kept += later.kept
        if later.newest is not None and (self.newest is None or later.newest[0] >= self.newest[0]):
            self.newest = later.newest


class Record:
    """One run's place in the registry. ``take`` returns at once; ``problem`` says when writing fails.

    A new run enters the registry with its first ``take``; with ``run_id``, an old one is taken up again by ``claim``.
    """

    def __init__(
        self,
        spec: RunSpec,
        *,
        run_id: str | None = None,
        tags: Iterable[str] = (),
        note: str = "",
        name: str = "",
        visitor: Visitor = NOBODY,
        store: Callable[[], Store] = open_store,
    ) -> None:
        self.spec, self.id, self.problem = spec, run_id or new_id(), ""
        self.begun = run_id is not None  # whether the registry knows the run
        self.lost = False  # whether another has taken it up ...
        self.on_trouble: Callable[[], None] = lambda: None  # called when ``problem`` has changed, from any thread
        self.data = revision(spec.dataset.name)  # the digest of the own data that it learns from, "" for any other
        self._tags, self._note, self._name = tuple(tags), note, name
        self.visitor, self._store = visitor, store
        self._owner, self.device = secrets.token_hex(8), "cpu"
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._waiting = _Waiting()
        self._last: Progress | None = None  # what was taken last, and when, on the monotonic clock
        self._taken_at = -math.inf

    def claim(self, silent: float = SILENT_SECONDS) -> str:
        """Take up a run of the registry: from now on only this record may write it.

        Returns what is to be said of a damaged checkpoint. StoreError while another trains it, DatasetError where it would
        go on with other pictures.
        """
        store = self._store()
        run = store.run(self.id)
        self.data, self.visitor = run.data, Visitor(run.visitor, "")
        self.check_data()
        return store.claim(self.id, self._owner, silent=silent)

    def check_data(self) -> None:
        """DatasetError where the name of the run's own data stands for other pictures by now than those it began with."""
        name = self.spec.dataset.name
        if self.data and revision(name) != self.data:
            wrong = _(
                "The data set {name} does not hold the pictures any more that this run learnt from: bring those "
                "back under that name, or start a new run."
            )
            raise DatasetError(wrong.format(name=name))

    def take(self, progress: Progress, brought: Slice | None = None) -> None:
        """Note where the run stands and what a slice of training brought; the writer's thread does the rest."""
        if self.lost:
            return
        later = _Waiting(progress)
        if brought is not None:
            self.device = brought.device
            later.events, later.kept = list(brought.events), list(brought.kept)
            if brought.checkpoint is not None:
                later.newest = (brought.step, brought.epoch, brought.checkpoint)
        later.progress = progress._replace(device=self.device)
        with self._lock:
            self._waiting.add(later)
            self._last, self._taken_at = later.progress, time.monotonic()
        _writer().add(self, at_once=later.newest is not None or progress.status not in MOVING)

    def beat(self) -> None:
        """Its trainer is there, though it has brought nothing for a while, as where a lost worker is being replaced: the registry
        hears so in time, else others would take the run for one that nobody trains, and might take it up."""
        with self._lock:
            moving = self._last is not None and self._last.status in MOVING
            quiet = self._waiting.progress is None and time.monotonic() - self._taken_at > BEAT_SECONDS
            if self.lost or not (moving and quiet):
                return
            self._waiting.progress, self._taken_at = self._last, time.monotonic()
        _writer().add(self, at_once=False)

    def write(self) -> None:
        """Write what waits, in the caller's thread; what fails waits for the next time, and ``problem`` says why."""
        with self._writing:
            with self._lock:
                taken, self._waiting = self._waiting, _Waiting()
            if self.lost:
                return
            if taken.progress is None:  # all is written, also what has just been said to wait
                self._tell("")
                return
            try:
                self._into(self._store(), taken.progress, taken)
                problem = ""
            except Exception as error:
                problem = self._problem(error)
                self.lost = isinstance(error, (TakenOverError, RemovedError)) and self.begun
                if isinstance(error, UnwrittenError):
                    taken.events = []  # those are in the registry
                with self._lock:
                    taken.add(self._waiting)
                    self._waiting = taken
            self._tell(problem)

    def _problem(self, error: Exception) -> str:
        """In a sentence, which the log has once."""
        known = isinstance(error, StoreError)
        words = (
            str(error)
            if known
            else _("It cannot be written ({name}: {error}); see the server's log.").format(
                name=type(error).__name__, error=error
            )
        )
        if words != self.problem:
            _log.error("run %s: %s", self.id, words, exc_info=None if known else error)
        return words

    def wait_longer(self) -> None:
        """It has waited to be written for a while."""
        if not self.problem:
            wrong = _(
                "The registry of runs has not answered for {seconds:.0f} seconds: see what holds up its disk or its "
                "database server."
            )
            self._tell(wrong.format(seconds=SLOW_SECONDS))

    def _tell(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            self.on_trouble()

    def _into(self, store: Store, progress: Progress, taken: _Waiting) -> None:
        if not self.begun:
            store.create(
                self.spec,
                self._owner,
                progress,
                run_id=self.id,
                versions=versions(),
                tags=self._tags,
                note=self._note,
                name=self._name,
                visitor=self.visitor,
                data=self.data,
            )
            self.begun = True
        store.write(self.id, self._owner, progress, taken.events, taken.newest, taken.kept)


class Written(Protocol):
    """What the writer's thread writes: a record, or ``rbm.jobs.settings``."""

    id: str
    problem: str  # why the last try failed; "" where it did not
    lost: bool  # whether another try is of no use

    def write(self) -> None:
        """Write what waits; what fails waits for the next time."""

    def wait_longer(self) -> None:
        """It has waited to be written for a while."""


class _Writer:
    """The thread that writes for all records of this process, in turn."""

    def __init__(self) -> None:
        self._changed, self._flushing = threading.Condition(), threading.Lock()
        self._waiting: dict[Written, float] = {}  # what -> when it is due
        self._current: Written | None = None  # taken from those, perhaps not written yet ...
        self._since = math.inf  # ... since when, on the monotonic clock
        threading.Thread(target=self._work, name="rbm-recording", daemon=True).start()
        threading.Thread(target=self._look, name="rbm-recording-look", daemon=True).start()

    def add(self, record: Written, *, at_once: bool) -> None:
        due = time.monotonic() + (0.0 if at_once else WRITE_SECONDS)
        with self._changed:
            self._waiting[record] = min(due, self._waiting.get(record, due))
            self._changed.notify()

    def flush(self) -> None:
        with self._flushing:  # or who flushes second would find nothing waiting, and go on before it is written
            with self._changed:
                records = [*self._waiting, *filter(None, [self._current])]
                self._waiting.clear()
            for record in records:
                self._write(record)

    def _write(self, record: Written) -> None:
        try:
            record.write()
        except Exception:  # of a page that is told of trouble: the others' must be written all the same
            _log.exception("the trouble of %s could not be told", record.id)
        self._wait_for(record)

    def _wait_for(self, record: Written) -> None:
        """What could not be written is tried again."""
        if record.problem and not record.lost:
            with self._changed:
                self._waiting.setdefault(record, time.monotonic() + RETRY_SECONDS)
                self._changed.notify()

    def _work(self) -> None:
        while True:
            record = self._next()
            self._write(record)
            self._since = math.inf

    def _look(self) -> None:
        """While a write takes long, say so of all that wait for it."""
        while True:
            time.sleep(LOOK_SECONDS)
            with self._changed:
                late = time.monotonic() - SLOW_SECONDS
                waiting = [record for record, due in self._waiting.items() if due < late]
                slow = [*filter(None, [self._current]), *waiting] if self._since < late else []
            for record in slow:
                record.wait_longer()
                self._wait_for(record)  # it may have been written this moment: another try then takes the words back

    def _next(self) -> Written:
        with self._changed:
            while True:
                first = min(self._waiting, key=self._waiting.__getitem__, default=None)
                wait = None if first is None else self._waiting[first] - time.monotonic()
                if first is not None and wait is not None and wait <= 0:
                    del self._waiting[first]
                    self._current, self._since = first, time.monotonic()
                    return first
                self._changed.wait(wait)


@lru_cache(maxsize=1)
def _writer() -> _Writer:
    return _Writer()


def soon(what: Written) -> None:
    """Have it written within a second, with what else comes until then."""
    _writer().add(what, at_once=False)


def flush() -> None:
    """Write everything that still waits, before this returns: the process is about to end, or a run to be taken up."""
    _writer().flush()


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """What a run was made with."""
    found = {"python": platform.python_version()}
    for name in ("torch", "numpy", "distributed"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
