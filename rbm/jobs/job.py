"""Work on a worker as a session of the screen holds it: asked for slice after slice while somebody watches.

A finished slice asks for the next as long as the lease lives, so work goes on at full speed however slowly the page looks; a
page that is closed stops renewing and soon costs nothing. Whatever runs in the background is a :class:`Job`: a run
(``rbm.jobs.live``), a generator (``rbm.jobs.task``), a likelihood (``rbm.tasks.measuring``). No torch here.
"""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import lru_cache
from typing import Any

from rbm.core.language import _
from rbm.core.living import Living
from rbm.errors import ClusterError, RbmError
from rbm.jobs import cluster
from rbm.jobs.seat import Answer, Call, Seat, WorkerLostError, WorkFailedError, value_of

SLICE_SECONDS = 0.25  # of one who has a worker alone; ``turns`` says how long slices are where many share it
LEASE_SECONDS = 90.0  # a hidden tab may be silent for a minute; a closed one's ends after RETURN_SECONDS
MOST_REVIVALS = 5
REVIVAL_SECONDS = 0.5  # that the nanny needs to start another worker; doubled at each try, for a busy machine
RETURN_SECONDS = 5.0  # in which a page that is loaded anew takes up again what it held
LOOK_SECONDS = 1.0  # between two looks at who waits for workers that do not answer
PUMP_THREADS = 4  # for all jobs of the process: none waits for a worker, but one may start the cluster, or read a file

ACTIVE = ("starting", "running")
Work = tuple[type, tuple[Any, ...]]  # a class, which lives on the worker, and what it is made with
_jobs: Living[Job] = Living()
_log = logging.getLogger(__name__)


