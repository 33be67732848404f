"""A run as the screen holds it: a job that can be stepped, turned and resumed, and that keeps what came back. No torch here."""

from __future__ import annotations

import math
import time
import weakref
from dataclasses import replace
from typing import Any

from rbm.core.language import _
from rbm.errors import ConfigError, TakenOverError
from rbm.experiment import RunSpec
from rbm.jobs.job import ACTIVE, Job, Work, all_jobs
from rbm.jobs.recording import Record
from rbm.jobs.seat import Call
from rbm.jobs.snapshots import Snapshot, room, with_newest
from rbm.jobs.training import Slice, TrainingJob
from rbm.store import OVER, Progress, Run
from rbm.training.changes import TURNS, Change, in_force, noted
from rbm.training.config import LIVE, TrainConfig, knobs
from rbm.training.history import History

SNAPSHOT_SECONDS = 0.45  # twice a second is what the page shows
CHECKPOINT_SECONDS = 5.0  # what a lost worker costs at most
MOST_EPOCHS = int(knobs(TrainConfig)["epochs"].high or 1)


class LiveRun(Job):
    """One session's run.

    ``status`` is that of a job ("idle": made, or stepped by hand) or "diverged", for which ``message`` says why too.
    ``history``, ``snapshot`` and ``past`` grow newer, and are set back only where a worker was lost. ``knobs`` are the live
    settings as they were last turned, and ``epochs`` once the run is longer than planned. ``by_hand``: the batches and epochs
    of single steps that are not done yet.
    """

    leaves_unwatched = True
    record: Record | None = None  # for another thread that finds the run among all jobs while it is still being made

    def __init__(self, spec: RunSpec, record: Record | None = None) -> None:
        """A run at its start; ``record`` is its place in the registry, entered with the first slice."""
        super().__init__()
        self.spec, self.record = spec, record
        self._mind_record()
        self.history = History()
        self.snapshot: Snapshot | None = None
        self.first: Snapshot | None = None  # before training
        self.past: list[Snapshot] = []
        self.step_number, self.total_steps, self.batches_per_epoch = 0, 0, 0
        self.knobs: dict[str, Any] = {name: getattr(spec.training, name) for name in LIVE}
        self.changes: tuple[Change, ...] | None = ()  # where they were turned; None: an older program did not note it
        self.by_hand = 0, 0
        self._changes: dict[str, Any] = {}
        self._turning = False  # whether the newest slice under way has knobs to turn
        self._until: int | None = None
        self._asked = 0, 0  # those of ``by_hand`` that have yet to become ``_until``
        self._checkpoint: bytes | None = None
        self._snapshot_at = self._checkpoint_at = 0.0
        self._saved_step = self._shown_step = -1  # the newest checkpoint's and the newest snapshot's

    @classmethod
    def resume(cls, record: Record, run: Run, history: History, checkpoint: bytes | None) -> LiveRun:
        """A run of the registry as its newest ``checkpoint`` left it (None: at its start), paused or over, to be looked at."""
        self, at = cls(run.spec, record), run.progress
        self.status, self.message = (at.status, at.message) if at.status in OVER else ("paused", "")
        self.history, self._checkpoint = history, checkpoint
        self.step_number = self._saved_step = at.step
        self.knobs = {**self.knobs, **at.knobs}
        self.total_steps, self.batches_per_epoch = at.total_steps, at.total_steps // self.epochs
        self.changes = at.changes
        self._until = at.step  # a turn that trains nothing and brings the pictures
        return self

    @classmethod
    def at_rest(cls, spec: RunSpec, machine: Snapshot, history: History) -> LiveRun:
        """A machine to be looked at, which nobody trains here: a bundled one, or the newest of a kept run."""
        self = cls(spec)
        self.status, self.history = "finished", history
        self.snapshot, self.past = machine, [replace(machine, pictures=None).halved()]
        self.step_number = machine.step
        self.batches_per_epoch = round(machine.step / machine.epoch) if machine.epoch else 0
        self.total_steps = max(
            machine.step, self.batches_per_epoch * self.epochs
        )  # it may have been stopped on its way
        return self

    def _mind_record(self) -> None:
        """Have this run's pages hear of its record's trouble, and this run stop when its record is lost."""
        if self.record is not None:
            me = weakref.ref(self)  # the thread that writes must not keep a run alive that nobody holds

            def heard() -> None:
                run = me()
                if run is not None:
                    run._hear_trouble()

            self.record.on_trouble = heard

    @property
    def lost(self) -> bool:
        """Whether another has taken the run up, or the registry holds it no more: what is trained here would be kept nowhere."""
        return self.record is not None and self.record.lost

    def _hear_trouble(self) -> None:
        if self.lost:
            self.pause()
            with self._lock:
                self.notice = _(
                    "{lost_words} Training here has stopped; what it has learnt since is still here."
                ).format(lost_words=self._lost_words())
        self.on_news()

    def _lost_words(self) -> str:
        return self.record.problem if self.record is not None else ""

    def keep_as(self, record: Record) -> None:
        """Keep all that is here as ``record``, a new run, when its own was taken up by another."""
        with self._lock:
            self.record, self.notice = record, ""
            self._mind_record()
            step = max(self._saved_step, 0)
            epoch = step / self.batches_per_epoch if self.batches_per_epoch else 0.0
            all_of_it = Slice(
                list(self.history.events),
                self.status,
                self.message,
                step,
                self.total_steps,
                self.batches_per_epoch,
                None,
                self._checkpoint,
                [],
                epoch,
                record.device,
            )
            self._note(all_of_it)

    def play(self) -> None:
        """Train until paused, finished, or left alone. TakenOverError for a run that is lost."""
        if self.lost:
            raise TakenOverError(self._lost_words())
        with self._lock:
            if self.status in ("idle", "paused", "failed"):
                self._forget_steps()
                self._until = None
            self.start()

    def pause(self) -> None:
        """No further slice, of single steps neither; the one under way ends within a fraction of a second."""
        with self._lock:
            if self.status not in ACTIVE and any(self.by_hand):
                self._forget_steps()
                self._until = None
            super().pause()

    def step(self, *, batches: int = 0, epochs: int = 0) -> None:
        """Pause, then train exactly that much more, a finished run too: it becomes as many epochs longer as that needs.

        ConfigError where it has the most epochs that a run can have, TakenOverError for a run that is lost.
        """
        if self.lost:
            raise TakenOverError(self._lost_words())
        with self._lock:
            if self.status == "finished" and self.epochs >= MOST_EPOCHS:
                wrong = _("This run has had {epochs} epochs, and no run has more: start another one.")
                raise ConfigError(wrong.format(epochs=self.epochs))
            if self.status in (*ACTIVE, "idle", "paused", "finished", "failed"):
                self.status, self.message, self.notice = "paused", "", ""
                self._asked = self._asked[0] + batches, self._asked[1] + epochs
                self.by_hand = self.by_hand[0] + batches, self.by_hand[1] + epochs
                self.renew()

    def _forget_steps(self) -> None:
        self._asked = self.by_hand = 0, 0

    def change(self, **knobs: Any) -> None:
        """Turn live knobs: in force from the next slice on. ConfigError for a value out of range."""
        replace(self.spec.training, **knobs)  # checks the ranges
        if set(knobs) - set(LIVE):
            wrong = _("Only {live} can change during training; start a new run for the others.")
            raise ConfigError(wrong.format(live=", ".join(LIVE)))
        with self._lock:
            changed = {name: value for name, value in knobs.items() if self.knobs[name] != value}
            self._turn_knobs(changed)

    def _turn_knobs(self, changed: dict[str, Any]) -> None:
        self.knobs = {**self.knobs, **changed}  # replaced, never changed: the screen reads it
        self._changes |= changed

    def _has_work(self) -> bool:
        return super()._has_work() or any(self._asked) or self._until is not None

    @property
    def turned(self) -> tuple[Change, ...] | None:
        """Where knobs were turned; of a run at rest also those that wait for its next update, which comes where it stands."""
        with self._lock:
            if self.changes is None or self.active:
                return self.changes
            now = {name: getattr(self.spec.training, name) for name in TURNS} | in_force(self.changes)
            waiting = {name: value for name, value in self._changes.items() if value != now[name]}
            return tuple(noted(self.changes, self.step_number, waiting)) if waiting else self.changes

    @property
    def epochs(self) -> int:
        """How many there are to be: those planned, or more where a finished run was trained further."""
        return int(self.knobs.get("epochs", self.spec.training.epochs))

    @property
    def epoch(self) -> float:
        return self.step_number / self.batches_per_epoch if self.batches_per_epoch else 0.0

    @property
    def progress(self) -> float:
        return self.step_number / self.total_steps if self.total_steps else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until it is done, at the pace of its turns so far and with as many others at its worker as now; None before
        there is a pace."""
        if not self.history.events or not self.step_number:
            return None
        seat = self._seat
        crowd = 1 if seat is None else seat.crowd
        return crowd * self.history.events[-1].seconds * (1 / max(self.progress, 1e-9) - 1)

    def _next_order(self) -> dict[str, Any] | None:
        with self._lock:
            free = self.status in ACTIVE and self.watched
            if self._flying and not free:
                return None  # before anything is counted from where the run stands
            self._until = self._step_target()
            if not free and (self._until is None or not self.watched):
                kept = self._saved_step >= self.step_number or (self.record is None and self.watched)
                if not (kept and self._shown_step >= self.step_number) and self._seat is not None:
                    last = {"seconds": 0.0, "until": self.step_number}  # what is shown at rest, and Resume goes on from
                    return {**last, "snapshot": True, "checkpoint": not kept}
                self._rest()
                return None
            now = time.monotonic()
            snapshot = self._until is not None or now - self._snapshot_at > SNAPSHOT_SECONDS
            checkpoint = now - self._checkpoint_at > CHECKPOINT_SECONDS
            self._snapshot_at = now if snapshot else self._snapshot_at
            self._checkpoint_at = now if checkpoint else self._checkpoint_at
            return {
                "seconds": self._slice_seconds() if self.history.events else 0.0,  # the first points at once
                "until": self._until,
                "snapshot": snapshot,
                "checkpoint": checkpoint,
            }

    def _step_target(self) -> int | None:
        batches, epochs = self._asked
        if not self.batches_per_epoch:  # not known before the first turn: take it, training nothing
            return 0 if batches or epochs else None
        if batches or epochs:
            self._asked = 0, 0
            start = self.step_number if self._until is None else self._until
            return self._within(start + batches + epochs * self.batches_per_epoch)
        return self._until

    def _within(self, step: int) -> int:
        """That update, with the run made as many whole epochs long as it needs, or the last that a run can have."""
        longer = min(math.ceil(step / self.batches_per_epoch), MOST_EPOCHS)
        if longer > self.epochs:
            self._turn_knobs({"epochs": longer})
            self.total_steps = longer * self.batches_per_epoch
        return min(step, self.total_steps)

    def _can_move(self) -> bool:
        return self._checkpoint is not None and self._saved_step == self.step_number

    def _at_once(self) -> int:
        """One slice ahead, so that the worker never waits for this process, but where it trains up to some update, or turns a
        knob first: two slices may come to the worker in either order."""
        return 2 if self._until is None and not self._turning else 1

    def _work(self) -> Work:
        if self.record is not None:
            self.record.check_data()
        with self._lock:
            self._set_back()
            if self._checkpoint is not None:  # the knobs turned since the run's start are not in its spec
                self._changes = {**self.knobs, **self._changes}
        return TrainingJob, (self.spec.to_json(), self._checkpoint)

    def _calls(self, order: dict[str, Any]) -> tuple[Call, ...]:
        with self._lock:
            changes, self._changes = self._changes, {}
            self._turning = bool(changes)
        turn: Call = ("advance", (order["seconds"], order["until"], order["snapshot"], order["checkpoint"]))
        return (("change", (changes,)), turn) if changes else (turn,)

    def _take(self, value: Any) -> None:
        slice_: Slice = value
        with self._lock:
            self.history.extend(slice_.events)
            self._turning = False
            newer = self.changes is None or len(slice_.changes) >= len(self.changes)  # one of before may be told later
            if self.changes is not None and newer and slice_.step >= self.step_number:
                self.changes = slice_.changes
            self.step_number = max(self.step_number, slice_.step)
            self.total_steps = max(self.total_steps, slice_.total_steps)  # a slice may be of the time before it grew
            self.batches_per_epoch = slice_.batches_per_epoch
            if slice_.checkpoint is not None and slice_.step >= self._saved_step:
                self._checkpoint, self._saved_step, self._revivals = slice_.checkpoint, slice_.step, 0
            if slice_.snapshot is not None and slice_.step >= self._shown_step:
                self._shown_step = slice_.step
                self.snapshot, self.first = slice_.snapshot, self.first or slice_.snapshot
                runs = sum(isinstance(job, LiveRun) for job in all_jobs())
                self.past = with_newest(self.past, slice_.snapshot, room(runs))
            if self._until is not None and self.step_number >= self._until:
                self._until, self.by_hand = None, self._asked
            # Not at its last update, which may have been left where it is judged: the slice that ends that has the snapshot.
            over = slice_.status == "finished" and self.step_number >= self.total_steps
            done = over and not any(self._asked)
            if done or slice_.status == "diverged":
                self.status, self.message = "finished" if done else slice_.status, slice_.reason
                self._until = None
                self._forget_steps()
            elif self.status == "starting":
                self.status = "running"
            self._note(slice_)

    def _note(self, slice_: Slice | None = None) -> None:
        """Tell the registry; without a slice, that nobody trains the run any more."""
        if self.record is None or not self.total_steps:
            return
        status = "paused" if slice_ is None and self.status in ACTIVE else self.status
        seconds = self.history.events[-1].seconds if self.history.events else 0.0
        at = Progress(status, self.step_number, self.total_steps, self.epoch, seconds, self.message)
        self.record.take(at._replace(knobs=dict(self.knobs), changes=self.changes), slice_)

    def _look(self) -> None:
        super()._look()
        if self.record is not None:
            self.record.beat()

    def _rest(self) -> None:
        self._note()
        super()._rest()

    def _set_back(self) -> str:
        step = self._saved_step
        self._shown_step = min(self._shown_step, step)  # what comes is of an update that was lost, again
        self.step_number = max(step, 0)
        self.history = History(e for e in self.history.events if e.step <= step)
        self.past = [f for f in self.past if f.step <= step]
        if self.changes is not None:
            self.changes = tuple(one for one in self.changes if one.step <= step)
        return (
            super()._set_back()
            if self._checkpoint is None
            else _("going on from epoch {epoch:.1f}").format(epoch=self.epoch)
        )

    def _fail(self, message: str) -> None:
        with self._lock:
            self._until = None
            self._forget_steps()
        super()._fail(message)

    def _unexpected(self, reason: str) -> str:
        return _("Training stopped on an unexpected error ({reason}); press Reset to start again.").format(
            reason=reason
        )
