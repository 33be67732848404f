"""Mean gradients: in the limits the exact ones, and in between what the engine's own CD and PCD give on average."""

import math
from itertools import product

import pytest
import torch

from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import exact, mean_gradient, transition
from rbm.lessons import machines
from rbm.randomness import Coins, generator
from rbm.training import gradients
from tests.helpers.oracles import ROWS


@pytest.fixture
def half(tiny_rbm) -> transition.Halves:
    return transition.halves(tiny_rbm)


def test_without_end_it_is_the_likelihoods_gradient_and_without_a_sweep_nothing(tiny_rbm, half, images):
    nothing, end = mean_gradient.cd(images, half, [0, 3000])
    truth = exact.gradient(tiny_rbm, images)
    for part, other, zero in zip(end, truth, nothing, strict=True):
        torch.testing.assert_close(part, other, atol=1e-10, rtol=0)
        assert float(zero.abs().max()) < 1e-15
    for part, other in zip(mean_gradient.likelihood(images, half), truth, strict=True):
        torch.testing.assert_close(part, other, atol=1e-12, rtol=0)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_sampled_contrastive_divergence_has_this_mean(tiny_rbm, half, images, k):
    """Each of many repeats of the data is one draw of the engine's gradient."""
    repeats = 4000
    phases = gradients.contrastive_divergence(
        gradients.Sweeps(tiny_rbm, Coins(generator(k, "cd"))), images.repeat(repeats, 1), k
    )
    up = torch.einsum("nv,nh->nvh", phases.v0, phases.h0_mean).flatten(1)
    down = torch.einsum("nv,nh->nvh", phases.vk, phases.hk_mean).flatten(1)
    each = torch.cat([up - down, phases.v0 - phases.vk, phases.h0_mean - phases.hk_mean], 1)
    each = each.view(repeats, ROWS, -1).mean(1)  # one gradient a repeat
    (expected,) = mean_gradient.cd(images, half, [k])
    z = (each.mean(0) - torch.cat([part.flatten() for part in expected])) / (each.std(0) / repeats**0.5)
    assert float(z.abs().max()) < 4.5
    for sampled, mean in zip(gradients.contrast(phases), expected, strict=True):
        torch.testing.assert_close(sampled, mean, atol=0.02, rtol=0)


def test_sampled_persistent_chains_have_this_mean(tiny_rbm, half, images):
    """Chains from a known distribution, two sweeps on."""
    n, start = 30_000, half.v[[5, 77]]
    h = tiny_rbm.sample_hidden(start.repeat(n // 2, 1), generator(3, "start"))
    phases = gradients.persistent(gradients.Sweeps(tiny_rbm, Coins(generator(4, "pcd"))), images, h, 2)
    (q,) = mean_gradient.after(mean_gradient.distribution(start, half), half, [2])
    expected = mean_gradient.statistics(q, half)
    z = (phases.vk.mean(0) - expected.visible_bias) / (phases.vk.std(0) / n**0.5)
    assert float(z.abs().max()) < 4.5
    contrast = mean_gradient.contrast(mean_gradient.distribution(images, half), q, half)
    for sampled, mean in zip(gradients.contrast(phases), contrast, strict=True):
        torch.testing.assert_close(sampled, mean, atol=0.02, rtol=0)


def test_more_sweeps_turn_it_towards_the_likelihoods_gradient(half, images):
    truth = mean_gradient.likelihood(images, half)
    angles = [mean_gradient.angle(g, truth) for g in mean_gradient.cd(images, half, [1, 2, 5, 20, 100])]
    assert angles == sorted(angles, reverse=True)
    assert angles[0] > 0.3
    assert angles[-1] < angles[0] / 100


def test_at_the_top_it_is_zero_where_the_machine_equals_its_data(half):
    """p is what every sweep leaves as it is, so nothing is left between p₀ = p and p₀K^k."""
    for q in mean_gradient.after(half.visible, half, [1, 5]):
        assert mean_gradient.length(mean_gradient.contrast(half.visible, q, half)) < 1e-12


def test_at_the_top_of_what_a_machine_can_it_need_not_be_zero():
    """Two hidden units cannot equal 32 frequencies: where the exact gradient is as good as gone, CD-1's is not."""
    states = torch.tensor(list(product((0.0, 1.0), repeat=5)), dtype=torch.float64)
    counts = 1 + torch.randint(0, 6, (32,), generator=generator(3, "data"))
    counts[[0, 3, 31]] += 30
    rows = states.repeat_interleave(counts, 0)
    half = transition.halves(machines.path(rows, 2, rate=1.0, updates=20_000)[-1].model)
    exactly, cd = mean_gradient.likelihood(rows, half), mean_gradient.cd(rows, half, [1])[0]
    assert mean_gradient.length(exactly) < 1e-4
    assert mean_gradient.length(cd) > 30 * mean_gradient.length(exactly)


def test_angles_and_lengths_are_those_of_the_flattened_parameters():
    def moments(*numbers):
        w, b, c = (torch.tensor(x, dtype=torch.float64) for x in numbers)
        return exact.Moments(w, b, c)

    one, other = moments([[3.0]], [0.0], [4.0]), moments([[-4.0]], [0.0], [3.0])
    assert mean_gradient.length(one) == 5
    assert mean_gradient.angle(one, other) == pytest.approx(90)
    assert mean_gradient.angle(one, one) == 0
    assert mean_gradient.angle(one, moments([[-3.0]], [0.0], [-4.0])) == pytest.approx(180)
    assert math.isnan(mean_gradient.angle(one, moments([[0.0]], [0.0], [0.0])))


def test_what_makes_no_sense_is_refused(half, images):
    with pytest.raises(ShapeError, match="none of the machine's visible states"):
        mean_gradient.distribution(images * 0.5, half)
    with pytest.raises(ShapeError, match=r"expected \(N, 7\)"):
        mean_gradient.distribution(images[:, :3], half)
    with pytest.raises(ConfigError, match="ascend"):
        mean_gradient.cd(images, half, [2, 1])
