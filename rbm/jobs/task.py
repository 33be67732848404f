"""Long work other than a run of an RBM: a generator that runs on a worker, slice by slice, while somebody watches.

    task = Task("rbm.tasks.deep.job:train", sizes=(500, 500), seed=1)
    task.start()
    ...
    task.news  # everything yielded so far

A run (``rbm.jobs.live``) can be resumed from its checkpoints; a task cannot. Where its worker is lost it is begun again, and what
was told already is not told twice: so the generator must yield the same for the same arguments. No torch here.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rbm.errors import ClusterError, ConfigError, RbmError
from rbm.jobs import cluster

SLICE_SECONDS = 0.25
LEASE_SECONDS = 90.0  # a hidden tab's timers fire once a minute; a closed tab's lease is ended at once by ``release``
MOST_REVIVALS = 3
_log = logging.getLogger(__name__)
_tasks: weakref.WeakSet[Task] = weakref.WeakSet()


class Part(NamedTuple):
    """What one slice brought: what the generator yielded, whether it is over, and why it failed, if it did."""

    news: list[Any]
    over: bool
    reason: str = ""


class Stepper:
    """The generator on its worker, as a Dask actor. ``skip``: how much of what it yields was told before."""

    def __init__(self, function: str, arguments: dict[str, Any], skip: int = 0) -> None:
        self._steps = begin(function, arguments)
        self._skip = skip

    def advance(self, seconds: float) -> Part:
        """Go on for about ``seconds``, to the end of the step that is under way by then."""
        news: list[Any] = []
        deadline = time.perf_counter() + seconds
        try:
            for step in self._steps:
                if self._skip:
                    self._skip -= 1
                else:
                    news.append(step)
                if time.perf_counter() >= deadline:
                    return Part(news, over=False)
        except RbmError as error:
            return Part(news, over=True, reason=str(error))
        except Exception as error:
            _log.exception("a task failed")
            return Part(news, over=True, reason=f"It stopped on an unexpected error ({type(error).__name__}: {error}).")
        return Part(news, over=True)


def begin(function: str, arguments: dict[str, Any]) -> Iterator[Any]:
    """The generator "module:function" of these arguments; ConfigError for a name of another form."""
    module, colon, name = function.partition(":")
    if not module or not colon or not name.isidentifier():
        raise ConfigError(f"A task is named 'rbm.module:function', got {function!r}.")
    steps: Iterator[Any] = getattr(importlib.import_module(module), name)(**arguments)
    return steps


class Task:
    """One session's task. Every method returns at once; a thread of its own speaks with the worker.

    ``status`` is "idle", "starting", "running", "paused", "finished" or "failed"; ``message`` says why for the last.
    ``news`` is replaced by a longer tuple and never changed: what a page has taken is one moment of it. ``seconds`` is how
    long it has been running, its pauses left out.
    """

    def __init__(self, function: str, **arguments: Any) -> None:
        self.function, self.arguments = function, arguments
        self.status, self.message = "idle", ""
        self.news: tuple[Any, ...] = ()
        self.seconds = 0.0
        self.on_news: Callable[[], None] = lambda: None  # called from the task's thread whenever there is news to read
        self._lock = threading.RLock()
        self._actor: Any = None
        self._pumping = False
        self._lease_ends = 0.0
        self._revivals = 0
        _tasks.add(self)

    @property
    def active(self) -> bool:
        """Whether something is moving or about to."""
        return self._pumping or self.status in ("starting", "running")

    def start(self) -> None:
        """Begin, or go on after a pause or a failure that lost the worker."""
        with self._lock:
            if self.status in ("idle", "paused", "failed"):
                self.status, self.message = "running" if self._actor is not None else "starting", ""
                self.renew()

    def pause(self) -> None:
        """No further slice; the one under way ends within a fraction of a second."""
        with self._lock:
            if self.status in ("starting", "running"):
                self.status = "paused"

    def renew(self) -> None:
        """Somebody still watches: go on, or go on again, if there is something to do."""
        with self._lock:
            self._lease_ends = time.monotonic() + LEASE_SECONDS
            if not self._pumping and self.status in ("starting", "running"):
                self._pumping = True
                threading.Thread(target=self._pump, name="rbm-task", daemon=True).start()

    def release(self) -> None:
        """Nobody watches any more: stop after the slice under way. ``renew`` takes it up again."""
        self._lease_ends = 0.0

    def _wanted(self) -> bool:
        with self._lock:
            self._pumping = self.status in ("starting", "running") and time.monotonic() <= self._lease_ends
            return self._pumping

    def _pump(self) -> None:
        try:
            while self._wanted():
                began = time.monotonic()
                try:
                    part = self._slice()
                except (OSError, ValueError, RuntimeError) as error:
                    if isinstance(error, RbmError):
                        raise
                    self._revive(error)
                    continue
                self._take(part, time.monotonic() - began)
                self.on_news()
        except RbmError as error:
            self._end("failed", str(error))
        except Exception as error:
            if time.monotonic() > self._lease_ends:  # the server is closing and has taken the cluster along
                self._pumping = False
                return
            _log.exception("the thread of a task failed")
            self._end("failed", f"It stopped on an unexpected error ({type(error).__name__}: {error}); start it again.")
        finally:
            self.on_news()

    def _slice(self) -> Part:
        if self._actor is None:
            submit = cluster.connect().client.submit
            skip = len(self.news)
            self._actor = submit(Stepper, self.function, self.arguments, skip, actor=True, pure=False).result()
        part: Part = self._actor.advance(SLICE_SECONDS).result()
        return part

    def _take(self, part: Part, seconds: float) -> None:
        with self._lock:
            self.news = (*self.news, *part.news)
            self.seconds += seconds
            self._revivals = 0 if part.news else self._revivals
            if part.over:
                self._end("failed" if part.reason else "finished", part.reason)
            elif self.status == "starting":
                self.status = "running"

    def _revive(self, error: Exception) -> None:
        self._revivals += 1
        if self._revivals > MOST_REVIVALS:
            raise ClusterError(
                f"The process that worked on this was lost {MOST_REVIVALS} times in a row (last: {error})."
            )
        _log.warning("a worker was lost (%s); beginning its task again", error)
        self._actor = None
        time.sleep(0.5 * self._revivals)  # the nanny needs a moment to start another worker

    def _end(self, status: str, message: str) -> None:
        with self._lock:
            self.status, self.message, self._actor = status, message, None
            self._revivals = 0


def release_all() -> None:
    """Nobody watches any task of this process: it is about to end."""
    for task in list(_tasks):
        task.release()
