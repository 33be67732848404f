"""The time of day, read in this one place: it never goes back while a program runs, whatever happens to the machine's clock.

    now = max(clock + offset, last + seconds since)     the offset grows by what the clock was set back

A clock that is set forward is believed, as after a laptop slept; durations and leases inside a process are on
``time.monotonic``, which nobody can set.
"""

from __future__ import annotations

import threading
import time

_lock = threading.Lock()
_offset = _last = _last_tick = 0.0


def now() -> float:
    """Seconds since 1970."""
    global _offset, _last, _last_tick
    with _lock:
        wall, tick = time.time(), time.monotonic()
        least = _last + (tick - _last_tick) if _last else wall
        _offset = max(_offset, least - wall)
        _last, _last_tick = wall + _offset, tick
        return _last
