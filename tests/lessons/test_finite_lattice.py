"""Kaufman's partition function and the ring's transfer matrix against the sum over all states."""

import math

import numpy as np
import pytest
import torch

from rbm.datasets.entry import ISING_CRITICAL
from rbm.evaluation import lattice
from rbm.lessons import finite_lattice


@pytest.mark.parametrize("temperature", [0.8, 1.5, 2.0, ISING_CRITICAL, 3.0, 10.0])
def test_kaufman_is_the_sum_over_all_states(temperature):
    bits = np.arange(2**16)[:, None] >> np.arange(16) & 1
    s = lattice.lattices(2.0 * bits - 1, 4)
    e = 16 * lattice.energies(s)
    log_z = float(np.logaddexp.reduce(-e / temperature))
    found = float(finite_lattice.log_partition(4, torch.tensor(1 / temperature)))
    assert found == pytest.approx(log_z, abs=1e-5)  # β in float32
    found = float(finite_lattice.log_partition(4, torch.tensor(1 / temperature, dtype=torch.float64)))
    assert found == pytest.approx(log_z, abs=1e-11)
    known, every = finite_lattice.kaufman(4, temperature), finite_lattice.enumerated(temperature)
    assert known.energy == pytest.approx(every.energy, abs=1e-11)
    assert known.heat_capacity == pytest.approx(every.heat_capacity, abs=1e-9)


def test_the_ends_of_the_scale():
    cold, hot = (finite_lattice.kaufman(16, t) for t in (0.5, 100.0))
    assert cold.energy == pytest.approx(-2 + 8 * math.exp(-16), abs=1e-8)  # single turned spins cost 8
    assert hot.energy == pytest.approx(-2 * math.tanh(1 / 100), abs=1e-5)
    assert finite_lattice.exactly(16, 2.0).magnetisation is None
    known = finite_lattice.exactly(4, 2.0)
    assert known.correlation[0] == pytest.approx(1, abs=1e-12)
    assert known.correlation[1] == pytest.approx(-known.energy / 2, abs=1e-12)  # e = −2 C(1)


@pytest.mark.parametrize("temperature", [0.1, 0.6, 1.0, 2.5, 50.0])
@pytest.mark.parametrize("length", [3, 8, 16])
def test_a_ring_by_its_transfer_matrix_is_the_sum_over_all_states(length, temperature):
    s = lattice.lattices(2.0 * (np.arange(2**length)[:, None] >> np.arange(length) & 1) - 1, 1)
    e, m = lattice.energies(s), np.abs(lattice.magnetisations(s))
    p = np.exp(-(e - e.min()) * length / temperature)
    p /= p.sum()
    found = finite_lattice.ring_lattice(length, temperature)
    assert found.energy == pytest.approx(p @ e, abs=1e-12)
    assert found.magnetisation == pytest.approx(p @ m, abs=1e-12)
    assert found.heat_capacity == pytest.approx(length * (p @ (e - p @ e) ** 2) / temperature**2, rel=1e-9, abs=1e-11)
    assert found.susceptibility == pytest.approx(length * (p @ (m - p @ m) ** 2) / temperature, rel=1e-9, abs=1e-11)
    np.testing.assert_allclose(found.correlation, p @ lattice.correlations(s), atol=1e-12)
