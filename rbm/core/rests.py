"""Long work that may be left in its midst: an update of fifty Gibbs sweeps can take seconds, and others wait for the worker.

    work = Work(function)          # in a greenlet: its calls stay as they are while something else is done
    while not work.go_on(until):   # until about that moment, on ``time.perf_counter``'s clock
        ...                        # somebody else's turn
    work.result

``function``, or what it calls, says where it may be left by ``rest()``, which costs nothing elsewhere. There it must stand well:
nothing half written that others see. What it holds is its own, and torch's switch for gradients, which belongs to the thread, is
kept for it. All of it happens in one thread. Torch is imported where it is needed: the screen imports what trains without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet


class Work(greenlet):
    """One call of ``function``; ``result`` when it is over, ``away`` the seconds for which it was left."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(self._whole)
        self._function = function
        self.result: Any = None
        self.away = self.until = 0.0

    def go_on(self, until: float) -> bool:
        """Work until about then, or to the end: whether that is reached. Raises what the function raises."""
        import torch

        self.until = until
        self.parent = getcurrent()
        here = torch.is_grad_enabled()
        try:
            self.switch()
        finally:
            torch.set_grad_enabled(here)
        return bool(self.dead)

    def _whole(self) -> None:
        self.result = self._function()


def rest() -> None:
    """Here the work may be left for a while, if its time is up."""
    work = getcurrent()
    if not isinstance(work, Work) or time.perf_counter() < work.until:
        return
    import torch

    began, gradients = time.perf_counter(), torch.is_grad_enabled()
    work.parent.switch()
    torch.set_grad_enabled(gradients)
    work.away += time.perf_counter() - began


def worked() -> float:
    """``time.perf_counter`` without the time for which this work was left: what differences of it say is work."""
    work = getcurrent()
    return time.perf_counter() - (work.away if isinstance(work, Work) else 0.0)
