"""Whose turn it is on a worker: that of the work which has had the least of it.

A worker does one turn at a time, of whoever asked first. Among sixty runs that ask for a quarter of a second each, a new one
waited for eight seconds, and one whose updates are long had most of the worker. So few turns are with a worker at any time,
and the others wait here. Each work has a clock, and the next turn is that of the one whose clock is furthest back:

    begins = max(its clock, the worker's)     worker's clock ← begins     its clock ← begins + seconds of the turn

so everybody gets as many seconds, however long a turn of theirs takes, and who comes, or comes back, stands beside those who
are furthest back, with no credit for the time that they were away. A first turn comes before anyone's next.
Start-time fair queueing: Goyal, Vin & Cheng, IEEE/ACM Transactions on Networking 5, 1997.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

AHEAD = (
    2  # turns that a worker has been sent: while one is under way the next is there, and no other is before a newcomer
)
ROUND_SECONDS = 2.0  # in which everybody who waits should have had a turn ...
LONGEST_SECONDS, SHORTEST_SECONDS = (
    0.25,
    0.08,
)  # ... within these lengths: each turn costs some milliseconds beside its work
BETWEEN_SECONDS = 1.0  # longer than a work that goes on takes from one turn's answer to the next question


@dataclass(eq=False)
class Account:
    """What one work has had of its worker: ``clock`` in seconds, and how long its newest turn took."""

    clock: float = 0.0
    newest: float = 0.0


@dataclass(eq=False)
class _Turn:
    account: Account
    send: Callable[[], Future[Any]]
    answer: Future[Any] = field(default_factory=Future)
    began: float = 0.0
    charged: float = 0.0


class Turns:
    """The turns of one worker. ``ask`` returns at once; turns of one work stay in their order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Turn] = []
        self._sent: Counter[Account] = Counter()
        self._left: weakref.WeakSet[Account] = weakref.WeakSet()  # that ask no more
        self._rested: dict[Account, float] = {}  # since when each has had nothing to wait for
        self._clock = 0.0
        self._sending = False

    @property
    def crowd(self) -> int:
        """How many works have asked for a turn that is not over, or whose last one was over a moment ago: between two turns
        of a work that goes on it has asked for none, and counts all the same."""
        with self._lock:
            since = time.monotonic() - BETWEEN_SECONDS
            self._rested = {account: ended for account, ended in self._rested.items() if ended > since}
            return len({turn.account for turn in self._waiting} | set(self._sent) | set(self._rested))

    def seconds(self) -> float:
        """How long the next turn of anybody should be, so that a round takes ROUND_SECONDS."""
        return min(max(ROUND_SECONDS / max(self.crowd, 1), SHORTEST_SECONDS), LONGEST_SECONDS)

    def ask(self, account: Account, send: Callable[[], Future[Any]]) -> Future[Any]:
        """Have ``send`` called when it is the account's turn; its answer, which says in ``seconds`` how long it took."""
        turn = _Turn(account, send)
        with self._lock:
            self._waiting.append(turn)
        self._send()
        return turn.answer

    def leave(self, account: Account) -> None:
        """Take back what has not been sent: nobody waits for it any more."""
        with self._lock:
            gone = [turn for turn in self._waiting if turn.account is account]
            self._waiting = [turn for turn in self._waiting if turn.account is not account]
            self._rested.pop(account, None)
            self._left.add(account)
        for turn in gone:
            turn.answer.cancel()

    def _send(self) -> None:
        while (turn := self._next()) is not None:
            sent = _sent(turn)
            # An answer that is there already sends the next from in here, whose turn it is not to go deeper.
            sent.add_done_callback(partial(self._done, turn))
            with self._lock:
                self._sending = False

    def _next(self) -> _Turn | None:
        with self._lock:
            if self._sending or not self._waiting or self._sent.total() >= AHEAD:
                return None
            turn = min(self._waiting, key=self._order)  # the first of several
            self._waiting.remove(turn)
            account = turn.account
            turn.began = max(account.clock, self._clock)
            turn.charged = account.newest  # until it is known how long it takes
            self._clock, account.clock = turn.began, turn.began + turn.charged
            self._sent[account] += 1
            self._sending = True
            return turn

    def _order(self, turn: _Turn) -> tuple[float, bool]:
        """Furthest back first; of several there whoever has had nothing yet."""
        return max(turn.account.clock, self._clock), turn.account.clock > 0

    def _done(self, turn: _Turn, answered: Future[Any]) -> None:
        error = answered.exception() if not answered.cancelled() else CancelledError()
        took = 0.0 if error is not None else float(answered.result().seconds)
        with self._lock:
            turn.account.newest = took
            turn.account.clock += took - turn.charged
            self._sent[turn.account] -= 1
            if not self._sent[turn.account]:
                del self._sent[turn.account]
                if error is None and turn.account not in self._left:
                    self._rested[turn.account] = time.monotonic()
        if error is not None:
            turn.answer.set_exception(error)
        else:
            turn.answer.set_result(answered.result())
        self._send()


def _sent(turn: _Turn) -> Future[Any]:
    """What comes back; where it could not even be sent, that error, so that the others' turns come all the same."""
    try:
        return turn.send()
    except Exception as error:
        failed: Future[Any] = Future()
        failed.set_exception(error)
        return failed
