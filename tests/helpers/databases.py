"""Databases for tests: SQLite in a folder, and a real PostgreSQL where one can be reached."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from rbm.jobs import recording
from rbm.store import Store

KINDS = ("sqlite", "postgresql")
HOW = (
    "no PostgreSQL to test with: start one (Debian: apt-get install postgresql && service postgresql start && su postgres "
    '-c "psql -c \\"CREATE ROLE rbm LOGIN CREATEDB PASSWORD \'rbm\'\\"") and name it: '
    "RBM_TEST_POSTGRES=postgresql://rbm:rbm@localhost/postgres"
)
# For tests outside tests/store, which are on SQLite alone if they do not say this.
on_both = pytest.mark.parametrize("url", KINDS, indirect=True)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database, which is gone afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'runs.sqlite3'}"
        return
    given = os.environ.get("RBM_TEST_POSTGRES")
    if not given:
        if os.environ.get("RBM_REQUIRE_POSTGRES"):
            pytest.fail(HOW)
        pytest.skip(HOW)
    admin = make_url(given).set(drivername="postgresql+psycopg")
    name = f"rbm_test_{uuid.uuid4().hex[:12]}"
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(given).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def let_go(store: Store) -> None:
    """Close a registry when nobody writes into it any more: a run's last numbers may still be on their way.

    A connection that is in use while its pool ends is closed by nobody, and warns in whatever test runs when it is collected.
    """
    recording.flush()
    store.close()
