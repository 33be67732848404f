"""The event stream as columns, ready to plot or to save.

A thread that trains adds to a history while a page draws it. ``events`` is therefore a tuple that is replaced and never
changed: a reader who takes it once holds one moment of the run, whatever comes next.
"""

from __future__ import annotations

import csv
import io
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, islice, pairwise

from rbm.evaluation.verdict import UNRELIABLE, unreliable
from rbm.training.events import TrainEvent

LIKELIHOOD, LIKELIHOOD_ESS = "log_likelihood_high", "log_likelihood_ess"  # see rbm.evaluation.likelihood_tracker
MISSING = math.nan  # a number that was measured and is none: curves break there
FITS, FALLEN = "pseudo_log_likelihood", 0.2  # of itself, beyond any curve that dips and rises again
SPEED_SECONDS = 5.0  # of training, over which images per second are averaged
ROUNDING = 1e-6  # relative, of an epoch as a fraction of two whole numbers


class History:
    """Events by step; ``column`` picks one number over all of them."""

    def __init__(self, events: Iterable[TrainEvent] = ()) -> None:
        self.events: tuple[TrainEvent, ...] = tuple(events)

    def extend(self, events: Sequence[TrainEvent]) -> None:
        """Take in later events; those of two slices under way may arrive in either order."""
        known, new = self.events, tuple(events)
        late = bool(known and new) and new[0].step < known[-1].step
        self.events = tuple(sorted(known + new, key=lambda event: event.step)) if late else known + new

    def now(self) -> History:
        """This moment of a history that still grows: what reads more than one column of it reads them from here."""
        return History(self.events)

    def column(self, metric: str, x: str = "epoch") -> tuple[list[float], list[float]]:
        """x ("epoch", "step" or "seconds") and the metric wherever it was measured."""
        kept = [event for event in self.events if metric in event.metrics]
        return [float(getattr(event, x)) for event in kept], [event.metrics[metric] for event in kept]

    def fallen(self, densities: int = 0) -> tuple[float, float] | None:
        """The pseudo-log-likelihood at the start and the best of the last three, where that is worse by more than FALLEN of it.

        A machine that fits its data worse than an untrained one does diverges, though its parameters may be finite for long.
        ``densities``: of how many pixels it sums log densities, which may be 0 by accident or by the pixels' unit. There it is
        FALLEN of ½ nat a pixel, which the squares ½(v − mean)²/σ² cost a Gaussian pixel of any unit.
        """
        events = self.events
        there = [event.metrics[FITS] for event in events[:1] if FITS in event.metrics]
        told = (
            event.metrics[FITS] for event in reversed(events[1:]) if FITS in event.metrics
        )  # not all events tell it
        last = list(islice(told, 3))
        if not there or len(last) < 3:
            return None
        first, best = there[0], max(last)
        size = densities / 2 if densities else abs(first)
        return (first, best) if best < first - max(FALLEN * size, 1.0) else None

    def averaged_rate(self, metric: str, seconds: float) -> tuple[list[float], list[float]]:
        """Epochs, and a number that counts per second of training averaged over the ``seconds`` before each of them.

            Σ rateᵢ · Δtᵢ / Σ Δtᵢ        Δtᵢ the seconds since the event before

        A single event's rate rests on a fraction of a second, and jumps with whatever else the machine does meanwhile.
        """
        events = self.events
        rates = [event.metrics.get(metric, MISSING) for event in events]
        moments = [event.seconds for event in events]
        spans = [
            max(b - a, 0.0) if math.isfinite(r) else 0.0
            for a, b, r in zip([0.0, *moments], moments, rates, strict=False)
        ]
        done = list(accumulate((r * span if span else 0.0 for r, span in zip(rates, spans, strict=True)), initial=0.0))
        time = list(accumulate(spans, initial=0.0))
        epochs, means = [], []
        for i, (event, rate) in enumerate(zip(events, rates, strict=True), 1):
            start = bisect_right(moments, event.seconds - seconds, hi=i - 1)
            span = time[i] - time[start]
            if math.isfinite(rate):
                epochs.append(event.epoch)
                means.append((done[i] - done[start]) / span if span > 0 else rate)
        return epochs, means

    def last(self, metric: str) -> float | None:
        """The newest value of a metric, None before the first."""
        return next((e.metrics[metric] for e in reversed(self.events) if metric in e.metrics), None)

    def metrics(self) -> list[str]:
        """The names of all numbers that were ever measured, in order of first appearance."""
        return list(dict.fromkeys(name for event in self.events for name in event.metrics))

    def to_csv(self) -> str:
        """A table: step, epoch, seconds, then every number by name, empty where it was not measured.

        Where a log-likelihood was estimated a last column holds its mark: "unreliable" or nothing.
        """
        now, file = self.now(), io.StringIO()
        names, table = now.metrics(), csv.writer(file, lineterminator="\n")
        estimated = LIKELIHOOD in names
        table.writerow(["step", "epoch", "seconds", *names, *(["log_likelihood_mark"] if estimated else [])])
        for event in now.events:
            numbers = [event.metrics.get(name, "") for name in names]
            mark = UNRELIABLE if unreliable(event.metrics.get(LIKELIHOOD_ESS)) else ""
            table.writerow([event.step, event.epoch, event.seconds, *numbers, *([mark] if estimated else [])])
        return file.getvalue()

    def __len__(self) -> int:
        return len(self.events)


def finite_or_missing(numbers: Mapping[str, float]) -> dict[str, float]:
    """An event's numbers as they are written and read: one that is infinite is no number that a curve could show."""
    return {name: x if math.isfinite(x) else MISSING for name, x in numbers.items()}


def checked(events: Iterable[TrainEvent]) -> History:
    """A history that others wrote, taken as a whole; ValueError, in one clause, where no run could have made it.

    Steps ascend, every number is finite or NaN (missing), and epoch = step / steps an epoch with one whole number of steps
    an epoch throughout. Seconds may fall: what a lost worker had told stays beside what its heir tells of the same time.
    """
    history = History(events)
    for before, event in pairwise(history.events):
        if event.step <= before.step:
            raise ValueError(f"its history goes from step {before.step} to step {event.step}; expected ascending steps")
    for event in history.events:
        infinite = [name for name, x in event.metrics.items() if math.isinf(x)]
        if infinite:
            raise ValueError(f"its history's {infinite[0]} is infinite at step {event.step}; expected a number or NaN")
    _check_epochs(history.events)
    return history


def _check_epochs(events: Sequence[TrainEvent]) -> None:
    """epoch · (steps an epoch) = step, the whole number taken from the last event, which knows it best."""
    if not events:
        return
    last = events[-1]
    per_epoch = round(last.step / last.epoch) if last.epoch > 0 else 0
    for event in events:
        if abs(event.step - event.epoch * per_epoch) > ROUNDING * max(event.step, 1):
            raise ValueError(
                f"its history is at epoch {event.epoch:g} after {event.step} steps and at epoch {last.epoch:g} after "
                f"{last.step}; expected epoch = steps / steps an epoch, a whole number"
            )
