"""A registry of its own for each test: on SQLite, and on a real PostgreSQL where one can be reached."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from rbm.store import Store

HOW = (
    "no PostgreSQL to test with: start one (Debian: apt-get install postgresql && service postgresql start && su postgres "
    '-c "psql -c \\"CREATE ROLE rbm LOGIN CREATEDB PASSWORD \'rbm\'\\"") and name it: '
    "RBM_TEST_POSTGRES=postgresql://rbm:rbm@localhost/postgres"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'runs.sqlite3'}"
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


@pytest.fixture
def open_again(url: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the same registry, each time as a server of its own would."""
    opened: list[Store] = []

    def make() -> Store:
        opened.append(Store(url, tmp_path))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Callable[[], Store]) -> Store:
    return open_again()
