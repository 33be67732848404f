"""Connections to the registry: a SQLite file in the user's data folder, or PostgreSQL by RBM_DATABASE_URL."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_data_dir
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from rbm.core.language import _
from rbm.errors import StoreError, UnusableError
from rbm.store.place import NOWHERE, FilePlace
from rbm.store.schema import check_version, migrate

BUSY_MS = 5_000  # how long one writer waits for another; what runs in the background tries again and says so meanwhile
OPENING_MS = 30_000  # while another may be bringing the tables up to date
ANSWER_SECONDS = 5  # that a database server has to take a connection
AGAIN_SECONDS = 0.01  # between two tries at what SQLite does not wait for
READS_ONLY = "reads only"  # of a connection
_log = logging.getLogger(__name__)


def default_folder() -> Path:
    """Where runs are kept: $RBM_RUNS, or else ``runs`` in the user's data folder."""
    chosen = os.environ.get("RBM_RUNS")
    return Path(chosen) if chosen else Path(user_data_dir("boltzmann-explorer", appauthor=False)) / "runs"


class Database:
    """An engine with its schema up to date. ``read`` and ``write`` are transactions that fail as StoreError."""

    def __init__(self, url: str | None, folder: Path) -> None:
        """``url`` None: $RBM_DATABASE_URL, or else the file ``runs.sqlite3`` in ``folder``."""
        self.url = _url(url or os.environ.get("RBM_DATABASE_URL"), folder)
        self._file, self._place = _file_of(self.url), NOWHERE
        self._wait_ms, self._lock = OPENING_MS, threading.Lock()
        self._engine = self._make_engine()
        self._open()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the registry."""
        self.check()
        with self._told(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, anew: bool = False) -> Iterator[Connection]:
        """All or nothing; one writer at a time on SQLite. ``anew``: a file that was removed is made again."""
        self.check(anew=anew)
        with self._writing() as connection:
            check_version(connection)
            yield connection

    def check(self, *, anew: bool = False) -> None:
        """RemovedError where the file of the registry was removed under the running program, StoreError where its disk is
        gone: SQLite itself would write on into a file that nobody finds any more, or make an empty one."""
        if self._file is None:
            return
        with self._lock:
            if self._place.holds(self._file):
                return
            if not self._file.exists() and not (anew and self._place.removed(self._file)):
                raise self._place.error(self._file)
            _log.warning("the registry of runs at %s is another one now", self._file)
            self._engine.dispose()
            self._open()

    def close(self) -> None:
        """Let go of all connections; the next use makes new ones."""
        self._engine.dispose()

    def _open(self) -> None:
        """Make the file where there is none, and bring its tables up to date."""
        self._wait_ms = OPENING_MS
        try:
            if self._file is not None:
                self._place = FilePlace.of(self._file)
            with self._writing() as connection:
                migrate(connection)
            if self._file is not None:
                self._place = FilePlace.of(self._file)
        except OSError as error:
            wrong = _("The folder for runs cannot be made ({error}): name one that can be written in RBM_RUNS.")
            raise UnusableError(wrong.format(error=error)) from error
        finally:
            self._engine.dispose()
            self._wait_ms = BUSY_MS

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._told(), self._engine.connect() as plain:
            connection = plain.execution_options(rbm_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = words_of(error)
            wrong = _(
                "The registry of runs at {render_as_string} cannot be used ({cause}): {remedy}, or name another "
                "with RBM_RUNS or RBM_DATABASE_URL."
            )
            raise UnusableError(
                wrong.format(
                    render_as_string=self.url.render_as_string(hide_password=True), cause=cause, remedy=remedy(cause)
                )
            ) from error
        except (UnicodeError, OverflowError) as error:  # of the drivers, before the database is asked
            wrong = _("The registry of runs takes no such text or number ({error}); write another.")
            raise StoreError(wrong.format(error=error)) from error

    def _make_engine(self) -> Engine:
        if self.url.get_backend_name() != "sqlite":
            engine = create_engine(self.url, pool_pre_ping=True, connect_args={"connect_timeout": ANSWER_SECONDS})
            event.listen(engine, "begin", self._hurry)
            return engine
        engine = create_engine(self.url)
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "checkout", self._check_writes)
        event.listen(engine, "begin", _begin)
        return engine

    def _may_write(self) -> bool:
        return self._file is None or os.access(self._file, os.W_OK)

    def _check_writes(self, _raw: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        """SQLite never writes by a connection that was opened while the file could only be read: then another is opened."""
        if record.info.get(READS_ONLY) and self._may_write():
            raise DisconnectionError

    def _prepare(self, raw: Any, record: ConnectionPoolEntry) -> None:
        """Write-ahead log: readers never wait for a writer, and a killed process leaves a sound file."""
        record.info[READS_ONLY] = not self._may_write()
        raw.isolation_level = None  # the driver's own BEGIN comes too late: ours is below
        raw.execute(f"PRAGMA busy_timeout={self._wait_ms}")
        self._into_wal(raw)
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
            raw.execute(f"PRAGMA {pragma}")

    def _into_wal(self, raw: Any) -> None:
        """SQLite does not wait for another who is just now making the same new file, as its busy_timeout promises elsewhere."""
        deadline = time.monotonic() + self._wait_ms / 1000
        while True:
            try:
                raw.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(AGAIN_SECONDS)

    def _hurry(self, connection: Connection) -> None:
        """A writer does not wait for ever for what another holds."""
        if connection.get_execution_options().get("rbm_writes"):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {self._wait_ms}")


def words_of(error: SQLAlchemyError) -> str:
    """The database's own words for it, in a line."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def remedy(cause: str) -> str:
    """What to do about the database's own words."""
    for words, advice in (
        ("full", _("free some space on its disk")),
        ("readonly", _("let this program write there again")),  # SQLite's word for it, and PostgreSQL's
        ("read-only", _("let this program write there again")),
        ("locked", _("close the other program that holds it")),
        ("lock timeout", _("end the other connection that holds it")),
        ("onnect", _("start the database server again")),
    ):
        if words in cause:
            return advice
    return _("check the disk or the database server")


def _url(given: str | None, folder: Path) -> URL:
    if not given:
        return URL.create("sqlite", database=str(folder / "runs.sqlite3"))
    try:
        url = make_url(given)
    except ArgumentError as error:
        raise StoreError(
            _("RBM_DATABASE_URL is not an address such as postgresql://user:password@host/database.")
        ) from error
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        wrong = _("RBM_DATABASE_URL names a {get_backend_name} database; use postgresql:// or sqlite://.")
        raise StoreError(wrong.format(get_backend_name=url.get_backend_name()))
    return url


def _file_of(url: URL) -> Path | None:
    """SQLite's file; None for a server, and for a database in memory."""
    named = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)).absolute() if named else None


def _begin(connection: Connection) -> None:
    """A writer asks for its lock at once: one that read first and then wants to write may be refused."""
    writes = connection.get_execution_options().get("rbm_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
