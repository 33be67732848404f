"""The registry's tables, and how an older database becomes a present one.

``MIGRATIONS`` is the history: entry n takes version n to n + 1, in SQL that SQLite and PostgreSQL both read, or by a
function of this module where SQL cannot. What was once released is never changed; a change is another entry at the end,
with the tables below brought up to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    text,
)

from rbm.core.language import _
from rbm.errors import UnusableError


def newest_of(numbers: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The newest value of each number, from those of events in their order."""
    return {name: value for one in numbers for name, value in one.items()}


def _carry_likelihoods(connection: Connection) -> None:
    """Runs whose likelihood was estimated while they trained keep it beside their newest numbers."""
    measured = text("SELECT run_id, numbers FROM metrics WHERE numbers LIKE '%log_likelihood_epoch%' ORDER BY step")
    found: dict[str, dict[str, float]] = {}
    for run_id, numbers in connection.execute(measured):
        found[run_id] = {n: v for n, v in json.loads(numbers).items() if n.startswith("log_likelihood")}
    for run_id, newest in found.items():
        before = connection.execute(text("SELECT metrics FROM runs WHERE id = :id"), {"id": run_id}).scalar_one()
        row = {"id": run_id, "metrics": json.dumps({**newest, **json.loads(before)})}
        connection.execute(text("UPDATE runs SET metrics = :metrics WHERE id = :id"), row)


def _add_machines(connection: Connection) -> None:
    """What pages have learnt; of bytes each database has a type of its own."""
    content = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
    connection.execute(
        text(
            f"""CREATE TABLE machines (
            id VARCHAR(32) PRIMARY KEY, visitor VARCHAR(32) NOT NULL, function VARCHAR(64) NOT NULL,
            settings TEXT NOT NULL, status VARCHAR(16) NOT NULL, data VARCHAR(64) NOT NULL, bytes INTEGER NOT NULL,
            content {content} NOT NULL, updated_at DOUBLE PRECISION NOT NULL)"""
        )
    )
    connection.execute(text("CREATE INDEX machines_by_time ON machines (function, updated_at)"))


MIGRATIONS: tuple[tuple[str | Callable[[Connection], None], ...], ...] = (
    (
        """CREATE TABLE runs (
            id VARCHAR(32) PRIMARY KEY, spec TEXT NOT NULL, status VARCHAR(16) NOT NULL, message TEXT NOT NULL,
            step INTEGER NOT NULL, total_steps INTEGER NOT NULL, epoch DOUBLE PRECISION NOT NULL,
            seconds DOUBLE PRECISION NOT NULL, seed INTEGER NOT NULL, device VARCHAR(64) NOT NULL,
            versions TEXT NOT NULL, metrics TEXT NOT NULL, note TEXT NOT NULL, owner VARCHAR(32) NOT NULL,
            created_at DOUBLE PRECISION NOT NULL, updated_at DOUBLE PRECISION NOT NULL, deleted_at DOUBLE PRECISION)""",
        "CREATE INDEX runs_by_time ON runs (created_at)",
        """CREATE TABLE tags (
            run_id VARCHAR(32) NOT NULL REFERENCES runs (id) ON DELETE CASCADE, tag VARCHAR(64) NOT NULL,
            PRIMARY KEY (run_id, tag))""",
        """CREATE TABLE metrics (
            run_id VARCHAR(32) NOT NULL REFERENCES runs (id) ON DELETE CASCADE, step INTEGER NOT NULL,
            epoch DOUBLE PRECISION NOT NULL, seconds DOUBLE PRECISION NOT NULL, numbers TEXT NOT NULL,
            PRIMARY KEY (run_id, step))""",
        """CREATE TABLE checkpoints (
            run_id VARCHAR(32) NOT NULL REFERENCES runs (id) ON DELETE CASCADE, step INTEGER NOT NULL,
            epoch DOUBLE PRECISION NOT NULL, kept INTEGER NOT NULL, file VARCHAR(128) NOT NULL, bytes INTEGER NOT NULL,
            PRIMARY KEY (run_id, step))""",
    ),
    (
        "ALTER TABLE runs ADD COLUMN knobs TEXT NOT NULL DEFAULT '{}'",
        """CREATE TABLE evaluations (
            run_id VARCHAR(32) NOT NULL REFERENCES runs (id) ON DELETE CASCADE, step INTEGER NOT NULL,
            name VARCHAR(64) NOT NULL, result TEXT NOT NULL, created_at DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (run_id, step, name))""",
    ),
    ("ALTER TABLE runs ADD COLUMN changes TEXT NOT NULL DEFAULT ''", _carry_likelihoods),
    (
        "CREATE TABLE visitors (id VARCHAR(32) PRIMARY KEY, name VARCHAR(64) NOT NULL, since DOUBLE PRECISION NOT NULL)",
        "ALTER TABLE runs ADD COLUMN visitor VARCHAR(32) NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN data VARCHAR(64) NOT NULL DEFAULT ''",
    ),
    ("ALTER TABLE runs ADD COLUMN name VARCHAR(64) NOT NULL DEFAULT ''",),
    (
        """CREATE TABLE settings (
            visitor VARCHAR(32) PRIMARY KEY, chosen TEXT NOT NULL, updated_at DOUBLE PRECISION NOT NULL)""",
    ),
    (_add_machines,),
)
VERSION = len(MIGRATIONS)
_LOCK = 7_401_213  # PostgreSQL's name for "somebody is bringing the registry up to date"