class Job(ABC):
    """One session's work. Every method returns at once; the process's pump speaks with the worker.

    ``status`` is "idle", "starting", "running", "paused", "finished" or "failed"; ``message`` says why for the last.
    ``notice`` says in a sentence that a worker was lost and from where the work goes on, until somebody starts or stops it;
    or that the workers do not answer, until they do.

    What a kind of job says of itself: ``_work`` (what is made on the worker), ``_orders`` (what the next slice is to do),
    ``_calls`` (an order as calls of the work), ``_take`` (what came back) and ``_set_back`` (after a loss).
    """

    lease_seconds: float | None = None  # LEASE_SECONDS if None
    leaves_unwatched = False  # True: it has checkpoints to go on from, and leaves the worker when its lease runs out

    def __init__(self) -> None:
        self.status, self.message = "idle", ""
        self._notice = self._silence = ""  # what was lost; that the workers do not answer
        self._revived = ""  # the notice of the newest worker that was lost
        self.on_news: Callable[[], None] = lambda: (
            None
        )  # called from a thread of the pump whenever there is news to read
        self._lock = threading.RLock()
        self._seat: Seat | None = None
        self._flying: deque[Future[Answer]] = deque()  # the slices under way, the oldest first
        self._pumping = False
        self._lease_ends = 0.0
        self._heard_at = 0.0  # on the monotonic clock: when it was last driven, or begun
        self._revivals = 0
        _jobs.add(self)

    @property
    def notice(self) -> str:
        """What a person is to know though the work goes on, or waits: in a sentence."""
        return self._silence or self._notice

    @notice.setter
    def notice(self, words: str) -> None:
        self._notice = words

    @property
    def active(self) -> bool:
        """Whether something is moving or about to."""
        return self._pumping or self.status in ACTIVE

    def start(self) -> None:
        """Begin, or go on after a pause or a failure."""
        with self._lock:
            if self.status in ("idle", "paused", "failed"):
                self.status, self.message = "running" if self._seat is not None else "starting", ""
                self.notice = ""
                self.renew()

    def pause(self) -> None:
        """No further slice; the one under way ends within a fraction of a second."""
        with self._lock:
            if self.status in ACTIVE:
                self.status, self.notice = "paused", ""

    def renew(self) -> None:
        """Somebody still watches: go on, or go on again, if there is something to do."""
        with self._lock:
            self._lease_ends = time.monotonic() + (LEASE_SECONDS if self.lease_seconds is None else self.lease_seconds)
            if not self._pumping and self._has_work():
                self._begin_pump()

    def keep(self) -> None:
        """Somebody still watches, unless that was just taken back: ``renew`` for those who hear of it later."""
        if self.watched:
            self.renew()

    def release(self) -> None:
        """Nobody watches any more: stop after the slice under way and leave the worker. ``renew`` takes it up again.

        Called on the server's event loop, so it does not wait for the lock.
        """
        self._lease_ends = 0.0
        _pump().soon(self._let_go)

    def release_soon(self) -> None:
        """The page was closed, or is loaded anew: ``release``, unless somebody takes it up again within RETURN_SECONDS."""
        self._lease_ends = ends = min(self._lease_ends, time.monotonic() + RETURN_SECONDS)
        _pump().later(RETURN_SECONDS, lambda: self.release() if self._lease_ends == ends else None)

    @property
    def watched(self) -> bool:
        """Whether its lease lives."""
        return time.monotonic() <= self._lease_ends

    # What a kind of job says of itself

    def _has_work(self) -> bool:
        return self.status in ACTIVE

    @abstractmethod
    def _work(self) -> Work:
        """What is made on the worker, from the newest checkpoint if there is one; what the screen knows beyond it is lost."""

    def _next_order(self) -> dict[str, Any] | None:
        """What the next slice is to do; None where there is nothing to ask for now, and at rest with ``_rest`` called."""
        with self._lock:
            if self.status in ACTIVE and self.watched:
                return {"seconds": self._slice_seconds()}
            if not self._flying:
                self._rest()
            return None

    def _calls(self, order: dict[str, Any]) -> tuple[Call, ...]:
        """The order as calls of the work; the last one's value is taken in."""
        return (("advance", (order["seconds"],)),)

    @abstractmethod
    def _take(self, value: Any) -> None:
        """What the last call of an order brought."""

    def _set_back(self) -> str:
        """Forget what was lost with the worker; returns from where the work goes on, as the end of a sentence."""
        return _("beginning again")

    def _at_once(self) -> int:
        """How many slices may be under way."""
        return 1

    # The pump

    def _rest(self) -> None:
        """Nothing more is asked for; under the lock. What was lost with a worker is done with where all is learnt."""
        self._pumping = False
        if self.status == "finished" and self._notice == self._revived:
            self._notice = ""

    def _begin_pump(self) -> None:
        self._pumping = True
        self._heard_at = time.monotonic()
        _pump().soon(self._drive)

    def _let_go(self) -> None:
        """After ``release``: whoever waits on the worker leaves it, by way of the last checkpoint where one is due."""
        with self._lock:
            if not self._pumping and not self.watched and self._seat is not None:
                self._begin_pump()

    def _drive(self) -> None:
        """Take in the oldest slice and ask for the next: in a thread of the pump, and never two at once for a job."""
        oldest: Future[Answer] | None = None
        self._heard_at = time.monotonic()
        try:
            try:
                if self._flying:
                    self._take(value_of(self._flying.popleft()))
                oldest = self._ask()
            except WorkerLostError as error:
                self._revive(error)
        except WorkFailedError as error:
            self._fail(str(error) if error.expected else self._unexpected(str(error)))
        except RbmError as error:
            self._fail(str(error))
        except Exception as error:
            _log.exception("a job failed")
            self._fail(self._unexpected(f"{type(error).__name__}: {error}"))
        finally:
            self.on_news()
        if oldest is not None:
            oldest.add_done_callback(lambda _: _pump().soon(self._drive))

    def _look(self) -> None:
        """Say so where it waits for workers that do not answer, and no more when they have."""
        waits = self._pumping and time.monotonic() - self._heard_at > cluster.SILENT_SECONDS
        seat = self._seat  # which a thread of the pump may take away meanwhile
        words = cluster.silence() or (seat.silence if seat is not None else "") if waits else ""
        if words != self._silence:
            self._silence = words
            self.on_news()

    def _ask(self) -> Future[Answer] | None:
        """Ask for as many slices as may be under way; returns the oldest of them."""
        if not self._flying:
            self._move()
        while len(self._flying) < self._most():
            with self._lock:
                order, rests = self._next_order(), not self._flying
            if order is None:
                if rests:  # whoever takes it up again from now on drives it, and not this thread as well
                    break
                return self._flying[0]
            if self._seat is None:
                self._seat = Seat(*self._work())
            self._flying.append(self._seat.ask(*self._calls(order)))
        else:
            return self._flying[0]
        if self._lease_ends == 0.0 or (not self.watched if self.leaves_unwatched else self.status == "finished"):
            self._leave()
        return None

    def _most(self) -> int:
        alone = self._seat is not None and self._seat.settled and not self._seat.shared
        return self._at_once() if alone else 1

    def _slice_seconds(self) -> float:
        return SLICE_SECONDS if self._seat is None else self._seat.seconds

    def _can_move(self) -> bool:
        """Whether nothing would be lost if the work left its worker now."""
        return False

    def _move(self) -> None:
        """To a worker that fewer want, where there is one."""
        if self._seat is not None and self._can_move() and self._seat.better_elsewhere:
            self._seat.leave()
            self._seat = None

    def _leave(self) -> None:
        with self._lock:
            if self._pumping:
                return  # somebody has come back
            seat, self._seat = self._seat, None
        if seat is not None:
            seat.leave()

    def _revive(self, error: WorkerLostError) -> None:
        """The worker is gone and its actor with it: go on from the newest checkpoint on another one, or begin again."""
        with self._lock:
            self._flying.clear()
            seat, self._seat = self._seat, None
            where = self._set_back()
            if not self.watched:  # the server is closing and takes the cluster along
                self._rest()
                return
            self._revivals += 1
            if self._revivals <= MOST_REVIVALS:
                self.notice = self._revived = _("The training process was lost; {where}.").format(where=where)
        if seat is not None:
            seat.leave()
        if self._revivals > MOST_REVIVALS:
            wrong = _("The training process was lost {most_revivals} times in a row (last: {error}); start it again.")
            raise ClusterError(wrong.format(most_revivals=MOST_REVIVALS, error=error))
        _log.warning("a worker was lost (%s); %s", error, where)
        _pump().later(REVIVAL_SECONDS * 2 ** (self._revivals - 1), self._drive)

    def _unexpected(self, reason: str) -> str:
        return _("It stopped on an unexpected error ({reason}); start it again.").format(reason=reason)

    def _fail(self, message: str) -> None:
        with self._lock:
            self.status, self.message, self.notice = "failed", message, ""
            self._revivals = 0
            self._flying.clear()
            self._rest()
        self._leave()


