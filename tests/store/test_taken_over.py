"""A run that another has taken up stops at once, loses nothing, and can be kept as a new one; and own data's identity."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.pictures import Pictures
from rbm.errors import DatasetError, TakenOverError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs import cluster, recording
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.store import Store
from rbm.store.owners import Visitor, visitor_id
from rbm.training.config import TrainConfig
from tests.helpers.databases import on_both_at_releases
from tests.helpers.waiting import ENDLESS, trained, wait

LONG = RunSpec(DatasetSpec(size=2000), ModelSpec(23), TrainConfig(algorithm="pcd", optimizer="adam", epochs=ENDLESS))
ADA = Visitor(visitor_id("ada"), "Ada")

pytestmark = pytest.mark.usefixtures("watched")


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RBM_DATA", str(tmp_path_factory.mktemp("data")))  # which the workers know too
        cluster.disconnect()
        yield cluster.connect()
        cluster.disconnect()


def started(store: Store, spec: RunSpec = LONG) -> LiveRun:
    run = LiveRun(spec, Record(spec, store=lambda: store, visitor=ADA))
    run.play()
    wait(lambda: run.step_number > 100 and bool(store.runs()) and bool(store.checkpoints(run.record.id)))
    return run


@on_both_at_releases
def test_a_run_that_is_deleted_while_it_trains_stops_and_can_be_kept_as_a_new_one(workers, store):
    """Or it would train on for what is removed for good after a month."""
    run = started(store)
    old = run.record
    store.delete([old.id])
    wait(lambda: old.lost and not run.active, what="the run to stop")
    assert "was deleted" in old.problem
    store.restore([old.id])
    assert [one.id for one in store.runs()] == [old.id]
    run.keep_as(Record(LONG, store=lambda: store, visitor=ADA))
    recording.flush()
    assert len(store.runs()) == 2
    assert not run.lost


def test_a_run_that_is_taken_up_elsewhere_stops_and_is_kept_as_a_new_one_with_all_it_has_learnt(workers, store):
    first = started(store)
    heard = threading.Event()
    first.on_news = heard.set
    old = first.record
    Record(LONG, run_id=old.id, store=lambda: store).claim(silent=0.0)  # as the teacher's tab, or another server
    wait(lambda: old.lost and not first.active, what="the run to stop")
    assert heard.is_set()
    assert first.status == "paused"
    assert "goes on in another tab or server" in first.notice
    assert "Training here has stopped" in first.notice
    for act in (first.play, lambda: first.step(batches=1)):
        with pytest.raises(TakenOverError, match="goes on in another tab"):
            act()
    assert first.status == "paused"
    kept = Record(LONG, store=lambda: store, visitor=ADA)
    first.keep_as(kept)
    recording.flush()
    assert not first.lost
    assert first.notice == ""
    new = store.run(kept.id)
    assert (new.visitor, new.status, new.progress.step) == (ADA.id, "paused", first.step_number)
    assert store.history(kept.id).events == first.history.events
    assert store.checkpoints(kept.id)[-1].step == first.step_number  # nothing that was learnt is lost
    start = first.step_number
    first.step(batches=50)
    wait(lambda: first.step_number == start + 50 and not first.active)
    np.testing.assert_array_equal(first.snapshot.weight, trained(LONG, start + 50))
    recording.flush()
    assert store.run(kept.id).progress.step == start + 50
    assert store.run(old.id).progress.step < start
    first.release()


def pictures(seed: int) -> Pictures:
    rng = np.random.default_rng(seed)
    return Pictures(rng.integers(0, 256, (2000, 8, 8), dtype=np.uint8), np.zeros(2000, np.int64), ("any",))


def test_a_run_never_goes_on_with_other_pictures_of_the_same_name(workers, store):
    digest = save.save("cats", pictures(1)).digest
    spec = RunSpec(DatasetSpec("own:cats"), ModelSpec(5), TrainConfig(epochs=ENDLESS))
    run = started(store, spec)
    run.pause()
    wait(lambda: not run.active)
    recording.flush()
    run_id = run.record.id
    assert store.run(run_id).data == digest
    save.remove("cats")
    Record(spec, run_id=run_id, store=lambda: store).claim()  # removed, they are still those
    save.save("cats", pictures(2))
    with pytest.raises(DatasetError, match="own:cats does not hold the pictures any more that this run learnt from"):
        Record(spec, run_id=run_id, store=lambda: store).claim()
    # Nor by a run of this process whose worker is lost.
    again = LiveRun.resume(run.record, store.run(run_id), store.history(run_id), store.checkpoint(run_id))
    again.play()
    wait(lambda: again.status == "failed")
    assert "does not hold the pictures any more" in again.message
    save.remove("cats")
    save.restore("cats", digest=digest)
    Record(spec, run_id=run_id, store=lambda: store).claim()
    save.remove("cats")
    for one in (run, again):
        one.release()
