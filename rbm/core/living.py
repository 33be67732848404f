"""All things of a kind that somebody still holds, from any thread.

A WeakSet alone does not do: one thread that goes through it fails where another adds to it ("Set changed size during
iteration"), and what failed so was a student's training, once in some hundred runs.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from threading import RLock
from typing import Generic, TypeVar

T = TypeVar("T")


class Living(Generic[T]):
    """Whoever is added is in it until nobody holds them any more, or they are left out."""

    def __init__(self, first: Iterable[T] = ()) -> None:
        self._all: weakref.WeakSet[T] = weakref.WeakSet(first)
        self._lock = RLock()  # what is collected while it is held may take itself out

    def add(self, one: T) -> None:
        with self._lock:
            self._all.add(one)

    def discard(self, one: T) -> None:
        with self._lock:
            self._all.discard(one)

    def now(self) -> list[T]:
        """They, as of this moment."""
        with self._lock:
            return list(self._all)
