"""Databases for tests: SQLite in a folder, a real PostgreSQL where one can be reached, and another that may be stopped."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool, QueuePool

from rbm.jobs import recording
from rbm.store import Store
from tests.helpers.waiting import wait

KINDS = ("sqlite", "postgresql")
HOW = (
    "no PostgreSQL to test with: start one (Debian: apt-get install postgresql && service postgresql start && su postgres "
    '-c "psql -c \\"CREATE ROLE rbm LOGIN CREATEDB PASSWORD \'rbm\'\\"") and name it: '
    "RBM_TEST_POSTGRES=postgresql://rbm:rbm@localhost/postgres"
)
# For tests outside tests/store, which are on SQLite alone if they do not say this.
on_both = pytest.mark.parametrize("url", KINDS, indirect=True)
# For what takes seconds of training or of waiting, and asks nothing of the database that other tests do not ask of both.
on_both_at_releases = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database, which is gone afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'runs.sqlite3'}"
        return
    given = os.environ.get("RBM_TEST_POSTGRES")
    if not given:
        _do_without(HOW)
    admin = make_url(given).set(drivername="postgresql+psycopg")
    name = f"rbm_test_{uuid.uuid4().hex[:12]}"
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(given).set(database=name).render_as_string(hide_password=False)
    wait(lambda: _dropped(engine, name), what="the server to let go of the database")
    engine.dispose()


def _dropped(engine: Engine, name: str) -> bool:
    """Whether it is gone; not while the server itself looks through it (autovacuum), whose process only it may end."""
    try:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    except ProgrammingError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            return False
        raise
    return True


class PostgresServer:
    """A server in a folder of its own, which a test may stop: no other test's connections are cut."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self._user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        if self._user is not None:
            shutil.chown(folder, self._user, self._user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._call("initdb", "--no-sync", "--auth=trust", "--username=rbm", "--encoding=UTF8", "--locale=C")
        self.url = f"postgresql://rbm@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """It takes connections when this returns."""
        of = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder} -c fsync=off"
        self._call("pg_ctl", "start", "--wait", "-o", of, "-l", str(self._folder / "log"))

    def stop(self) -> None:
        """As if it were killed: no connection is waited for, and nothing is put in order."""
        self._call("pg_ctl", "stop", "--wait", "--mode=immediate")

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "--pgdata", str(self._folder / "data"), *arguments]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": self._folder}
        subprocess.run(command, check=True, user=self._user, group=self._user, extra_groups=[], **quiet)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """One that runs, where PostgreSQL's programs are on this machine."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), *(Path(p).parent for p in [shutil.which("pg_ctl")] if p)]
    programs = next((place for place in found if (place / "initdb").exists()), None)
    if programs is None or not os.environ.get("RBM_TEST_POSTGRES"):
        _do_without(HOW)
    folder = Path(tempfile.mkdtemp(prefix="rbm-postgres-"))  # pytest's own folders let nobody else in
    server = PostgresServer(programs, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _do_without(how: str) -> NoReturn:
    if os.environ.get("RBM_REQUIRE_POSTGRES"):
        pytest.fail(how)
    pytest.skip(how)


def let_go(store: Store) -> None:
    """Close a registry for good: who still writes into it, as a run that was just now let go of, leaves no connection behind.

    One that is in use while its pool ends, or is made after that, is closed by nobody, and warns in whatever test runs when it is
    collected.
    """
    recording.flush()
    engine = store._database._engine
    pool = engine.pool
    if isinstance(pool, QueuePool):
        engine.pool = NullPool(pool._creator, _dispatch=pool.dispatch, dialect=pool._dialect)
        wait(lambda: pool.checkedout() == 0, what="whoever uses the registry to be done with it")
        pool.dispose()
