"""A search whose registry takes nothing for a while: it waits and tries again as a run does, says so, and loses nothing."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tqdm import tqdm

from pages.compare.sweep import progress
from rbm.commands import sweep as command
from rbm.errors import StoreError, UnusableError
from rbm.jobs import cluster, recording
from rbm.jobs.job import release_all
from rbm.store import Store
from rbm.sweep import Axis, Ledger, Sweep, SweepSpec, names, problem_of
from rbm.sweep.patience import Patience
from tests.helpers.databases import let_go, postgres_server
from tests.helpers.sweeping import BASE, check_each_counted_once, held_at, wait_for_trials
from tests.helpers.waiting import PATIENCE, wait

FOUR = SweepSpec(BASE, (Axis("n_hidden", (5, 7)), Axis("k", (1, 2))), objective="free_energy_gap")


@pytest.fixture(scope="module", autouse=True)
def workers() -> Iterator[cluster.Cluster]:
    yield cluster.connect()
    release_all(PATIENCE)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rbm.store.database.BUSY_MS", 200)
    monkeypatch.setattr("rbm.sweep.engine.BEAT_SECONDS", 0.1)
    for name in ("RETRY_SECONDS", "WRITE_SECONDS"):
        monkeypatch.setattr(recording, name, 0.05)


@pytest.fixture
def file(store: Store) -> Path:
    return Path(str(store.url.database))


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """As by another program that writes and does not end."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def finishes(sweep: Sweep, store: Store) -> None:
    sweep.wait(PATIENCE)
    assert (sweep.status, sweep.problem, sweep.trouble) == ("finished", "", "")
    check_each_counted_once(store, sweep.ledger.name, FOUR)


@pytest.mark.slow  # a lock is waited for in every run
def test_a_lock_in_the_midst_of_trials_is_told_and_waited_for_and_each_is_counted_once(store, file):
    with held_at(30) as on:
        sweep = Sweep(Ledger.create("held", FOUR, store), lambda: store)
        wait_for_trials(sweep.shares)
        drawn = progress._stage("held")
        with locked(file):
            wait(lambda: "close the other program that holds it" in sweep.trouble, what="a word about the lock")
            assert progress._stage("held") != drawn  # so that the page is drawn anew with the words
            on.set()
            wait(lambda: any(run.progress >= 0.9 for run in sweep._running.values()), what="training under the lock")
            assert sweep.status == "running"
    finishes(sweep, store)


def test_the_command_says_it_too_and_goes_on(store, file, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(tqdm, "write", lambda *words, file: said.append(words[-1]))
    with held_at(30) as on:
        sweep = Sweep(Ledger.create("command", FOUR, store), lambda: store)
        wait_for_trials(sweep.shares)

        def hold() -> None:
            with locked(file):
                on.set()
                wait(lambda: len(said) > 0, what="a line of the command")

        other = threading.Thread(target=hold)
        other.start()
        command._watch(sweep)
        other.join()
    assert "close the other program that holds it" in said[0]
    assert said[0].endswith("The search waits and tries again by itself; Ctrl+C keeps every trial as it is.")
    finishes(sweep, store)


def test_a_database_server_that_is_stopped_under_a_search(tmp_path):
    with postgres_server() as server:
        store = Store(server.url, tmp_path)
        with held_at(30) as on:
            sweep = Sweep(Ledger.create("stopped", FOUR, store), lambda: store)
            wait_for_trials(sweep.shares)
            drawn = progress._stage("stopped")
            server.stop()
            wait(lambda: "start the database server again" in sweep.trouble, what="a word about the server")
            assert progress._stage("stopped") != drawn
            on.set()
            server.start()
        finishes(sweep, store)
        let_go(store)


def test_a_lock_while_a_search_hands_out_its_first_trials(store, file, monkeypatch):
    claim, lock = Ledger.claim, locked(file)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "claim", lambda self, silent: (claim(self, silent), lock.__enter__()))
        sweep = Sweep(Ledger.create("early", FOUR, store), lambda: store)
    wait(lambda: "locked" in sweep.trouble, what="a word about the lock")
    lock.__exit__(None, None, None)
    finishes(sweep, store)


