"""The event stream as columns, ready to plot or to save."""

import csv
import io
from collections.abc import Iterable, Sequence

from rbm.training.events import TrainEvent


class History:
    """Events in the order in which they came; ``column`` picks one number over all of them."""

    def __init__(self, events: Iterable[TrainEvent] = ()) -> None:
        self.events: list[TrainEvent] = list(events)

    def extend(self, events: Sequence[TrainEvent]) -> None:
        self.events.extend(events)

    def column(self, metric: str, x: str = "epoch") -> tuple[list[float], list[float]]:
        """x ("epoch", "step" or "seconds") and the metric wherever it was measured."""
        kept = [event for event in list(self.events) if metric in event.metrics]
        return [float(getattr(event, x)) for event in kept], [event.metrics[metric] for event in kept]

    def last(self, metric: str) -> float | None:
        """The newest value of a metric, None before the first."""
        return next((e.metrics[metric] for e in reversed(self.events) if metric in e.metrics), None)

    def metrics(self) -> list[str]:
        """The names of all numbers that were ever measured, in order of first appearance."""
        return list(dict.fromkeys(name for event in self.events for name in event.metrics))

    def to_csv(self) -> str:
        """A table: step, epoch, seconds, then every number by name, empty where it was not measured."""
        names, file = self.metrics(), io.StringIO()
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["step", "epoch", "seconds", *names])
        for event in list(self.events):
            table.writerow([event.step, event.epoch, event.seconds, *(event.metrics.get(name, "") for name in names)])
        return file.getvalue()

    def __len__(self) -> int:
        return len(self.events)
