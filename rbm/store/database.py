"""Connections to the registry: a SQLite file in the user's data folder, or PostgreSQL by RBM_DATABASE_URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_data_dir
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from rbm.errors import StoreError
from rbm.store.schema import migrate

BUSY_MS = 30_000  # how long one writer waits for another


def default_folder() -> Path:
    """Where runs are kept: $RBM_RUNS, or else ``runs`` in the user's data folder."""
    chosen = os.environ.get("RBM_RUNS")
    return Path(chosen) if chosen else Path(user_data_dir("boltzmann-explorer", appauthor=False)) / "runs"


class Database:
    """An engine with its schema up to date. ``read`` and ``write`` are transactions that fail as StoreError."""

    def __init__(self, url: str | None, folder: Path) -> None:
        """``url`` None: $RBM_DATABASE_URL, or else the file ``runs.sqlite3`` in ``folder``."""
        self.url = _url(url or os.environ.get("RBM_DATABASE_URL"), folder)
        self._engine = _engine(self.url)
        try:
            with self.write() as connection:
                migrate(connection)
        except StoreError:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the registry."""
        with self._told(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """All or nothing; one writer at a time on SQLite."""
        with self._told(), self._engine.connect() as plain:
            connection = plain.execution_options(rbm_writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Let go of all connections; the next use makes new ones."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise StoreError(
                f"The registry of runs at {self.url.render_as_string(hide_password=True)} cannot be used ({cause}): check "
                "the disk or the database server, or name another with RBM_RUNS or RBM_DATABASE_URL."
            ) from error
        except (UnicodeError, OverflowError) as error:  # of the drivers, before the database is asked
            raise StoreError(f"The registry of runs takes no such text or number ({error}); write another.") from error


def _url(given: str | None, folder: Path) -> URL:
    if not given:
        return URL.create("sqlite", database=str(folder / "runs.sqlite3"))
    try:
        url = make_url(given)
    except ArgumentError as error:
        raise StoreError(
            "RBM_DATABASE_URL is not an address such as postgresql://user:password@host/database."
        ) from error
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"RBM_DATABASE_URL names a {url.get_backend_name()} database; use postgresql:// or sqlite://.")
    return url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    try:
        Path(url.database or ".").absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder for runs cannot be made ({error}): name one that can be written in RBM_RUNS."
        ) from error
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(raw: Any, _: Any) -> None:
    """Write-ahead log: readers never wait for a writer, and a killed process leaves a sound file."""
    raw.isolation_level = None  # the driver's own BEGIN comes too late: ours is below
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """A writer asks for its lock at once: one that read first and then wants to write may be refused."""
    writes = connection.get_execution_options().get("rbm_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
