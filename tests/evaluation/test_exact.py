"""Enumeration by the engine against enumeration by loops, from either layer."""

import math

import numpy as np
import pytest
import torch

from rbm.datasets import load_dataset
from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.evaluation import exact
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.units import unit
from tests.helpers import oracles
from tests.helpers.oracles import HIDDEN, VISIBLE, rows

N = 20_000


@pytest.fixture(params=["tiny_rbm", "swapped_rbm"])
def either(request) -> RBM:
    """The 7–3 machine, whose hidden layer is enumerated, and the 3–7 one, whose visible layer is."""
    return request.getfixturevalue(request.param)


def test_states_count_up_with_the_first_unit_slowest():
    assert torch.equal(exact.states(5, unit("bernoulli")), rows(5))


def test_log_z_is_the_sum_over_all_states_and_over_either_layer(either, tiny_rbm):
    truth = oracles.log_z(oracles.machine(tiny_rbm))
    assert exact.log_partition(either) == pytest.approx(truth, abs=1e-12)


def test_blocks_of_any_size_add_up(either, monkeypatch):
    whole, moments = exact.log_partition(either), exact.moments(either)
    monkeypatch.setattr(exact, "BLOCK", 3 * max(VISIBLE, HIDDEN))  # three states at a time: 8 and 2 of them
    assert exact.log_partition(either) == pytest.approx(whole, abs=1e-13)
    for part, again in zip(moments, exact.moments(either), strict=True):
        torch.testing.assert_close(part, again)


def test_a_float32_model_is_summed_in_float64(tiny_rbm):
    single = tiny_rbm.float()
    truth = oracles.log_z(oracles.machine(single))
    assert exact.log_partition(single) == pytest.approx(truth, abs=1e-12)
    assert exact.visible_distribution(single)[1].sum().item() == pytest.approx(1, abs=1e-12)
    assert single.weight.dtype == torch.float32  # and is left alone


def test_without_weights_log_z_is_a_sum_over_units():
    model = RBM(97, 13).double()
    with torch.no_grad():
        model.weight.zero_()
        model.visible_bias.copy_(torch.linspace(-3, 3, 97))
        model.hidden_bias.copy_(torch.linspace(-5, 2, 13))
    truth = sum(math.log1p(math.exp(x)) for p in (model.visible_bias, model.hidden_bias) for x in p.tolist())
    assert exact.log_partition(model) == pytest.approx(truth, rel=1e-14)


def test_enormous_parameters_give_a_finite_log_z():
    model = RBM(VISIBLE, HIDDEN)
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(1e4)
    assert exact.log_partition(model) == pytest.approx(1e4 * (VISIBLE * HIDDEN + VISIBLE + HIDDEN))


def test_the_distributions_are_those_of_the_loops_and_sum_to_one(either):
    machine = oracles.machine(either)
    truth = torch.from_numpy(oracles.joint(machine))
    v, p_v = exact.visible_distribution(either)
    assert torch.equal(v, rows(either.n_visible))
    torch.testing.assert_close(p_v, truth.sum(1), rtol=1e-12, atol=0)
    assert p_v.sum().item() == pytest.approx(1, abs=1e-13)
    v, h, p = exact.joint_distribution(either)
    assert torch.equal(v, rows(either.n_visible))
    assert torch.equal(h, rows(either.n_hidden))
    torch.testing.assert_close(p, truth, rtol=1e-12, atol=0)


def test_moments_are_the_means_of_the_loops(either):
    p = torch.from_numpy(oracles.joint(oracles.machine(either)))
    v, h = rows(either.n_visible), rows(either.n_hidden)
    truth = (v.T @ p @ h, p.sum(1) @ v, p.sum(0) @ h)
    for part, mean in zip(exact.moments(either), truth, strict=True):
        torch.testing.assert_close(part, mean, rtol=1e-12, atol=1e-14)


def data_for(model: RBM) -> torch.Tensor:
    return torch.randint(0, 2, (11, model.n_visible), generator=generator(3, "data")).double()


def test_the_gradient_is_autograds_of_the_exact_likelihood(either):
    data = data_for(either)
    log_z = torch.logsumexp(-either.free_energy(rows(either.n_visible)), 0)
    (-either.free_energy(data).mean() - log_z).backward()
    for part, p in zip(exact.gradient(either, data), either.parameters(), strict=True):
        torch.testing.assert_close(part, p.grad, rtol=0, atol=1e-12)


