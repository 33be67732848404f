"""The registry itself: begin a run, write on, take it up again, find it, throw it away and fetch it back."""

from __future__ import annotations

import json
import logging
import math
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, text, update

from rbm.core import clock
from rbm.core.files import remove, remove_folder, write_atomically
from rbm.core.language import _
from rbm.core.limits import NOTE_LETTERS, TAG_LETTERS
from rbm.core.text import plain
from rbm.errors import HeldError, StoreError, TakenOverError, UnwrittenError
from rbm.experiment import RunSpec
from rbm.store.database import default_folder
from rbm.store.machines import Machines
from rbm.store.owners import NOBODY, Visitor, clean_name
from rbm.store.place import away, disk_of
from rbm.store.reading import Chosen, chosen_by, free_name, newest_checkpoint, unknown
from rbm.store.records import MOVING, OVER, SILENT_SECONDS, Progress, silence
from rbm.store.schema import CHECKPOINTS, EVALUATIONS, METRICS, RUNS, SETTINGS, TAGS, VISITORS, newest_of
from rbm.training import changes
from rbm.training.events import TrainEvent

_log = logging.getLogger(__name__)
PURGE_SECONDS = 30 * 24 * 3600.0  # how long a deleted run can be fetched back, and settings wait for their visitor


@lru_cache(maxsize=8)
def _opened(url: str | None, folder: Path) -> Store:
    return Store(url, folder)


def open_store() -> Store:
    """This process's registry: where RBM_DATABASE_URL and RBM_RUNS say. StoreError when it cannot be opened."""
    return _opened(os.environ.get("RBM_DATABASE_URL"), default_folder())


