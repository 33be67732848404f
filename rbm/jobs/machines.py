"""Machines that pages learn by tasks, on their way into the registry: they outlive their tabs and the server.

A task that comes to rest (finished, paused, failed, or let go of with its tab) hands its newest state over, and the thread that
writes runs does the rest. A task cannot go on from there: what is kept is looked at, by its owner and by the class. No torch
here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from rbm import bundled
from rbm.bundled import BundledMachine, Made
from rbm.core.language import _
from rbm.datasets.catalog import is_available, revision
from rbm.errors import CheckpointError, RbmError, StoreError
from rbm.jobs import recording
from rbm.jobs.job import ACTIVE
from rbm.jobs.task import Task
from rbm.store import Store, open_store
from rbm.store.machines import Machine
from rbm.store.owners import Visitor
from rbm.store.registry import new_id

MOST_TOLD = 600  # points of a curve that are kept: as many as a chart draws
_log = logging.getLogger(__name__)
T = TypeVar("T")
Arguments = Mapping[str, Any]


class Kind(NamedTuple):
    """How a page's machines are kept. ``function``: the task that learns them; ``made``: what is kept of all that it told, None
    before there is something; ``told``: the reverse; ``settings``: its arguments as JSON has them; ``arguments``: the reverse;
    ``dataset``: the name of the data set that it learns from, "" where the pictures are kept with it."""

    function: str
    made: Callable[[Sequence[Any]], Made | None]
    told: Callable[[BundledMachine], list[Any]]
    settings: Callable[[Arguments], dict[str, Any]]
    arguments: Callable[[Arguments], dict[str, Any]]
    dataset: Callable[[Arguments], str]


def thinned(points: Sequence[T]) -> list[T]:
    """At most MOST_TOLD of them, equally far from each other, the last of them."""
    every = -(-max(len(points), 1) // MOST_TOLD)
    return list(points[::-1][::every][::-1])


def keep(task: Task, kind: Kind, visitor: Visitor, store: Callable[[], Store] = open_store) -> None:
    """From now on the registry keeps the task's newest state as the visitor's whenever it comes to rest."""
    keeper = _Keeper(task, kind, visitor, store)
    task.kept_as, task.on_rest = keeper.id, keeper.rest


class _Keeper:
    """A task's place in the registry; does not hold the task."""

    lost = False

    def __init__(self, task: Task, kind: Kind, visitor: Visitor, store: Callable[[], Store]) -> None:
        self.id, self.problem = new_id(), ""
        self._kind, self._visitor, self._store = kind, visitor, store
        self._settings, self._data = kind.settings(task.arguments), revision(kind.dataset(task.arguments))
        self._lock = threading.Lock()
        self._writing = (
            threading.Lock()
        )  # of the writer's thread and who flushes, so that an older state never lands last
        self._waiting: tuple[Sequence[Any], str] | None = None
        self._last = 0, ""  # how much had been told, and how it stood, when it was last handed over

    def rest(self, task: Task) -> None:
        """Note what it has told; returns at once."""
        status = "paused" if task.status in ACTIVE else task.status  # nobody watches: it stands still
        now = len(task.news), status
        if not task.news or now == self._last:
            return
        with self._lock:
            self._last, self._waiting = now, (task.news, status)
        recording.soon(self)

    def write(self) -> None:
        """Write what waits; what fails waits for the next time, and the log says why once."""
        with self._writing:
            with self._lock:
                taken = self._waiting
            if taken is None:
                return
            problem = ""
            try:
                self._write(*taken)
            except CheckpointError as error:  # it has diverged: an older state stays
                _log.warning("machine %s: %s", self.id, error)
            except StoreError as error:
                problem = str(error)
                if problem != self.problem:
                    _log.error("machine %s could not be kept: %s", self.id, error)
            with self._lock:
                self.problem = problem
                if not problem and self._waiting is taken:
                    self._waiting = None

    def _write(self, news: Sequence[Any], status: str) -> None:
        made = self._kind.made(news)
        if made is None:
            return
        content, store = bundled.to_bytes(*made), self._store()
        store.sign(self._visitor)
        row = Machine(self.id, self._visitor.id, self._kind.function, self._settings, status, self._data, 0, 0.0)
        store.keep_machine(row, content)

    def wait_longer(self) -> None:
        """Nobody waits for it: the page has the machine itself."""


def described(kind: Kind, machine: Machine) -> Task | None:
    """A kept machine as a task that has told nothing yet: by its arguments it is named. None where the pictures that it learnt
    from are not here any more. CheckpointError where its settings are damaged."""
    try:
        task = Task.told((), **_arguments(kind, machine))
        dataset = kind.dataset(task.arguments)
        here = not dataset or (is_available(dataset) and revision(dataset) == machine.data)
    except (RbmError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise bundled.damaged(machine.id[:6], error) from error
    return task if here else None


def at_rest(news: Sequence[Any], arguments: Arguments, status: str) -> Task:
    """A machine to be looked at, which nobody trains further: finished, or stopped before."""
    task = Task.told(news, **arguments)
    task.status = status if status == "finished" else "failed"
    return task


def opened(kind: Kind, machine: Machine, store: Store) -> Task:
    """A kept machine as its task told it, at rest. StoreError where it is gone, CheckpointError where it is damaged."""
    content = store.machine(machine.id)
    try:
        found = kind.told(bundled.from_bytes(content, machine.id[:6], machine.bytes))
        return at_rest(found, _arguments(kind, machine), machine.status)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise bundled.damaged(machine.id[:6], error) from error


def _arguments(kind: Kind, machine: Machine) -> dict[str, Any]:
    if machine.settings is None:
        raise ValueError(_("its settings cannot be read"))
    return kind.arguments(machine.settings)
