"""What can be asked of the registry; whatever changes it is in ``registry``."""

from __future__ import annotations

import json
import logging
from collections.abc import Container, Iterable
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, func, select

from rbm.core import seal
from rbm.core.language import _
from rbm.core.text import plain
from rbm.errors import ConfigError, StoreError, UnknownRunError
from rbm.store.database import Database, default_folder
from rbm.store.owners import given_name
from rbm.store.place import disk_of
from rbm.store.records import Evaluation, Run, Saved, Whole, run_of
from rbm.store.schema import CHECKPOINTS, EVALUATIONS, METRICS, RUNS, SETTINGS, TAGS, VISITORS
from rbm.training.events import TrainEvent
from rbm.training.history import History, checked, finite_or_missing

Chosen = dict[str, dict[str, Any]]  # what a visitor has set, by panel and field
_log = logging.getLogger(__name__)


class Reader:
    """The half of a Store that only reads."""

    def __init__(self, url: str | None = None, folder: str | Path | None = None) -> None:
        """``url`` None: $RBM_DATABASE_URL or SQLite in ``folder``; ``folder`` None: $RBM_RUNS or the user's data folder."""
        self.folder = Path(folder) if folder is not None else default_folder()
        self._database = Database(url, self.folder)
        self._disk = disk_of(self.folder)
        self._left: dict[str, set[str]] = {}  # by run, files of checkpoints whose rows could not be written

    @property
    def url(self) -> URL:
        """The database's address, for what others keep beside the runs."""
        return self._database.url

    def check(self) -> None:
        """RemovedError where the registry was removed, UnusableError where its disk is gone: for what others keep beside it."""
        self._database.check()

    def close(self) -> None:
        """Let go of the database's connections."""
        self._database.close()

    def runs(self, *, deleted: bool = False, tag: str | None = None, since: float = 0.0) -> list[Run]:
        """All runs, the newest first; ``deleted``: those thrown away instead; ``tag``: only those that carry it; ``since``:
        only those that were written since then."""
        query = select(RUNS).order_by(RUNS.c.created_at.desc(), RUNS.c.id)
        query = query.where(RUNS.c.deleted_at.is_not(None) if deleted else RUNS.c.deleted_at.is_(None))
        if since:
            query = query.where(RUNS.c.updated_at >= since)
        if tag is not None:
            query = query.where(RUNS.c.id.in_(select(TAGS.c.run_id).where(TAGS.c.tag == tag)))
        with self._database.read() as db:
            rows = db.execute(query).all()
            tags: dict[str, list[str]] = {}
            for run_id, name in db.execute(select(TAGS.c.run_id, TAGS.c.tag).order_by(TAGS.c.tag)):
                tags.setdefault(run_id, []).append(name)
        found = []
        for row in rows:
            try:
                found.append(run_of(row, tags.get(row.id, ())))
            except ConfigError as error:  # written by another version of the program: not this one's to show
                _log.warning("run %s is left out: %s", row.id, error)
        return found

    def run(self, run_id: str) -> Run:
        """One run, deleted or not."""
        with self._database.read() as db:
            row = db.execute(select(RUNS).where(RUNS.c.id == run_id)).one_or_none()
            tags = db.execute(select(TAGS.c.tag).where(TAGS.c.run_id == run_id).order_by(TAGS.c.tag)).scalars().all()
        if row is None:
            raise unknown(run_id)
        return run_of(row, tags)

    def history(self, run_id: str) -> History:
        """The run's events by step; a number that is not finite is NaN. StoreError where no run could have made them."""
        with self._database.read() as db:
            rows = db.execute(select(METRICS).where(METRICS.c.run_id == run_id).order_by(METRICS.c.step)).all()
        try:
            return checked(
                TrainEvent(r.step, r.epoch, finite_or_missing(json.loads(r.numbers)), r.seconds) for r in rows
            )
        except (ValueError, TypeError, AttributeError) as error:
            wrong = _("The numbers of run {run_id} are damaged in the registry ({error}); delete the run.")
            raise StoreError(wrong.format(run_id=run_id, error=error)) from error

    def checkpoints(self, run_id: str) -> list[Saved]:
        """What can be loaded of a run, by step."""
        query = select(CHECKPOINTS).where(CHECKPOINTS.c.run_id == run_id).order_by(CHECKPOINTS.c.step)
        with self._database.read() as db:
            return [Saved(r.step, r.epoch, bool(r.kept), r.file, r.bytes) for r in db.execute(query)]

    def checkpoint_path(self, run_id: str, step: int | None = None) -> Path:
        """The file of the checkpoint at ``step``, or of the newest."""
        query = newest_checkpoint(run_id)
        query = query if step is None else query.where(CHECKPOINTS.c.step == step)
        with self._database.read() as db:
            row = db.execute(query).first()
        if row is None:
            self.run(run_id)  # says so if it is the run that is unknown
            wrong = _("Run {run_id} has no checkpoint{step} yet.")
            raise StoreError(wrong.format(run_id=run_id, step="" if step is None else f" at step {step}"))
        return self.folder / "checkpoints" / row.file

    def checkpoint(self, run_id: str, step: int | None = None) -> bytes:
        """The content of the checkpoint at ``step``, or of the newest that is whole, for ``rbm.checkpoint.from_bytes``."""
        return self.newest_whole(run_id).data if step is None else self._at(run_id, step)

    def newest_whole(self, run_id: str) -> Whole:
        """The newest checkpoint that is as it was written. StoreError where there is none."""
        looked: list[Saved] | None = None
        saved = self.checkpoints(run_id)
        if not saved:
            self.checkpoint_path(run_id)  # says what is missing
        while True:
            reasons: dict[str, str] = {}
            for one in reversed(saved):
                data, reason = self._read(one)
                if not reason:
                    break
                reasons[one.file] = reason
            if not reasons or looked == saved:
                break
            looked, saved = (
                saved,
                self.checkpoints(run_id),
            )  # it may have been replaced between the look and the reading
        first = next(iter(reasons.values()), "")
        if len(reasons) == len(saved):
            wrong = _(
                "The checkpoint {file} of run {run_id} cannot be read ({first}), and no other is kept: bring it "
                "back, or start a new run; servers that share a database must share the folder that RBM_RUNS names."
            )
            raise StoreError(wrong.format(file=saved[-1].file, run_id=run_id, first=first))
        said = _(
            "The newest checkpoint of run {run_id} is damaged ({first}); going on from epoch {epoch:.1f}, kept before it."
        ).format(run_id=run_id, first=first, epoch=one.epoch)
        return Whole(data, one.step, one.epoch, tuple(reasons), said if reasons else "")

    def _at(self, run_id: str, step: int) -> bytes:
        path = self.checkpoint_path(run_id, step)
        size = next((one.bytes for one in self.checkpoints(run_id) if one.step == step), None)
        data, reason = _content(path, size)
        if reason:
            wrong = _("The checkpoint {path} of run {run_id} cannot be read ({reason}); choose another step.")
            raise StoreError(wrong.format(path=path, run_id=run_id, reason=reason))
        return data

    def _read(self, saved: Saved) -> tuple[bytes, str]:
        return _content(self.folder / "checkpoints" / saved.file, saved.bytes)

    def kept_bytes(self, run_ids: Iterable[str] | None = None, visitor: str | None = None) -> int:
        """The size of all checkpoints of these runs that are not deleted; None: of all runs, or of all the ``visitor``'s."""
        c = CHECKPOINTS.c
        runs = select(RUNS.c.id).where(RUNS.c.deleted_at.is_(None))
        there = c.run_id.in_(runs if visitor is None else runs.where(RUNS.c.visitor == visitor))
        mine = there if run_ids is None else there & c.run_id.in_(tuple(run_ids))
        with self._database.read() as db:
            return int(db.execute(select(func.coalesce(func.sum(c.bytes), 0)).where(mine)).scalar_one())

    def newest_steps(self) -> dict[str, int]:
        """The step of every run's newest checkpoint, by run."""
        query = select(CHECKPOINTS.c.run_id, func.max(CHECKPOINTS.c.step)).group_by(CHECKPOINTS.c.run_id)
        with self._database.read() as db:
            return {row[0]: row[1] for row in db.execute(query)}

    def names(self) -> dict[str, str]:
        """The name of every visitor who has made something here, by id."""
        with self._database.read() as db:
            return {row.id: plain(row.name) for row in db.execute(select(VISITORS))}

    def name_for(self, visitor_id: str, promised: Container[str] = ()) -> str:
        """The visitor's name, or for a new one the next that is free, "Visitor 7", and not ``promised`` to somebody else."""
        with self._database.read() as db:
            known = db.execute(select(VISITORS.c.name).where(VISITORS.c.id == visitor_id)).scalar()
            return plain(known) if known else free_name(db, promised)

    def settings(self, visitor_id: str) -> Chosen:
        """What the visitor's widgets were last set to, by panel; {} where nothing is kept."""
        with self._database.read() as db:
            return chosen_by(db, visitor_id)

    def evaluations(self, run_id: str) -> list[Evaluation]:
        """All that was computed about a run, by step and name."""
        c = EVALUATIONS.c
        query = select(EVALUATIONS).where(c.run_id == run_id).order_by(c.step, c.name)
        with self._database.read() as db:
            return [Evaluation(r.step, r.name, json.loads(r.result), r.created_at) for r in db.execute(query)]

    def newest_evaluations(self, name: str) -> dict[str, Evaluation]:
        """The evaluation of that name at the latest step of every run that has one, by run."""
        c = EVALUATIONS.c
        with self._database.read() as db:
            rows = db.execute(select(EVALUATIONS).where(c.name == name).order_by(c.step)).all()
        return {r.run_id: Evaluation(r.step, r.name, json.loads(r.result), r.created_at) for r in rows}


