"""What a search does while the registry cannot be used: as a run does, it waits, says so, and tries again until it can."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from rbm.errors import UnusableError
from rbm.jobs import recording

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Patience:
    """Asks the registry again and again, for all threads of a search. What is asked must do no harm when it is asked twice."""

    def __init__(self) -> None:
        self.answered_at = time.monotonic()  # when the last that waited was answered
        self._ended = threading.Event()
        self._held: dict[int, str] = {}  # by thread

    @property
    def words(self) -> str:
        """What the search waits for just now, in a sentence; "" while it waits for nothing."""
        return next(iter(tuple(self._held.values())), "")

    def end(self) -> None:
        """Wait no more: who waits tries once more, and then has the error."""
        self._ended.set()

    def __call__(self, ask: Callable[[], T]) -> T:
        """What ``ask`` returns once the registry can be used; UnusableError where it cannot and ``end`` was said."""
        me = threading.get_ident()
        try:
            while True:
                try:
                    return ask()
                except UnusableError as error:
                    if self._ended.is_set():
                        raise
                    if self._held.get(me) != str(error):
                        _log.error("a search waits: %s", error)
                    self._held[me] = str(error)
                self._ended.wait(recording.RETRY_SECONDS)
        finally:
            if self._held.pop(me, ""):
                self.answered_at = time.monotonic()
