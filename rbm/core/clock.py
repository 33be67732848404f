"""The time of day, read in this one place: it never goes back while a program runs, whatever happens to the machine's clock.

    now = max(clock + offset, last + seconds since)     the offset grows by what the clock was set back

A clock that is set forward is believed, as after a laptop slept; durations and leases inside a process are on
``time.monotonic``, which nobody can set.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class SteadyClock:
    """A clock of the wall, ``wall`` (seconds since 1970), kept from going back by one that only runs, ``tick``."""

    def __init__(self, wall: Callable[[], float] = time.time, tick: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._tick, self._lock = wall, tick, threading.Lock()
        self._offset = self._last = self._last_tick = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        with self._lock:
            wall, tick = self._wall(), self._tick()
            least = self._last + (tick - self._last_tick) if self._last else wall
            self._offset = max(self._offset, least - wall)
            self._last, self._last_tick = wall + self._offset, tick
            return self._last


_own = SteadyClock()


def now() -> float:
    """Seconds since 1970."""
    return _own.now()