def test_the_gradient_is_the_central_difference_of_the_brute_likelihood(tiny_rbm):
    data, step = data_for(tiny_rbm), 1e-4
    cells = oracles.index(data).numpy()
    machine = oracles.machine(tiny_rbm)

    def likelihood() -> float:
        return float(-oracles.free_energies(machine)[cells].mean() - oracles.log_z(machine))

    for part, numbers in zip(exact.gradient(tiny_rbm, data), machine, strict=True):
        for place in list(np.ndindex(numbers.shape))[:: 1 if numbers.ndim == 1 else 4]:
            here = numbers[place]
            numbers[place] = here + step
            above = likelihood()
            numbers[place] = here - step
            slope = (above - likelihood()) / (2 * step)
            numbers[place] = here
            assert float(part[place]) == pytest.approx(slope, abs=1e-6)


def test_exact_draws_have_the_joint_distribution(either):
    chains = exact.sample(either, N, generator(5))
    p = oracles.joint(oracles.machine(either))
    cells = oracles.joint_index(chains.v, chains.h)
    assert oracles.total_variation(cells, p) < oracles.total_variation_limit(p, N)
    assert chains.step == 0
    assert torch.equal(chains.v, exact.sample(either, N, generator(5)).v)


@pytest.mark.parametrize("u", [0.0, 1 - 2.0**-53])
def test_the_extreme_uniforms_draw_the_first_and_last_state_that_can_happen(tiny_rbm, rng, monkeypatch, u):
    with torch.no_grad():
        tiny_rbm.hidden_bias.fill_(0.0)
        tiny_rbm.weight.fill_(0.0)
        tiny_rbm.hidden_bias[0] = 1e4 if u == 0 else -1e4  # half of the states cannot happen: the first or the last
    monkeypatch.setattr(torch, "rand", lambda *shape, **_: torch.full(shape[:1], u, dtype=torch.float64))
    monkeypatch.setattr(tiny_rbm.visible_unit.__class__, "sample", lambda _, x, generator: torch.zeros_like(x))
    assert exact.sample(tiny_rbm, 1, rng).h.tolist() == ([[1, 0, 0]] if u == 0 else [[0, 1, 1]])


def test_what_cannot_happen_is_never_drawn(tiny_rbm):
    with torch.no_grad():
        tiny_rbm.hidden_bias[0] = -1e4
        tiny_rbm.visible_bias[0] = 1e4
    chains = exact.sample(tiny_rbm.float(), N, generator(6))
    assert chains.v.dtype == torch.float32
    assert not chains.h[:, 0].any()
    assert chains.v[:, 0].all()


def test_the_exact_gradient_teaches_two_pixels_all_there_is_to_know():
    """Patterns seen 3, 1, 2, 4 times: the best mean log-likelihood is −entropy, approached from below."""
    data = load_dataset("two_pixels").train.double()
    model = RBM(2, 1, generator=generator(1)).double()
    best = sum(n / 10 * math.log(n / 10) for n in (3, 1, 2, 4))
    for _ in range(1000):
        for p, slope in zip(model.parameters(), exact.gradient(model, data), strict=True):
            p.data += 1.0 * slope
    reached = float(-model.free_energy(data).detach().mean()) - exact.log_partition(model)
    assert best - 1e-3 < reached < best + 1e-12


@pytest.mark.parametrize(
    ("use", "what"),
    [
        (exact.log_partition, "log Z, with 21 units in the smaller (hidden) layer, exactly would visit 2^21"),
        (exact.moments, "mean statistics, with 21 units"),
        (exact.visible_distribution, "p(v) of 23 visible units exactly would visit 2^23 states"),
        (exact.joint_distribution, "23 visible and 21 hidden units exactly would visit 2^44 states"),
        (lambda model: exact.sample(model, 5, torch.Generator()), "exact samples, with 21 units"),
        (lambda model: exact.states(21, model.visible_unit), "the states of 21 bernoulli units"),
    ],
)
def test_what_is_too_large_is_refused_with_its_size_and_the_limit(use, what):
    with pytest.raises(TooLargeError) as refusal:
        use(RBM(23, 21))
    assert what in str(refusal.value)
    assert "the limit is 2^20" in str(refusal.value)


def test_only_the_smaller_layer_counts():
    assert math.isfinite(exact.log_partition(RBM(3, 499)))
    assert math.isfinite(exact.log_partition(RBM(499, 3)))


def test_no_rows_and_no_draws_are_refused(tiny_rbm, rng):
    with pytest.raises(ShapeError, match="no rows"):
        exact.gradient(tiny_rbm, torch.zeros(0, VISIBLE))
    with pytest.raises(ShapeError, match=r"\(2, 3\), expected \(N, 7\)"):
        exact.gradient(tiny_rbm, torch.zeros(2, HIDDEN))
    with pytest.raises(ConfigError, match="got n=0"):
        exact.sample(tiny_rbm, 0, rng)
