"""What visitors set on the screen is kept in the registry, on both databases, and is there again."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from rbm.core import clock
from rbm.jobs import recording
from rbm.jobs.settings import Settings
from rbm.store import Store
from tests.helpers.holding import Hold, let_overtake
from tests.helpers.waiting import PATIENCE


def test_what_was_set_comes_back_panel_by_panel(store, open_again):
    store.keep_settings({"ada": {"slow": {"k": 3}, "race": {"rate": 0.5}}, "bob": {"slow": {"k": 1}}})
    store.keep_settings({"ada": {"slow": {"k": 5}}})
    for reader in (store, open_again()):
        assert reader.settings("ada") == {"slow": {"k": 5}, "race": {"rate": 0.5}}
        assert reader.settings("bob") == {"slow": {"k": 1}}
        assert reader.settings("nobody") == {}


def test_settings_of_who_has_not_come_for_a_month_are_forgotten(store, monkeypatch):
    store.keep_settings({"ada": {"slow": {"k": 3}}})
    store.purge()
    assert store.settings("ada")
    later = clock.now() + 31 * 24 * 3600
    monkeypatch.setattr(clock, "now", lambda: later)
    store.keep_settings({"bob": {"slow": {"k": 3}}})
    store.purge()
    assert (store.settings("ada"), bool(store.settings("bob"))) == ({}, True)


def test_a_change_is_there_at_once_and_in_the_registry_soon(store: Store, open_again):
    one, other = Settings(store), Settings(open_again())
    one.keep("ada", "slow", {"k": 3})
    one.keep("ada", "race", {"rate": 0.5})
    assert one.of("ada") == {"slow": {"k": 3}, "race": {"rate": 0.5}}
    recording.flush()
    assert other.of("ada") == {"slow": {"k": 3}, "race": {"rate": 0.5}}
    other.keep("ada", "slow", {})  # in another server
    recording.flush()
    assert one.of("ada") == {"slow": {}, "race": {"rate": 0.5}}


def test_what_cannot_be_written_waits_and_is_not_lost(store: Store, caplog):
    one = Settings(store)
    with store._database.write() as db:
        db.execute(text("ALTER TABLE settings RENAME TO elsewhere"))
    one.keep("ada", "slow", {"k": 3})
    for _ in range(2):
        one.write()
    assert one.problem
    assert len([record for record in caplog.records if "could not be kept" in record.message]) == 1
    with store._database.write() as db:
        db.execute(text("ALTER TABLE elsewhere RENAME TO settings"))
    one.keep("ada", "race", {"rate": 0.5})
    one.write()
    assert not one.problem
    assert store.settings("ada") == {"slow": {"k": 3}, "race": {"rate": 0.5}}


def test_of_two_who_write_at_once_the_newest_word_lands_last(store: Store, monkeypatch):
    """The writer's thread, and a page that flushes meanwhile."""
    one, hold = Settings(store), Hold()
    monkeypatch.setattr(store, "keep_settings", hold.before(store.keep_settings))
    with ThreadPoolExecutor(2) as pool:
        one.keep("ada", "slow", {"k": 3})
        first = pool.submit(one.write)
        hold.until_inside()
        one.keep("ada", "slow", {"k": 5})
        second = pool.submit(one.write)
        let_overtake(second)
        hold.go()
        first.result(PATIENCE)
        second.result(PATIENCE)
    assert store.settings("ada") == one.of("ada") == {"slow": {"k": 5}}


@pytest.fixture(autouse=True)
def nothing_waits():
    yield
    recording.flush()
