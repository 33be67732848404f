"""The registry on SQLite and on PostgreSQL: what is written comes back, and nobody writes another's run."""

import json
import math
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from rbm.core import clock
from rbm.core.limits import NAME_LETTERS
from rbm.errors import StoreError, TakenOverError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.presets import PRESETS
from rbm.report.words import called, name
from rbm.store import Progress, Store, schema
from rbm.store.database import Database
from rbm.store.owners import Visitor
from rbm.training.changes import Change
from rbm.training.events import TrainEvent

SPEC = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), seed=3)
AT = Progress("running", 20, 100, 2.0, 1.5, device="cpu", knobs={"k": 2})


def events(*steps: int) -> list[TrainEvent]:
    return [TrainEvent(step, step / 10, {"cd_loss": -step / 7}, step / 1000) for step in steps]


def event(step: int, **more: float) -> TrainEvent:
    (plain,) = events(step)
    return plain._replace(metrics={**plain.metrics, **more})


def files(store: Store) -> list[str]:
    return sorted(str(p.relative_to(store.folder / "checkpoints")) for p in store.folder.rglob("*.safetensors"))


def test_a_run_comes_back_as_it_was_written(store, open_again):
    before = time.time()
    run_id = store.create(SPEC, "me", AT, versions={"torch": "2"}, tags=("class", " two  words "), note="why")
    store.write(run_id, "me", AT, events(0, 1, 20), (20, 2.0, b"newest"), [(10, 1.0, b"first epoch")])
    for reader in (store, open_again()):
        (run,) = reader.runs()
        assert run == reader.run(run_id)
        assert (run.spec, run.progress, run.status) == (SPEC, AT, "running")
        assert (run.tags, run.note, run.versions) == (("class", "two words"), "why", {"torch": "2"})
        assert run.metrics == {"cd_loss": -20 / 7}
        assert before <= run.created_at <= run.updated_at <= time.time()
        assert list(reader.history(run_id).events) == events(0, 1, 20)
        assert reader.checkpoint(run_id) == b"newest"
        assert reader.checkpoint(run_id, 10) == b"first epoch"
        assert [(c.step, c.kept) for c in reader.checkpoints(run_id)] == [(10, True), (20, False)]


def test_a_newer_checkpoint_replaces_the_newest_and_those_to_keep_stay(store):
    run_id = store.create(SPEC, "me", AT)
    store.write(run_id, "me", AT, (), (5, 0.5, b"a"), [(10, 1.0, b"kept")])
    store.write(run_id, "me", AT, (), (15, 1.5, b"b"))
    store.write(run_id, "me", AT, (), (20, 2.0, b"c"), [(20, 2.0, b"kept too")])
    assert [(c.step, c.kept) for c in store.checkpoints(run_id)] == [(10, True), (20, True)]
    assert len(files(store)) == 2  # none that no row names
    assert store.checkpoint(run_id) == b"kept too"
    store.write(run_id, "me", AT, (), (25, 2.5, b"d"))
    assert store.checkpoint(run_id) == b"d"


def test_events_written_twice_are_there_once(store):
    run_id = store.create(SPEC, "me", AT)
    store.write(run_id, "me", AT, events(1, 2, 4))
    store.write(run_id, "me", AT, [TrainEvent(4, 0.4, {"cd_loss": 9.0}, 1.0), *events(8)])
    history = store.history(run_id)
    assert [e.step for e in history.events] == [1, 2, 4, 8]
    assert history.events[2].metrics == {"cd_loss": 9.0}


def test_numbers_that_are_not_finite_come_back_as_missing(store):
    run_id = store.create(SPEC, "me", AT)
    store.write(run_id, "me", AT, [TrainEvent(1, 0.1, {"cd_loss": float("inf"), "dead_units": 0.5}, 1.0)])
    (event,) = store.history(run_id).events
    assert math.isnan(event.metrics["cd_loss"])
    assert event.metrics["dead_units"] == 0.5


def test_numbers_that_no_run_could_have_made_are_told_and_not_drawn(store):
    """Older programs took a stranger's curves as they came: epoch 0.4 after 9 steps, where 1 step made epoch 0.1."""
    run_id = store.create(SPEC, "me", AT)
    store.write(run_id, "me", AT, [*events(1), TrainEvent(9, 0.4, {}, 1.0)])
    with pytest.raises(StoreError, match=rf"numbers of run {run_id} are damaged .*epoch 0.1 after 1 steps"):
        store.history(run_id)