class Store(Machines):
    """A registry of runs. Every method is one transaction and may be called from any thread.

    Who trains a run owns it: ``create`` and ``claim`` give ownership to a token, and ``write`` refuses all others, so
    two servers (or tabs) never write one run at once. Deleted runs are kept for PURGE_SECONDS. StoreError from every
    method when the database or the disk fails, or holds no such run.
    """

    def create(
        self,
        spec: RunSpec,
        owner: str,
        progress: Progress,
        *,
        run_id: str | None = None,
        versions: Mapping[str, str] | None = None,
        tags: Iterable[str] = (),
        note: str = "",
        name: str = "",
        visitor: Visitor = NOBODY,
        data: str = "",
    ) -> str:
        """A new run of ``visitor``'s, written by ``owner``; ``data``: the digest of own data. Returns its id."""
        run_id, now = run_id or new_id(), clock.now()
        row = {
            "id": run_id,
            "spec": spec.to_json(),
            "seed": spec.seed,
            "versions": json.dumps(dict(versions or {})),
            "metrics": "{}",
            "note": plain(note)[:NOTE_LETTERS],
            "owner": owner,
            "created_at": now,
            "updated_at": now,
            "visitor": visitor.id,
            "data": data,
            "name": clean_name(name),
            **_columns(progress),
        }
        with self._database.write(anew=True) as db:
            _sign(db, visitor)
            db.execute(insert(RUNS).values({**row, "created_at": _newest_of_all(db, now)}))
            _set_tags(db, run_id, tags)
        return run_id

    def sign(self, visitor: Visitor, *, rename: bool = False) -> None:
        """Make the visitor known by name; ``rename``: also in place of an older name."""
        with self._database.write() as db:
            _sign(db, visitor)
            if rename:
                db.execute(update(VISITORS).where(VISITORS.c.id == visitor.id).values(name=clean_name(visitor.name)))

    def copy(self, run_id: str, visitor: Visitor) -> str:
        """A run as it was at its newest checkpoint becomes another, ``visitor``'s; returns its id.

        StoreError where it has no checkpoint yet.
        """
        new, now = new_id(), clock.now()
        machine, step, epoch, damaged, said = self.newest_whole(run_id)
        with self._database.read() as db:
            row = db.execute(select(RUNS).where(RUNS.c.id == run_id)).one()._asdict()
            events = METRICS.c.run_id == run_id, METRICS.c.step <= step
            history = [r._asdict() for r in db.execute(select(METRICS).where(*events).order_by(METRICS.c.step))]
            tags = db.execute(select(TAGS.c.tag).where(TAGS.c.run_id == run_id)).scalars().all()
        saved = self._save_file(new, new, step, epoch, machine, False)
        over = row["status"] in OVER and not damaged
        numbers = newest_of(json.loads(event["numbers"]) for event in history)
        row |= {
            "id": new,
            "owner": new,
            "visitor": visitor.id,
            "created_at": now,
            "updated_at": now,
            "deleted_at": None,
        }
        note = " ".join(filter(None, (f"Continues run {run_id}.", said, row["note"])))
        row |= {"note": note[:NOTE_LETTERS], "metrics": json.dumps(numbers)}
        if not over:
            row |= {"status": "paused", "message": "", "step": step, "epoch": epoch}
            row["seconds"] = history[-1]["seconds"] if history else 0.0
        with self._database.write() as db:
            _sign(db, visitor)
            db.execute(insert(RUNS).values({**row, "created_at": _newest_of_all(db, now)}))
            _set_tags(db, new, tags)
            if history:
                db.execute(insert(METRICS), [{**event, "run_id": new} for event in history])
            _insert_checkpoint(db, saved)
        return new

    def claim(self, run_id: str, owner: str, *, silent: float = SILENT_SECONDS) -> str:
        """Make ``owner`` the one who writes, with the run back at its newest checkpoint: later numbers are forgotten.

        Returns what is to be said of a damaged one, whose file is left where it is. HeldError while another owner trains
        the run, that is, has written within the last ``silent`` seconds, and StoreError where no checkpoint of several is whole.
        """
        whole = self.newest_whole(run_id) if self.checkpoints(run_id) else None
        damaged = whole.damaged if whole is not None else ()
        with self._database.write() as db:
            row = db.execute(select(RUNS).where(RUNS.c.id == run_id).with_for_update()).one_or_none()
            if row is None:
                raise unknown(run_id)
            age = silence(run_id, row.updated_at)
            if row.status in MOVING and row.owner != owner and age < silent:
                wrong = _(
                    "Another tab or server trained run {run_id} {age:.0f} s ago: pause it there, or wait {silent:.0f} s if "
                    "that one is gone."
                )
                raise HeldError(wrong.format(run_id=run_id, age=age, silent=silent))
            c = CHECKPOINTS.c
            db.execute(delete(CHECKPOINTS).where(c.run_id == run_id, c.file.in_(damaged)))
            newest = db.execute(newest_checkpoint(run_id)).first()
            step, epoch = (newest.step, newest.epoch) if newest else (0, 0.0)
            gone = METRICS.c.step > step if newest else METRICS.c.step >= 0
            if db.execute(delete(METRICS).where(METRICS.c.run_id == run_id, gone)).rowcount:
                left = select(METRICS.c.numbers).where(METRICS.c.run_id == run_id).order_by(METRICS.c.step)
                numbers = newest_of(json.loads(text) for text in db.execute(left).scalars())
                db.execute(update(RUNS).where(RUNS.c.id == run_id).values(metrics=json.dumps(numbers)))
            back = {"step": step, "epoch": epoch} if row.status not in OVER or damaged else {}
            status = {"status": "paused"} if back else {}
            db.execute(
                update(RUNS).where(RUNS.c.id == run_id).values(owner=owner, updated_at=clock.now(), **back, **status)
            )
        return whole.said if whole is not None else ""

    def write(
        self,
        run_id: str,
        owner: str,
        progress: Progress,
        events: Sequence[TrainEvent] = (),
        newest: tuple[int, float, bytes] | None = None,
        kept: Iterable[tuple[int, float, bytes]] = (),
    ) -> None:
        """Where the run stands, its new events, its newest checkpoint and those to keep, each (step, epoch, bytes).

        Files first, then the rows that name them: a kill between the two leaves a file too many, never one too few.
        TakenOverError when another owner has taken the run up, or it was deleted, for good or not yet; UnwrittenError where all
        was written but the checkpoints.
        """
        self._database.check()
        self._remove_left(run_id)
        saved = [(*one, True) for one in kept]
        if newest is not None:
            saved.append((*newest, False))
        rows, problem = self._save_files(run_id, owner, saved)
        values = _columns(progress) | {"updated_at": clock.now()}
        try:
            with self._database.write() as db:
                if events:
                    values["metrics"] = _newest_numbers(db, run_id, events)
                mine = (RUNS.c.id == run_id, RUNS.c.owner == owner, RUNS.c.deleted_at.is_(None))
                if db.execute(update(RUNS).where(*mine).values(values)).rowcount == 0:
                    where = _where(db.execute(select(RUNS.c.deleted_at).where(RUNS.c.id == run_id)).first())
                    wrong = _("Run {run_id} {where}: what is trained here is not kept.")
                    raise TakenOverError(wrong.format(run_id=run_id, where=where))
                _insert_events(db, run_id, events)
                stale = [file for row in rows for file in _insert_checkpoint(db, row)]
        except StoreError:
            self._left.setdefault(run_id, set()).update(row["file"] for row in rows)
            raise
        self._remove(stale)
        if problem is not None:
            raise problem

    def _save_files(
        self, run_id: str, owner: str, saved: Sequence[tuple[int, float, bytes, bool]]
    ) -> tuple[list[dict[str, Any]], StoreError | None]:
        """The rows of those that could be written, and why the others could not."""
        rows = []
        for step, epoch, data, kept in saved:
            try:
                rows.append(self._save_file(run_id, owner, step, epoch, data, kept))
            except UnwrittenError as error:
                return rows, error
        return rows, None

    def _save_file(self, run_id: str, owner: str, step: int, epoch: float, data: bytes, kept: bool) -> dict[str, Any]:
        file = f"{run_id}/{step:09d}-{owner[:8]}{'' if kept else '-newest'}.safetensors"
        if disk_of(self.folder) != self._disk:
            raise UnwrittenError(str(away(self.folder)))
        try:
            write_atomically(self.folder / "checkpoints" / file, data)
        except OSError as error:
            wrong = _(
                "The checkpoint {file} cannot be written into {folder} ({strerror}): free some space on that disk, "
                "and let this program write there."
            )
            raise UnwrittenError(
                wrong.format(file=file, folder=self.folder, strerror=error.strerror or error)
            ) from error
        return {"run_id": run_id, "step": step, "epoch": epoch, "kept": int(kept), "file": file, "bytes": len(data)}

    def _remove_left(self, run_id: str) -> None:
        """The files of checkpoints whose rows could not be written, before more such files are."""
        if run_id in self._left:
            named = {one.file for one in self.checkpoints(run_id)}
            self._remove(self._left.pop(run_id) - named)

    def _remove(self, files: Iterable[str]) -> None:
        """Delete files that no row names any more; one that cannot be is left to ``purge``."""
        for file in files:
            try:
                remove(self.folder / "checkpoints" / file)
            except OSError as error:
                _log.warning("the checkpoint %s is left over (%s)", file, error)

    def set_tags(self, run_id: str, tags: Iterable[str]) -> None:
        """These tags and no others."""
        with self._database.write() as db:
            _set_tags(db, run_id, tags)

    def set_note(self, run_id: str, note: str) -> None:
        """A person's words about the run."""
        self._update([run_id], note=plain(note)[:NOTE_LETTERS])

    def set_name(self, run_id: str, name: str) -> None:
        """What a person calls the run, on one line; "" takes the name away."""
        self._update([run_id], name=clean_name(name))

    def delete(self, run_ids: Sequence[str]) -> None:
        """Out of sight; ``restore`` fetches them back."""
        self._update(run_ids, deleted_at=clock.now())

    def restore(self, run_ids: Sequence[str]) -> None:
        """Undo ``delete``."""
        self._update(run_ids, deleted_at=None)

    def _update(self, run_ids: Sequence[str], **values: Any) -> None:
        with self._database.write() as db:
            if db.execute(update(RUNS).where(RUNS.c.id.in_(run_ids)).values(**values)).rowcount == 0:
                raise unknown(", ".join(run_ids))

    def purge(self, older_than: float = PURGE_SECONDS) -> int:
        """Remove for good what was deleted more than ``older_than`` seconds ago, and the settings of who came last before that;
        returns how many runs."""
        with self._database.write() as db:
            db.execute(delete(SETTINGS).where(SETTINGS.c.updated_at < clock.now() - older_than))
            old = RUNS.c.deleted_at < clock.now() - older_than
            ids = list(db.execute(select(RUNS.c.id).where(old)).scalars())
            for table in (TAGS, METRICS, CHECKPOINTS, EVALUATIONS):
                db.execute(delete(table).where(table.c.run_id.in_(ids)))
            db.execute(delete(RUNS).where(RUNS.c.id.in_(ids)))
        for run_id in ids:  # with what a killed server, or a damaged checkpoint, has left there
            remove_folder(self.folder / "checkpoints" / run_id)
        return len(ids)

    def keep_settings(self, changed: Mapping[str, Chosen]) -> None:
        """What visitors have set, by id: of each the panels that changed, in place of what was kept of these."""
        with self._database.write() as db:
            for visitor_id, panels in changed.items():
                row = {"chosen": json.dumps({**chosen_by(db, visitor_id), **panels}), "updated_at": clock.now()}
                db.execute(delete(SETTINGS).where(SETTINGS.c.visitor == visitor_id))
                db.execute(insert(SETTINGS).values(visitor=visitor_id, **row))

    def add_evaluation(self, run_id: str, step: int, name: str, result: Mapping[str, Any]) -> None:
        """Keep what was computed about the run at ``step``, in place of an older result of that name and step."""
        row = {"run_id": run_id, "step": step, "name": name, "result": json.dumps(dict(result))}
        with self._database.write() as db:
            if db.execute(select(RUNS.c.id).where(RUNS.c.id == run_id)).first() is None:
                raise unknown(run_id)
            c = EVALUATIONS.c
            db.execute(delete(EVALUATIONS).where(c.run_id == run_id, c.step == step, c.name == name))
            db.execute(insert(EVALUATIONS).values(created_at=clock.now(), **row))


