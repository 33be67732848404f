"""What visitors set on the screen, on its way into the registry: so a visit begins where the last one ended.

A change waits up to a second and goes with those of all visitors in one transaction, by the thread that writes runs. No torch.
"""

from __future__ import annotations

import logging
import threading
from functools import lru_cache
from typing import Any

from rbm.errors import StoreError
from rbm.jobs import recording
from rbm.store import Store, open_store
from rbm.store.reading import Chosen

_log = logging.getLogger(__name__)


class Settings:
    """All visitors' settings of this process, by panel: what the registry holds, with what it is still to be told."""

    id, lost = "the settings", False

    def __init__(self, store: Store) -> None:
        self.problem = ""
        self._store, self._lock = store, threading.Lock()
        self._writing = (
            threading.Lock()
        )  # of the writer's thread and who flushes, so that an older word never lands last
        self._waiting: dict[str, Chosen] = {}  # the panels that changed, by visitor

    def of(self, visitor_id: str) -> Chosen:
        """What the visitor has set, by panel and field; StoreError where the registry cannot be read."""
        with self._lock:
            waiting = self._waiting.get(visitor_id, {})
        return {**self._store.settings(visitor_id), **waiting}

    def keep(self, visitor_id: str, panel: str, values: dict[str, Any]) -> None:
        """The visitor has set a panel so; ``values`` are what JSON can hold. Returns at once."""
        with self._lock:
            self._waiting[visitor_id] = {**self._waiting.get(visitor_id, {}), panel: values}
        recording.soon(self)

    def write(self) -> None:
        """Write what waits; what fails waits for the next time, and the log says why once."""
        with self._writing:
            with self._lock:
                taken = dict(self._waiting)
            try:
                self._store.keep_settings(taken)
            except StoreError as error:
                if str(error) != self.problem:
                    _log.error("what visitors have set could not be kept: %s", error)
                self.problem = str(error)
                return
            self.problem = ""
            with self._lock:
                for visitor_id, written in taken.items():
                    left = {name: x for name, x in self._waiting[visitor_id].items() if written.get(name) is not x}
                    self._waiting[visitor_id] = left
                    if not left:
                        del self._waiting[visitor_id]

    def wait_longer(self) -> None:
        """Nobody waits for it: it is read from here meanwhile."""


def settings() -> Settings:
    """This process's; StoreError where its registry cannot be opened."""
    return _of(open_store())


@lru_cache(maxsize=8)
def _of(store: Store) -> Settings:
    return Settings(store)