def test_a_run_in_training_cannot_be_taken_and_a_silent_one_can_and_goes_back_to_its_checkpoint(store):
    run_id = store.create(SPEC, "dead", AT)
    store.write(run_id, "dead", AT._replace(step=25), events(0, 10, 20, 22, 25), (20, 2.0, b"at 20"))
    with pytest.raises(StoreError, match="Another tab or server trained run"):
        store.claim(run_id, "heir")
    store.claim(run_id, "heir", silent=0.0)
    run = store.run(run_id)
    assert (run.status, run.progress.step, run.progress.epoch) == ("paused", 20, 2.0)
    assert [e.step for e in store.history(run_id).events] == [0, 10, 20]
    with pytest.raises(TakenOverError, match="goes on in another tab"):
        store.write(run_id, "dead", AT, events(30), (30, 3.0, b"too late"))
    store.write(run_id, "heir", AT, events(30))
    assert [e.step for e in store.history(run_id).events] == [0, 10, 20, 30]
    assert store.checkpoint(run_id) == b"at 20"


def test_a_paused_run_can_be_taken_at_once_and_one_without_a_checkpoint_starts_anew(store):
    run_id = store.create(SPEC, "me", AT._replace(status="paused"))
    store.write(run_id, "me", AT._replace(status="paused"), events(0, 1, 2))
    store.claim(run_id, "other")
    assert len(store.history(run_id)) == 0
    assert store.run(run_id).progress.step == 0


def test_a_finished_run_that_is_taken_stays_finished(store):
    at = AT._replace(status="finished", step=100, epoch=10.0)
    run_id = store.create(SPEC, "me", at)
    store.write(run_id, "me", at, events(99, 100), (100, 10.0, b"end"))
    store.claim(run_id, "other")
    assert store.run(run_id).progress == at
    assert len(store.history(run_id)) == 2


def test_a_run_that_fell_silent_while_training_is_called_interrupted(store, monkeypatch):
    run_id = store.create(SPEC, "me", AT)
    assert store.run(run_id).status == "running"
    later = clock.now() + 31
    monkeypatch.setattr(clock, "now", lambda: later)
    assert store.run(run_id).status == "interrupted"


def test_deleted_runs_come_back_until_they_are_purged_with_their_files(store):
    one, two = (store.create(replace(SPEC, seed=seed), "me", AT) for seed in (1, 2))
    for run_id in (one, two):
        store.write(run_id, "me", AT, events(1), (20, 2.0, b"x"))
    store.delete([one, two])
    assert store.runs() == []
    assert {run.id for run in store.runs(deleted=True)} == {one, two}
    store.restore([two])
    assert [run.id for run in store.runs()] == [two]
    assert store.purge() == 0  # deleted only now
    assert store.purge(older_than=-1.0) == 1
    assert store.runs(deleted=True) == []
    assert len(files(store)) == 1
    with pytest.raises(StoreError, match=f"no run {one}"):
        store.checkpoint(one)


def test_the_size_of_runs_is_that_of_their_checkpoints_while_they_are_kept(store):
    one, two = (store.create(replace(SPEC, seed=seed), "me", AT) for seed in (1, 2))
    assert store.kept_bytes() == store.kept_bytes([one, "nobody"]) == store.kept_bytes([]) == 0
    store.write(one, "me", AT, (), (20, 2.0, b"x" * 5), [(10, 1.0, b"y" * 3)])
    store.write(two, "me", AT, (), (20, 2.0, b"z" * 11))
    assert (store.kept_bytes(), store.kept_bytes([one]), store.kept_bytes([two])) == (19, 8, 11)
    ada = Visitor("ada", "Ada")
    hers = store.create(replace(SPEC, seed=3), "me", AT, visitor=ada)
    store.write(hers, "me", AT, (), (20, 2.0, b"a" * 7))
    assert (store.kept_bytes(visitor=ada.id), store.kept_bytes(visitor="bob"), store.kept_bytes()) == (7, 0, 26)
    store.delete([one, hers])
    assert (store.kept_bytes(), store.kept_bytes([one]), store.kept_bytes(visitor=ada.id)) == (11, 0, 0)


