"""Diagnostics of chains against processes whose memory is known, and against other people's numbers."""

import math

import numpy as np
import pytest
import torch

from rbm.errors import ShapeError
from rbm.evaluation import exact, mixing
from rbm.samplers import from_visible, trajectory
from tests.helpers.oracles import HIDDEN, VISIBLE, factorised, rows


def autoregressive(phi: float, n_sweeps: int, n_chains: int, rng: torch.Generator) -> torch.Tensor:
    """x_t = φ x_{t−1} + √(1 − φ²) ε, started in its stationary N(0, 1): ρ_t = φᵗ, τ = (1 + φ) / (1 − φ)."""
    noise = torch.randn(n_sweeps, n_chains, generator=rng, dtype=torch.float64)
    x = [noise[0]]
    for step in noise[1:]:
        x.append(phi * x[-1] + math.sqrt(1 - phi**2) * step)
    return torch.stack(x)


@pytest.fixture(scope="module")
def fixed() -> torch.Tensor:
    """A chaotic but reproducible (101, 5), skewed, its fifth chain wider; also given to ArviZ."""
    t, c = np.meshgrid(np.arange(101), np.arange(5), indexing="ij")
    x = np.exp(np.sin(1.7 * t * t + c) + 0.5 * np.cos(0.9 * t + 3 * c)) * np.where(c == 4, 2.0, 1.0)
    return torch.from_numpy(x)


@pytest.mark.parametrize("n_chains", [1, 3])
def test_autocorrelation_is_the_sum_it_says(n_chains, rng):
    x = autoregressive(0.5, 37, n_chains, rng)
    centred = x - x.mean(0)
    gamma = torch.tensor(
        [sum((centred[s] * centred[s + t]).mean() for s in range(37 - t)) / 37 for t in range(37)], dtype=torch.float64
    )
    between = float(x.mean(0).var()) if n_chains > 1 else 0.0
    expected = (gamma + between) / (gamma[0] + between)
    torch.testing.assert_close(mixing.autocorrelation(x), expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.98])
@pytest.mark.parametrize(("n_sweeps", "n_chains"), [(20_000, 1), (2_000, 53)])
def test_the_time_of_an_autoregressive_process(phi, n_sweeps, n_chains, rng):
    tau = (1 + phi) / (1 - phi)
    error = math.sqrt(2 * (2 * 5 * tau + 1) / (n_sweeps * n_chains))  # Madras & Sokal, a window of five times
    x = autoregressive(phi, n_sweeps, n_chains, rng)
    assert mixing.autocorrelation_time(x) == pytest.approx(tau, rel=4 * error)
    assert mixing.effective_sample_size(x) == pytest.approx(n_sweeps * n_chains / tau, rel=5 * error)


@pytest.mark.parametrize("phi", [0.5, 0.9])
def test_a_start_is_forgotten_where_its_memory_has_fallen_to_a_twentieth(phi, rng):
    found = mixing.forgotten_after(autoregressive(phi, 4_000, 53, rng))
    assert found == pytest.approx(math.ceil(math.log(0.05) / math.log(phi)), abs=1 + 0.1 / (1 - phi))


def test_chains_that_stay_apart_never_forget_and_those_that_stand_still_tell_nothing(rng):
    apart = autoregressive(0.5, 200, 6, rng) + 5 * torch.arange(6)
    assert math.isnan(mixing.forgotten_after(apart))
    assert math.isnan(mixing.forgotten_after(torch.ones(50, 3)))


