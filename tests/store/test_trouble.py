"""Disks that are full or gone, and registries that are locked, read-only, stopped, removed or of a newer program.

Each is told at once, training goes on where it can, and what was not written is written when it is over.
"""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from rbm.checkpoint import save_checkpoint
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.pictures import Pictures
from rbm.errors import CheckpointError, DatasetError, RemovedError, StoreError
from rbm.experiment import ModelSpec, RunSpec
from rbm.jobs import cluster, recording
from rbm.jobs.job import release_all
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.store import Progress, Store
from rbm.store.owners import NOBODY
from rbm.store.schema import VERSION
from rbm.sweep import names
from rbm.training.config import TrainConfig
from rbm.training.events import TrainEvent
from tests.helpers.databases import let_go, postgres_server
from tests.helpers.disks import Disk, disk, unwritable
from tests.helpers.holding import let_overtake
from tests.helpers.short_run import SPEC, trained
from tests.helpers.waiting import ENDLESS, PATIENCE, wait

LONG = RunSpec(model=ModelSpec(23), training=TrainConfig(epochs=ENDLESS, schedule="constant"))
AT = Progress("running", 0, 1000, 0.0)

pytestmark = pytest.mark.usefixtures("watched", "quick")
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETRY_SECONDS", "WRITE_SECONDS", "LOOK_SECONDS"):
        monkeypatch.setattr(recording, name, 0.05)
    monkeypatch.setattr("rbm.jobs.live.CHECKPOINT_SECONDS", 0.3)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is an error sooner than after 5 s."""
    monkeypatch.setattr("rbm.store.database.BUSY_MS", 200)


@pytest.fixture(scope="module", autouse=True)
def workers() -> Iterator[cluster.Cluster]:
    yield cluster.connect()
    release_all(PATIENCE)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "disk") as made:
        yield made


class Kept:
    """A run in training, and all that its pages have heard of its record's trouble."""

    def __init__(self, store: Store) -> None:
        self.store, self.heard = store, []
        self.run = LiveRun(LONG, Record(LONG, store=lambda: store))
        self.run.on_news = self._hear
        self.run.play()
        wait(lambda: self.steps() > 0, what="a checkpoint")

    def _hear(self) -> None:
        problem = self.run.record.problem
        if not self.heard or self.heard[-1] != problem:
            self.heard.append(problem)

    def steps(self) -> int:
        return max((one.step for run in self.store.runs() for one in self.store.checkpoints(run.id)), default=0)

    def told(self, words: str) -> str:
        """The sentence, once the page has heard it."""
        wait(lambda: any(words in problem for problem in self.heard), what=f"a word of {words!r}; heard: {self.heard}")
        assert words in self.run.record.problem
        return self.run.record.problem

    def goes_on(self) -> int:
        """Training does not wait for its registry."""
        stood = self.run.step_number
        wait(lambda: self.run.step_number > stood, what="training")
        assert self.run.status == "running"
        return self.run.step_number

    def rests(self) -> bool:
        """Whether a write has failed, and the next try is still to come."""
        return recording._writer()._waiting.get(self.run.record, 0.0) > time.monotonic()

    def caught_up(self, step: int) -> None:
        """What was not written is written, and the page has heard that it is over."""
        run_id = self.run.record.id
        wait(lambda: self.steps() > step and self.heard[-1] == "", what="what was not written")
        self.run.pause()
        wait(lambda: not self.run.active)
        recording.flush()
        events = self.run.history.now().events
        assert self.store.history(run_id).events == events
        assert (self.store.run(run_id).status, self.store.newest_whole(run_id).step) == ("paused", self.run.step_number)
        files = {p.name for p in (self.store.folder / "checkpoints" / run_id).iterdir()}
        assert files == {Path(one.file).name for one in self.store.checkpoints(run_id)}  # no file is left over

    def end(self) -> None:
        self.run.pause()
        self.run.release()
        wait(lambda: self.run._seat is None and not self.run._pumping)  # it has had its last word
        recording.flush()


@pytest.fixture
def kept(store: Store) -> Iterator[Kept]:
    one = Kept(store)
    yield one
    one.end()


def test_a_full_disk_of_database_and_checkpoints(small):
    store = Store(folder=small.folder)
    one = Kept(store)
    small.fill()
    assert "disk" in one.told("full" if small.mounted else "cannot be")
    stood = one.goes_on()
    small.free()
    one.caught_up(stood)
    one.end()
    let_go(store)


def test_a_full_disk_of_checkpoints_alone_leaves_the_numbers_their_way(small, url):
    store = Store(url, small.folder)
    one = Kept(store)
    small.fill()
    words = one.told("The checkpoint ")
    assert "free some space on that disk" in words
    stood = one.goes_on()
    wait(lambda: store.run(one.run.record.id).progress.step >= stood, what="the numbers in the registry")
    assert one.run.record._waiting.events == [] or len(one.run.record._waiting.events) < 100
    small.free()
    one.caught_up(stood)
    one.end()
    let_go(store)