def _content(path: Path, size: int | None) -> tuple[bytes, str]:
    """What a file holds, and why that is not what was written, "" where it is."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return b"", error.strerror or str(error)
    return data, seal.damage(data, size)


def newest_checkpoint(run_id: str) -> Any:
    """The query for a run's last checkpoint."""
    return select(CHECKPOINTS).where(CHECKPOINTS.c.run_id == run_id).order_by(CHECKPOINTS.c.step.desc()).limit(1)


def free_name(db: Connection, promised: Container[str] = ()) -> str:
    """A name that no visitor has, and that is not promised."""
    taken = set(db.execute(select(VISITORS.c.name)).scalars())
    names = map(given_name, count(len(taken) + 1))
    return next(name for name in names if name not in taken and name not in promised)


def chosen_by(db: Connection, visitor_id: str) -> Chosen:
    """The row of ``settings``, read."""
    kept = db.execute(select(SETTINGS.c.chosen).where(SETTINGS.c.visitor == visitor_id)).scalar()
    return dict(json.loads(kept)) if kept else {}


def unknown(run_id: str) -> UnknownRunError:
    """The error for an id that is not there."""
    return UnknownRunError(
        _("There is no run {run_id} in the registry; the page of runs lists those that are.").format(run_id=run_id)
    )
