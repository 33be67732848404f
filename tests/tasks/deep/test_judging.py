"""The bound that ends a deep machine's training, against enumeration."""

import math

import pytest
import torch

from rbm.datasets.base import binarise
from rbm.evaluation import exact
from rbm.evaluation.likelihood import log_likelihood
from rbm.experiment import DatasetSpec, make_dataset
from rbm.models.dbm import compose
from rbm.models.dbn import DeepBeliefNet
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.tasks.deep import judging


def layer(n_visible: int, n_hidden: int, seed: int) -> RBM:
    model = RBM(n_visible, n_hidden, generator=generator(seed, "layer"))
    with torch.no_grad():
        model.weight.mul_(40)
    return model


@pytest.fixture
def data():
    return make_dataset(DatasetSpec("tiny_digits"))


@pytest.fixture
def images(data) -> torch.Tensor:
    return binarise(data.test, "stochastic", generator(0, "deep", "test images"))


def test_a_net_of_one_layer_is_judged_exactly(data, images, monkeypatch):
    rbm = layer(data.n_visible, 5, 1)
    values = log_likelihood(rbm, images, exact.log_partition(rbm))
    found = judging.judge(DeepBeliefNet([rbm]), data, seed=1)
    assert found.nats == pytest.approx(float(values.mean()), abs=1e-4)
    assert found.error == pytest.approx(float(values.std()) / math.sqrt(len(values)), rel=1e-4)
    assert (found.n_images, found.effective) == (len(images), None)
    monkeypatch.setattr(judging, "EXACT_BITS", 0)
    estimated = judging.judge(DeepBeliefNet([rbm]), data, seed=1)
    assert 5 < estimated.effective <= estimated.n_chains
    assert estimated.nats == pytest.approx(found.nats, abs=4 / estimated.effective**0.5)


def test_deeper_machines_are_bounded_from_below(data, images):
    low, high = layer(data.n_visible, 5, 1), layer(5, 3, 2)
    states = exact.states(5, low.hidden_unit).float()
    with torch.no_grad():
        top = -high.free_energy(states).double() - exact.log_partition(high)  # log p(h)
        field = low.visible_field(states)
        down = (images[:, None] * field - torch.nn.functional.softplus(field)).double().sum(2)  # log p(v | h), (N, S)
    truth = float((down + top).logsumexp(1).mean())
    net = judging.judge(DeepBeliefNet([low, high]), data, seed=1)
    assert truth - 1 < net.nats < truth + 0.1
    machine = compose(low, high)
    with torch.no_grad():
        log_z = exact.log_partition(machine.joint)
        clamped = machine.joint.visible_bias + images @ machine.weights[0]  # the field of h¹ from v
        b, _, c2 = machine.biases
        inside = states @ machine.weights[1] + c2
        rest = torch.nn.functional.softplus(inside).sum(1)
        joint = (clamped[:, None] * states).sum(2) + rest + (images @ b)[:, None]
    exactly = float((joint.double().logsumexp(1) - log_z).mean())
    judged = judging.judge(machine, data, seed=1)
    assert judged.nats < exactly + 0.1
    assert judged.effective is not None
