"""The features of a machine as tasks: what they tell is what the definitions give."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rbm.datasets.catalog import load_dataset
from rbm.errors import DatasetError
from rbm.evaluation import codes
from rbm.experiment import DatasetSpec
from rbm.models.parameters import Parameters
from rbm.tasks import features


@pytest.fixture
def small(monkeypatch):
    """2,000 training, 300 validation and 400 test digits, and two draws of 100 labels."""
    digits = load_dataset("mnist", size=2000)
    data = replace(
        digits,
        validation=digits.validation[:300],
        validation_labels=digits.validation_labels[:300],
        test=digits.test[:400],
        test_labels=digits.test_labels[:400],
    )
    monkeypatch.setattr(features, "cached_dataset", lambda spec: data)
    monkeypatch.setattr(features, "DRAWS", {100: 2})
    monkeypatch.setattr(features, "POINTS", 60)
    return data


def machine(weight):
    return Parameters(weight, np.zeros(len(weight), np.float32), np.zeros(weight.shape[1], np.float32))


def test_scores_come_for_every_input_on_the_same_labels(small):
    weight = np.random.default_rng(1).normal(scale=0.2, size=(784, 23)).astype(np.float32)
    found = list(features.score(machine(weight), DatasetSpec()))
    assert len(found) == features.planned(2000, 10) == 6
    assert [(s.draw, s.input) for s in found] == [(d, name) for d in range(2) for name in features.INPUTS]
    assert all(0.3 < s.accuracy < 0.9 for s in found)
    assert found[2].strength == found[5].strength
    # The last one again, from the definitions.
    rows = codes.draw(small.train_labels.numpy(), 100, 2)
    hidden = [torch.sigmoid(x @ torch.from_numpy(weight)).numpy() for x in (small.train[rows], small.test)]
    again = codes.logistic(
        (hidden[0], small.train_labels.numpy()[rows]),
        (hidden[1], small.test_labels.numpy()),
        (hidden[1], small.test_labels.numpy()),
        found[5].strength,
    )
    assert again.accuracy == pytest.approx(found[5].accuracy, abs=1e-6)


def test_maps_of_the_first_test_images(small):
    weight = np.random.default_rng(1).normal(scale=0.2, size=(784, 23)).astype(np.float32)
    found = list(features.maps(machine(weight), DatasetSpec()))
    assert [(m.input, m.how) for m in found] == list(features.MAPS)
    assert all(m.points.shape == (60, 2) and np.isfinite(m.points).all() for m in found)
    assert all(0.1 < m.agreement <= 1 for m in found)


def test_data_without_classes_are_refused(small, monkeypatch):
    alike = replace(small, train_labels=torch.zeros(2000, dtype=torch.int64))
    monkeypatch.setattr(features, "cached_dataset", lambda spec: alike)
    with pytest.raises(DatasetError, match="2000 training images of 1 class:"):
        next(features.score(machine(np.zeros((784, 2), np.float32)), DatasetSpec()))
    assert features.sizes(50, 10) == {50: 1}
