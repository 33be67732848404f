"""Rows by weight against data sets in which rows stand several times."""

from dataclasses import replace

import pytest
import torch

from rbm.checkpoint import load_checkpoint, save_checkpoint
from rbm.datasets.base import Dataset
from rbm.errors import ConfigError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.link import from_query, to_query
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer
from rbm.training.weighting import epoch_of, row_weights
from rbm.units import unit

ROWS = torch.tensor([[0, 0, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1], [0, 1, 0], [0, 1, 1]], dtype=torch.float32)
LABELS = torch.tensor([0, 1, 1, 1, 1, 1])


def dataset(rows: torch.Tensor, labels: torch.Tensor) -> Dataset:
    none = labels[:0]
    return Dataset(
        "few", "Few", rows, rows[:2], rows[:0], labels, labels[:2], none, (rows.shape[1],), "binary", ("a", "b")
    )


def test_whole_weights_are_rows_that_stand_so_often():
    weights = torch.tensor([2.0, 0, 3, 0, 1, 0], dtype=torch.float64)
    draw = generator(1)
    for _ in range(20):
        assert epoch_of(weights, draw).sort().values.tolist() == [0, 0, 2, 2, 2, 4]


def test_other_weights_are_right_on_average_and_never_off_by_more_than_one():
    weights = torch.tensor([0.3, 1.9, 0.55, 1.25], dtype=torch.float64)
    draw, n = generator(1), 4000
    counts = torch.stack([torch.bincount(epoch_of(weights, draw), minlength=4) for _ in range(n)]).double()
    assert (counts.sum(1) == 4).all()
    assert ((counts - weights).abs() < 1).all()
    share = weights - weights.floor()
    error = (share * (1 - share) / n).sqrt()
    assert ((counts.mean(0) - weights).abs() < 4 * error).all()


def test_by_class_each_class_counts_the_same():
    found = row_weights(dataset(ROWS, LABELS), unit("bernoulli"), "by class")
    torch.testing.assert_close(found, torch.tensor([3, 0.6, 0.6, 0.6, 0.6, 0.6], dtype=torch.float64))


@pytest.mark.parametrize("name", ["bernoulli", "spin", "categorical", "multinary"])
def test_by_likeness_a_row_counts_one_over_how_many_agree_in_four_fifths(name, rng):
    kind = unit(name, 3 if name in ("categorical", "multinary") else None)
    single = torch.randint(0, len(kind.states()) if name != "multinary" else 3, (40, 10), generator=rng)
    single[1::2] = torch.where(torch.rand(20, 10, generator=rng) < 0.85, single[::2], single[1::2])
    rows = kind.states()[single].flatten(1)
    sides = single > 1 if name == "multinary" else single
    counts = [sum(float((a == b).float().mean()) >= 0.8 - 1e-9 for b in sides) for a in sides]
    truth = 1 / torch.tensor(counts, dtype=torch.float64)
    data = replace(dataset(ROWS, LABELS), train=rows, train_labels=torch.zeros(40, dtype=torch.long), validation=rows[:2],
                   test=rows[:0], image_shape=(rows.shape[1],), kind="real")  # fmt: skip
    found = row_weights(data, kind, "by likeness")
    torch.testing.assert_close(found, truth * 40 / truth.sum())
    assert max(counts) > 1


def test_training_by_weights_is_training_on_duplicates(monkeypatch):
    """The exact gradient knows no chance: the same parameters, but for the order of sums, as from copies of the rows."""
    weights = torch.tensor([2.0, 0, 3, 0, 1, 0], dtype=torch.float64)
    few = dataset(ROWS, LABELS)
    copies = torch.repeat_interleave(torch.arange(6), weights.long())
    config = TrainConfig(
        algorithm="exact", centred="off", binarise="none", epochs=50, batch_size=6, learning_rate=0.5, momentum=0.0
    )
    monkeypatch.setattr("rbm.training.loop.row_weights", lambda data, unit, how: weights if how == "by class" else None)
    found = {}
    for name, data, weighting in (
        ("weights", few, "by class"),
        ("copies", dataset(ROWS[copies], LABELS[copies]), "alike"),
        ("plain", few, "alike"),
    ):
        trainer = Trainer(RBM(3, 2, generator=generator(1)), data, replace(config, weighting=weighting), generator(1))
        while not trainer.finished:
            trainer.step()
        found[name] = torch.cat([p.detach().flatten() for p in trainer.model.parameters()])
    torch.testing.assert_close(found["weights"], found["copies"], rtol=0, atol=1e-4)
    assert float((found["plain"] - found["copies"]).abs().max()) > 0.1


@pytest.mark.parametrize("at", [3, 7])
def test_a_run_goes_on_bit_for_bit(tmp_path, at):
    training = TrainConfig(epochs=4, batch_size=3, weighting="by class", likelihood="never")
    spec = RunSpec(DatasetSpec("mnist", classes=(1, 2, 3), size=20), ModelSpec(5), training)
    data = make_dataset(spec.dataset)
    whole = make_trainer(spec, data)
    while not whole.finished:
        whole.step()
    half = make_trainer(spec, data)
    for _ in range(at):
        half.step()
    save_checkpoint(tmp_path / "half.safetensors", half.model, spec, state=half.state())
    saved = load_checkpoint(tmp_path / "half.safetensors")
    assert saved.spec == spec
    again = make_trainer(saved.spec, data)
    again.model.load_state_dict(saved.model.state_dict())
    again.load_state(saved.state)
    while not again.finished:
        again.step()
    assert torch.equal(again.model.weight, whole.model.weight)


def test_it_travels_by_link_and_an_old_link_counts_all_alike():
    spec = RunSpec(
        model=ModelSpec(start="components"), training=TrainConfig(weighting="by class", centred="standardised")
    )
    query = to_query(spec)
    assert (query["rw"], query["ws"], query["ce"]) == ("by class", "components", "standardised")
    assert from_query(query).spec == spec
    assert from_query({"v": "3"}).spec == RunSpec()
    old = RunSpec.from_json('{"version": 2, "model": {"n_hidden": 7}, "training": {"centred": "on"}}')
    assert (old.training.weighting, old.model.start) == ("alike", "noise")


def test_what_cannot_be_compared_is_one_sentence():
    data = dataset(ROWS, LABELS)
    with pytest.raises(ConfigError, match="Rows of gaussian units have no states to compare"):
        row_weights(data, unit("gaussian"), "by likeness")
    many = dataset(ROWS.repeat(2001, 1), LABELS.repeat(2001))
    with pytest.raises(ConfigError, match="12,000 at most, and there are 12,006: take fewer training images"):
        row_weights(many, unit("bernoulli"), "by likeness")
