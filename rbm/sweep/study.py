"""What a sweep asks of Optuna: its tables beside the registry's, samplers, pruners. Imported when first used: it is slow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from rbm.core.language import _
from rbm.errors import UnusableError
from rbm.store import Store, database
from rbm.sweep.spec import Axis, SweepSpec, Value

if TYPE_CHECKING:
    import optuna

_opening = Lock()


def suggest(trial: optuna.trial.Trial, axis: Axis) -> Value:
    """The trial's value of a setting: drawn at the first call, the same at every other."""
    if axis.values:
        return trial.suggest_categorical(axis.name, axis.values)  # type: ignore[return-value]
    assert axis.low is not None
    assert axis.high is not None
    if axis.whole:
        return trial.suggest_int(axis.name, int(axis.low), int(axis.high), log=axis.log)
    return trial.suggest_float(axis.name, axis.low, axis.high, log=axis.log)


def sampler(spec: SweepSpec) -> optuna.samplers.BaseSampler:
    """What chooses the next trial's values."""
    import optuna

    if spec.method == "tpe":  # a liar: several workers ask before the others' answers are there
        return optuna.samplers.TPESampler(n_startup_trials=8, constant_liar=True)
    return optuna.samplers.RandomSampler()  # of a grid's trials every value is fixed


def pruner(spec: SweepSpec) -> optuna.pruners.BasePruner:
    """What gives trials up."""
    import optuna

    if not spec.pruning:
        return optuna.pruners.NopPruner()
    return optuna.pruners.SuccessiveHalvingPruner(min_resource=rungs(spec.base.training.epochs)[0], reduction_factor=3)


def rungs(epochs: int) -> list[int]:
    """The epochs at which successive halving looks at a run: a ninth and a third of all, as whole numbers."""
    first = max(epochs // 9, 1)
    return [one for one in (first, 3 * first) if one < epochs] or [epochs]


def storage(store: Store) -> optuna.storages.RDBStorage:
    """Optuna's tables in the registry's database, by connections that are closed after every use: nothing stays open.

    StoreError where they cannot be used; RemovedError where the registry's file was removed: Optuna would begin an empty one.
    """
    store.check()
    with _opening:  # two at once would both find no tables, and both make them
        return _opened(store.url.render_as_string(hide_password=False))


@lru_cache(maxsize=8)
def _opened(url: str) -> optuna.storages.RDBStorage:
    import optuna
    from sqlalchemy.engine import make_url
    from sqlalchemy.pool import NullPool

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kind: dict[str, Any] = {"poolclass": NullPool}
    file = make_url(url).database if url.startswith("sqlite") else None
    if file not in (None, "", ":memory:"):  # made by the registry, and never here, in the moment when it is removed
        at = f"{Path(str(file)).absolute().as_uri()}?mode=rw"
        kind["creator"] = lambda: sqlite3.connect(at, timeout=database.BUSY_MS / 1000, uri=True)
    elif not url.startswith("sqlite"):
        hurry = f"-c lock_timeout={database.BUSY_MS}"
        kind["connect_args"] = {"connect_timeout": database.ANSWER_SECONDS, "options": hurry}
    with told():
        return optuna.storages.RDBStorage(url, engine_kwargs=kind)


@contextmanager
def told() -> Iterator[None]:
    """The database's failures, as UnusableError."""
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        # Optuna's own words are of data that are too long, whatever it was.
        known = error if isinstance(error, SQLAlchemyError) else error.__cause__
        cause = database.words_of(known) if isinstance(known, SQLAlchemyError) else str(error).strip().splitlines()[0]
        wrong = _("The searches in the registry of runs cannot be used ({cause}): {remedy}.")
        raise UnusableError(wrong.format(cause=cause, remedy=database.remedy(cause))) from error
