"""Gradients of KL against autodiff, and thermodynamics against its own identities."""

import copy
import math

import pytest
import torch

from rbm.datasets.toy import two_pixels
from rbm.errors import ConfigError
from rbm.evaluation.exact_boltzmann import (
    distribution,
    divergence,
    gradient,
    sample,
    thermodynamics,
    visible_distribution,
)
from rbm.models.boltzmann import BoltzmannMachine, binary_states
from rbm.randomness import generator
from rbm.training.boltzmann import ascend
from tests.helpers.boltzmann import HIDDEN, VISIBLE, machine, table
from tests.helpers.oracles import index, total_variation, total_variation_limit


@pytest.fixture
def data() -> tuple[torch.Tensor, torch.Tensor]:
    """Seven of the 32 visible states, unequally likely."""
    rows = binary_states(VISIBLE)[torch.tensor([0, 3, 9, 14, 17, 26, 31])]
    return rows, torch.tensor([0.05, 0.2, 0.1, 0.25, 0.15, 0.05, 0.2], dtype=torch.float64)


@pytest.mark.parametrize("hidden", [0, HIDDEN])
def test_the_gradient_of_kl_is_autodiffs(hidden, data):
    model = machine(VISIBLE, hidden)
    divergence(model, *data).backward()
    found = gradient(model, *data)
    torch.testing.assert_close(found.coupling, -model.coupling.grad, atol=1e-12, rtol=0)
    torch.testing.assert_close(found.bias, -model.bias.grad, atol=1e-12, rtol=0)


def test_the_gradient_of_kl_is_the_difference_quotient(data):
    model, found, step = machine(), gradient(machine(), *data), 1e-5
    for name in ("coupling", "bias"):
        for i in range(len(getattr(model, name))):
            ends = []
            for sign in (1, -1):
                moved = copy.deepcopy(model)
                with torch.no_grad():
                    getattr(moved, name)[i] += sign * step
                ends.append(float(divergence(moved, *data).detach()))
            assert -(ends[0] - ends[1]) / (2 * step) == pytest.approx(float(getattr(found, name)[i]), abs=1e-6)


def test_divergence_from_its_definition(data):
    model = machine()
    every, p = table(model)
    rows, p0 = data
    expected = 0.0
    for row, weight in zip(rows.int().tolist(), p0.tolist(), strict=True):
        q = sum(float(x) for s, x in zip(every, p, strict=True) if list(s[:VISIBLE]) == row)
        expected += weight * math.log(weight / q)
    assert float(divergence(model, *data).detach()) == pytest.approx(expected, abs=1e-12)


def test_visible_distribution_is_the_marginal():
    model = machine()
    expected = (-model.free_energy(binary_states(VISIBLE))).softmax(0).detach()
    torch.testing.assert_close(visible_distribution(model), expected)


def test_exact_learning_reaches_every_distribution_of_two_pixels():
    # Two units have three parameters and four states: any distribution can be reached exactly.
    v, counts = torch.unique(two_pixels().train, dim=0, return_counts=True)
    v = (v.double() + 1) / 2 if bool((v < 0).any()) else v.double()
    model, p0 = BoltzmannMachine(2).double(), counts.double() / counts.sum()
    for _ in range(3000):
        ascend(model, gradient(model, v, p0), 1.0)
    assert float(divergence(model, v, p0).detach()) < 1e-6


def test_exact_samples_have_the_exact_distribution():
    model, n = machine(), 20_000
    chains = sample(model, n, generator(9, "draws"))
    _, p = table(model)
    cells = index(model.join(chains.v, chains.h))
    assert total_variation(cells, p.numpy()) < total_variation_limit(p.numpy(), n)


@pytest.mark.parametrize("beta", [0.1, 1.0, 4.0])
def test_thermodynamics_holds_its_identities(beta):
    model = machine()
    states, p = distribution(model, beta)
    energies = model.energy(*states.split([VISIBLE, HIDDEN], 1)).detach()
    t = thermodynamics(energies, beta)
    torch.testing.assert_close(t.p, p)
    assert t.log_z == pytest.approx(math.log(sum(math.exp(-beta * e) for e in energies.tolist())), abs=1e-12)
    assert t.free_energy == pytest.approx(t.mean_energy - t.entropy / beta, abs=1e-10)
    step = 1e-5  # ⟨E⟩ = −∂ log Z / ∂β
    ends = [thermodynamics(energies, beta + sign * step).log_z for sign in (1, -1)]
    assert t.mean_energy == pytest.approx(-(ends[0] - ends[1]) / (2 * step), abs=1e-6)


def test_no_free_energy_at_infinite_temperature():
    with pytest.raises(ConfigError, match="β above 0, got 0"):
        thermodynamics(torch.zeros(4), 0)
