"""What pages have learnt is kept in the registry, on both databases: the newest of each visitor, and nothing hides the others."""

import pytest
from sqlalchemy import text

from rbm.core import clock
from rbm.errors import StoreError
from rbm.store import Store, machines
from rbm.store.machines import Machine

LABELS, DEEP = "rbm.tasks.labels:train", "rbm.tasks.deep.job:train"


def keep(store: Store, name: str, visitor: str = "ada", function: str = LABELS, content: bytes = b"x" * 7) -> None:
    store.keep_machine(Machine(name, visitor, function, {"n_hidden": 5}, "paused", "", 0, 0.0), content)


def ids(store: Store, function: str = LABELS) -> list[str]:
    return [one.id for one in store.machines(function, 100)]


@pytest.fixture(autouse=True)
def seconds(monkeypatch):
    """A clock that goes on by a second with each look at it."""
    at = iter(range(10**9, 2 * 10**9))
    monkeypatch.setattr(clock, "now", lambda: float(next(at)))


def test_a_machine_is_there_for_all_servers_and_its_newest_state_takes_the_older_ones_place(store, open_again):
    keep(store, "one", content=b"old")
    keep(store, "other", "bob")
    keep(store, "one", content=bytes(range(256)))
    for reader in (store, open_again()):
        one, other = reader.machines(LABELS, 100)
        assert one[:7] == ("one", "ada", LABELS, {"n_hidden": 5}, "paused", "", 256)
        assert other.updated_at < one.updated_at
        assert reader.machine("one") == bytes(range(256))
        assert ids(reader, DEEP) == []
    assert [one.id for one in store.machines(LABELS, 1)] == ["one"]
    assert [one.id for one in store.machines(LABELS, 1, "bob")] == ["other"]


def test_of_each_page_a_visitor_keeps_the_newest(store, monkeypatch):
    monkeypatch.setattr(machines, "MOST_MACHINES", 2)
    keep(store, "deep", function=DEEP)
    keep(store, "bobs", "bob")
    for number in range(4):
        keep(store, f"labels {number}")
    assert ids(store) == ["labels 3", "labels 2", "bobs"]
    assert ids(store, DEEP) == ["deep"]
    with pytest.raises(StoreError, match="machine labels is not kept any more"):
        store.machine("labels 0")


def test_what_a_visitor_keeps_and_what_all_keep_is_bounded_in_bytes(store, monkeypatch):
    monkeypatch.setattr(machines, "MACHINES_BYTES", 20)
    monkeypatch.setattr(machines, "ALL_MACHINES_BYTES", 30)
    keep(store, "deep", function=DEEP)
    for number in range(2):
        keep(store, f"labels {number}")
    assert (ids(store), ids(store, DEEP)) == (["labels 1", "labels 0"], [])
    for number in range(2):
        keep(store, f"bobs {number}", "bob")
    assert ids(store) == ["bobs 1", "bobs 0", "labels 1", "labels 0"]
    keep(store, "carols", "carol")
    assert ids(store) == ["carols", "bobs 1", "bobs 0", "labels 1"]
    keep(store, "large", "carol", content=b"x" * 99)  # the newest stays whatever it takes
    assert ids(store) == ["large"]


def test_what_was_just_kept_stays_though_the_clock_was_set_back(store, monkeypatch):
    monkeypatch.setattr(machines, "MOST_MACHINES", 1)
    keep(store, "before")
    monkeypatch.setattr(clock, "now", lambda: 1.0)
    keep(store, "after")
    assert ids(store) == ["after"]


def test_a_damaged_row_hides_no_other(store, caplog):
    keep(store, "whole")
    keep(store, "broken", "bob")
    with store._database.write() as db:
        db.execute(text("UPDATE machines SET settings = '{' WHERE id = 'broken'"))
    broken, whole = store.machines(LABELS, 100)
    assert (broken.settings, whole.settings) == (None, {"n_hidden": 5})
    assert "settings of machine broken cannot be read" in caplog.text


def test_a_database_from_before_is_given_the_table(store, url, tmp_path):
    with store._database.write() as db:
        db.execute(text("DROP TABLE machines"))
        db.execute(text("UPDATE schema_version SET version = 6"))
    newer = Store(url, tmp_path)
    keep(newer, "one")
    assert ids(newer) == ["one"]
    newer.close()