def test_what_was_begun_and_not_handed_out_is_handed_out_next(store, monkeypatch):
    """A trial that the database has, though the search has only heard of a failure, is no lost one."""
    ledger = Ledger.create("between", FOUR, store)
    ledger.claim()
    with monkeypatch.context() as patch:
        patch.setattr("rbm.sweep.ledger.suggest", lambda *_: (_ for _ in ()).throw(UnusableError("locked")))
        with pytest.raises(UnusableError):
            ledger.next()
    given = [ledger.next() for _ in range(5)]
    assert given.pop() is None
    assert [one.number for one in given] == [0, 1, 2, 3]


def test_a_stop_under_a_lock_ends_and_says_why_and_the_search_goes_on_when_it_is_resumed(store, file):
    with held_at(30) as on:
        sweep = Sweep(Ledger.create("stopped", FOUR, store), lambda: store)
        wait_for_trials(sweep.shares)
        with locked(file):
            wait(lambda: "locked" in sweep.trouble, what="a word about the lock")
            sweep.stop()
            on.set()
            sweep.wait(PATIENCE)
            assert not sweep.active
            assert "locked" in problem_of("stopped")
    finishes(Sweep(sweep.ledger, lambda: store), store)


def test_a_registry_whose_disk_is_gone_is_waited_for(store, file, tmp_path):
    with held_at(30):
        sweep = Sweep(Ledger.create("away", FOUR, store), lambda: store)
        wait_for_trials(sweep.shares)
        away = file.rename(tmp_path / "away.sqlite")
        file.mkdir()  # nothing can be opened there
        wait(lambda: sweep.trouble != "", what="a word about the registry")
        file.rmdir()
        away.rename(file)
        wait(lambda: sweep.trouble == "", what="the registry")
    finishes(sweep, store)


def test_a_registry_that_was_removed_ends_the_search_which_makes_no_empty_one(store, file, tmp_path):
    with held_at(30):
        sweep = Sweep(Ledger.create("removed", FOUR, store), lambda: store)
        wait_for_trials(sweep.shares)
        kept = tmp_path / "kept"
        kept.mkdir()
        for one in tmp_path.glob("runs.sqlite3*"):
            one.rename(kept / one.name)
        wait(lambda: sweep.problem != "", what="the end of the search")
    sweep.wait(PATIENCE)
    assert sweep.status == "failed"
    assert "was removed while this program ran" in problem_of("removed")
    for ask in (lambda: names(store), lambda: Ledger.create("other", FOUR, store), sweep.ledger.trials):
        with pytest.raises(StoreError, match="was removed"):
            ask()
    assert not file.exists()
    for one in kept.iterdir():
        one.rename(tmp_path / one.name)
    again = Sweep(sweep.ledger, lambda: store, silent=0.0)  # its runs may have been written just now
    assert problem_of("removed") == ""
    finishes(again, store)


def test_a_run_that_somebody_else_trains_is_waited_for(store):
    """As one of a server that was killed is for half a minute."""
    with held_at(30):
        first = Sweep(Ledger.create("taken", FOUR, store), lambda: store)
        wait_for_trials(first.shares)
        first.stop()
    first.wait(PATIENCE)
    run_id = next(one.run_id for one in first.ledger.trials() if one.state == "running")
    at = store.run(run_id).progress
    store.claim(run_id, "somebody")
    store.write(run_id, "somebody", at._replace(status="running"))
    sweep = Sweep(first.ledger, lambda: store)
    wait(lambda: f"Another tab or server trained run {run_id}" in sweep.trouble, what="a word about it")
    store.write(run_id, "somebody", at)
    finishes(sweep, store)


def test_patience_says_what_it_waits_for_once_in_the_log_and_gives_up_when_it_is_told_to(caplog):
    kept, asked = Patience(), []

    def ask() -> str:
        asked.append(kept.words)
        if len(asked) < 4:
            raise UnusableError("The disk is full.")
        return "an answer"

    with caplog.at_level(logging.ERROR):
        assert kept(ask) == "an answer"
    assert asked == ["", *3 * ["The disk is full."]]
    assert kept.words == ""
    assert len(caplog.records) == 1
    kept.end()
    asked.clear()
    with pytest.raises(UnusableError):
        kept(ask)
    assert len(asked) == 1
