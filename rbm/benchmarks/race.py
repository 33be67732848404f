"""How engines are compared: each warmed up, then run in turn, round after round, and judged by its median.

A machine's speed drifts (heat, neighbours), so one engine's runs must never lie together: interleaved, a slow minute
hits all alike and the ratios of medians hold.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from rbm.errors import ConfigError

Advance = Callable[[int], None]  # trains on so many batches more
FEWEST_RUNS, LARGEST = 1, 65_536


@dataclass(frozen=True)
class Setting:
    """What is trained: ``n_hidden`` units on batches of ``batch_size`` MNIST images, ``k`` Gibbs steps an update."""

    n_hidden: int = 500
    batch_size: int = 64
    k: int = 1

    def __post_init__(self) -> None:
        for name in ("n_hidden", "batch_size", "k"):
            if not 1 <= getattr(self, name) <= LARGEST:
                raise ConfigError(
                    f"{name} is {getattr(self, name)}; a benchmark needs a whole number from 1 to {LARGEST:,}."
                )

    def __str__(self) -> str:
        return f"784–{self.n_hidden}, batch {self.batch_size}, k = {self.k}"


class Unavailable(Exception):
    """An engine that cannot take part, and why."""


class EngineSpeed(NamedTuple):
    """One engine's speeds, images per second, one a run."""

    name: str
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.runs)


class SpeedRace(NamedTuple):
    """The results in one setting. ``reference`` names the engine that all others are held against."""

    setting: Setting
    results: tuple[EngineSpeed, ...]
    skipped: Mapping[str, str]  # name and reason
    reference: str

    def ratio(self, name: str) -> float:
        """How many times as fast as ``name`` the reference is: a ratio of medians."""
        medians = {result.name: result.median for result in self.results}
        return medians[self.reference] / medians[name]


def race(
    setting: Setting,
    engines: Mapping[str, Callable[[Setting], Advance]],
    reference: str,
    *,
    runs: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> SpeedRace:
    """Every engine that can take part, ``runs`` times about ``seconds`` each. ConfigError for fewer than one run."""
    if runs < FEWEST_RUNS:
        raise ConfigError(f"runs is {runs}; at least {FEWEST_RUNS} is needed, and 5 for a median worth quoting.")
    ready: dict[str, tuple[Advance, int]] = {}
    skipped: dict[str, str] = {}
    for name, make in engines.items():
        try:
            advance = make(setting)
            ready[name] = advance, _batches(advance, seconds, clock)
        except Unavailable as reason:
            skipped[name] = str(reason)
    speeds: dict[str, list[float]] = {name: [] for name in ready}
    for turn in range(runs):
        for name in _rotated(list(ready), turn):
            advance, batches = ready[name]
            taken = _timed(advance, batches, clock)
            speeds[name].append(batches * setting.batch_size / taken)
    return SpeedRace(setting, tuple(EngineSpeed(name, tuple(s)) for name, s in speeds.items()), skipped, reference)


def _batches(advance: Advance, seconds: float, clock: Callable[[], float]) -> int:
    """Warm up with growing numbers of batches until one run is long enough to tell how many make ``seconds``.

    The first ones are not timed: on a machine that is new to them an engine's loops are compiled then, for seconds.
    """
    batches = 2
    advance(batches)
    while True:
        taken = _timed(advance, batches, clock)
        if taken >= seconds / 4:
            return max(round(batches * seconds / taken), 1)
        batches *= 2


def _timed(advance: Advance, batches: int, clock: Callable[[], float]) -> float:
    started = clock()
    advance(batches)
    return max(clock() - started, 1e-9)


def _rotated(names: Sequence[str], turn: int) -> list[str]:
    """The order of one round: another one starts each time, so that none always follows the same neighbour's cache."""
    start = turn % len(names) if names else 0
    return [*names[start:], *names[:start]]
