"""The unrolled classifier on small real data."""

import pytest
import torch

from rbm.datasets.base import Dataset
from rbm.errors import ConfigError, DivergenceError, ShapeError
from rbm.randomness import generator
from rbm.training.finetune import Classifier, Dropout, FinetuneConfig, error_rate, finetune
from rbm.training.greedy import make_dbn
from tests.helpers.few_digits import few_digits


@pytest.fixture(scope="module")
def few() -> Dataset:
    return few_digits()


def test_an_unrolled_net_passes_the_means_up():
    dbn = make_dbn(11, (7, 5), 1).double()
    network = Classifier.unroll(dbn, 3, generator(2, "c"))
    v = torch.rand(13, 11, generator=generator(3, "v"), dtype=torch.float64)
    torch.testing.assert_close(network(v), network.layers[-1](dbn.means(v)[-1]))


def test_dropout_keeps_the_mean_and_drops_its_share():
    drop = Dropout(FinetuneConfig(dropout_input=0.2, dropout_hidden=0.5), generator(1, "drop"))
    x = torch.full((400, 500), 3.0)
    for layer, share in ((0, 0.2), (1, 0.5), (2, 0.5)):
        y = drop(x, layer)
        error = (share * (1 - share) / x.numel()) ** 0.5
        assert abs(float((y == 0).double().mean()) - share) < 4 * error
        assert abs(float(y.double().mean()) / 3 - 1) < 4 * error / (1 - share)


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.2), ("adam", 0.01)])
def test_a_classifier_learns_its_images_and_keeps_weights_within_their_norm(few, optimizer, rate):
    draw = generator(1, "classifier")
    network = Classifier((784, 30), 10, draw)
    assert error_rate(network, few.train, few.train_labels) > 0.7
    config = FinetuneConfig(
        epochs=30,
        dropout_input=0,
        dropout_hidden=0,
        optimizer=optimizer,
        learning_rate=rate,
        batch_size=30,
        max_norm=3.0,
    )
    events = list(finetune(network, few.train, few.train_labels, config, draw))
    assert (events[-1].step, events[-1].done) == (300, 1.0)
    assert events[-1].loss < 0.2 * events[0].loss
    assert error_rate(network, few.train, few.train_labels) < 0.02
    assert error_rate(network, few.test, few.test_labels) < 0.35
    assert float(network.layers[0].weight.detach().norm(dim=1).max()) <= 3.0 + 1e-5


def test_bad_sizes_and_rates_are_refused(few):
    draw = generator(1, "bad")
    with pytest.raises(ConfigError, match="hidden layer and two classes"):
        Classifier((784,), 10, draw)
    with pytest.raises(ShapeError, match="a label for each image"):
        list(finetune(Classifier((784, 3), 10, draw), few.train, few.test_labels, FinetuneConfig(), draw))
    network = Classifier((784, 3), 10, draw)
    with torch.no_grad():
        network.layers[0].weight.fill_(float("nan"))
    with pytest.raises(DivergenceError, match="Lower its learning rate"):
        list(finetune(network, few.train, few.train_labels, FinetuneConfig(epochs=1), draw))
