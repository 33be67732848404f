"""The Fréchet distance against closed forms, and the features of digits that it is taken in."""

import math

import pytest
import torch
from torch.nn.functional import avg_pool2d

from rbm.datasets.catalog import load_dataset
from rbm.errors import ShapeError
from rbm.evaluation.digit_features import VARIANCE, WIDTH, DigitNet, describe, fit
from rbm.evaluation.frechet import FeatureGaussian, frechet
from rbm.randomness import generator


@pytest.fixture(scope="module")
def digits():
    return load_dataset("mnist")


def random_gaussian(size: int, seed: int) -> FeatureGaussian:
    draw = generator(seed, "gaussian")
    root = torch.randn(size, size, generator=draw, dtype=torch.float64)
    return FeatureGaussian(torch.randn(size, generator=draw, dtype=torch.float64), root @ root.T)


def test_a_set_is_no_distance_from_itself_and_the_distance_is_symmetric():
    a, b = random_gaussian(5, 1), random_gaussian(5, 2)
    assert frechet(a, a) == pytest.approx(0, abs=1e-10)
    assert frechet(a, b) == pytest.approx(frechet(b, a))
    assert frechet(a, b) > 1


def test_gaussians_with_one_covariance_basis_have_a_closed_form():
    """|μ_a − μ_b|² + Σ (σ_a − σ_b)², whatever basis they are turned to."""
    draw = generator(3, "basis")
    basis = torch.linalg.qr(torch.randn(7, 7, generator=draw, dtype=torch.float64))[0]
    mean, other = torch.randn(2, 7, generator=draw, dtype=torch.float64)
    s, t = torch.rand(2, 7, generator=draw, dtype=torch.float64)
    t[0] = 0  # a direction in which one of them does not vary
    a = FeatureGaussian(mean, (basis * s.square()) @ basis.T)
    b = FeatureGaussian(other, (basis * t.square()) @ basis.T)
    expected = (mean - other).square().sum() + (s - t).square().sum()
    # An eigenvalue is right to ε times the largest, so the root of one that is 0 only to the root of that; twice is added.
    rounding = 2 * math.sqrt(7 * torch.finfo(torch.float64).eps) * float((s * t).max())
    assert frechet(a, b) == pytest.approx(float(expected), abs=rounding)


def test_a_general_pair_agrees_with_the_trace_of_the_root_of_the_product():
    a, b = random_gaussian(5, 4), random_gaussian(5, 5)
    root = torch.linalg.eigvals(a.covariance @ b.covariance).sqrt().real.sum()  # similar to the symmetric form
    expected = (a.mean - b.mean).square().sum() + a.covariance.trace() + b.covariance.trace() - 2 * root
    assert frechet(a, b) == pytest.approx(float(expected), rel=1e-8)


def test_mean_and_covariance_are_the_unbiased_ones():
    x = torch.randn(11, 3, generator=generator(6, "x"), dtype=torch.float64)
    g = FeatureGaussian.of(x)
    torch.testing.assert_close(g.covariance, torch.cov(x.T))
    torch.testing.assert_close(g.mean, x.mean(0))
    with pytest.raises(ShapeError, match="at least 2 rows"):
        FeatureGaussian.of(x[:1])
    with pytest.raises(ShapeError, match="3 and 2 features"):
        frechet(g, FeatureGaussian.of(x[:, :2]))


def test_samples_of_one_gaussian_are_as_far_apart_as_chance_makes_them():
    """For N(0, 1) in D dimensions the expected distance of n samples from the truth is about (D + D(D + 1)/4) / n."""
    size, n, runs = 5, 400, 60
    truth = FeatureGaussian(torch.zeros(size, dtype=torch.float64), torch.eye(size, dtype=torch.float64))
    draw = generator(7, "samples")
    found = torch.tensor(
        [
            frechet(FeatureGaussian.of(torch.randn(n, size, generator=draw, dtype=torch.float64)), truth)
            for _ in range(runs)
        ]
    )
    expected = (size + size * (size + 1) / 4) / n
    assert float(found.mean()) == pytest.approx(
        expected, abs=4 * float(found.std()) / math.sqrt(runs) + 0.05 * expected
    )


def test_the_classifier_that_comes_with_the_program_names_test_digits(digits):
    features, p = describe(digits.test[:3000])
    right = (p.argmax(1) == digits.test_labels[:3000]).double().mean()
    assert right > 0.97
    assert features.shape == (3000, WIDTH)
    torch.testing.assert_close(p.sum(1), torch.ones(3000, dtype=torch.float64), rtol=1e-6, atol=0)
    spread = describe(digits.train[:10_000])[0].var(0).sum()
    assert float(spread) == pytest.approx(VARIANCE, rel=0.03)  # what a distance of 100 means


def test_real_digits_are_nearer_than_blurred_ones_and_those_than_noise(digits):
    real = FeatureGaussian.of(describe(digits.test[5000:])[0])

    def distance(v):
        return frechet(FeatureGaussian.of(describe(v)[0]), real)

    v = digits.train[:1000]
    blurred = {k: avg_pool2d(v.unflatten(1, (1, 28, 28)), k, 1, k // 2).flatten(1) for k in (3, 5)}
    noise = torch.rand(1000, 784, generator=generator(8, "noise"))
    found = [distance(x) for x in (v, blurred[3], blurred[5], noise)]
    assert found == sorted(found)
    assert found[0] < 3
    assert found[3] > 100


def test_a_gaussian_with_the_digits_own_mean_and_covariance_is_told_from_digits(digits):
    """In pixels, or any linear map of them, its distance would be 0: why the features are a network's."""
    pixels = FeatureGaussian.of(digits.train[:5000])
    root = torch.linalg.cholesky(pixels.covariance + 1e-5 * torch.eye(784, dtype=torch.float64))
    draw = torch.randn(1000, 784, generator=generator(9, "gauss"), dtype=torch.float64)
    fake = (pixels.mean + draw @ root.T).clamp(0, 1).float()
    real = FeatureGaussian.of(describe(digits.test[5000:])[0])
    ordinary = frechet(FeatureGaussian.of(describe(digits.train[:1000])[0]), real)
    assert frechet(FeatureGaussian.of(describe(fake)[0]), real) > 10 * ordinary


def test_the_recipe_learns_and_is_the_same_for_everybody(digits):
    few = digits.select(size=1500)
    net = fit(few, epochs=2)
    assert (net(digits.test[:500])[1].argmax(1) == digits.test_labels[:500]).double().mean() > 0.3  # chance: 0.1
    again = fit(few, epochs=2)
    assert all(torch.equal(p, q) for p, q in zip(net.state_dict().values(), again.state_dict().values(), strict=True))
    assert float(net(few.train)[0].var(0).sum()) == pytest.approx(VARIANCE, rel=1e-4)


def test_pictures_of_another_size_are_refused():
    with pytest.raises(ShapeError, match="28×28"):
        describe(torch.zeros(2, 9))
    assert DigitNet()(torch.zeros(2, 784))[1].shape == (2, 10)
