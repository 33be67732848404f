"""Machines that pages have learnt, each a row of the registry: parameters, settings and curve of its newest state.

How many are kept, and how large they may be in all, is in ``rbm.core.limits``; the oldest go first. No torch in here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, insert, select

from rbm.core import clock
from rbm.core.language import _
from rbm.core.limits import ALL_MACHINES_BYTES, MACHINES_BYTES
from rbm.core.limits import MACHINES as MOST_MACHINES
from rbm.errors import StoreError
from rbm.store.reading import Reader
from rbm.store.schema import MACHINES

_LISTED = [column for column in MACHINES.columns if column.name != "content"]
_log = logging.getLogger(__name__)


class Machine(NamedTuple):
    """What a page must know of a machine to offer it. ``function``: the task that learnt it; ``settings``: what that was given,
    None where they cannot be read; ``data``: the digest of the own data that it learnt from; ``status`` as in
    ``rbm.jobs.job.Job``; ``updated_at`` in seconds since 1970."""

    id: str
    visitor: str
    function: str
    settings: Mapping[str, Any] | None
    status: str
    data: str
    bytes: int
    updated_at: float


class Machines(Reader):
    """The part of a Store that holds them."""

    def machines(self, function: str, most: int, visitor: str | None = None) -> list[Machine]:
        """The newest machines that this function learnt, the ``visitor``'s or everybody's, without what is in them."""
        c = MACHINES.c
        query = select(*_LISTED).where(c.function == function).order_by(c.updated_at.desc(), c.id).limit(most)
        query = query if visitor is None else query.where(c.visitor == visitor)
        with self._database.read() as db:
            return [_machine(row) for row in db.execute(query)]

    def machine(self, machine_id: str) -> bytes:
        """What is in one, for ``rbm.bundled.from_bytes``; StoreError where it is not there (any more)."""
        with self._database.read() as db:
            found = db.execute(select(MACHINES.c.content).where(MACHINES.c.id == machine_id)).scalar()
        if found is None:
            wrong = _("The machine {machine_id} is not kept any more: newer ones have taken its place.")
            raise StoreError(wrong.format(machine_id=machine_id[:6]))
        return bytes(found)

    def keep_machine(self, machine: Machine, content: bytes) -> None:
        """Keep a machine, in place of an older state of it; ``bytes`` and ``updated_at`` are set here."""
        c = MACHINES.c
        row = {
            **machine._asdict(),
            "settings": json.dumps(machine.settings),
            "bytes": len(content),
            "updated_at": clock.now(),
        }
        with self._database.write(anew=True) as db:
            db.execute(delete(MACHINES).where(c.id == machine.id))
            db.execute(insert(MACHINES).values(content=content, **row))
            # The one that has just been kept stands first, also where the clock was set back.
            newest = select(c.id, c.function, c.bytes).order_by((c.id == machine.id).desc(), c.updated_at.desc())
            over = _over(db.execute(newest.where(c.visitor == machine.visitor)), MACHINES_BYTES, MOST_MACHINES)
            db.execute(delete(MACHINES).where(c.id.in_(over)))
            if int(db.execute(select(func.coalesce(func.sum(c.bytes), 0))).scalar_one()) > ALL_MACHINES_BYTES:
                db.execute(delete(MACHINES).where(c.id.in_(_over(db.execute(newest), ALL_MACHINES_BYTES))))


def _over(rows: Iterable[Row[Any]], most_bytes: int, most: int | None = None) -> list[str]:
    """The ids of those beyond the limits, ``most`` of a function, the newest first; never the newest of all."""
    found: list[str] = []
    counts: dict[str, int] = {}
    total = 0
    for number, row in enumerate(rows):
        counts[row.function] = counts.get(row.function, 0) + 1
        total += row.bytes
        if number and (total > most_bytes or (most is not None and counts[row.function] > most)):
            found.append(row.id)
    return found


def _machine(row: Row[Any]) -> Machine:
    try:
        settings = dict(json.loads(row.settings))
    except (ValueError, TypeError) as error:
        _log.warning("the settings of machine %s cannot be read: %s", row.id, error)
        settings = None
    return Machine(**{**row._asdict(), "settings": settings})
