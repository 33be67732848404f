"""One thread held up in the midst of something, so that another comes in between: an order of two threads, and no luck."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Event
from typing import ParamSpec, TypeVar

from tests.helpers.waiting import PATIENCE

P, T = ParamSpec("P"), TypeVar("T")
OVERTAKING = 0.2  # seconds in which whoever is not kept out would have overtaken; nothing is judged by them


class Hold:
    """The first call of what it is put before, or behind, stops there until ``go``; every other goes through."""

    def __init__(self) -> None:
        self._inside, self._go = Event(), Event()

    def before(self, function: Callable[P, T]) -> Callable[P, T]:
        def held(*given: P.args, **named: P.kwargs) -> T:
            self._stop()
            return function(*given, **named)

        return held

    def behind(self, function: Callable[P, T]) -> Callable[P, T]:
        def held(*given: P.args, **named: P.kwargs) -> T:
            found = function(*given, **named)
            self._stop()
            return found

        return held

    def _stop(self) -> None:
        if not self._inside.is_set():
            self._inside.set()
            assert self._go.wait(PATIENCE)

    def until_inside(self) -> None:
        assert self._inside.wait(PATIENCE)

    def go(self) -> None:
        self._go.set()


def let_overtake(other: Future[T]) -> None:
    """Time for the other to come in between, where it can."""
    wait([other], OVERTAKING)
