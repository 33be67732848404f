"""Runs that differ by their seed alone: how far chance moves a number is known from nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from rbm.store import Run


class OverSeeds(NamedTuple):
    """Of ``n`` numbers: their mean, their standard deviation and the mean's standard error, NaN of a single one."""

    n: int
    mean: float
    deviation: float
    error: float


def alike(run: Run, runs: Iterable[Run]) -> list[Run]:
    """All runs whose settings, data and turned knobs are this run's, by seed: one a seed, the ``run`` itself for its own, else
    the one that has come furthest, as copies repeat the numbers of what they are copies of."""
    found: dict[int, Run] = {}
    for one in (other for other in runs if _settings(other) == _settings(run)):
        known = found.get(one.spec.seed)
        if known is None or one.progress.step > known.progress.step:
            found[one.spec.seed] = one
    found[run.spec.seed] = run
    return [found[seed] for seed in sorted(found)]


def _settings(run: Run) -> tuple[Any, ...]:
    """What two runs must share. One whose turns nobody noted is like no other."""
    changes = run.progress.changes
    return (
        replace(run.spec, seed=0),
        run.data,
        run.id if changes is None else [(c.step, dict(c.knobs)) for c in changes],
    )


def over_seeds(values: Sequence[float]) -> OverSeeds:
    """s² = Σ (x − x̄)² / (n − 1), and s / √n; values that are not finite are left out."""
    known = [value for value in values if math.isfinite(value)]
    n = len(known)
    if not n:
        return OverSeeds(0, math.nan, math.nan, math.nan)
    mean = math.fsum(known) / n
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (n - 1)) if n > 1 else math.nan
    return OverSeeds(n, mean, deviation, deviation / math.sqrt(n))
