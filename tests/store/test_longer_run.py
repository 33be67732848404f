"""A run that was trained further than planned: the registry, its checkpoint and whoever resumes it know its length."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pages.ui.session import state
from rbm.errors import CheckpointError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs import cluster, recording
from rbm.jobs.job import release_all
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.store import Run, Store, importing
from rbm.training.config import TrainConfig
from tests.helpers.databases import on_both_at_releases
from tests.helpers.waiting import PATIENCE, trained, wait

SPEC = RunSpec(DatasetSpec(size=640), ModelSpec(23), TrainConfig(schedule="constant", epochs=2))  # 10 updates an epoch
FOUR = replace(SPEC, training=replace(SPEC.training, epochs=4))


@pytest.fixture(scope="module", autouse=True)
def workers() -> Iterator[None]:
    cluster.connect()
    yield
    release_all(PATIENCE)


@pytest.fixture
def longer(store: Store) -> Run:
    """Two epochs as planned and one more."""
    run = LiveRun(SPEC, Record(SPEC, store=lambda: store))
    run.play()
    wait(lambda: run.status == "finished")
    run.step(epochs=1)
    wait(lambda: run.status == "finished" and run.step_number == 30 and not run.active)
    run.release()
    recording.flush()
    return store.run(run.record.id)


def resumed(store: Store, run_id: str) -> LiveRun:
    """The run as another tab takes it up."""
    record = Record(SPEC, run_id=run_id, store=lambda: store)
    record.claim()
    return LiveRun.resume(record, store.run(run_id), store.history(run_id), store.checkpoint(run_id))


@on_both_at_releases
def test_the_registry_holds_the_longer_length_and_a_resumed_run_goes_on_from_it(store, longer):
    at = longer.progress
    assert (at.status, at.step, at.total_steps, at.epoch) == ("finished", 30, 30, 3.0)
    assert at.knobs["epochs"] == 3
    assert longer.spec == SPEC
    assert store.history(longer.id).events[-1].step == 30
    run = resumed(store, longer.id)
    assert (run.status, run.epochs, run.batches_per_epoch, run.progress) == ("finished", 3, 10, 1.0)
    run.step(epochs=1)
    wait(lambda: run.step_number == 40 and not run.active)
    recording.flush()
    at = store.run(longer.id).progress
    assert (at.status, at.step, at.total_steps, at.knobs["epochs"]) == ("finished", 40, 40, 4)
    np.testing.assert_array_equal(run.snapshot.weight, trained(FOUR))
    run.release()


@on_both_at_releases
def test_neither_the_planned_nor_the_longer_length_asks_for_a_new_run(store, longer):
    run = resumed(store, longer.id)
    assert state.same_seed_again(run).training.epochs == 3
    assert state.needs_new_run(run, SPEC) == []
    assert state.needs_new_run(run, state.same_seed_again(run)) == []
    assert state.needs_new_run(run, FOUR) == ["epochs"]
    run.release()


@on_both_at_releases
def test_a_longer_run_that_comes_as_a_file_is_as_long_as_it_was(store, longer):
    there = store.run(importing.add(store, "run.safetensors", store.checkpoint(longer.id)))
    assert there.progress._replace(seconds=0.0) == longer.progress._replace(seconds=0.0, knobs={"epochs": 3})


@on_both_at_releases
def test_a_file_that_does_not_say_how_far_it_came_is_refused(store, longer):
    import torch

    from rbm import checkpoint

    saved = checkpoint.from_bytes(store.checkpoint(longer.id))
    for told in (
        torch.tensor(7),
        torch.tensor([3.5, 1.0]),
        torch.tensor([-1, 0, 30]),
        torch.zeros(0, dtype=torch.long),
    ):
        data = checkpoint.to_bytes(saved.model, saved.spec, state={**saved.state, "progress": told})
        with pytest.raises(CheckpointError, match="does not say how far"):
            importing.add(store, "run.safetensors", data)
    data = checkpoint.to_bytes(saved.model, saved.spec, state={**saved.state, "progress": torch.tensor([3, 0, 33])})
    with pytest.raises(CheckpointError, match="33 updates long, which are not 1 to 5,000 whole epochs of 10"):
        importing.add(store, "run.safetensors", data)