def test_a_run_has_the_name_that_somebody_gives_it_on_one_line(store):
    run_id = store.create(SPEC, "me", AT, name="  first\nof all ")
    assert store.run(run_id).name == "first of all"
    assert called(store.run(run_id)) == f"first of all: {name(SPEC, AT.knobs)}"
    store.set_name(run_id, "x" * 500)
    assert store.run(run_id).name == "x" * NAME_LETTERS
    store.set_name(run_id, "")
    assert called(store.run(run_id)) == name(SPEC, AT.knobs)


def test_tags_notes_and_evaluations_can_be_changed_and_tags_looked_for(store):
    one, two = (store.create(replace(SPEC, seed=seed), "me", AT, tags=("sweep",)) for seed in (1, 2))
    store.set_tags(two, ["best", "best", ""])
    store.set_note(two, "x" * 5000)
    assert [run.id for run in store.runs(tag="sweep")] == [one]
    assert store.run(two).tags == ("best",)
    assert len(store.run(two).note) == 2000
    store.add_evaluation(two, 20, "log_likelihood", {"low": -2.0})
    store.add_evaluation(two, 20, "log_likelihood", {"low": -1.0})
    (found,) = store.evaluations(two)
    assert (found.step, found.result) == (20, {"low": -1.0})


@pytest.mark.parametrize("act", ["claim", "write", "set_note", "delete", "run", "checkpoint", "add_evaluation"])
def test_an_unknown_run_is_named(store, act):
    more = {
        "claim": ("me",),
        "write": ("me", AT),
        "set_note": ("",),
        "add_evaluation": (1, "x", {}),
    }
    with pytest.raises(StoreError, match="nobody"):
        getattr(store, act)(["nobody"] if act == "delete" else "nobody", *more.get(act, ()))


def test_a_missing_checkpoint_file_is_named(store):
    run_id = store.create(SPEC, "me", AT)
    with pytest.raises(StoreError, match="has no checkpoint yet"):
        store.checkpoint(run_id)
    store.write(run_id, "me", AT, (), (20, 2.0, b"x"))
    store.checkpoint_path(run_id).unlink()
    with pytest.raises(StoreError, match="must share the folder"):
        store.checkpoint(run_id)


def test_an_old_database_is_brought_up_to_date_and_keeps_its_runs(store, url, tmp_path, monkeypatch):
    """A database of version 1, made by that version's own statements and filled by plain SQL."""
    with store._database.write() as db:
        for table in inspect(db).get_table_names():
            db.execute(text(f"DROP TABLE {table} CASCADE" if "postgres" in url else f"DROP TABLE {table}"))
    with store._database._writing() as db, monkeypatch.context() as patch:
        patch.setattr(schema, "VERSION", 1)
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        schema.migrate(db)
    with store._database.write() as db:
        assert "evaluations" not in inspect(db).get_table_names()
        db.execute(
            text(
                "INSERT INTO runs VALUES ('old', :spec, 'finished', '', 9, 9, 1.0, 0.5, 3, 'cpu', '{}', '{}', 'hello', 'x', "
                "1.0, 2.0, NULL)"
            ),
            {"spec": SPEC.to_json()},
        )
        db.execute(text("INSERT INTO metrics VALUES ('old', 9, 1.0, 0.5, '{\"cd_loss\": 4.0}')"))
        for step, high in ((3, -150.0), (6, -140.0)):
            numbers = {"cd_loss": 5.0, "log_likelihood_low": high - 1, "log_likelihood_high": high}
            row = {
                "step": step,
                "epoch": step / 9,
                "numbers": json.dumps({**numbers, "log_likelihood_epoch": step / 9}),
            }
            db.execute(text("INSERT INTO metrics VALUES ('old', :step, :epoch, 0.5, :numbers)"), row)
    new = Store(url, tmp_path)
    (run,) = new.runs()
    assert (run.spec, run.note, run.progress.knobs) == (SPEC, "hello", {})
    assert run.progress.changes == ()  # no knob differs from the start's
    assert (run.visitor, run.data) == ("", "")  # nobody's: anybody may change it
    assert run.metrics == {"log_likelihood_low": -141, "log_likelihood_high": -140, "log_likelihood_epoch": 6 / 9}
    assert new.history("old").last("cd_loss") == 4.0
    new.add_evaluation("old", 9, "log_likelihood", {})
    new.close()