def test_own_data_and_an_export_on_a_full_disk_leave_nothing_half_written(small):
    rng = np.random.default_rng(1)
    cats = Pictures(rng.integers(0, 256, (500, 8, 8), dtype=np.uint8), np.zeros(500, np.int64), ("any",))
    small.fill(left=2048)
    with pytest.raises(DatasetError, match=r"cannot be written.*free some space"):
        save.save("cats", cats, root=small.folder)
    trainer, _ = trained()
    with pytest.raises(CheckpointError, match=r"cannot be written.*free some space"):
        save_checkpoint(small.folder / "run.safetensors", trainer.model, SPEC, state=trainer.state())
    assert [p for p in small.folder.rglob("*") if p.is_file() and p.name != "filler"] == []
    small.free()
    save.save("cats", cats, root=small.folder)
    save_checkpoint(small.folder / "run.safetensors", trainer.model, SPEC, state=trainer.state())


@on_sqlite
@pytest.mark.usefixtures("hurried")
def test_a_registry_that_another_program_holds(kept, tmp_path):
    with sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "close the other program that holds it" in kept.told("locked")
        stood = kept.goes_on()
        other.execute("ROLLBACK")
    other.close()
    kept.caught_up(stood)


@on_sqlite
@pytest.mark.usefixtures("hurried")
def test_what_a_page_could_not_have_written_at_once_is_not_forgotten(kept, tmp_path, monkeypatch):
    """A page that looks for another run asks for all that waits; this one is at rest, and brings nothing more."""
    monkeypatch.setattr(recording, "RETRY_SECONDS", 1.0)
    with closing(sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        stood = kept.steps()
        kept.run.pause()
        wait(lambda: not kept.run.active)
        wait(kept.rests, what="the time between two tries")
        recording.flush()
        assert "locked" in kept.run.record.problem
        other.execute("ROLLBACK")
    kept.caught_up(stood)


@on_sqlite
def test_a_registry_that_answers_late_is_told_of_while_it_is_waited_for(kept, monkeypatch):
    """The writer waits for the lock, and so do others behind it."""
    monkeypatch.setattr(recording, "SLOW_SECONDS", 0.2)
    other = Record(SPEC, store=lambda: kept.store)
    with kept.store._database.write():
        kept.told("has not answered for")
        other.take(AT)
        wait(lambda: "has not answered for" in other.problem or "locked" in other.problem)
        stood = kept.goes_on()
    kept.caught_up(stood)
    wait(lambda: other.begun and other.problem == "")


@on_sqlite
def test_a_registry_that_can_only_be_read(kept):
    with kept.store._database.read() as db:
        connection = db.connection.driver_connection
        connection.execute("PRAGMA query_only=1")
        pooled = connection
    assert "let this program write there again" in kept.told("readonly")
    stood = kept.goes_on()
    pooled.execute("PRAGMA query_only=0")
    kept.caught_up(stood)


@on_sqlite
def test_files_that_nobody_may_write(kept, tmp_path):
    run_id, file = kept.run.record.id, tmp_path / "runs.sqlite3"
    # Not its -shm: SQLite has that in memory, and Linux ends who writes to such memory of a file that cannot be changed.
    with unwritable(file, file.with_name("runs.sqlite3-wal"), tmp_path / "checkpoints" / run_id):
        kept.told("cannot be ")
        with ExitStack() as pages:  # have all connections, and the writer needs another
            for _ in range(kept.store._database._engine.pool.size()):
                pages.enter_context(kept.store._database.read())
            wait(lambda: "let this program write there again" in kept.run.record.problem, what="a word about that")
            assert [run.id for run in kept.store.runs()] == [run_id]
        stood = kept.goes_on()
    kept.caught_up(stood)
    for note in "abcdef":  # by all connections that are still open
        kept.store.set_note(run_id, note)


def test_a_registry_that_a_newer_program_has_changed_meanwhile_is_not_written(kept):
    with kept.store._database._writing() as db:
        db.execute(text("UPDATE schema_version SET version = 99"))
    kept.told("version 99; this program knows up to")
    stood = kept.goes_on()
    with kept.store._database._writing() as db:
        db.execute(text(f"UPDATE schema_version SET version = {VERSION}"))
    kept.caught_up(stood)


@pytest.fixture
def altered(url: str) -> Iterator[Callable[[str], None]]:
    """Alters the database, for all connections: those that are there are cut."""
    name = make_url(url).database
    admin = create_engine(
        make_url(os.environ["RBM_TEST_POSTGRES"]).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )

    def alter(how: str) -> None:
        with admin.connect() as db:
            db.execute(text(f"ALTER DATABASE {name} {how}"))
            db.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"), {"n": name})

    yield alter
    admin.dispose()


@on_postgres
def test_a_database_server_that_takes_no_connection(kept, altered):
    """All connections are cut and no other is let in, as while the server is stopped."""
    altered("ALLOW_CONNECTIONS false")
    kept.told("cannot be used")
    stood = kept.goes_on()
    altered("ALLOW_CONNECTIONS true")
    kept.caught_up(stood)


@on_postgres
def test_a_database_server_that_lets_nobody_write(kept, altered):
    """As a standby that took over, or a server whose disk is full to the brim."""
    altered("SET default_transaction_read_only = on")
    run_id = kept.run.record.id
    assert "let this program write there again" in kept.told("read-only")
    stood = kept.goes_on()
    assert [run.id for run in kept.store.runs()] == [run_id]
    with pytest.raises(StoreError, match=r"read-only.* let this program write there again"):
        kept.store.set_note(run_id, "x")
    altered("SET default_transaction_read_only = off")
    kept.caught_up(stood)


@on_postgres
def test_a_folder_of_checkpoints_that_is_removed_beside_a_database_server(kept, tmp_path):
    shutil.rmtree(tmp_path / "checkpoints")
    kept.caught_up(kept.goes_on())
    assert kept.run.notice == ""


def test_a_database_server_that_is_stopped_and_started_again(tmp_path):
    with postgres_server() as server:
        store = Store(server.url, tmp_path)
        one = Kept(store)
        run_id = one.run.record.id
        server.stop()
        assert "start the database server again" in one.told("cannot be used")
        for ask in (store.runs, lambda: store.run(run_id), lambda: store.set_note(run_id, "x"), lambda: names(store)):
            with pytest.raises(
                StoreError, match=r"^[^\n]+ cannot be used \([^\n]+\): start the database server again[^\n]*\.$"
            ):
                ask()
        stood = one.goes_on()
        server.start()
        one.caught_up(stood)
        one.end()
        let_go(store)


@on_postgres
def test_a_database_server_whose_tables_are_locked(kept, monkeypatch):
    monkeypatch.setattr(kept.store._database, "_wait_ms", 200)
    engine = create_engine(kept.store.url)
    with engine.connect() as other, other.begin():
        other.execute(text("LOCK TABLE metrics IN ACCESS EXCLUSIVE MODE"))
        assert "end the other connection that holds it" in kept.told("lock timeout")
        stood = kept.goes_on()
    engine.dispose()
    kept.caught_up(stood)


@on_sqlite
def test_a_folder_that_is_removed_stops_its_run_which_can_be_kept_as_a_new_one(kept, tmp_path):
    for path in (tmp_path / "checkpoints", *tmp_path.glob("runs.sqlite3*")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    kept.told("was removed while this program ran")
    wait(lambda: not kept.run.active, what="the run to stop")
    assert kept.run.lost
    assert "Training here has stopped; what it has learnt since is still here." in kept.run.notice
    for ask in (kept.store.runs, lambda: kept.store.set_note("x", "y"), lambda: kept.store.sign(NOBODY)):
        with pytest.raises(RemovedError, match="put it back as it was, or begin a new run"):
            ask()
    assert not any(tmp_path.iterdir())  # nothing was made silently
    again = Record(LONG, store=lambda: kept.store)
    kept.run.keep_as(again)
    recording.flush()
    (run,) = kept.store.runs()
    assert (run.id, again.problem) == (again.id, "")
    assert kept.store.history(run.id).events == kept.run.history.now().events
    assert kept.store.newest_whole(run.id).step == kept.run._saved_step


@on_sqlite
def test_a_registry_that_was_put_back_is_used_again(kept, tmp_path):
    kept.run.pause()
    wait(lambda: not kept.run.active)
    recording.flush()
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)
    with pytest.raises(RemovedError):
        kept.store.runs()
    moved.rename(tmp_path)
    assert len(kept.store.runs()) == 1


def test_a_run_whose_registry_was_replaced_by_an_empty_one_says_so(kept):
    with kept.store._database.write() as db:
        for table in ("checkpoints", "metrics", "runs"):
            db.execute(text(f"DELETE FROM {table}"))
    kept.told("is not in the registry any more")
    wait(lambda: not kept.run.active and kept.run.lost)


def test_nothing_is_made_in_the_empty_folder_of_a_disk_that_is_gone(small, url):
    if not small.mounted:
        pytest.skip("this process may not mount a disk")
    store = Store(url if "postgres" in url else None, small.folder / "runs")
    run_id = store.create(SPEC, "me", AT)
    event = [TrainEvent(0, 0.0, {"cd_loss": 1.0}, 0.0)]
    store.write(run_id, "me", AT, event, (1, 0.1, b"one"))
    store.close()
    subprocess.run(["umount", "-l", str(small.folder)], check=True)
    try:
        with pytest.raises(StoreError, match="nor is the disk that it was on: connect that disk again"):
            store.write(run_id, "me", AT, event, (2, 0.2, b"two"))
        assert not any(small.folder.iterdir())
    finally:
        let_go(store)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(small.folder)], check=True)


def test_a_registry_that_another_is_making_is_waited_for(tmp_path):
    """Two scripts, or two servers, that come first: SQLite itself does not wait where one turns the new file's journal on."""
    with (
        closing(sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("CREATE TABLE its_own (x)")
        other.execute("BEGIN IMMEDIATE")
        opened = pool.submit(lambda: Store(None, tmp_path).names())
        let_overtake(opened)
        other.execute("ROLLBACK")
        assert opened.result(PATIENCE) == {}
