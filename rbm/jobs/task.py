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
import time
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from typing import Any, NamedTuple

from rbm.core.language import _
from rbm.errors import ConfigError, RbmError
from rbm.jobs.job import Job, Work
from rbm.jobs.seat import Call

WAIT_SECONDS = 0.2  # between two looks of whoever waits for a task
_log = logging.getLogger(__name__)


class TaskPart(NamedTuple):
    """What one slice brought: what the generator yielded, whether it is over, and why it failed, if it did."""

    news: list[Any]
    over: bool
    reason: str = ""


class Stepper:
    """The generator on its worker, as a Dask actor. ``skip``: how much of what it yields was told before."""

    def __init__(self, function: str, arguments: dict[str, Any], skip: int = 0) -> None:
        self._steps = begin(function, arguments)
        self._skip = skip

    def advance(self, seconds: float) -> TaskPart:
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
                    return TaskPart(news, over=False)
        except RbmError as error:
            return TaskPart(news, over=True, reason=str(error))
        except Exception as error:
            _log.exception("a task failed")
            return TaskPart(
                news,
                over=True,
                reason=_("It stopped on an unexpected error ({name}: {error}).").format(
                    name=type(error).__name__, error=error
                ),
            )
        return TaskPart(news, over=True)


def begin(function: str, arguments: dict[str, Any]) -> Iterator[Any]:
    """The generator "module:function" of these arguments; ConfigError for a name of another form."""
    module, colon, name = function.partition(":")
    if not module or not colon or not name.isidentifier():
        raise ConfigError(_("A task is named 'rbm.module:function', got {function!r}.").format(function=function))
    steps: Iterator[Any] = getattr(importlib.import_module(module), name)(**arguments)
    return steps


class Task(Job):
    """One session's task.

    ``news`` is replaced by a longer tuple and never changed: what a page has taken is one moment of it. ``seconds`` is how
    long it has been running, its pauses left out. ``kept_as`` is the id under which the registry keeps its newest state, "" where
    it does not (``rbm.jobs.machines``).
    """

    function: str = ""  # both for another thread that finds the task among all jobs while it is still being made
    news: tuple[Any, ...] = ()

    def __init__(self, function: str, **arguments: Any) -> None:
        super().__init__()
        self.function, self.arguments = function, arguments
        self.seconds = 0.0
        self.kept_as = ""
        self.on_rest: Callable[[Task], None] = _ignore  # called under the task's lock; must not wait
        self._asked_at = 0.0

    @classmethod
    def told(cls, news: Iterable[Any], **arguments: Any) -> Task:
        """A task that is over and has told ``news``, as of a machine that comes with the program: nothing moves it."""
        self = cls("", **arguments)
        self.news, self.status = tuple(news), "finished"
        return self

    def wait(self, look: Callable[[], object] = lambda: None) -> None:
        """Begin, wait in a thread that may until it is over, and let its worker go; ``look`` five times a second meanwhile."""
        news = Event()
        self.on_news = news.set
        try:
            self.start()
            while self.active:
                news.wait(WAIT_SECONDS)
                news.clear()
                self.renew()
                look()
        finally:
            self.release()

    def _work(self) -> Work:
        return Stepper, (self.function, self.arguments, len(self.news))

    def _calls(self, order: dict[str, Any]) -> tuple[Call, ...]:
        self._asked_at = time.monotonic()
        return super()._calls(order)

    def _take(self, value: Any) -> None:
        part: TaskPart = value
        with self._lock:
            self.news = (*self.news, *part.news)
            self.seconds += time.monotonic() - self._asked_at
            self._revivals = 0 if part.news else self._revivals
            if part.over:
                self.status, self.message = "failed" if part.reason else "finished", part.reason
            elif self.status == "starting":
                self.status = "running"

    def _rest(self) -> None:
        super()._rest()
        self.on_rest(self)

    def _set_back(self) -> str:
        return _("beginning again, and going on where it was") if self.news else super()._set_back()


def _ignore(task: Task) -> None:
    """Nobody wants to know that it came to rest."""