def new_id() -> str:
    """An id that no other server draws: 12 hexadecimal digits."""
    return secrets.token_hex(6)


def _newest_of_all(db: Connection, now: float) -> float:
    """When a run begins that must stand before all others, though some were begun by a clock that has been set back since."""
    newest = db.execute(select(func.max(RUNS.c.created_at))).scalar() or 0.0
    return now if newest < now else math.nextafter(newest, math.inf)


def _sign(db: Connection, visitor: Visitor) -> None:
    if visitor.id:
        row = {"id": visitor.id, "name": clean_name(visitor.name) or free_name(db), "since": clock.now()}
        db.execute(text("INSERT INTO visitors VALUES (:id, :name, :since) ON CONFLICT (id) DO NOTHING"), row)


def _columns(progress: Progress) -> dict[str, Any]:
    knobs = json.dumps(dict(progress.knobs))
    said = {"message": plain(progress.message), "device": plain(progress.device)}
    return {**progress._asdict(), **said, "knobs": knobs, "changes": changes.to_json(progress.changes)}


def _set_tags(db: Connection, run_id: str, tags: Iterable[str]) -> None:
    db.execute(delete(TAGS).where(TAGS.c.run_id == run_id))
    clean = dict.fromkeys(" ".join(plain(tag).split())[:TAG_LETTERS] for tag in tags)
    rows = [{"run_id": run_id, "tag": tag} for tag in clean if tag]
    if rows:
        db.execute(insert(TAGS), rows)


