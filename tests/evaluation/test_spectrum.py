"""Modes of weights that were put together from known ones, and of matrices of pure noise."""

import math

import pytest
import torch

from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import spectrum
from rbm.experiment import RunSpec, make_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import generator

V, H = 97, 53


def orthonormal(n: int, k: int, rng: torch.Generator) -> torch.Tensor:
    return torch.linalg.qr(torch.randn(n, k, generator=rng, dtype=torch.float64))[0]


def noise(rng: torch.Generator, v: int = V, h: int = H, deviation: float = 0.01) -> torch.Tensor:
    return deviation * torch.randn(v, h, generator=rng, dtype=torch.float64)


def test_a_matrix_of_low_rank_gives_back_what_it_was_made_of(rng):
    u, w = orthonormal(V, 3, rng), orthonormal(H, 3, rng)
    s = torch.tensor([5.0, 3.0, 1.0], dtype=torch.float64)
    found = spectrum.spectrum(u @ s.diag() @ w.T)
    assert found.values.shape == (H,)
    assert found.visible.shape == (H, V)
    assert found.hidden.shape == (H, H)
    torch.testing.assert_close(found.values[:3], s)
    assert float(found.values[3:].max()) < 1e-12
    for k in range(3):
        torch.testing.assert_close(found.visible[k].outer(found.hidden[k]), u[:, k].outer(w[:, k]))
    assert found.n_modes == 3
    assert found.participation == pytest.approx((25 + 9 + 1) ** 2 / (625 + 81 + 1))


@pytest.mark.parametrize("shape", [(13, 7), (7, 13)])
def test_modes_put_together_are_the_weights(shape, rng):
    weight = noise(rng, *shape)
    found = spectrum.spectrum(weight)
    torch.testing.assert_close(found.visible.T @ found.values.diag() @ found.hidden, weight)


def test_the_sign_of_a_mode_does_not_depend_on_that_of_the_weights(rng):
    weight = noise(rng)
    one, other = spectrum.spectrum(weight), spectrum.spectrum(-weight)
    assert bool((one.visible.pow(3).sum(1) >= 0).all())
    torch.testing.assert_close(one.visible, other.visible)
    torch.testing.assert_close(one.hidden, -other.hidden)


@pytest.mark.parametrize("shape", [(V, H), (H, V), (211, 211), (311, 11)])
def test_noise_alone_has_no_modes_and_ends_at_the_edge(shape, rng):
    found = [spectrum.spectrum(noise(rng, *shape)) for _ in range(7)]
    assert sum(one.n_modes for one in found) <= 1  # a mode too many is a chance of 0.7 %, two are one of 2e-5
    for one in found:
        assert float(one.values[0]) == pytest.approx(one.noise_edge, rel=2 * min(shape) ** (-2 / 3))


@pytest.mark.parametrize("shape", [(V, H), (H, V), (211, 61)])
def test_the_band_of_noise_holds_all_of_a_random_matrix_and_is_filled_by_it(shape, rng):
    low, high = spectrum.noise_band(*shape)
    values = torch.linalg.svdvals(noise(rng, *shape))
    softness = min(shape) ** (-2 / 3)  # the scale of an edge's fluctuation
    assert float(values[0]) == pytest.approx(high, rel=2 * softness)
    assert float(values[-1]) == pytest.approx(low, rel=4 * softness)


def test_a_limit_exceeded_once_in_a_thousand_is_not_far_from_once_in_a_thousand(rng):
    above = sum(
        float(torch.linalg.matrix_norm(noise(rng, 41, 29), 2)) > spectrum.clearly_beyond(41, 29, 0.01)
        for _ in range(4000)
    )
    assert above <= 12  # expected 4; Poisson beyond 12: 3e-4


def test_modes_beyond_the_edge_are_counted_and_weaker_ones_are_not(rng):
    u, w = orthonormal(V, 2, rng), orthonormal(H, 2, rng)
    edge = spectrum.noise_edge(V, H)
    weight = noise(rng) + u @ torch.tensor([2 * edge, 0.2 * edge]).double().diag() @ w.T
    found = spectrum.spectrum(weight)
    assert found.n_modes == 1
    assert abs(float(found.visible[0] @ u[:, 0])) > 0.85


def test_the_density_of_noise_is_one_and_is_what_matrices_have(rng):
    for v, h in [(V, H), (H, V), (61, 61)]:
        s = torch.linspace(1e-9, 1.1 * spectrum.noise_edge(v, h), 20_001, dtype=torch.float64)
        density = spectrum.noise_density(s, v, h)
        cumulative = torch.cumulative_trapezoid(density, s)
        assert float(cumulative[-1]) == pytest.approx(1.0, abs=1e-3)
        values = torch.cat([torch.linalg.svdvals(noise(rng, v, h)) for _ in range(30)]).sort().values
        expected = cumulative[torch.searchsorted(s, values).clamp(max=len(cumulative)) - 1]
        empirical = torch.arange(1, len(values) + 1) / len(values)
        assert float((empirical - expected).abs().max()) < 0.02  # repulsion: far less scatter than independent draws


def test_a_new_model_has_no_modes_and_shares_its_norm_among_all(rng):
    found = spectrum.spectrum(RBM(V, H, generator=generator(1, "new")).weight)
    assert found.n_modes == 0
    ratio = H / V
    assert found.participation == pytest.approx(H / (1 + ratio), rel=0.05)  # ⟨λ⟩² / ⟨λ²⟩ of Marčenko-Pastur
    assert not found.visible.requires_grad


def test_the_first_mode_that_digits_lift_is_their_first_principal_component_not_their_mean():
    """The page of diagnostics says so of a machine whose biases begin at the data, learnt by the centred gradient."""
    digits = make_dataset(RunSpec().dataset)
    trainer = make_trainer(RunSpec(), digits)
    for _ in range(24):
        trainer.step()
    first = spectrum.spectrum(trainer.model.weight).visible[0].double()
    mean = digits.train.double().mean(0)
    centred = digits.train.double() - mean
    component = torch.linalg.eigh(centred.T @ centred)[1][:, -1]
    assert abs(float(first @ component)) > 0.9  # 0.99 with seeds 1, 2 and 3
    assert abs(float(first @ mean / mean.norm())) < 0.6  # 0.48, 0.50, 0.49: the two are not at right angles


def test_participation_runs_from_one_to_all():
    assert spectrum.participation_ratio(torch.tensor([3.0, 0.0, 0.0])) == 1
    assert spectrum.participation_ratio(torch.ones(7)) == pytest.approx(7)
    assert math.isnan(spectrum.participation_ratio(torch.zeros(7)))


def test_weights_kept_in_half_precision_are_taken(rng):
    weight = noise(rng) + 0.5
    assert float(spectrum.spectrum(weight.half()).values[0]) == pytest.approx(
        float(spectrum.spectrum(weight).values[0]), rel=1e-3
    )


def test_what_is_no_weight_is_refused():
    with pytest.raises(ShapeError, match=r"expected \(V, H\)"):
        spectrum.spectrum(torch.zeros(3))
    with pytest.raises(ShapeError, match="diverged"):
        spectrum.spectrum(torch.full((3, 2), math.nan))
    with pytest.raises(ConfigError, match="above 0"):
        spectrum.spectrum(torch.zeros(3, 2), deviation=0.0)
