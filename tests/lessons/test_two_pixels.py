"""The worked example: by hand, by autodiff, and until nothing is left to learn."""

import math

import numpy as np
import pytest
import torch

from rbm.errors import ConfigError
from rbm.lessons import two_pixels
from rbm.lessons.two_pixels import COUNTS, PATTERNS, Pair

P0 = two_pixels.observed(COUNTS)
ODD = Pair(0.7, -0.4, 1.1)


def energy(pair: Pair, x: tuple[int, int]) -> float:
    return -pair.coupling * x[0] * x[1] - pair.first * x[0] - pair.second * x[1]


def test_energies_and_probabilities_are_those_of_the_definition():
    np.testing.assert_allclose(two_pixels.energies(ODD), [energy(ODD, x) for x in PATTERNS])
    weights = [math.exp(-energy(ODD, x)) for x in PATTERNS]
    np.testing.assert_allclose(two_pixels.distribution(ODD), np.array(weights) / sum(weights))


def test_hebbs_values_by_hand():
    """3, 1, 2, 4 of ten: ⟨x₁x₂⟩ = (3 − 1 − 2 + 4)/10, ⟨x₁⟩ = (−3 − 1 + 2 + 4)/10, ⟨x₂⟩ = (−3 + 1 − 2 + 4)/10."""
    np.testing.assert_allclose(two_pixels.hebb(P0), (0.4, 0.2, 0.0), atol=1e-15)
    assert two_pixels.divergence(P0, two_pixels.distribution(two_pixels.hebb(P0))) > 1e-4  # close, but not it


@pytest.mark.parametrize("counts", [COUNTS, (1, 5, 0, 7)])
def test_the_gradient_is_autodiffs(counts):
    p0 = two_pixels.observed(counts)
    theta = torch.tensor(ODD, dtype=torch.float64, requires_grad=True)
    log_p = (torch.tensor(PATTERNS, dtype=torch.float64).prod(1) * theta[0]) + sum(
        theta[i + 1] * torch.tensor([x[i] for x in PATTERNS], dtype=torch.float64) for i in range(2)
    )
    log_p = log_p - log_p.logsumexp(0)
    kl = sum(p * (math.log(p) - log_p[i]) for i, p in enumerate(p0) if p > 0)
    kl.backward()
    np.testing.assert_allclose(two_pixels.gradient(p0, ODD), theta.grad, atol=1e-14)
    assert two_pixels.divergence(p0, two_pixels.distribution(ODD)) == pytest.approx(kl.item())


@pytest.mark.parametrize("counts", [COUNTS, (9, 1, 1, 9), (1, 1, 1, 1)])
def test_the_learned_machine_reaches_the_data(counts):
    p0 = two_pixels.observed(counts)
    descent = two_pixels.descend(p0, 0.3, 400)
    assert descent.kl[-1] < 1e-6
    assert (np.diff(descent.kl) <= 1e-15).all()
    np.testing.assert_allclose(descent.theta[-1], two_pixels.solution(p0), atol=5e-3)
    assert descent.correlation[-1] == pytest.approx(two_pixels.means(p0).coupling, abs=1e-3)


def test_each_step_goes_down_the_gradient():
    descent = two_pixels.descend(P0, 0.2, 3, ODD)
    for before, after in zip(descent.theta, descent.theta[1:], strict=False):
        np.testing.assert_allclose(after, before - 0.2 * np.array(two_pixels.gradient(P0, Pair(*before))))
    np.testing.assert_array_equal(descent.p[2], two_pixels.distribution(Pair(*descent.theta[2])))


def test_the_solution_is_exact_where_there_is_one():
    exact = two_pixels.solution(P0)
    np.testing.assert_allclose(two_pixels.distribution(exact), P0, atol=1e-15)
    assert two_pixels.divergence(P0, P0) == 0
    assert two_pixels.solution(two_pixels.observed((1, 0, 2, 3))) is None


def test_too_large_a_rate_overshoots():
    kl = two_pixels.descend(P0, 3.0, 60).kl
    assert (np.diff(kl) > 0).any()


@pytest.mark.parametrize("counts", [(1, 2, 3), (0, 0, 0, 0), (1, -1, 1, 1)])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(ConfigError, match="four patterns"):
        two_pixels.observed(counts)


def test_a_descent_needs_a_rate():
    with pytest.raises(ConfigError, match="rate above 0"):
        two_pixels.descend(P0, 0.0, 3)
