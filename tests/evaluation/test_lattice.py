"""Observables of spin lattices against loops over spins, and their errors against many repetitions."""

import numpy as np
import pytest

from rbm.errors import ShapeError
from rbm.evaluation import lattice

SIDE = 6
RNG = np.random.default_rng(5)
SPINS = RNG.choice([-1, 1], (11, SIDE * SIDE))


def test_observables_spin_by_spin():
    s = lattice.lattices(SPINS, SIDE)
    for n, grid in enumerate(s):
        sums = dict.fromkeys(range(SIDE // 2 + 1), 0.0)
        for i in range(SIDE):
            for j in range(SIDE):
                for r in sums:
                    sums[r] += grid[i, j] * (grid[(i + r) % SIDE, j] + grid[i, (j + r) % SIDE]) / 2
        assert lattice.energies(s)[n] == pytest.approx(-2 * sums[1] / SIDE**2)
        assert lattice.magnetisations(s)[n] == pytest.approx(grid.sum() / SIDE**2)
        np.testing.assert_allclose(lattice.correlations(s)[n], [v / SIDE**2 for v in sums.values()])
    e, m, t = lattice.energies(s), np.abs(lattice.magnetisations(s)), 1.7
    found = lattice.measured(s, t)
    assert found.energy.value == pytest.approx(e.mean())
    assert found.magnetisation.value == pytest.approx(m.mean())
    assert found.heat_capacity.value == pytest.approx(36 * e.var() / t**2)
    assert found.susceptibility.value == pytest.approx(36 * m.var() / t)


def test_errors_are_the_spread_of_repetitions():
    """Of a correlated series: blocks know what its values alone do not."""
    rho, n = 0.9, 4_000
    series = np.zeros((n, 300))
    for t in range(1, n):
        series[t] = rho * series[t - 1] + RNG.normal(size=300)
    for statistic in (np.mean, np.var):
        told = np.mean([lattice.blocked(statistic, x).error for x in series.T])
        seen = np.std([statistic(x) for x in series.T])
        assert told == pytest.approx(seen, rel=0.15)
    naive = series.std() / n**0.5
    assert told > 3 * naive
    one = lattice.blocked(np.mean, np.ones(1))
    assert one.value == 1
    assert np.isnan(one.error)


def test_the_autocorrelation_time_is_known_of_a_first_order_chain():
    rho = 0.8
    x = np.zeros((3_000, 50))
    for t in range(1, len(x)):
        x[t] = rho * x[t - 1] + RNG.normal(size=50)
    found = lattice.autocorrelation_time(x[100:])
    assert found.value == pytest.approx((1 + rho) / (1 - rho), abs=4 * found.error)
    assert 0 < found.error < 1


def test_what_is_no_lattice_is_refused():
    with pytest.raises(ShapeError, match="lattices of 4×4, got"):
        lattice.lattices(np.ones((3, 15)), 4)
    with pytest.raises(ShapeError, match="become spins as 2v − 1"):
        lattice.lattices(np.array([[0, 1, 1, 1]]), 2)