_metadata = MetaData()


def _table(name: str, *columns: Column[object]) -> Table:
    return Table(name, _metadata, *columns)


RUNS = _table(
    "runs",
    Column("id", String(32), primary_key=True),
    Column("spec", Text),  # RunSpec.to_json()
    Column("status", String(16)),
    Column("message", Text),
    Column("step", Integer),
    Column("total_steps", Integer),
    Column("epoch", Float),
    Column("seconds", Float),
    Column("seed", Integer),
    Column("device", String(64)),
    Column("versions", Text),  # JSON: package -> version
    Column("metrics", Text),  # JSON: the newest value of each number
    Column("note", Text),
    Column("owner", String(32)),  # which process may write: the last that began or resumed it
    Column("created_at", Float),  # seconds since 1970, as the other times
    Column("updated_at", Float),
    Column("deleted_at", Float),
    Column("knobs", Text),  # JSON: the live knobs as they were last turned
    Column(
        "changes", Text
    ),  # JSON: where they were turned (rbm.training.changes); empty where an older program did not note it
    Column("visitor", String(32)),  # whose it is (rbm.store.owners); empty for nobody's
    Column("data", String(64)),  # the digest of the own data that it learns from; empty for any other, or not noted
    Column("name", String(64)),  # that a person gave it; empty where nobody did
)
VISITORS = _table(
    "visitors",
    Column("id", String(32), primary_key=True),  # the hash of a secret that only the visitor's browser knows
    Column("name", String(64)),
    Column("since", Float),
)
SETTINGS = _table(
    "settings",
    Column("visitor", String(32), primary_key=True),
    Column("chosen", Text),  # JSON: what the visitor's widgets were set to, by panel
    Column("updated_at", Float),
)
MACHINES = _table(
    "machines",
    Column("id", String(32), primary_key=True),
    Column("visitor", String(32)),  # whose it is
    Column("function", String(64)),  # the task that learnt it, "rbm.tasks.labels:train", so on which page it is shown
    Column("settings", Text),  # JSON: what the task was given
    Column("status", String(16)),  # how it came to rest
    Column("data", String(64)),  # the digest of the own data that it learnt from; empty for any other
    Column("bytes", Integer),
    Column("content", LargeBinary),  # safetensors, rbm.bundled.to_bytes
    Column("updated_at", Float),
)
TAGS = _table("tags", Column("run_id", String(32), primary_key=True), Column("tag", String(64), primary_key=True))
METRICS = _table(
    "metrics",
    Column("run_id", String(32), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("epoch", Float),
    Column("seconds", Float),
    Column("numbers", Text),  # JSON
)
CHECKPOINTS = _table(
    "checkpoints",
    Column("run_id", String(32), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("epoch", Float),
    Column("kept", Integer),  # 1: of a chosen epoch; 0: the newest, which the next replaces
    Column("file", String(128)),  # below the folder of checkpoints
    Column("bytes", Integer),
)
EVALUATIONS = _table(
    "evaluations",
    Column("run_id", String(32), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("result", Text),  # JSON
    Column("created_at", Float),
)


def migrate(connection: Connection) -> None:
    """Bring the database up to VERSION inside the caller's transaction; UnusableError if a newer program made it.

    Safe when several servers start at once: SQLite's transaction must have begun IMMEDIATE, PostgreSQL takes a lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if not inspect(connection).has_table("schema_version"):
        connection.execute(text("CREATE TABLE schema_version (version INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO schema_version VALUES (0)"))
    version = check_version(connection)
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            if callable(statement):
                statement(connection)
            else:
                connection.execute(text(statement))
    if version < VERSION:
        connection.execute(text("UPDATE schema_version SET version = :version"), {"version": VERSION})


def check_version(connection: Connection) -> int:
    """The version of the tables; UnusableError where a newer program has made them, perhaps while this one ran."""
    version = int(connection.execute(text("SELECT version FROM schema_version")).scalar_one())
    if version > VERSION:
        wrong = _(
            "The registry of runs has version {version}; this program knows up to {newest}: use the newer "
            "program, or name another folder in RBM_RUNS (or another RBM_DATABASE_URL)."
        )
        raise UnusableError(wrong.format(version=version, newest=VERSION))
    return version