def test_a_number_that_is_rarely_measured_stays_the_newest_until_its_event_is_forgotten(store):
    run_id = store.create(SPEC, "me", AT)
    store.write(run_id, "me", AT, [event(9, likelihood=-130.0)], (9, 1.0, b"x"))
    store.write(run_id, "me", AT, [event(20, likelihood=-120.0), event(30)])
    assert store.run(run_id).metrics == {"cd_loss": -30 / 7, "likelihood": -120.0}
    store.claim(run_id, "me")  # back at update 9
    assert store.run(run_id).metrics == {"cd_loss": -9 / 7, "likelihood": -130.0}


def test_where_knobs_were_turned_is_kept_to_the_last_bit_and_what_nobody_noted_is_told_apart(store):
    changes = (Change(7, {"learning_rate": 1 / 3}), Change(12, {"k": 5, "learning_rate": 0.1}))
    run_id = store.create(SPEC, "me", AT._replace(changes=changes, knobs={"k": 5}))
    assert store.run(run_id).progress.changes == changes
    with store._database.write() as db:
        db.execute(text("UPDATE runs SET changes = ''"))  # as an older program leaves it
    assert store.run(run_id).progress.changes is None
    store.write(run_id, "me", AT._replace(changes=None, knobs={"k": SPEC.training.k}))
    assert store.run(run_id).progress.changes == ()


def test_the_migrated_tables_are_those_that_the_program_reads(store):
    with store._database.read() as db:
        seen = inspect(db)
        for table in (
            schema.RUNS,
            schema.TAGS,
            schema.METRICS,
            schema.CHECKPOINTS,
            schema.EVALUATIONS,
            schema.VISITORS,
            schema.SETTINGS,
            schema.MACHINES,
        ):
            assert {c["name"] for c in seen.get_columns(table.name)} == {c.name for c in table.columns}


def test_a_newer_database_is_refused_and_left_alone(store, url, tmp_path):
    with store._database.write() as db:
        db.execute(text("UPDATE schema_version SET version = 99"))
    with pytest.raises(StoreError, match=f"version 99; this program knows up to {schema.VERSION}"):
        Store(url, tmp_path)


def test_a_run_of_another_version_is_left_out_not_fatal(store):
    run_id = store.create(SPEC, "me", AT)
    with store._database.write() as db:
        db.execute(text("UPDATE runs SET spec = :spec"), {"spec": '{"version": 77}'})
    assert store.runs() == []
    assert store.checkpoints(run_id) == []


def test_a_file_that_is_no_database_and_a_folder_that_cannot_be_made_are_told(tmp_path):
    (tmp_path / "runs.sqlite3").write_bytes(b"this is a letter to my aunt" * 100)
    with pytest.raises(StoreError, match=r"cannot be used .*not a database"):
        Store(folder=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be made .*RBM_RUNS"):
        Store(folder=tmp_path / "file" / "deep")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [("nonsense", "is not an address"), ("mysql://x/y", "names a mysql database")],
)
def test_an_address_that_is_none_is_told(url, sentence, tmp_path):
    with pytest.raises(StoreError, match=sentence):
        Store(url, tmp_path)


def test_a_server_that_does_not_answer_is_told_without_its_password(tmp_path):
    with pytest.raises(StoreError) as refusal:
        Store("postgresql://me:secret@127.0.0.1:9/x", tmp_path)
    assert "cannot be used" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_the_registry_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.delenv("RBM_DATABASE_URL", raising=False)
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "here"))
    store = Store()
    store.create(PRESETS["pcd"].spec, "me", AT)
    store.close()
    with sqlite3.connect(tmp_path / "here/runs.sqlite3") as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert raw.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    raw.close()
    monkeypatch.setenv("RBM_DATABASE_URL", f"sqlite:///{tmp_path / 'there.sqlite3'}")
    database = Database(None, tmp_path)
    assert Path(database.url.database).name == "there.sqlite3"
    database.close()


def test_the_engine_can_be_asked_for_tables_by_any_tool(store, url):
    """Nothing of ours is needed to read the registry: its tables are plain."""
    store.create(SPEC, "me", AT)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT seed, status FROM runs")).one() == (3, "running")
    engine.dispose()