@pytest.mark.parametrize("n_chains", [1, 3])
@pytest.mark.parametrize("drift", [lambda t: t, lambda t: (t >= 0.5).double()], ids=["steady", "jump"])
def test_chains_that_drift_are_worth_few_samples(n_chains, drift, rng):
    """They move by two of their own deviations; each whole chain forgives half of it, its halves do not."""
    moved = autoregressive(0.5, 500, n_chains, rng) + 2 * drift(torch.linspace(0, 1, 500, dtype=torch.float64))[:, None]
    worth, rho = mixing.effective_sample_size(moved), mixing.autocorrelation(moved)
    assert worth < 6 * n_chains + 1
    whole = -1 + 2 * sum(float(pair) for pair in rho.view(-1, 2).sum(1)[: int((rho < 0).nonzero()[0]) // 2])
    assert worth < 0.5 * moved.numel() / whole  # what it was when chains were not split


@pytest.mark.parametrize("n_sweeps", [500, 501])
def test_the_time_is_that_of_the_halves(n_sweeps, rng):
    x = autoregressive(0.9, n_sweeps, 5, rng)
    halves = torch.cat([x[:250], x[-250:]], 1)
    pairs = mixing.autocorrelation(halves).view(-1, 2).sum(1)
    first = int((pairs <= 0).nonzero()[0])
    expected = -1 + 2 * sum(min(pairs[: k + 1].tolist()) for k in range(first))
    assert mixing.autocorrelation_time(x) == pytest.approx(expected)
    assert mixing.effective_sample_size(x) == pytest.approx(x.numel() / expected)


def test_an_antithetic_process_is_worth_more_than_its_length(rng):
    x = autoregressive(-0.5, 5_000, 7, rng)
    assert mixing.autocorrelation_time(x) == pytest.approx(1 / 3, rel=0.1)
    alternating = torch.tensor([1.0, -1.0]).repeat(500)[:, None]
    assert mixing.autocorrelation_time(alternating) == pytest.approx(1 / 3)  # log10 of 1,000 draws: Stan's limit


@torch.no_grad()
def test_gibbs_chains_of_a_tiny_machine_against_their_transition_matrix(tiny_rbm, rng):
    tiny_rbm.weight.mul_(2.0)  # slower than as it is
    v, p = exact.visible_distribution(tiny_rbm)
    transition = factorised(tiny_rbm.hidden_mean(rows(VISIBLE))) @ factorised(tiny_rbm.visible_mean(rows(HIDDEN)))
    f = tiny_rbm.free_energy(v)
    f = f - p @ f
    rho, moved = [], f
    for _ in range(400):
        rho.append(float((p * f) @ moved))
        moved = transition @ moved
    rho = torch.tensor(rho).double() / rho[0]
    assert abs(rho[-1]) < 1e-9  # the sum below is whole

    n_sweeps, n_chains = 500, 97
    chains = from_visible(tiny_rbm, exact.sample(tiny_rbm, n_chains, rng).v, rng)
    frames = trajectory.run(tiny_rbm, chains, rng, n_sweeps, keep=[n_sweeps])[1]
    tau = float(1 + 2 * rho[1:].sum())
    error = math.sqrt(2 * (2 * 5 * tau + 1) / (n_sweeps * n_chains))
    estimated = mixing.autocorrelation(frames.free_energy)
    torch.testing.assert_close(estimated[:20], rho[:20], atol=4 * math.sqrt(tau / (n_sweeps * n_chains)), rtol=0)
    found = mixing.diagnose(frames)
    assert tau > 1.5  # the machine has a memory worth measuring
    assert found.autocorrelation_time == pytest.approx(tau, rel=4 * error)
    assert found.ess == pytest.approx(n_sweeps * n_chains / found.autocorrelation_time)
    assert found.r_hat == pytest.approx(1.0, abs=0.01)
    assert "chains mix" in found.verdict


def test_r_hat_against_arviz(fixed):
    # arviz 0.23.4, rhat(x.T, method="rank")
    assert mixing.r_hat(fixed) == pytest.approx(1.0572958743631047, abs=1e-12)
    assert mixing.r_hat(fixed[:, :4]) == pytest.approx(1.0023899340598144, abs=1e-12)
    assert mixing.r_hat(fixed.round()) == pytest.approx(1.0516496447436487, abs=1e-12)


def test_r_hat_of_mixed_chains_is_near_one(rng):
    assert mixing.r_hat(autoregressive(0.5, 1_000, 11, rng)) < 1.01


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x + 3 * (torch.arange(11) % 2),  # two modes, never crossed
        lambda x: x * (1 + 3.0 * (torch.arange(11) % 2)),  # the same place, another spread: only folding sees it
        lambda x: x + torch.linspace(0, 3, 500)[:, None],  # all drift: only splitting sees it
    ],
    ids=["modes", "spread", "drift"],
)
def test_r_hat_sees_chains_that_disagree(spoil, rng):
    x = autoregressive(0.5, 500, 11, rng)
    assert mixing.r_hat(x) < 1.02
    assert mixing.r_hat(spoil(x)) > 1.1


