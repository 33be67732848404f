"""A sweep's memory: an Optuna study in the registry's own database. Who has tried what, and what came of it.

Whatever happens to the process that sweeps, a trial is here exactly once; one that was under way is handed out again
and goes on from its run's checkpoint. No torch in here; Optuna is imported when the first sweep is asked for.
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from rbm.core import clock
from rbm.core.language import _
from rbm.core.limits import TAG_LETTERS
from rbm.core.text import plain
from rbm.errors import ConfigError, StoreError, TakenOverError
from rbm.store import SILENT_SECONDS, Store
from rbm.store.owners import NOBODY, Visitor
from rbm.store.records import silence
from rbm.sweep import importance
from rbm.sweep.objective import Judged
from rbm.sweep.spec import OBJECTIVES, SweepSpec, Value
from rbm.sweep.study import pruner, sampler, storage, suggest, told

if TYPE_CHECKING:
    import optuna

DONE = ("finished", "pruned", "failed")
DISTINCT = 2.0  # standard errors of a difference, from which two trials are told apart


class Trial(NamedTuple):
    """One trial: ``state`` is "waiting", "running", "finished", "pruned" or "failed" (``message`` says why).

    ``value`` is the objective's, ``error`` its standard error; ``mark`` says "unreliable" of a value that nothing should be
    ranked by, and ``doubt`` why; ``run_id`` its run in the registry.
    """

    number: int
    state: str
    values: Mapping[str, Value]
    value: float | None
    run_id: str
    message: str
    seconds: float | None
    error: float | None = None
    mark: str = ""
    doubt: str = ""


class Given(NamedTuple):
    """A trial handed out to be trained: ``run_id`` is empty until ``Ledger.begin``."""

    number: int
    values: Mapping[str, Value]
    run_id: str
    trial: optuna.trial.Trial


class Ledger:
    """One sweep's study. Every method may be called from any thread; StoreError when the database fails."""

    def __init__(self, name: str, store: Store) -> None:
        """The sweep of that name; StoreError when there is none."""
        import optuna

        self.name, self._lock, self._token = name, threading.RLock(), secrets.token_hex(8)
        self._store = store
        with self._told():
            try:
                study = optuna.load_study(study_name=name, storage=storage(store))
            except KeyError:
                wrong = _("There is no search named {name!r} in the registry of runs.")
                raise StoreError(wrong.format(name=name)) from None
            self.spec = SweepSpec.from_json(study.user_attrs["spec"])
            study.sampler, study.pruner = sampler(self.spec), pruner(self.spec)
            self._study, self.visitor = study, str(study.user_attrs.get("visitor", NOBODY.id))  # whose it is
            self._seconds = float(study.user_attrs.get("seconds", 0.0))
        self._clock, self.silent = 0.0, SILENT_SECONDS
        self._handed: set[int] = set()  # the trials that were handed out since it was claimed

    @classmethod
    def create(cls, name: str, spec: SweepSpec, store: Store, visitor: Visitor = NOBODY) -> Ledger:
        """A new sweep of the visitor's; ConfigError when the name is taken or no name, or units do not fit."""
        import optuna

        if name != " ".join(plain(name).split()) or not 0 < len(name) <= TAG_LETTERS:
            wrong = _("A search's name has 1 to {tag_letters} letters and no space at its ends; got {name!r}.")
            raise ConfigError(wrong.format(tag_letters=TAG_LETTERS, name=name))
        spec.check_units()
        more = OBJECTIVES[spec.objective].more_is_better
        better = optuna.study.StudyDirection.MAXIMIZE if more else optuna.study.StudyDirection.MINIMIZE
        with told():
            try:
                study = optuna.create_study(study_name=name, storage=storage(store), direction=better)
            except optuna.exceptions.DuplicatedStudyError:
                wrong = _("There is a search named {name!r} already: resume it, or take another name.")
                raise ConfigError(wrong.format(name=name)) from None
            study.set_user_attr("visitor", visitor.id)
            study.set_user_attr("spec", spec.to_json())
        store.sign(visitor)
        return cls(name, store)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The database's failures, as StoreError; where its file was removed, Optuna would begin an empty one there."""
        self._store.check()
        with told():
            yield

    # Who works on it

    def claim(self, silent: float = SILENT_SECONDS) -> None:
        """Work on it from now on; StoreError while another process does, that is, has said so ``silent`` seconds ago."""
        self.silent = silent  # for its runs too
        with self._lock, self._told():
            owner, at = self._study.user_attrs.get("owner", ("", 0.0))
            if owner not in ("", self._token) and silence(self.name, at) < silent:
                wrong = _(
                    "The search {name!r} is under way in another process: stop it there, or wait {silent:.0f} s if "
                    "that one is gone."
                )
                raise StoreError(wrong.format(name=self.name, silent=silent))
            self._study.set_user_attr("owner", (self._token, clock.now()))
            self._clock, self._handed = time.monotonic(), set()
            if self.spec.method == "grid":
                self._enqueue()

    def _enqueue(self) -> None:
        """Every cell of the grid, once, also if an earlier process ended in the middle of this."""
        cells = self.spec.cells()[: self.spec.most_trials]
        if len(self._study.get_trials(deepcopy=False)) < len(cells):
            for cell in cells:
                self._study.enqueue_trial(cell, skip_if_exists=True)

    def beat(self) -> None:
        """Still at work. TakenOverError when another process has taken it up."""
        with self._lock, self._told():
            if self._study.user_attrs.get("owner", ("", 0.0))[0] != self._token:
                raise TakenOverError(_("The search {name!r} goes on in another process.").format(name=self.name))
            now = time.monotonic()
            self._seconds, self._clock = self._seconds + now - self._clock, now
            self._study.set_user_attr("owner", (self._token, clock.now()))
            self._study.set_user_attr("seconds", self._seconds)

    def release(self) -> None:
        """Nobody works on it any more."""
        with self._lock, self._told():
            if self._study.user_attrs.get("owner", ("", 0.0))[0] == self._token:
                self._study.set_user_attr("owner", ("", 0.0))

    def extend(self, *, trials: int | None = None, minutes: float | None = None) -> None:
        """Another budget for what is still to come; the minutes of earlier sittings count."""
        from dataclasses import replace

        with self._lock, self._told():
            more = {name: v for name, v in (("trials", trials), ("minutes", minutes)) if v is not None}
            self.spec = replace(self.spec, **more)  # type: ignore[arg-type]
            self._study.set_user_attr("spec", self.spec.to_json())

    @property
    def seconds(self) -> float:
        """Seconds that were worked on it, all sittings together."""
        return self._seconds

    @property
    def active(self) -> bool:
        """Whether some process says that it works on it."""
        with self._told():
            owner, at = self._study.user_attrs.get("owner", ("", 0.0))
        return owner != "" and silence(self.name, at) < SILENT_SECONDS

    # Trials, for the one who works on it

    def next(self) -> Given | None:
        """Another trial, or None when the budget is used up: first those that an earlier process had under way, and those that
        were begun here and not handed out, because the database failed in the middle of it."""
        import optuna

        with self._lock, self._told():
            trials = self._study.get_trials(deepcopy=False)
            for one in trials:
                if one.state == optuna.trial.TrialState.RUNNING and one.number not in self._handed:
                    return self._given(optuna.trial.Trial(self._study, one._trial_id))
            states = [one.state for one in trials]
            waiting = states.count(optuna.trial.TrialState.WAITING)
            over = self.spec.minutes is not None and self._seconds >= 60 * self.spec.minutes
            if over or len(states) - waiting >= self.spec.most_trials:
                return None
            return self._given(self._study.ask())

    def _given(self, trial: optuna.trial.Trial) -> Given:
        values = {axis.name: suggest(trial, axis) for axis in self.spec.axes}
        self._handed.add(trial.number)
        return Given(trial.number, values, str(trial.user_attrs.get("run", "")), trial)

    def begin(self, given: Given, run_id: str) -> None:
        """Note the trial's run before it is trained, so that it can be found again."""
        with self._lock, self._told():
            given.trial.set_user_attr("run", run_id)

    def rung(self, given: Given, epochs: int, value: float) -> bool:
        """Tell the objective after so many epochs; whether the trial is to be given up."""
        with self._lock, self._told():
            if epochs not in self.passed(given):  # told before, and only the answer was lost
                given.trial.report(value, epochs)
            return given.trial.should_prune()

    def passed(self, given: Given) -> list[int]:
        """The epochs at which the trial has been measured already."""
        with self._lock, self._told():
            trials = self._study.get_trials(deepcopy=False)
            return list(next(one for one in trials if one.number == given.number).intermediate_values)

    def finish(self, given: Given, found: Judged) -> None:
        """The trial's result; one that is not finite is none."""
        if not math.isfinite(found.value):
            self.fail(
                given,
                _("Its {title} is {value}.").format(title=OBJECTIVES[self.spec.objective].title, value=found.value),
            )
            return
        with self._lock, self._told():
            given.trial.set_user_attr("judged", found[1:])
            self._study.tell(given.trial, found.value, skip_if_finished=True)

    def prune(self, given: Given) -> None:
        """The trial is given up."""
        import optuna

        with self._lock, self._told():
            self._study.tell(given.trial, state=optuna.trial.TrialState.PRUNED, skip_if_finished=True)

    def fail(self, given: Given, message: str) -> None:
        """The trial has no result, and why."""
        import optuna

        with self._lock, self._told():
            given.trial.set_user_attr("message", message[:500])
            self._study.tell(given.trial, state=optuna.trial.TrialState.FAIL, skip_if_finished=True)

    # For those who look

    def trials(self) -> list[Trial]:
        """All trials by number."""
        with self._told():
            return [_plain(one) for one in self._study.get_trials(deepcopy=False)]

    def best(self) -> Trial | None:
        """The first of :func:`ranked`."""
        return next(iter(ranked(self.trials(), self.spec.objective)), None)

    def importance(self) -> dict[str, float]:
        """What share of the differences each setting explains, see ``rbm.sweep.importance``; empty where that means nothing."""
        import optuna

        points = [(one.values, one.value) for one in self.trials() if one.value is not None]
        exact = importance.of_grid(self.spec.axes, points)
        if exact or not importance.enough(self.spec.axes, points):
            return exact
        names = [axis.name for axis in importance.moved(self.spec.axes)]
        forest = optuna.importance.FanovaImportanceEvaluator(seed=0)  # another one a look would shiver
        with self._told():
            return dict(optuna.importance.get_param_importances(self._study, evaluator=forest, params=names))


