"""A sweep at work: one trial on every worker, until the budget is used up or somebody says stop.

Every trial has a thread that waits for its worker; one more hands out trials. What they know is in the ledger and in
the registry of runs: a process that is killed loses at most what its runs did since their last checkpoints. While the
registry cannot be used the search waits for it, ``trouble`` says why, and the trials under way train on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from rbm.core.language import _
from rbm.core.living import Living
from rbm.errors import ClusterError, RbmError
from rbm.jobs import cluster, recording
from rbm.jobs.seat import WorkerLostError
from rbm.store import SILENT_SECONDS, Store, open_store
from rbm.sweep.ledger import DONE, Given, Ledger
from rbm.sweep.patience import Patience
from rbm.sweep.trial import TrialRun

LOOK_SECONDS = 0.25
BEAT_SECONDS = 3.0
SHUN_SECONDS = 10.0  # how long a worker that was lost gets nothing, while the scheduler may still list it
MOST_LOSSES = 5  # of workers, by one trial: then it is the trial that kills them
NO_WORKER_SECONDS = 90.0

_all: Living[Sweep] = Living()
_problems: dict[str, str] = {}  # of searches of this process that failed, by name, until they are taken up again
_log = logging.getLogger(__name__)


class Sweep:
    """A sweep of the registry, being worked on by this process. Every method but ``wait`` returns at once.

    ``status`` is "starting", "running", "stopping", and at the end "stopped", "finished" or "failed", the last with a
    ``problem`` in a sentence. ``trouble`` says, also in a sentence, what it waits for just now.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: Callable[[], Store] = open_store,
        *,
        workers: int | None = None,
        silent: float = SILENT_SECONDS,
    ) -> None:
        """Start working on it; ``workers``: how many at most. StoreError while another process works on it."""
        ledger.claim(silent)
        self.ledger, self.status, self.problem = ledger, "starting", ""
        self.losses = 0  # workers that were lost while they trained
        self._store, self._most, self._kept = store, workers, Patience()
        self._changed = threading.Condition()
        self._running: dict[str, TrialRun] = {}  # by worker
        self._again: list[tuple[TrialRun, int]] = []  # to go on elsewhere, and how often that has happened
        self._shunned: dict[str, float] = {}
        self._thread = threading.Thread(target=self._work, name="rbm-sweep", daemon=True)
        _problems.pop(ledger.name, None)
        _all.add(self)
        self._thread.start()

    @property
    def active(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """No further slice: every trial under way is kept as it is, to go on with another time."""
        with self._changed:
            if self.active:
                self.status = "stopping"
            self._kept.end()
            self._changed.notify_all()

    @property
    def trouble(self) -> str:
        """What holds it up just now: the registry that takes nothing, or workers that do not answer; "" where nothing does."""
        with self._changed:
            records = [run.record for run in self._running.values()]
        waits = (self._kept.words, *(record.problem for record in records), cluster.silence() if self.active else "")
        return next(filter(None, waits), "")

    def wait(self, seconds: float | None = None) -> None:
        """Until it works no more, or so long."""
        self._thread.join(seconds)

    def shares(self) -> dict[int, float]:
        """How far each trial under way is, from 0 to 1, by number."""
        with self._changed:
            trials = [*self._running.values(), *(run for run, _ in self._again)]
        return {run.given.number: run.progress for run in trials}

    def progress(self) -> tuple[int, float]:
        """How many trials are over, and what share of the whole budget of trials is done."""
        over = sum(trial.state in DONE for trial in self.ledger.trials())
        return over, min((over + sum(self.shares().values())) / self.ledger.spec.most_trials, 1.0)

    # The thread

    def _work(self) -> None:
        status = "failed"
        try:
            self._hand_out()
            status = "stopped" if self.status == "stopping" else "failed" if self.problem else "finished"
        except RbmError as error:
            self.problem = str(error)
        except Exception as error:
            _log.exception("a sweep failed")
            self.problem = _("The search stopped on an unexpected error ({name}: {error}); resume it.").format(
                name=type(error).__name__, error=error
            )
        with self._changed:
            if self._running:
                self.status = "stopping"
                self._kept.end()
            while self._running:  # they see it at their next slice
                self._changed.wait(LOOK_SECONDS)
        recording.flush()
        try:
            self._kept(self.ledger.release)
        except RbmError as error:
            self.problem = self.problem or str(error)
        if self.problem:
            _problems[self.ledger.name] = self.problem
        self.status = status

    def _hand_out(self) -> None:
        recording.flush()  # what earlier trials of this process could not write, before their runs are taken up
        try:
            cluster.connect()
        except ConnectionError as error:  # killed while it started: the next look starts another
            _log.warning("the workers are not there (%s)", error)
        with self._changed:
            if self.status == "starting":
                self.status = "running"
        beaten, worked = 0.0, time.monotonic()
        while True:
            now = time.monotonic()
            if now - beaten > BEAT_SECONDS:
                self._kept(self.ledger.beat)
                beaten = now
            more = self.status == "running"
            for worker in self._free() if more else ():
                found = self._next()
                if found is None:
                    more = False
                    break
                self._start(worker, *found)
            with self._changed:
                if self._running:
                    worked = now
                elif not more and (self.status != "running" or not self._again):
                    return
                elif now - max(worked, self._kept.answered_at) > NO_WORKER_SECONDS:
                    raise ClusterError(_("There is no worker left to train on: start one, then resume the search."))
                self._changed.wait(LOOK_SECONDS)

    def _free(self) -> list[str]:
        """The workers that have nothing of this sweep to do."""
        now = time.monotonic()
        with self._changed:
            self._shunned = {w: until for w, until in self._shunned.items() if until > now}
        try:
            known = cluster.connect().workers()
        except OSError as error:  # the scheduler is lost just now; the next look finds another
            _log.warning("the workers cannot be listed (%s)", error)
            return []
        present = [w for w in sorted(known) if w not in self._shunned]
        room = (self._most or len(present)) - len(self._running)
        return [w for w in present if w not in self._running][: max(room, 0)]

    def _next(self) -> tuple[TrialRun, int] | None:
        with self._changed:
            if self._again:
                return self._again.pop(0)
        given = self._kept(self.ledger.next)
        if given is None:
            return None
        return self._kept(lambda: self._taken_up(given)), 0

    def _taken_up(self, given: Given) -> TrialRun:
        """Its run may be held for a while, by a server that was killed just now: the search is at work meanwhile."""
        self.ledger.beat()
        return TrialRun(given, self.ledger, self._store, self._kept)

    def _start(self, worker: str, run: TrialRun, losses: int) -> None:
        with self._changed:
            self._running[worker] = run
        threading.Thread(
            target=self._try, args=(worker, run, losses), name=f"rbm-trial-{run.given.number}", daemon=True
        ).start()

    def _try(self, worker: str, run: TrialRun, losses: int) -> None:
        """One trial on one worker, in its own thread."""
        problem = ""
        try:
            run.work(worker, lambda: self.status != "running")
        except WorkerLostError as error:
            _log.warning("trial %s lost its worker %s (%s)", run.given.number, worker, error)
            problem = self._lost(worker, run, losses + 1, error)
        except RbmError as error:
            problem = str(error)
        except Exception as error:
            _log.exception("trial %s failed", run.given.number)
            problem = _("Trial {number} stopped on an unexpected error ({name}: {error}).").format(
                number=run.given.number + 1, name=type(error).__name__, error=error
            )
        with self._changed:
            del self._running[worker]
            if problem:
                self.problem, self.status = self.problem or problem, "failing"
                self._kept.end()
            self._changed.notify_all()

    def _lost(self, worker: str, run: TrialRun, losses: int, error: WorkerLostError) -> str:
        """Put the trial back, or give it up; returns what went wrong beyond that."""
        try:
            with self._changed:
                self.losses += 1
                self._shunned[worker] = time.monotonic() + SHUN_SECONDS
                if losses <= MOST_LOSSES:
                    self._again.append((run, losses))
                    return ""
            said = _("Its worker was lost {losses} times (last: {error}).").format(losses=losses, error=error)
            self._kept(lambda: self.ledger.fail(run.given, said))
        except RbmError as failed:
            return str(failed)
        return ""


def at_work() -> list[Sweep]:
    """The sweeps that this process works on."""
    return [sweep for sweep in _all.now() if sweep.active]


def problem_of(name: str) -> str:
    """Why the search of that name came to an end here before all was done, in a sentence; "" where it did not."""
    return next((sweep.problem for sweep in at_work() if sweep.ledger.name == name), "") or _problems.get(name, "")


def stop_all(seconds: float = 0.0) -> None:
    """The process is about to end: keep every trial as it is. Waits up to ``seconds`` for last checkpoints."""
    deadline = time.monotonic() + seconds
    for sweep in at_work():
        sweep.stop()
    for sweep in at_work():
        sweep.wait(max(deadline - time.monotonic(), 0.0))
