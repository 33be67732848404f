"""Storage rules against their definitions, in loops; energies and votes against each other."""

import math

import pytest
import torch

from rbm.errors import ConfigError, ShapeError
from rbm.models.hopfield import RULES, DenseHopfield, Hopfield, hebbian, pseudo_inverse, storkey
from rbm.randomness import generator

N, P = 23, 5


@pytest.fixture
def patterns() -> torch.Tensor:
    return torch.randint(0, 2, (P, N), generator=generator(3, "patterns")).double() * 2 - 1


def test_hebbian_is_the_mean_product(patterns):
    expected = [[0 if i == j else sum(float(xi[i] * xi[j]) for xi in patterns) / N for j in range(N)] for i in range(N)]
    torch.testing.assert_close(hebbian(patterns), torch.tensor(expected, dtype=torch.float64))


def test_storkey_follows_its_recursion_entry_by_entry(patterns):
    w = [[0.0] * N for _ in range(N)]
    for xi in patterns.tolist():
        h = [[sum(w[i][k] * xi[k] for k in range(N) if k not in (i, j)) for j in range(N)] for i in range(N)]
        w = [
            [0.0 if i == j else w[i][j] + (xi[i] * xi[j] - xi[i] * h[j][i] - h[i][j] * xi[j]) / N for j in range(N)]
            for i in range(N)
        ]
    torch.testing.assert_close(storkey(patterns), torch.tensor(w, dtype=torch.float64))


def test_pseudo_inverse_is_the_inverse_of_the_overlaps(patterns):
    # Personnaz: W = (1/n) Σ_μν ξ_μ (Q⁻¹)_μν ξ_νᵀ with Q_μν = ξ_μ·ξ_ν / n, for independent patterns.
    q = patterns @ patterns.T / N
    expected = patterns.T @ torch.linalg.inv(q) @ patterns / N
    found = pseudo_inverse(patterns)
    torch.testing.assert_close(found + torch.diag(expected.diagonal()), expected)
    # With its diagonal every pattern is reproduced exactly; without, its field keeps the right sign.
    torch.testing.assert_close(patterns @ expected, patterns)
    assert bool(((patterns @ found) * patterns > 0).all())


@pytest.mark.parametrize("rule", RULES)
def test_weights_are_symmetric_without_a_diagonal_and_keep_few_patterns(rule, patterns):
    model = Hopfield.store(patterns[:2], rule)
    assert not model.weight.diagonal().any()
    torch.testing.assert_close(model.weight, model.weight.T)
    assert bool(((patterns[:2] @ model.weight) * patterns[:2] > 0).all())


def test_energies_are_the_ones_of_the_formulae(patterns):
    s = torch.randint(0, 2, (7, N), generator=generator(4, "states")).double() * 2 - 1
    classical = Hopfield.store(patterns)
    w = classical.weight
    for one, found in zip(s, classical.energy(s), strict=True):
        expected = -sum(float(w[i, j] * one[i] * one[j]) for i in range(N) for j in range(i))
        assert float(found) == pytest.approx(expected, abs=1e-10)
    dense = DenseHopfield(patterns, 0.3)
    for one, found in zip(s, dense.energy(s), strict=True):
        expected = -math.log(sum(math.exp(0.3 * float(xi @ one)) for xi in patterns)) / 0.3
        assert float(found) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("kind", [*RULES, "dense"])
def test_a_vote_has_the_sign_of_the_energy_that_plus_one_saves(kind, patterns):
    model = DenseHopfield(patterns, 0.2) if kind == "dense" else Hopfield.store(patterns, kind)
    s = torch.randint(0, 2, (11, N), generator=generator(5, "states")).double() * 2 - 1
    votes = model.votes(s, s @ model.lens)
    for unit in range(N):
        up, down = s.clone(), s.clone()
        up[:, unit], down[:, unit] = 1, -1
        saved = model.energy(down) - model.energy(up)
        clear = saved.abs() > 1e-9  # ties may round to either side
        assert torch.equal(votes[clear, unit].sign(), saved[clear].sign())
        if kind != "dense":
            torch.testing.assert_close(votes[:, unit], saved / 2, atol=1e-10, rtol=0)


def test_dense_energy_does_not_overflow():
    patterns = torch.ones(2, 4000)
    assert float(DenseHopfield(patterns).energy(patterns[:1])) == pytest.approx(-4000 - math.log(2), rel=1e-6)


def test_what_it_refuses(patterns):
    with pytest.raises(ConfigError, match="no rule 'hebb'; expected one of hebbian, storkey, pseudo-inverse"):
        Hopfield.store(patterns, "hebb")
    with pytest.raises(ShapeError, match="rows \\(P, n\\) of −1 and \\+1"):
        Hopfield.store((patterns + 1) / 2)
    with pytest.raises(ShapeError, match="zero diagonal"):
        Hopfield(torch.eye(3))
    with pytest.raises(ShapeError, match="expected \\(n, n\\)"):
        Hopfield(torch.zeros(2, 3))
    with pytest.raises(ConfigError, match="beta above 0, got 0"):
        DenseHopfield(patterns, 0)
