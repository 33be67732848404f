"""A finished run trained further: the numbers of the longer run where the rate knows no length, else a stretched schedule."""

import copy
from dataclasses import replace

import pytest
import torch

from rbm.errors import CheckpointError, ConfigError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer
from rbm.training.optimizers import scheduled_rate


def parameters(trainer: Trainer) -> list[torch.Tensor]:
    return [p.detach().clone() for p in trainer.model.parameters()]


def to_the_end(trainer: Trainer) -> Trainer:
    while not trainer.finished:
        trainer.step()
    return trainer


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt"])
def test_two_epochs_and_one_more_are_three_epochs_at_a_constant_rate(algorithm):
    """Bit for bit, whether the run goes on at once or from its checkpoint."""
    spec = RunSpec(
        DatasetSpec("bars_and_stripes"),
        ModelSpec(7),
        TrainConfig(algorithm=algorithm, schedule="constant", epochs=2, batch_size=5),
    )
    data = make_dataset(spec.dataset)
    three = to_the_end(make_trainer(replace(spec, training=replace(spec.training, epochs=3)), data))
    two = to_the_end(make_trainer(spec, data))
    model, state = copy.deepcopy((two.model.state_dict(), two.state()))
    two.lengthen(3)
    assert not two.finished
    further = to_the_end(two)
    assert further.step_number == three.step_number == 3 * three.batches_per_epoch
    assert all(torch.equal(a, b) for a, b in zip(parameters(further), parameters(three), strict=True))
    resumed = make_trainer(spec, data)
    resumed.model.load_state_dict(model)
    resumed.load_state(state)
    resumed.lengthen(3)
    assert all(torch.equal(a, b) for a, b in zip(parameters(to_the_end(resumed)), parameters(three), strict=True))


@pytest.mark.parametrize("schedule", ["linear", "step", "cosine", "inverse"])
def test_a_schedule_is_stretched_over_the_new_length(schedule):
    spec = RunSpec(
        DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(schedule=schedule, epochs=4, batch_size=5)
    )
    trainer = to_the_end(make_trainer(spec, make_dataset(spec.dataset)))
    trainer.lengthen(5)
    rate = trainer.step(report=True).metrics["learning_rate"]
    done = (4 * trainer.batches_per_epoch + 1) / (5 * trainer.batches_per_epoch)
    assert rate == scheduled_rate(spec.training, done)
    assert 0 < rate < spec.training.learning_rate


def test_the_longer_length_is_in_the_state_and_an_older_state_has_the_planned_one():
    spec = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(epochs=2, batch_size=5))
    data = make_dataset(spec.dataset)
    long = to_the_end(make_trainer(spec, data))
    long.lengthen(3)
    again = make_trainer(spec, data)
    again.load_state(long.state())
    assert (again.total_steps, again.config.epochs, again.finished) == (long.total_steps, 3, False)
    old = long.state()
    old["progress"] = old["progress"][:2]
    again = make_trainer(spec, data)
    again.load_state(old)
    assert (again.total_steps, again.finished) == (2 * again.batches_per_epoch, True)
    wrong = long.state()
    wrong["progress"] = wrong["progress"] + torch.tensor([0, 0, 1])
    with pytest.raises(CheckpointError, match="no whole number of epochs"):
        make_trainer(spec, data).load_state(wrong)


def test_a_run_is_never_made_shorter_nor_longer_than_any_can_be():
    spec = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(epochs=3, batch_size=5))
    trainer = make_trainer(spec, make_dataset(spec.dataset))
    trainer.lengthen(2)
    assert trainer.config.epochs == 3
    with pytest.raises(ConfigError, match="Epochs is 5001"):
        trainer.lengthen(5001)
