"""What is known of a run's log-likelihood, wherever it was computed: while it trained, or of a checkpoint afterwards.

Everything that shows it reads it here, so that table, curves and comparison quote one number, name the images that it is
of, and bear the same mark (``rbm.evaluation.verdict``). No torch in here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from rbm.core.language import _
from rbm.evaluation import verdict
from rbm.evaluation.verdict import Verdict
from rbm.store import Evaluation, Run
from rbm.training.events import TrainEvent
from rbm.training.history import History

AT, LOW, HIGH, ESS = (f"log_likelihood_{part}" for part in ("epoch", "low", "high", "ess"))
_UNNOTED = _("Unreliable: an older version of the program estimated it, which did not keep its effective sample size.")


class Known(NamedTuple):
    """The newest that is known: of the machine as it was after ``epoch`` epochs, nats per image.

    ``validation`` and ``test`` (None if never computed) from AIS, which tends to be too high, or exact; ``reverse`` of the
    validation images from reverse AIS, which tends to be too low. ``live``: estimated while it trained, on a sample of the
    validation images; else on all of them. ``ess_kept``: whether the effective sample size is known; where it is not, the
    mark stands as well.
    """

    epoch: float
    validation: float
    reverse: float
    test: float | None
    exact: bool
    live: bool
    verdict: Verdict
    ess_kept: bool = True

    @property
    def source(self) -> str:
        """How it was come by, in few words, its mark first: "unreliable · AIS while training · epoch 10"."""
        how = _("exact") if self.exact else "AIS"
        crossed = not self.verdict.mark and bool(self.verdict.sentences) and self.reverse > self.validation
        parts = (
            self.verdict.mark or (_("crossed") if crossed else ""),
            _("{how} while training").format(how=how) if self.live else how,
            _("epoch {epoch:g}").format(epoch=round(self.epoch, 1)),
            "" if self.ess_kept else _("sample size not kept"),
        )
        return " · ".join(filter(None, parts))


def of_numbers(numbers: Mapping[str, float]) -> Known | None:
    """What a run's numbers tell of the estimates made while it trained, if there was one."""
    if AT not in numbers:
        return None
    low, high, ess = numbers[LOW], numbers[HIGH], effective(numbers)
    kept = ess is None or ESS in numbers
    if kept:
        found = verdict.judge(ess=ess, gap=high - low)
    else:
        found = Verdict(verdict.UNRELIABLE, tuple(filter(None, (_UNNOTED, verdict.crossed(high - low)))))
    return Known(numbers[AT], high, low, None, low == high, True, found, kept)


def effective(numbers: Mapping[str, float]) -> float | None:
    """What such an estimate rests on: None where it is exact, so both ends are one; NaN where an older run did not keep it."""
    if numbers[LOW] == numbers[HIGH]:
        return None
    return numbers.get(ESS, math.nan)


def of_result(evaluation: Evaluation, run: Run) -> Known:
    """What was computed of one of the run's checkpoints, see ``rbm.tasks.likelihood.summary``."""
    result, at = evaluation.result, run.progress
    exact = result["method"] == "exact"
    reverse = result["validation"] - (0.0 if exact else result["log_z_reverse"] - result["log_z"])
    epoch = evaluation.step * run.spec.training.epochs / max(at.total_steps, 1)
    return Known(epoch, result["validation"], reverse, result["test"], exact, False, verdict.of_result(result))


def of_run(run: Run, evaluation: Evaluation | None) -> Known | None:
    """The newest that is known of a run; of the same machine what was computed afterwards, which took more pains."""
    live = of_numbers(run.metrics)
    later = of_result(evaluation, run) if evaluation is not None else None
    if live is None or (later is not None and later.epoch >= live.epoch):
        return later
    return live


class Estimates(NamedTuple):
    """The estimates made while a run trained, each at the machine that it speaks of; ``x`` in the axis asked for."""

    x: list[float]
    ais: list[float]
    reverse: list[float]
    unreliable: list[bool]


def along(history: History, axis: str = "epoch") -> Estimates:
    """All of them against "epoch", "step" or "seconds": of the machine's own epoch, not of when the number was ready."""
    events = history.events
    found = Estimates([], [], [], [])
    for event in events:
        known = of_numbers(event.metrics)
        if known is not None:
            found.x.append(_where(events, known.epoch, axis))
            found.ais.append(known.validation)
            found.reverse.append(known.reverse)
            found.unreliable.append(bool(known.verdict.mark))
    return found


def _where(events: tuple[TrainEvent, ...], epoch: float, axis: str) -> float:
    """The place on the axis at which the run had done ``epoch`` epochs: between the two events around it, in proportion."""
    if axis == "epoch":
        return epoch
    before = max((e for e in events if e.epoch <= epoch), key=lambda e: e.epoch, default=events[0])
    after = min((e for e in events if e.epoch >= epoch), key=lambda e: e.epoch, default=events[-1])
    low, high = float(getattr(before, axis)), float(getattr(after, axis))
    part = (epoch - before.epoch) / (after.epoch - before.epoch) if after.epoch > before.epoch else 0.0
    return low + part * (high - low)
