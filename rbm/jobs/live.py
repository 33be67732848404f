"""A run as the screen holds it: it keeps the actor busy while somebody watches, and keeps what came back.

A finished slice submits the next one as long as the lease lives, so training runs at full speed however slowly the
page looks; a page that is closed stops renewing and soon costs nothing. No torch here: this is the screen's process.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rbm.errors import ClusterError, ConfigError, RbmError
from rbm.experiment import RunSpec
from rbm.jobs import cluster
from rbm.jobs.recording import Record
from rbm.jobs.snapshots import Snapshot, with_newest
from rbm.jobs.training import Slice, TrainingJob
from rbm.store import Progress, Run
from rbm.training.changes import TURNS, Change, in_force, noted
from rbm.training.config import LIVE, TrainConfig, knobs
from rbm.training.history import History

SLICE_SECONDS = 0.25
SNAPSHOT_SECONDS = 0.45  # twice a second is what the page shows
CHECKPOINT_SECONDS = 5.0  # what a lost worker costs at most
LEASE_SECONDS = 90.0  # a hidden tab's timers fire once a minute; a closed tab's lease is ended at once by ``release``
MOST_REVIVALS = 3

DRAIN: dict[str, Any] = {}  # not an order: take in the slice under way and send no other
ACTIVE = ("starting", "running")
OVER = ("finished", "diverged")
MOST_EPOCHS = int(knobs(TrainConfig)["epochs"].high or 1)
_runs: weakref.WeakSet[LiveRun] = weakref.WeakSet()
_log = logging.getLogger(__name__)


class LiveRun:
    """One session's run. Every method returns at once; a thread of its own speaks with the worker.

    ``status`` is "idle" (made, or stepped by hand), "starting", "running", "paused", "finished", "diverged" or
    "failed"; ``message`` says why for the last two. ``history``, ``snapshot`` and ``past`` only ever grow newer. ``knobs``
    are the live settings as they were last turned, and ``epochs`` once the run is longer than planned. ``by_hand``: the
    batches and epochs of single steps that are not done yet.
    """

    def __init__(self, spec: RunSpec, record: Record | None = None) -> None:
        """A run at its start; ``record`` is its place in the registry, entered with the first slice."""
        self.spec, self.record = spec, record
        self.status, self.message = "idle", ""
        self.history = History()
        self.snapshot: Snapshot | None = None
        self.first: Snapshot | None = None  # before training
        self.past: list[Snapshot] = []
        self.step_number, self.total_steps, self.batches_per_epoch = 0, 0, 0
        self.on_news: Callable[[], None] = lambda: None  # called from the run's thread whenever there is news to read
        self.knobs: dict[str, Any] = {name: getattr(spec.training, name) for name in LIVE}
        self.changes: tuple[Change, ...] | None = ()  # where they were turned; None: an older program did not note it
        self.by_hand = 0, 0
        self._lock = threading.RLock()
        self._actor: Any = None
        self._place: Any = None  # what keeps the actor on its worker
        self._left: Any = None  # the same of an actor that is not needed any more
        self._ahead: Any = None  # the slice under way while the one before it is taken in
        self._changes: dict[str, Any] = {}
        self._until: int | None = None
        self._asked = 0, 0  # those of ``by_hand`` that have yet to become ``_until``
        self._pumping = False
        self._lease_ends = 0.0
        self._checkpoint: bytes | None = None
        self._revivals = 0
        self._snapshot_at = self._checkpoint_at = 0.0
        self._saved_step = -1  # the newest checkpoint's
        _runs.add(self)

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

    def play(self) -> None:
        """Train until paused, finished, or left alone."""
        with self._lock:
            if self.status in ("idle", "paused", "failed"):
                self.status = "running" if self._actor is not None else "starting"
                self._forget_steps()
                self._until = None
                self.renew()

    def pause(self) -> None:
        """No further slice, of single steps neither; the one under way ends within a fraction of a second."""
        with self._lock:
            if self.status in ACTIVE:
                self.status = "paused"
            elif any(self.by_hand):
                self._forget_steps()
                self._until = None

    def step(self, *, batches: int = 0, epochs: int = 0) -> None:
        """Pause, then train exactly that much more, a finished run too: it becomes as many epochs longer as that needs.

        ConfigError where it has the most epochs that a run can have.
        """
        with self._lock:
            if self.status == "finished" and self.epochs >= MOST_EPOCHS:
                raise ConfigError(f"This run has had {self.epochs} epochs, and no run has more: start another one.")
            if self.status in (*ACTIVE, "idle", "paused", "finished"):
                self.status = "paused"
                self._asked = self._asked[0] + batches, self._asked[1] + epochs
                self.by_hand = self.by_hand[0] + batches, self.by_hand[1] + epochs
                self.renew()

    def _forget_steps(self) -> None:
        self._asked = self.by_hand = 0, 0

    def change(self, **knobs: Any) -> None:
        """Turn live knobs: in force from the next slice on. ConfigError for a value out of range."""
        replace(self.spec.training, **knobs)  # checks the ranges
        if set(knobs) - set(LIVE):
            raise ConfigError(f"Only {', '.join(LIVE)} can change during training; start a new run for the others.")
        with self._lock:
            changed = {name: value for name, value in knobs.items() if self.knobs[name] != value}
            self._turn_knobs(changed)

    def _turn_knobs(self, changed: dict[str, Any]) -> None:
        self.knobs = {**self.knobs, **changed}  # replaced, never changed: the screen reads it
        self._changes |= changed

    def renew(self) -> None:
        """Somebody still watches: go on, or go on again, if there is something to do."""
        with self._lock:
            self._lease_ends = time.monotonic() + LEASE_SECONDS
            if not self._pumping and (self.status in ACTIVE or any(self._asked) or self._until is not None):
                self._begin_pump()

    def _begin_pump(self) -> None:
        self._pumping = True
        threading.Thread(target=self._pump, name="rbm-live", daemon=True).start()

    def keep(self) -> None:
        """Somebody still watches, unless that was just taken back: ``renew`` for those who hear of it later."""
        if time.monotonic() <= self._lease_ends:
            self.renew()

    def release(self) -> None:
        """Nobody watches any more: stop after the slice under way. ``renew`` takes it up again.

        Called on the server's event loop, so it never waits: where the lock is taken, the run's thread is at work and ends
        what is to be ended itself.
        """
        self._lease_ends = 0.0
        if self._lock.acquire(blocking=False):
            try:
                if not self._pumping and self._actor is not None:
                    self._begin_pump()  # which takes the last checkpoint, where there is none yet, and leaves the worker
            finally:
                self._lock.release()

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
    def active(self) -> bool:
        """Whether something is moving or about to."""
        return self._pumping or self.status in ACTIVE

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
        """Seconds of training still to come at the pace so far, None before there is a pace."""
        if not self.history.events or not self.step_number:
            return None
        return self.history.events[-1].seconds * (1 / max(self.progress, 1e-9) - 1)

    def _pump(self) -> None:
        try:
            while (order := self._next_order()) is not None:
                try:
                    self._turn(order)
                except (OSError, ValueError, RuntimeError) as error:
                    if isinstance(error, RbmError):
                        raise
                    self._revive(error)
                self.on_news()
            self._leave()
        except RbmError as error:
            self._fail(str(error))
        except Exception as error:
            if time.monotonic() > self._lease_ends:  # the server is closing and has taken the cluster along
                self._pumping = False
                return
            _log.exception("the training thread of a session failed")
            self._fail(f"Training stopped on an unexpected error ({type(error).__name__}: {error}); Reset starts anew.")
        finally:
            self.on_news()

    def _next_order(self) -> dict[str, Any] | None:
        """What the next slice is to do, or None, with the thread's end noted under the same lock."""
        with self._lock:
            now = time.monotonic()
            free = self.status in ACTIVE and now <= self._lease_ends
            if self._ahead is not None and not free:
                return DRAIN  # before anything is counted from where the run stands
            self._until = self._step_target()
            if not free and (self._until is None or now > self._lease_ends):
                wanted = self.record is not None or now > self._lease_ends
                if wanted and self._saved_step < self.step_number and self._actor is not None:
                    last = {"seconds": 0.0, "until": self.step_number}  # what Resume goes on from
                    return {**last, "snapshot": True, "checkpoint": True}
                self._note()
                self._pumping = False
                if now > self._lease_ends:
                    self._left, self._place, self._actor = self._place, None, None  # see _leave
                return None
            snapshot = self._until is not None or now - self._snapshot_at > SNAPSHOT_SECONDS
            checkpoint = now - self._checkpoint_at > CHECKPOINT_SECONDS
            self._snapshot_at = now if snapshot else self._snapshot_at
            self._checkpoint_at = now if checkpoint else self._checkpoint_at
            return {
                "seconds": SLICE_SECONDS if self.history.events else 0.0,  # the first points at once
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

    def _turn(self, order: dict[str, Any]) -> None:
        if order is DRAIN:
            future, self._ahead = self._ahead, None
            self._take(future.result())
            return
        if self._actor is None:
            self._actor = self._make_actor()
        with self._lock:
            changes, self._changes = self._changes, {}
        if changes:
            self._actor.change(changes).result()
        future = self._actor.advance(**order)
        if (
            order["until"] is None
        ):  # one slice ahead: the worker never waits for this thread, which the screen slows down
            future, self._ahead = self._ahead, future
        if future is not None:
            self._take(future.result())

    def _make_actor(self) -> Any:
        submit = cluster.connect().client.submit
        self._place = submit(TrainingJob, self.spec.to_json(), self._checkpoint, actor=True, pure=False)
        actor = self._place.result()
        if self._checkpoint is not None:  # a revived run: the knobs turned since its start are not in its spec
            actor.change(self.knobs).result()
        return actor

    def _leave(self) -> None:
        """Have the worker drop what a closed tab left there. Dask would when nobody refers to the actor any more, but its
        proxy refers to itself, in a circle that waits for the collector."""
        left, self._left = self._left, None
        if left is not None:
            left.cancel()

    def _take(self, slice_: Slice) -> None:
        with self._lock:
            self.history.extend(slice_.events)
            if self.changes is not None and slice_.step >= self.step_number:
                self.changes = slice_.changes
            self.step_number = max(self.step_number, slice_.step)
            self.total_steps = max(self.total_steps, slice_.total_steps)  # a slice may be of the time before it grew
            self.batches_per_epoch = slice_.batches_per_epoch
            if slice_.checkpoint is not None:
                self._checkpoint, self._saved_step, self._revivals = slice_.checkpoint, slice_.step, 0
            if slice_.snapshot is not None:
                self.snapshot, self.first = slice_.snapshot, self.first or slice_.snapshot
                self.past = with_newest(self.past, slice_.snapshot)
            if self._until is not None and self.step_number >= self._until:
                self._until, self.by_hand = None, self._asked
            done = self.step_number >= self.total_steps and not any(self._asked)
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

    def _revive(self, error: Exception) -> None:
        """The worker is gone and its actor with it: go on from the last checkpoint on another one."""
        self._revivals += 1
        if self._revivals > MOST_REVIVALS:
            raise ClusterError(
                f"The training process was lost {MOST_REVIVALS} times in a row (last: {error}); Train tries again."
            ) from error
        _log.warning("a worker was lost (%s); going on from the last checkpoint", error)
        with self._lock:
            self._actor = self._ahead = None
            step = self._saved_step
            self.step_number = max(step, 0)
            self.history = History(e for e in self.history.events if e.step <= step)
            self.past = [f for f in self.past if f.step <= step]
        time.sleep(0.5 * self._revivals)  # the nanny needs a moment to start another worker

    def _fail(self, message: str) -> None:
        with self._lock:
            self.status, self.message, self._pumping = "failed", message, False
            self._until, self._revivals = None, 0
            self._forget_steps()
            self._note()


def release_all(seconds: float = 0.0) -> None:
    """Nobody watches any run of this process: it is about to end. Waits up to ``seconds`` for last checkpoints."""
    for run in list(_runs):
        run.release()
    deadline = time.monotonic() + seconds
    while any(run._pumping for run in list(_runs)) and time.monotonic() < deadline:
        time.sleep(0.02)


def watched_runs() -> int:
    """How many runs of this process are moving: what a page's polling has to share."""
    return sum(run.active for run in list(_runs))