def ranked(trials: Iterable[Trial], objective: str) -> list[Trial]:
    """The finished trials, the best first; those whose value is unreliable after all others, whatever it says."""
    sign = -1.0 if OBJECTIVES[objective].more_is_better else 1.0
    done = [one for one in trials if one.state == "finished" and one.value is not None]
    return sorted(done, key=lambda one: (bool(one.mark), sign * (one.value or 0.0)))


def as_good(trials: Iterable[Trial], best: Trial) -> list[Trial]:
    """The others that ``best`` cannot be told from: |difference| < DISTINCT √(error² + error²), if the images were drawn again.

    All trials are measured on the same images, so this errs on the side of caution.
    """
    others = (one for one in trials if one.number != best.number and one.value is not None and not one.mark)
    return [
        one
        for one in others
        if None not in (one.error, best.error)
        and abs((one.value or 0.0) - (best.value or 0.0)) < DISTINCT * math.hypot(one.error or 0.0, best.error or 0.0)
    ]


def names(store: Store) -> list[str]:
    """All sweeps of the registry, the newest first."""
    import optuna

    with told():
        found = optuna.get_all_study_summaries(storage=storage(store), include_best_trial=False)
    known = [one for one in found if "spec" in one.user_attrs]
    return [one.study_name for one in sorted(known, key=lambda one: -one._study_id)]


def _plain(one: optuna.trial.FrozenTrial) -> Trial:
    states = {"WAITING": "waiting", "RUNNING": "running", "COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed"}
    state = states[one.state.name]
    seconds = one.duration.total_seconds() if one.duration is not None else None
    values = one.params or one.system_attrs.get("fixed_params", {})
    attrs = one.user_attrs
    value = one.value if state == "finished" else None
    judged = attrs.get("judged", (None, "", "")) if value is not None else (None, "", "")
    return Trial(one.number, state, values, value, attrs.get("run", ""), attrs.get("message", ""), seconds, *judged)
