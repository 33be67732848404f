"""The estimated gradients against the exact one and against the exactly known mean of CD-k. All in float64."""

import pytest
import torch

from rbm.evaluation import exact
from rbm.models.rbm import RBM
from rbm.randomness import Coins, generator
from rbm.training import gradients
from rbm.training.gradients import Phases, contrast

VISIBLE, HIDDEN, ROWS = 7, 3, 11


@pytest.fixture
def model() -> RBM:
    model = RBM(VISIBLE, HIDDEN, generator=generator(3, "weights")).double()
    draw = generator(4, "biases")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draw, dtype=torch.float64))
    return model


@pytest.fixture
def data() -> torch.Tensor:
    return torch.randint(0, 2, (ROWS, VISIBLE), generator=generator(5, "data")).double()


def flat(gradient) -> torch.Tensor:
    return torch.cat([part.flatten() for part in gradient])


def transition_matrix(model: RBM, v: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """K[a, b] = Σ_h p(h | v_a) p(v_b | h), from the conditionals."""
    p_h = model.hidden_mean(v)  # (S, H)
    to_h = torch.stack([torch.where(row.bool(), p_h, 1 - p_h).prod(1) for row in h], 1)  # (S, T)
    p_v = model.visible_mean(h)
    to_v = torch.stack([torch.where(row.bool(), p_v, 1 - p_v).prod(1) for row in v], 1)  # (T, S)
    return to_h @ to_v


def states(n: int) -> torch.Tensor:
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * n)


@torch.no_grad()
def expected_cd(model: RBM, data: torch.Tensor, k: int) -> torch.Tensor:
    """The mean of CD-k's gradient over all its chance, by the k-th power of the transition matrix."""
    v = states(VISIBLE)
    matrix = torch.linalg.matrix_power(transition_matrix(model, v, states(HIDDEN)), k)
    rows = (data[:, None, :] == v[None]).all(2).double()  # (N, S) one-hot
    weights = (rows @ matrix).mean(0)  # (S,)
    h0, hk = model.hidden_mean(data), model.hidden_mean(v)
    return torch.cat(
        [
            (data.T @ h0 / len(data) - (v * weights[:, None]).T @ hk).flatten(),
            data.mean(0) - weights @ v,
            h0.mean(0) - weights @ hk,
        ]
    )


def test_with_the_exact_distribution_as_negative_phase_the_contrast_is_the_exact_gradient(model, data):
    v, p = exact.visible_distribution(model)
    counts = (p * 10**6).round()  # the distribution to six digits, as rows
    vk = v.repeat_interleave(counts.long(), 0)
    with torch.no_grad():
        estimate = contrast(Phases(data, model.hidden_mean(data), vk, model.hidden_mean(vk), None))
    torch.testing.assert_close(flat(estimate), flat(exact.gradient(model, data)), atol=2e-4, rtol=0)


def test_each_phase_is_divided_by_its_own_count(model, data):
    doubled = torch.cat([data, data])
    h, h2 = model.hidden_mean(data), model.hidden_mean(doubled)
    for part in contrast(Phases(data, h, doubled, h2, None)):
        torch.testing.assert_close(part, torch.zeros_like(part), atol=1e-14, rtol=0)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_mean_of_cd_k_is_the_exactly_computed_one(model, data, k):
    repeats = 4000
    coins = Coins(generator(6, "chance", k))
    rows = data.repeat(repeats, 1)
    phases = gradients.contrastive_divergence(gradients.Sweeps(model, coins), rows, k)
    estimate = flat(contrast(phases))
    vk = phases.vk.reshape(repeats, ROWS, VISIBLE)
    hk = phases.hk_mean.reshape(repeats, ROWS, HIDDEN)
    per_repeat = torch.cat(
        [torch.einsum("rnv,rnh->rvh", vk, hk).flatten(1) / ROWS, vk.mean(1), hk.mean(1)], 1
    )  # (R, parameters): the only random part
    error = per_repeat.std(0) / repeats**0.5
    z = (estimate - expected_cd(model, data, k)) / error
    assert z.abs().max() < 4.5  # 31 parameters: one in 5,000 seeds goes beyond


def test_cd_k_tends_to_the_exact_gradient_as_k_grows(model, data):
    truth = flat(exact.gradient(model, data))
    distances = [float((expected_cd(model, data, k) - truth).norm()) for k in (1, 3, 10, 100)]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.02 * distances[0]


def test_persistent_chains_reach_the_exact_gradient_that_cd_1_misses(model, data):
    chains = 20_000
    coins = Coins(generator(7, "chance"))
    h = torch.randint(0, 2, (chains, HIDDEN), generator=generator(8, "h")).double()
    for _ in range(60):
        phases = gradients.persistent(gradients.Sweeps(model, coins), data, h, 1)
        h = phases.hk
    truth = flat(exact.gradient(model, data))
    error = (contrast(phases).visible_bias - truth[VISIBLE * HIDDEN : -HIDDEN]) / (0.5 / chains**0.5)
    assert error.abs().max() < 4.5
    missed = (flat(contrast(phases)) - truth).norm() / (expected_cd(model, data, 1) - truth).norm()
    assert missed < 0.1


def test_the_last_statistics_are_means_and_the_chain_runs_on_samples(model, data):
    phases = gradients.persistent(
        gradients.Sweeps(model, Coins(generator(9))), data, torch.ones(13, HIDDEN, dtype=torch.float64), 3
    )
    assert set(phases.vk.unique().tolist()) <= {0.0, 1.0}
    assert set(phases.hk.unique().tolist()) <= {0.0, 1.0}
    torch.testing.assert_close(phases.hk_mean, model.hidden_mean(phases.vk))
    torch.testing.assert_close(phases.h0_mean, model.hidden_mean(data))
