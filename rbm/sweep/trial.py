"""One trial on one worker: its run trained in slices, measured, and both written into the registry.

The slices are short, and the next is asked for only when the last has come back: a class that trains on the same
worker gets its turn in between, which is longer than a sweep's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from rbm.core.language import _
from rbm.errors import ClusterError, RbmError, StoreError, TakenOverError, UnknownRunError, UnusableError
from rbm.experiment import RunSpec
from rbm.jobs.live import CHECKPOINT_SECONDS
from rbm.jobs.recording import Record
from rbm.jobs.seat import Seat, value_of
from rbm.jobs.training import Slice, TrainingJob
from rbm.store import Progress, Store
from rbm.store.owners import Visitor
from rbm.sweep import objective
from rbm.sweep.ledger import Given, Ledger
from rbm.sweep.objective import Judged
from rbm.sweep.patience import Patience
from rbm.sweep.study import rungs

SLICE_SECONDS = 0.1  # a live run's slice is 0.25 s, so that it keeps most of a worker that both use
ANSWER_SECONDS = 120.0  # that a worker may take for a slice, the first with reading the data
TRAINED = 0.9  # the share of a trial's progress that training makes; the rest is measuring
_log = logging.getLogger(__name__)


class TrialRun:
    """A trial that was handed out. ``work`` may be called again, on another worker, until it returns True."""

    def __init__(self, given: Given, ledger: Ledger, store: Callable[[], Store], kept: Patience) -> None:
        """HeldError while another process trains its run; ConfigError when its settings are none. ``kept``: how it waits for
        the registry once it is at work."""
        self._kept = kept
        self.given, self.progress = given, 0.0
        self._ledger, self._store = ledger, store
        self._spec: RunSpec = ledger.spec.run(given.values)
        self._passed = set(ledger.passed(given)) if ledger.spec.pruning else set()
        self._checkpoint: bytes | None = None
        self._diverged = ""
        self._seconds = self._saved_at = self._trained = 0.0  # handed out so far, and at the last checkpoint; trained
        self.record = self._found() or self._begun()

    def _begun(self) -> Record:
        """A new run, known to the ledger before anything is trained."""
        name, number = self._ledger.name, self.given.number
        note, whose = (
            _("Trial {number} of the search {name}.").format(number=number + 1, name=name),
            Visitor(self._ledger.visitor, ""),
        )
        record = Record(self._spec, tags=(name,), note=note, visitor=whose, store=self._store)
        record.id = self.given.run_id or record.id  # one that ended before it wrote anything begins again as itself
        self._ledger.begin(self.given, record.id)
        return record

    def _found(self) -> Record | None:
        """The run that an earlier process began, taken up where its newest checkpoint left it."""
        store, run_id = self._store(), self.given.run_id
        if not run_id:
            return None
        try:
            run = store.run(run_id)
        except UnknownRunError:  # that process ended before it wrote anything
            return None
        record = Record(run.spec, run_id=run_id, store=self._store)
        if said := record.claim(silent=self._ledger.silent):
            _log.warning("%s", said)
        self._checkpoint = store.checkpoint(run_id) if store.checkpoints(run_id) else None
        if run.progress.status == "diverged":
            self._diverged = run.progress.message
        return record

    def work(self, worker: str, stopped: Callable[[], bool]) -> bool:
        """Go on until the trial is over (True) or ``stopped`` (False). WorkerLostError when the worker is."""
        try:
            if self._diverged:
                self._fail(self._diverged)
                return True
            with seated(TrainingJob, (self._spec.to_json(), self._checkpoint), worker) as seat:
                trained = self._train(seat, worker, stopped)
            return trained is not None and (not trained or self._judge(worker, trained[0], stopped))
        except TakenOverError as error:
            if self._kept(lambda: self._store().run(self.record.id)).deleted_at is None:
                raise
            self._fail(str(error))  # by its owner: the others go on
            return True
        except (StoreError, ClusterError):
            raise
        except RbmError as error:  # these settings cannot be trained or measured at all
            self._fail(str(error))
            return True

    def _fail(self, message: str) -> None:
        self._kept(lambda: self._ledger.fail(self.given, message))

    def _train(self, seat: Seat, worker: str, stopped: Callable[[], bool]) -> tuple[Slice, ...] | None:
        """The last slice of a run that is to be judged; none where it needs no judging, None where it was stopped."""
        slice_ = self._slice(seat, 0.0, 0, checkpoint=self._checkpoint is None)
        looks = (
            [n for n in rungs(self._spec.training.epochs) if n not in self._passed] if self._ledger.spec.pruning else []
        )
        while slice_.status == "running":
            if stopped():
                self._slice(seat, 0.0, slice_.step, checkpoint=True, status="paused")
                return None
            rung = next((n for n in looks if n * slice_.batches_per_epoch > slice_.step), None)
            until = None if rung is None else rung * slice_.batches_per_epoch
            slice_ = self._slice(seat, SLICE_SECONDS, until)
            if rung is not None and slice_.step == until and slice_.status == "running":
                slice_ = self._slice(seat, 0.0, until, checkpoint=True)
                value = self._measure(worker, slice_, stopped)
                if value is None:
                    self._take(slice_, "paused", "")
                    return None
                if self._kept(partial(self._ledger.rung, self.given, rung, value.value)):
                    self._take(slice_, "paused", _("Stopped early by the search: other runs were better by then."))
                    self._kept(lambda: self._ledger.prune(self.given))
                    return ()
                self._passed.add(rung)
        if slice_.status == "diverged":
            self._fail(slice_.reason)
            self.progress = 1.0
            return ()
        return (slice_,)

    def _judge(self, worker: str, slice_: Slice, stopped: Callable[[], bool]) -> bool:
        value = self._measure(worker, slice_, stopped)
        if value is None:
            return False
        self._kept(lambda: self._ledger.finish(self.given, value))
        self.progress = 1.0
        return True

    def _slice(
        self, seat: Seat, seconds: float, until: int | None, *, checkpoint: bool = False, status: str = ""
    ) -> Slice:
        due = checkpoint or self._seconds - self._saved_at > CHECKPOINT_SECONDS
        slice_: Slice = value_of(seat.ask(("advance", (seconds, until, False, due))), ANSWER_SECONDS)
        self._seconds += seconds
        if slice_.checkpoint is not None:
            self._checkpoint, self._saved_at = slice_.checkpoint, self._seconds
        self._take(slice_, status or slice_.status, slice_.reason)
        return slice_

    def _take(self, slice_: Slice, status: str, message: str) -> None:
        """Into the registry, and onto the bar."""
        self._trained = slice_.events[-1].seconds if slice_.events else self._trained
        at = Progress(status, slice_.step, slice_.total_steps, slice_.epoch, self._trained, message)
        self.record.take(at, slice_)
        self.progress = TRAINED * slice_.step / slice_.total_steps
        self._check_mine()

    def _check_mine(self) -> None:
        """TakenOverError where the registry takes no more of this run from here."""
        if self.record.lost:
            raise TakenOverError(self.record.problem)

    def _measure(self, worker: str, slice_: Slice, stopped: Callable[[], bool]) -> Judged | None:
        """The objective of the machine as ``slice_`` left it, kept in the registry; None when it was stopped before."""
        assert slice_.checkpoint is not None
        spec, before = self._ledger.spec, self.progress
        kind, more = objective.job(spec.objective, spec.temperatures)
        with seated(kind, (slice_.checkpoint, *more), worker) as seat:
            while (step := value_of(seat.ask(("advance", (SLICE_SECONDS,))), ANSWER_SECONDS)).result is None:
                if stopped():
                    return None
                self.progress = before + (1 - TRAINED) * step.done / step.total
        self._kept(lambda: self._keep(slice_.step, step.result))
        return objective.judged(spec.objective, step.result)

    def _keep(self, step: int, result: Mapping[str, Any]) -> None:
        """What was measured, once its run is written: before the trial is over, so that it can be measured again."""
        self.record.write()
        self._check_mine()
        if self.record.problem:
            raise UnusableError(self.record.problem)
        self._store().add_evaluation(self.record.id, step, self._ledger.spec.objective, result)


@contextmanager
def seated(kind: type, arguments: tuple[Any, ...], worker: str) -> Iterator[Seat]:
    """Work on that very worker, which leaves it at the end."""
    seat = Seat(kind, arguments, worker)
    try:
        yield seat
    finally:
        seat.leave()
