"""Training with labels as a task: what it tells is what the engine computes, and the same each time."""

import numpy as np
import pytest
import torch

from rbm.datasets.catalog import load_dataset
from rbm.datasets.tags import TAGS, tags_of
from rbm.errors import ShapeError
from rbm.tasks import labels


@pytest.mark.parametrize("kind", ["softmax", "tags"])
def test_the_news_are_those_of_the_machine_sent(kind):
    news = list(labels.train(kind, 20, "both", 2, seed=1, size=3000))
    assert news[0].machine is not None
    assert news[-1].machine is not None
    assert news[-1].epoch == 2
    assert [n.epoch for n in news] == sorted(n.epoch for n in news)
    assert [n.epoch for n in news if n.whole_error is not None] == [1, 2]
    model = news[-1].machine.to_model()
    data = load_dataset("mnist")
    answers = labels.answer(kind, data.test_labels)
    # Half-precision weights may change an answer or two.
    assert model.error(data.test, answers) == pytest.approx(news[-1].whole_error, abs=0.003)
    assert model.error(data.test[:1000], answers[:1000]) == pytest.approx(news[-1].test_error, abs=0.003)
    assert news[-1].test_error < 0.75 * news[0].test_error


def test_the_same_arguments_give_the_same_news():
    first, again = (list(labels.train("softmax", 7, "p(x, y)", 1, seed=3, size=640)) for _ in range(2))
    assert [n[:4] for n in first] == [n[:4] for n in again]
    np.testing.assert_array_equal(first[-1].machine.weight, again[-1].machine.weight)


def test_tags_are_said_of_digits():
    assert tags_of(torch.arange(10)).shape == (10, len(TAGS)) == (10, 5)
    assert tags_of(torch.tensor([4])).tolist() == [[1, 1, 0, 1, 0]]
    rows = {tuple(r) for r in tags_of(torch.arange(10)).tolist()}
    assert len(rows) == 9  # 6 and 8 share theirs
    with pytest.raises(ShapeError, match="labels from 3 to 12"):
        tags_of(torch.tensor([3, 12]))


def test_a_few_pictures_are_told_of_now_and_then():
    news = list(labels.train("softmax", 5, "both", 200, seed=1, dataset="bars_and_stripes_3x3"))
    assert news[-1].epoch == 200
    assert [n.epoch for n in news if n.whole_error is not None] == [40, 80, 120, 160, 200]  # epochs of a single update
    assert news[-1].machine.n_labels == 3
    assert news[-1].machine.to_model().n_pixels == 9
