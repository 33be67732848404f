"""The theory of retrieval against its known limits, and its equations against the free energy that they make stationary."""

import numpy as np
import pytest

from rbm.lessons import retrieval_theory as theory


def test_of_few_patterns_it_is_the_magnet_s_mean_field():
    for t in (0.3, 0.7, 0.9):
        m = float(theory.solve(1e-9, t, retrieved=True, rounds=2000).m)
        assert m == pytest.approx(np.tanh(m / t), abs=1e-6)
        assert m > 0.5
    assert abs(float(theory.solve(1e-9, 1.2, retrieved=True).m)) < 1e-3


def test_the_lines_end_where_the_literature_says():
    found = theory.lines()
    np.testing.assert_allclose(found.glass, 1 + np.sqrt(found.loads))
    assert found.loads[found.retrieval > 0].max() == pytest.approx(0.138, abs=0.003)
    assert found.loads[found.ground > 0].max() == pytest.approx(0.051, abs=0.003)
    assert found.retrieval[0] > 0.95
    assert (found.ground <= found.retrieval).all()
    assert (np.diff(found.retrieval) <= 1e-3).all()


@pytest.mark.parametrize(("load", "t", "retrieved"), [(0.03, 0.4, True), (0.1, 0.3, True), (0.2, 0.5, False)])
def test_solutions_solve_the_equations_and_make_the_free_energy_stationary(load, t, retrieved):
    found = theory.solve(load, t, retrieved=retrieved, rounds=3000)
    m, q = float(found.m), float(found.q)
    z = np.linspace(-8, 8, 4001)
    weights = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    r = q / (1 - (1 - q) / t) ** 2
    way = np.tanh((m + np.sqrt(load * r) * z) / t)
    assert m == pytest.approx(float(way @ weights), abs=1e-6)
    assert q == pytest.approx(float(way**2 @ weights), abs=1e-6)

    def f(m: float, q: float) -> float:
        return float(theory._free_energy(*(np.asarray(x, dtype=float) for x in (load, t, m, q))))

    for dm, dq in ((1e-4, 0), (0, 1e-4)):
        assert abs(f(m + dm, q + dq) - f(m - dm, q - dq)) / 2e-4 < 1e-4


@pytest.mark.parametrize(
    ("load", "t", "name"),
    [(0.03, 0.4, "retrieval"), (0.2, 0.4, "spin glass"), (0.1, 0.9, "spin glass"), (0.03, 1.5, "paramagnet")],
)
def test_a_point_s_phase_is_named(load, t, name):
    assert theory.phase(load, t, theory.solve(load, t, retrieved=True)) == name
