"""Kaufman's partition function against the sum over all 65,536 states of 4×4."""

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
