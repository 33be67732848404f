"""Whose is it: the rule, what is kept of a visitor, and copies of runs, on both databases."""

import pytest

from rbm.errors import NotYoursError, StoreError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.store import Progress
from rbm.store.guarded import Guarded
from rbm.store.owners import NOBODY, Visitor, clean_name, may_change, visitor_id
from rbm.training.events import TrainEvent

SPEC = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), seed=3)
AT = Progress("running", 20, 100, 2.0, 1.5)
ADA, BOB = Visitor(visitor_id("a"), "Ada"), Visitor(visitor_id("b"), "Bob")
TEACHER = BOB._replace(teacher=True)


def events(*steps: int) -> list[TrainEvent]:
    return [TrainEvent(step, step / 10, {"cd_loss": -step / 7}, step / 1000) for step in steps]


@pytest.mark.parametrize(
    ("visitor", "owner", "may"),
    [
        (ADA, ADA.id, True),
        (BOB, ADA.id, False),
        (TEACHER, ADA.id, True),
        (BOB, NOBODY.id, True),  # made before there were owners, or from the command line
        (NOBODY, ADA.id, False),
    ],
)
def test_the_rule(visitor, owner, may):
    assert may_change(visitor, owner) == may


def test_a_secret_is_known_by_its_hash_alone(store):
    store.create(SPEC, "writer", AT, visitor=Visitor(visitor_id("very secret"), "Ada"))
    (known,) = store.names()
    assert known == visitor_id("very secret")
    assert len(known) == 32
    assert "secret" not in known


def test_only_the_owner_and_the_teacher_change_a_run(store):
    run_id = store.create(SPEC, "writer", AT, tags=("first",), visitor=ADA)
    assert store.run(run_id).visitor == ADA.id
    for act in (
        lambda who: who.delete([run_id]),
        lambda who: who.restore([run_id]),
        lambda who: who.set_tags(run_id, ["x"]),
        lambda who: who.set_note(run_id, "x"),
        lambda who: who.set_name(run_id, "x"),
        lambda who: who.run(run_id),
    ):
        with pytest.raises(NotYoursError, match="belongs to Ada; only its owner, or whoever has the teacher's word"):
            act(Guarded(store, BOB))
    assert store.run(run_id).tags == ("first",)
    assert store.run(run_id).deleted_at is None
    Guarded(store, ADA).set_tags(run_id, ["mine"])
    Guarded(store, TEACHER).set_note(run_id, "seen")
    Guarded(store, TEACHER).delete([run_id])
    Guarded(store, ADA).restore([run_id])
    run = store.run(run_id)
    assert (run.tags, run.note, run.deleted_at) == (("mine",), "seen", None)


def test_of_several_runs_all_are_deleted_or_none(store):
    mine, hers = store.create(SPEC, "w", AT, visitor=BOB), store.create(SPEC, "w", AT, visitor=ADA)
    with pytest.raises(NotYoursError):
        Guarded(store, BOB).delete([mine, hers])
    assert {run.id for run in store.runs()} == {mine, hers}


def test_a_name_is_the_next_that_is_free_until_it_is_changed(store):
    assert store.name_for(ADA.id) == "Visitor 1"
    store.sign(Visitor(ADA.id, ""))
    assert store.name_for(ADA.id) == "Visitor 1"
    assert store.name_for(BOB.id) == "Visitor 2"
    assert store.name_for(BOB.id, {"Visitor 2"}) == "Visitor 3"  # which another newcomer was promised
    store.create(SPEC, "w", AT, visitor=ADA)  # what is known already stays
    assert store.names() == {ADA.id: "Visitor 1"}
    store.sign(ADA, rename=True)
    store.sign(BOB, rename=True)
    assert store.names() == {ADA.id: "Ada", BOB.id: "Bob"}
    assert clean_name(" \x00 Ada\n of  London ") == "� Ada of London"


def test_a_copy_has_the_history_up_to_the_newest_checkpoint_and_goes_its_own_way(store):
    run_id = store.create(SPEC, "writer", AT, tags=("class",), note="why", visitor=ADA)
    with pytest.raises(StoreError, match="no checkpoint"):
        Guarded(store, BOB).copy(run_id)
    store.write(run_id, "writer", AT, events(0, 10, 20, 25), (20, 2.0, b"at 20"), [(10, 1.0, b"first")])
    copied = Guarded(store, BOB).copy(run_id)
    run, before = store.run(copied), store.run(run_id)
    assert (run.visitor, run.status, run.spec, run.tags) == (BOB.id, "paused", SPEC, ("class",))
    assert run.note == f"Continues run {run_id}. why"
    assert (run.progress.step, run.progress.epoch, run.progress.seconds) == (20, 2.0, 0.02)
    assert run.metrics == {"cd_loss": -20 / 7}
    assert list(store.history(copied).events) == events(0, 10, 20)
    assert store.checkpoint(copied) == b"at 20"
    assert (before.visitor, before.status) == (ADA.id, "running")
    store.claim(copied, "his")
    store.write(copied, "his", AT, events(30), (30, 3.0, b"at 30"))
    assert store.checkpoint(copied) == b"at 30"
    assert store.checkpoint(run_id) == b"at 20"
    store.write(run_id, "writer", AT, events(40))  # nobody has taken it from her
    assert len(store.history(run_id)) == 5


def test_a_copy_of_a_finished_run_is_finished(store):
    at = AT._replace(status="finished", step=100, epoch=10.0)
    run_id = store.create(SPEC, "w", at, visitor=ADA)
    store.write(run_id, "w", at, events(100), (100, 10.0, b"end"))
    assert store.run(Guarded(store, BOB).copy(run_id)).progress == at
