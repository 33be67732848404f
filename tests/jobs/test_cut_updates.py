"""A long update is left in its midst when its turn is over, and is the same update for it."""

import itertools

import pytest
import torch

from rbm.checkpoint import from_bytes
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs.training import Slice, TrainingJob
from rbm.training.config import TrainConfig

SWEPT = ("cd", "pcd", "fpcd", "pt", "ptt", "rdm", "mfcd")  # "exact" has no sweeps
K, UPDATES = 6, 4


def spec(algorithm: str) -> RunSpec:
    training = TrainConfig(algorithm=algorithm, k=K, epochs=4, batch_size=4, n_replicas=3)
    return RunSpec(model=ModelSpec(n_hidden=3), training=training, dataset=DatasetSpec("bars_and_stripes_3x3"))


def weights(job: TrainingJob) -> torch.Tensor:
    return job.trainer.model.weight.detach().clone()


def slices(job: TrainingJob, updates: int) -> list[Slice]:
    """Turns that are over as soon as they begin, until so many updates are done."""
    found = []
    while job.trainer.step_number < updates:
        found.append(job.advance(0.0))
    return found


@pytest.mark.parametrize("algorithm", SWEPT)
def test_a_cut_update_is_the_same_update(algorithm):
    whole, cut = (TrainingJob(spec(algorithm).to_json()) for _ in range(2))
    expected = whole.advance(60.0, until=UPDATES)
    turns = slices(cut, UPDATES)
    assert len(turns) > 2 * UPDATES  # cut indeed
    assert torch.equal(weights(cut), weights(whole))
    events = [event for turn in turns for event in turn.events]
    assert [e.step for e in events] == [e.step for e in expected.events]
    assert [e.metrics["cd_loss"] for e in events[1:]] == [e.metrics["cd_loss"] for e in expected.events[1:]]


def test_a_checkpoint_that_is_asked_for_in_the_midst_comes_with_the_end_and_fits_its_update():
    job = TrainingJob(spec("pcd").to_json())
    job.advance(0.0)
    assert job.advance(0.0, checkpoint=True).checkpoint is None
    for turn in iter(lambda: job.advance(0.0), None):
        if turn.checkpoint is not None:
            break
    assert turn.step == job.trainer.step_number == 1
    again = TrainingJob(spec("pcd").to_json(), turn.checkpoint)
    job.advance(60.0, until=UPDATES)
    again.advance(60.0, until=UPDATES)
    assert torch.equal(weights(job), weights(again))


def test_a_run_is_over_once_its_last_update_is_judged():
    """Estimates of the likelihood sweep too, after the update is counted."""
    short = RunSpec(DatasetSpec(size=100), ModelSpec(23), TrainConfig(epochs=1))
    job = TrainingJob(short.to_json())
    for turn in iter(lambda: job.advance(0.0), None):
        if turn.status != "running":
            break
    assert turn.status == "finished"
    assert turn.checkpoint is not None
    assert turn.events[-1].step == turn.total_steps
    assert "log_likelihood_low" in turn.events[-1].metrics


@pytest.mark.parametrize("updates", [1, 3])
def test_steps_by_hand_are_over_with_the_turn_that_counts_the_last_of_them(updates):
    """Nobody asks again: of a run's very last update it would never be said that it is finished."""
    short = RunSpec(DatasetSpec(size=192), ModelSpec(23), TrainConfig(epochs=1))  # three updates of 64 images
    job = TrainingJob(short.to_json())
    for turn in iter(lambda: job.advance(0.0, until=updates), None):
        if turn.step == updates:
            break
    assert turn.events[-1].step == updates
    assert turn.status == ("finished" if updates == turn.total_steps else "running")
    assert job._under_way is None


def test_a_pause_ends_the_update_that_is_under_way():
    job = TrainingJob(spec("cd").to_json())
    job.advance(0.0)
    paused = job.advance(0.0, until=0, snapshot=True, checkpoint=True)
    assert paused.step == 1
    assert paused.checkpoint is not None
    assert torch.equal(from_bytes(paused.checkpoint).model.weight, weights(job))


def test_a_knob_that_is_turned_in_the_midst_acts_from_the_next_update_on():
    cut, whole = (TrainingJob(spec("cd").to_json()) for _ in range(2))
    cut.advance(0.0)
    cut.change({"learning_rate": 0.5, "k": 2})
    assert [change.step for change in cut.trainer.changes] == [1]
    whole.advance(60.0, until=1)
    whole.change({"learning_rate": 0.5, "k": 2})
    for job in (cut, whole):
        job.advance(60.0, until=UPDATES)
    assert torch.equal(weights(cut), weights(whole))


def test_one_more_batch_asked_for_in_the_midst_of_an_update_has_its_event():
    job = TrainingJob(spec("cd").to_json())
    steps = (e.step for turn in map(job.advance, itertools.repeat(0.0)) for e in turn.events)
    assert next(step for step in steps if step == 2) == 2
    while job._under_way is None:  # the third, of which no event is due
        job.advance(0.0)
    job.trainer._last_report = 2
    assert [e.step for e in job.advance(60.0, until=3).events] == [3]