class _Pump:
    """The few threads that do every job's next step, when the answer of its worker is there."""

    def __init__(self) -> None:
        self._due: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for __ in range(PUMP_THREADS):
            threading.Thread(target=self._run, name="rbm-jobs", daemon=True).start()
        threading.Thread(target=self._look, name="rbm-look", daemon=True).start()

    def soon(self, step: Callable[[], None]) -> None:
        """Have it done by the next thread that is free. Never waits."""
        self._due.put(step)

    def later(self, seconds: float, step: Callable[[], None]) -> None:
        """The same after a while."""
        timer = threading.Timer(seconds, self.soon, (step,))
        timer.daemon = True
        timer.start()

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            _look_at_all()

    def _run(self) -> None:
        while True:
            step = self._due.get()
            try:
                step()
            except Exception:  # the pump must outlive whatever one job brings
                _log.exception("a step of a job failed")
            del step  # or the queue's next wait would keep its job alive


def _look_at_all() -> None:
    for job in all_jobs():
        try:
            job._look()
        except Exception:  # the others must be looked at whatever one job's page brings
            _log.exception("a job could not be looked at")


@lru_cache(maxsize=1)
def _pump() -> _Pump:
    return _Pump()


def all_jobs() -> list[Job]:
    """Every job of this process that somebody still holds."""
    return _jobs.now()


def release_all(seconds: float = 0.0) -> None:
    """Nobody watches any job of this process: it is about to end. Waits up to ``seconds`` for last checkpoints."""
    for job in all_jobs():
        job._lease_ends = 0.0
        job._let_go()
    deadline = time.monotonic() + (seconds if math.isfinite(seconds) else threading.TIMEOUT_MAX)
    while any(job._pumping for job in all_jobs()) and time.monotonic() < deadline:
        time.sleep(0.02)


def moving_jobs() -> int:
    """How many jobs of this process are moving: what their pages have to share."""
    return sum(job.active for job in all_jobs())
