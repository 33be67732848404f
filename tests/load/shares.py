"""How the common time of training was shared out: ratios, which a machine's speed does not change."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import NamedTuple

from rbm.store import MOVING, Store
from tests.load.lesson import HEAVY


class Won(NamedTuple):
    """What one run has had so far: its updates, and the seconds that a worker trained it. ``heavy``: one of 1,024 units."""

    heavy: bool
    updates: int
    seconds: float


class Shares(NamedTuple):
    """Of a worker's seconds, which are what is shared out: those of the ``slowest`` light run against the median's, and the
    median's against those of the heavy run that had most (``beside_heavy``, None without heavy ones).

    Updates would tell the same on a machine that does nothing else; on a busy one a turn that the system interrupts is paid for
    in full and brings few.
    """

    slowest: float
    beside_heavy: float | None = None
    each: tuple[float, ...] = ()  # of the light ones, against the median, the slowest first


def won(store: Store) -> Mapping[str, Won]:
    """Of every run that trains, by its id."""
    moving = (run for run in store.runs() if run.progress.status in MOVING)
    return {run.id: Won(run.spec.model == HEAVY.model, run.progress.step, run.progress.seconds) for run in moving}


def between(before: Mapping[str, Won], after: Mapping[str, Won]) -> list[Won]:
    """What each run has won since ``before``."""
    pairs = [(before.get(run, Won(now.heavy, 0, 0.0)), now) for run, now in after.items()]
    return [Won(now.heavy, now.updates - then.updates, now.seconds - then.seconds) for then, now in pairs]


def median_updates(found: list[Won]) -> float:
    """Of the light runs."""
    return statistics.median([one.updates for one in found if not one.heavy] or [0])


def shares(found: list[Won]) -> Shares:
    light, heavy = ([one.seconds for one in found if one.heavy == kind] for kind in (False, True))
    middle = statistics.median(light or [0.0])
    each = tuple(_ratio(one, middle) for one in sorted(light))
    return Shares(each[0] if each else 0.0, _ratio(middle, max(heavy)) if heavy else None, each)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