def test_r_hat_is_the_same_for_any_monotone_view_of_the_chains_without_folding(rng):
    x = autoregressive(0.5, 500, 11, rng) + 2 * (torch.arange(11) % 2)
    assert mixing.r_hat(x.exp()) == pytest.approx(mixing.r_hat(x), abs=1e-12)  # bulk rules both


@torch.no_grad()
def test_a_machine_of_two_deep_modes_is_found_stuck(rng, tiny_rbm):
    tiny_rbm.weight.fill_(6.0)  # all on or all off, each favoured alike, and nothing between
    tiny_rbm.visible_bias.fill_(-6.0 * HIDDEN / 2)
    tiny_rbm.hidden_bias.fill_(-6.0 * VISIBLE / 2)
    start = (torch.arange(8) % 2)[:, None].expand(8, VISIBLE).double()
    frames = trajectory.run(tiny_rbm, from_visible(tiny_rbm, start, rng), rng, 200)[1]
    on = mixing.diagnose(frames.v.mean(2))
    assert on.r_hat > 1.1
    assert on.ess < 20
    assert "do not mix" in on.verdict
    # By symmetry the free energy is the same in both modes and cannot tell them apart: the limit stated above.
    assert mixing.diagnose(frames).r_hat < on.r_hat


def test_stuck_chains_remember_for_as_long_as_they_ran(rng):
    x = autoregressive(0.5, 500, 11, rng)
    assert mixing.autocorrelation_time(x + 9 * (torch.arange(11) % 2)) > 100


def test_chains_that_stand_still_in_different_places_never_agree():
    x = torch.arange(5.0).expand(10, 5) * 0.1
    assert mixing.r_hat(x) == math.inf
    assert "do not mix" in mixing.diagnose(x).verdict


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (torch.zeros(3, 7), "Only 3 sweeps"),
        (torch.full((10, 7), 0.1), "Nothing changed"),
        (torch.tensor([[1.0], [math.nan], [2.0], [3.0]]), "not finite"),
        (torch.tensor([[1.0], [math.inf], [2.0], [3.0]]), "not finite"),
    ],
)
def test_what_cannot_be_told_is_said(x, says):
    found = mixing.diagnose(x)
    assert says in found.verdict
    assert all(math.isnan(value) for value in found[:3])


def test_chains_on_the_way_are_not_called_mixed(rng):
    found = mixing.diagnose(autoregressive(0.9, 60, 5, rng))
    assert "chains mix" not in found.verdict


@pytest.mark.parametrize("n_sweeps", [4, 5, 7])
def test_the_shortest_chains_have_finite_numbers(n_sweeps, rng):
    x = torch.randn(n_sweeps, 13, generator=rng)
    assert all(math.isfinite(value) for value in mixing.diagnose(x)[:3])
    assert math.isfinite(mixing.diagnose(x[:, :1])[0])


def test_shapes_are_checked():
    with pytest.raises(ShapeError, match=r"make one chain \(T,\) into"):
        mixing.diagnose(torch.zeros(10))
    with pytest.raises(ShapeError, match="too short"):
        mixing.r_hat(torch.zeros(3, 5))


def test_the_verdict_writes_large_numbers_as_the_page_does_and_says_of_how_many_chains(rng):
    found = mixing.diagnose(torch.randn(300, 256, generator=rng, dtype=torch.float64))
    assert f"R-hat is {found.r_hat:.3f}" in found.verdict
    assert f"300 sweeps of all 256 chains are worth {found.ess:,.0f} independent samples" in found.verdict
    assert found.ess > 10_000
