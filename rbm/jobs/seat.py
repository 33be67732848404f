"""A seat on a worker: where work has its actor, and how it is asked for its turns.

What goes wrong there is one of two things, told apart by where it happened and not by its type. The work's own errors are
caught beside it, on the worker, and come back as answers. Whatever else reaches this side, from a dead process to a closed
cluster, is the loss of the worker: :class:`WorkerLostError`.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from concurrent.futures import CancelledError as Cancelled
from concurrent.futures import Future
from threading import Lock
from typing import Any, NamedTuple

from rbm.core.language import _
from rbm.core.living import Living
from rbm.errors import RbmError
from rbm.jobs import cluster
from rbm.jobs.turns import Account, Turns

Call = tuple[str, tuple[Any, ...]]  # the name of a method of the work, and its arguments
_log = logging.getLogger(__name__)
_seats: Living[Seat] = Living()
_choosing = Lock()  # so that whoever chooses a worker next sees who has just chosen one


class WorkerLostError(Exception):
    """The worker is gone, or cannot be reached: its work must go on elsewhere."""


class WorkFailedError(RbmError):
    """The work itself stopped, for a reason that its text tells. ``expected``: the engine said so on purpose."""

    def __init__(self, reason: str, expected: bool = True) -> None:
        super().__init__(reason)
        self.expected = expected


class Answer(NamedTuple):
    """What the calls of one turn came to in ``seconds``: the last one's ``value``, or why one of them stopped."""

    seconds: float
    value: Any = None
    reason: str = ""
    expected: bool = True
    blank: bool = False


class Host:
    """The actor on the worker. It holds the work and outlives its errors."""

    def __init__(self) -> None:
        self._work: Any = None

    def turn(self, begin: tuple[type, tuple[Any, ...]] | None, calls: tuple[Call, ...]) -> Answer:
        """Make the work where ``begin`` says of what, then call its methods one after another."""
        began = time.perf_counter()
        answer = self._turn(begin, calls)
        return answer._replace(seconds=time.perf_counter() - began)

    def _turn(self, begin: tuple[type, tuple[Any, ...]] | None, calls: tuple[Call, ...]) -> Answer:
        try:
            if begin is not None:
                kind, arguments = begin
                self._work = kind(*arguments)
            if self._work is None:
                return Answer(0.0, blank=True)  # the scheduler put a new actor in a lost one's place
            value = None
            for name, arguments in calls:
                value = getattr(self._work, name)(*arguments)
        except RbmError as error:
            return Answer(0.0, reason=str(error))
        except Exception as error:
            _log.exception("work on a worker failed")
            return Answer(0.0, reason=f"{type(error).__name__}: {error}", expected=False)
        return Answer(0.0, value)


class Seat:
    """One actor of ``kind(*arguments)``, on ``worker`` or else where the fewest of this process are."""

    def __init__(self, kind: type, arguments: tuple[Any, ...], worker: str | None = None) -> None:
        """ClusterError where no cluster can be started; WorkerLostError where it ends just now."""
        try:
            self._cluster = cluster.connect()
        except ConnectionError as error:  # started, and killed before it was there
            raise WorkerLostError(str(error)) from error
        self._begin: tuple[type, tuple[Any, ...]] | None = (kind, arguments)
        self._first: Future[Answer] | None = None
        self.worker = worker
        try:
            turns = _of_each(self._cluster)  # may wait for the scheduler's first word
            with _choosing:
                self.worker = worker or _roomiest(turns)
                _seats.add(self)
            self._place = self._cluster.place(Host, self.worker, only=worker is not None)
        except (Exception, Cancelled) as error:
            _seats.discard(self)
            raise WorkerLostError(_words(error)) from error
        self._account, self._turns = Account(), self._cluster.turns_of(self.worker or "")
        self.key = str(self._place.future.key)  # of the actor, on its worker

    def ask(self, *calls: Call) -> Future[Answer]:
        """Have the work called when its turn comes: one after another on the worker."""
        begin, self._begin = self._begin, None
        answer = self._turns.ask(self._account, lambda: self._cluster.ask(self._place, "turn", begin, calls))
        self._first = self._first or answer
        return answer

    @property
    def seconds(self) -> float:
        """How long the next turn should be: shorter where many wait."""
        return self._turns.seconds()

    @property
    def crowd(self) -> int:
        """How many works want turns of the same worker, this one included."""
        return max(self._turns.crowd, 1)

    @property
    def shared(self) -> bool:
        """Whether others want turns of the same worker."""
        return self.crowd > 1

    @property
    def silence(self) -> str:
        """What to say where the worker stands still though the scheduler answers; "" where it does not."""
        worker = self._place.worker
        if worker is None or not self._cluster.silent_worker(worker):
            return ""
        return _(
            "The training process at {worker} has not answered for {silent_seconds:.0f} seconds: this goes on "
            "by itself as soon as it does; if it does not, see whether it was stopped, or end it, and another "
            "one takes its place."
        ).format(worker=worker, silent_seconds=cluster.SILENT_SECONDS)

    @property
    def better_elsewhere(self) -> bool:
        """Whether another worker would still be less wanted with this work on it."""
        return any(turns.crowd + 1 < self._turns.crowd for turns in _of_each(self._cluster).values())

    @property
    def settled(self) -> bool:
        """Whether the work is there: only then can two turns be under way in their order."""
        return self._first is not None and self._first.done()

    def leave(self) -> None:
        """Have the worker drop the actor. Dask would when nobody refers to it any more, but its proxy refers to itself, in a
        circle that waits for the collector."""
        _seats.discard(self)
        self._turns.leave(self._account)
        if self._cluster.alive:
            self._cluster.drop(self._place)


def value_of(answered: Future[Answer], seconds: float | None = None) -> Any:
    """What an answer holds, once it is there; WorkFailedError for the work's own error, WorkerLostError for its worker's."""
    try:
        answer = answered.result(seconds)
    except (Exception, Cancelled) as error:
        raise WorkerLostError(_words(error)) from error
    if answer.blank:
        raise WorkerLostError("its actor was begun again without its work")
    if answer.reason:
        raise WorkFailedError(answer.reason, answer.expected)
    return answer.value


def _roomiest(turns: dict[str, Turns]) -> str | None:
    """The worker that the fewest want turns of, or are about to, and of those the one with the fewest actors of this process;
    None where there is none yet."""
    seats = _seats.now()
    taken, coming = Counter(seat.worker for seat in seats), Counter(s.worker for s in seats if s._first is None)
    return min(turns, key=lambda worker: (turns[worker].crowd + coming[worker], taken[worker], worker), default=None)


def _of_each(here: cluster.Cluster) -> dict[str, Turns]:
    return {worker: here.turns_of(worker) for worker in here.workers()}


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
