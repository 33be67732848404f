"""The teacher's room: who has come in by its link, and what the teacher has asked of all. It lives as long as this server.

A visitor's screen hears of an order through ``nudge`` and carries it out by itself, once for each visitor however many tabs.
"""

from __future__ import annotations

import secrets
import threading
from typing import NamedTuple, Protocol

from rbm.core.living import Living
from rbm.jobs.job import all_jobs
from rbm.jobs.live import LiveRun


class Screen(Protocol):
    """A visit's page, which looks again when it is told to, from any thread."""

    def nudge(self) -> None: ...


class Order(NamedTuple):
    """What all are to start: a preset, by name."""

    number: int
    preset: str


class Classroom:
    """One room. ``code`` is in its link, and lets in whoever has it."""

    def __init__(self, code: str = "") -> None:
        self.code = code or secrets.token_urlsafe(6)
        self.order, self.pauses = Order(0, ""), 0  # the newest of them, and how often all were paused
        self._members: dict[str, int] = {}  # by visitor, the number of the last order that was carried out
        self._screens: Living[Screen] = Living()
        self._lock = threading.Lock()

    @property
    def members(self) -> frozenset[str]:
        """The ids of all visitors who have come in."""
        with self._lock:
            return frozenset(self._members)

    def enter(self, visitor: str) -> None:
        """Come in; what was ordered before is not for the newcomer."""
        with self._lock:
            self._members.setdefault(visitor, self.order.number)

    def watch(self, screen: Screen) -> None:
        """Have the screen told of every order."""
        with self._lock:
            self._screens.add(screen)

    def start_all(self, preset: str) -> None:
        """All who are in the room begin this preset."""
        with self._lock:
            self.order = Order(self.order.number + 1, preset)
            screens = self._screens.now()
        for screen in screens:
            screen.nudge()

    def take(self, visitor: str) -> Order | None:
        """The order that the visitor has yet to carry out, once."""
        with self._lock:
            if self._members.get(visitor, self.order.number) == self.order.number:
                return None
            self._members[visitor] = self.order.number
            return self.order

    def pause_all(self) -> int:
        """Pause every run of theirs that this server trains, and take back what somebody has yet to begin; returns how many."""
        with self._lock:
            self._members = dict.fromkeys(self._members, self.order.number)
            self.pauses += 1
        runs = [job for job in all_jobs() if isinstance(job, LiveRun) and job.active and job.record is not None]
        theirs = [run for run in runs if run.record is not None and run.record.visitor.id in self.members]
        for run in theirs:
            run.pause()
            run.on_news()
        return len(theirs)


_open: list[Classroom] = []  # none or one


def current() -> Classroom | None:
    """The room that is open."""
    return next(iter(_open), None)


def open_room(code: str = "") -> Classroom:
    """The room that is open, or a new one: a click may be told twice, and the link is given out after the first.

    ``code``: that of a link which was given out before, by ``python -m rbm serve --class``.
    """
    if not _open:
        _open.append(Classroom(code))
    return _open[0]


def close_room() -> None:
    """No room is open any more."""
    _open.clear()
