"""The Boltzmann machine against its definition in loops over every state, and against the RBM it contains."""

import math
from itertools import product

import pytest
import torch

from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.evaluation import exact, exact_boltzmann
from rbm.models.boltzmann import BoltzmannMachine, binary_states
from rbm.models.rbm import RBM
from tests.helpers.boltzmann import HIDDEN, VISIBLE, energy, machine, table


def test_weight_is_symmetric_without_a_diagonal():
    w = machine().weight
    assert torch.equal(w, w.T)
    assert not w.diagonal().any()
    assert len(machine().coupling) == 8 * 7 // 2


def test_energy_of_every_state():
    model = machine()
    every, _ = table(model)
    v, h = torch.tensor(every).double().split([VISIBLE, HIDDEN], 1)
    expected = torch.tensor([energy(model, s) for s in every], dtype=torch.float64)
    torch.testing.assert_close(model.energy(v, h).detach(), expected)


def test_free_energy_sums_the_hidden_units_out():
    model = machine()
    for v in binary_states(VISIBLE):
        states = [(*map(int, v), *h) for h in product((0, 1), repeat=HIDDEN)]
        expected = -math.log(sum(math.exp(-energy(model, s)) for s in states))
        assert float(model.free_energy(v[None]).detach()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("beta", [0.3, 1.0, 2.5])
def test_distribution_and_partition_function(beta):
    model = machine()
    every, p = table(model, beta)
    states, found = exact_boltzmann.distribution(model, beta)
    assert [tuple(row) for row in states.int().tolist()] == every
    torch.testing.assert_close(found, p)
    log_z = math.log(sum(math.exp(-energy(model, s)) for s in every))
    assert exact_boltzmann.log_partition(model) == pytest.approx(log_z, abs=1e-12)


def test_an_rbm_is_a_boltzmann_machine_without_edges_inside_its_layers(tiny_rbm: RBM):
    model = BoltzmannMachine.from_rbm(tiny_rbm)
    assert exact_boltzmann.log_partition(model) == pytest.approx(exact.log_partition(tiny_rbm), abs=1e-10)
    v = binary_states(tiny_rbm.n_visible)
    torch.testing.assert_close(model.free_energy(v), tiny_rbm.free_energy(v))


def test_no_hidden_units_at_all():
    model = machine(4, 0)
    every, p = table(model)
    v = torch.tensor(every).double()
    torch.testing.assert_close((-model.free_energy(v)).softmax(0).detach(), p)


def test_what_it_refuses():
    with pytest.raises(ConfigError, match="at least one visible unit"):
        BoltzmannMachine(0, 3)
    with pytest.raises(ShapeError, match=r"v has shape \(2, 3\), expected \(N, 5\)"):
        machine().energy(torch.zeros(2, 3).double(), torch.zeros(2, 3).double())
    with pytest.raises(TooLargeError, match="2\\^17"):
        exact_boltzmann.log_partition(BoltzmannMachine(10, 7))
    with pytest.raises(ConfigError, match="Bernoulli"):
        BoltzmannMachine.from_rbm(RBM(3, 2, hidden="spin"))