def _newest_numbers(db: Connection, run_id: str, events: Sequence[TrainEvent]) -> str:
    """The newest value of each number, as JSON: some, as the likelihood, are measured in few events only."""
    before = db.execute(select(RUNS.c.metrics).where(RUNS.c.id == run_id)).scalar()
    return json.dumps(newest_of([json.loads(before or "{}"), *(e.metrics for e in sorted(events, key=_by_step))]))


def _by_step(event: TrainEvent) -> int:
    return event.step


def _insert_events(db: Connection, run_id: str, events: Sequence[TrainEvent]) -> None:
    """Events that are there already are replaced: after a revival the same steps come again."""
    by_step = {e.step: e for e in events}
    if not by_step:
        return
    db.execute(delete(METRICS).where(METRICS.c.run_id == run_id, METRICS.c.step.in_(by_step)))
    names = ("step", "epoch", "seconds", "numbers")
    rows = [(e.step, e.epoch, e.seconds, json.dumps(dict(e.metrics))) for e in by_step.values()]
    db.execute(insert(METRICS), [{"run_id": run_id, **dict(zip(names, row, strict=True))} for row in rows])


def _insert_checkpoint(db: Connection, row: dict[str, Any]) -> list[str]:
    """Returns the files that it makes superfluous: an older newest, or one of the same step."""
    c = CHECKPOINTS.c
    mine, here = c.run_id == row["run_id"], c.step == row["step"]
    needless = not row["kept"] and db.execute(select(c.step).where(mine, here, c.kept == 1)).first() is not None
    superseded = mine & (here if row["kept"] else (c.kept == 0))
    old = list(db.execute(select(c.file).where(superseded)).scalars())
    db.execute(delete(CHECKPOINTS).where(superseded))
    if needless:  # the one that is kept is the newest too
        return [*old, row["file"]]
    db.execute(insert(CHECKPOINTS).values(row))
    return [file for file in old if file != row["file"]]


def _where(row: Row[Any] | None) -> str:
    """Why nobody here may write a run any more, of which the registry knows when it was deleted, or nothing."""
    if row is None:
        return _("is not in the registry any more")
    return _("goes on in another tab or server") if row.deleted_at is None else _("was deleted")
