"""Unit types against their definition: everything follows from the states and the log-partition function."""

import math

import pytest
import torch

from rbm.errors import ConfigError
from rbm.randomness import Coins
from rbm.units import unit

FIELDS = torch.linspace(-30, 30, 61, dtype=torch.float64)[None]  # (1, 61)
FAR = torch.tensor([[-1e4, 1e4]])
N = 20_000


@pytest.fixture(params=["bernoulli"])  # tests/units holds every type to the same and more
def each(request):
    return unit(request.param)


def test_log_partition_is_the_log_of_the_sum_over_states(each):
    s = each.states().double()
    terms = FIELDS[..., None] * s - each.base_energy(s)
    torch.testing.assert_close(each.log_partition(FIELDS), terms.logsumexp(-1), rtol=1e-13, atol=1e-14)


def test_bernoulli_log_partition_has_no_seam():
    """log(1 + exp x) at every hundredth; an implementation in pieces jumps where they meet, as torch's does at 20."""
    x = torch.linspace(-700, 700, 140_001, dtype=torch.float64)
    exact = [max(a, 0.0) + math.log1p(math.exp(-abs(a))) for a in x.tolist()]
    value = unit("bernoulli").log_partition(x[None])[0]
    torch.testing.assert_close(value, torch.tensor(exact, dtype=torch.float64), rtol=1e-13, atol=1e-300)


def test_mean_and_variance_are_the_derivatives_of_log_partition(each):
    x = FIELDS.clone().requires_grad_()
    (first,) = torch.autograd.grad(each.log_partition(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    s = each.states().double()
    p = (FIELDS[..., None] * s - each.base_energy(s)).softmax(-1)
    mean = (p * s).sum(-1)
    torch.testing.assert_close(each.mean(FIELDS), mean, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(first.detach(), mean, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(second, (p * s**2).sum(-1) - mean**2, rtol=1e-9, atol=1e-15)


def test_far_fields_are_finite_in_value_and_slope(each):
    x = FAR.clone().requires_grad_()
    value = each.log_partition(x)
    value.sum().backward()
    low, high = each.states().min(), each.states().max()
    torch.testing.assert_close(value.detach(), torch.maximum(FAR * low, FAR * high))
    ends = torch.tensor([[low, high]])
    assert torch.equal(x.grad, ends)
    assert torch.equal(each.mean(FAR), ends)


def test_samples_have_the_frequencies_of_their_means(each, rng):
    x = torch.linspace(-4, 4, 17)
    for s in (each.sample(x.expand(N, -1), rng), each.draw(x.repeat(N, 1), Coins(rng))[1]):
        assert set(s.unique().tolist()) <= set(each.states().tolist())
        p = each.mean(x)
        assert ((s.mean(0) - p).abs() < 4 * (p * (1 - p) / N).sqrt()).all()


def test_far_fields_are_certain(each, rng):
    for s in (each.sample(FAR.expand(N, -1), rng), each.draw(FAR.repeat(N, 1), Coins(rng))[1]):
        assert (s == torch.tensor([each.states().min(), each.states().max()])).all()


def test_draw_gives_the_mean_beside_the_sample(each, rng):
    x = torch.linspace(-4, 4, 17)[None]
    torch.testing.assert_close(each.draw(x.clone(), Coins(rng))[0], each.mean(x))


def test_bias_for_undoes_the_mean(each):
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    torch.testing.assert_close(each.bias_for(each.mean(x), 1000), x)


def test_a_pixel_never_or_always_on_gets_a_finite_bias():
    bias = unit("bernoulli").bias_for(torch.tensor([0.0, 1.0], dtype=torch.float64), 500)
    torch.testing.assert_close(bias, torch.tensor([-1.0, 1.0], dtype=torch.float64) * math.log(499))
    assert (unit("bernoulli").bias_for(torch.tensor([0.0, 1.0]), 1) == 0).all()  # one example proves nothing


def test_uniform_noise_has_every_state_equally_often(each, rng):
    noise = each.uniform((N, 5), rng)
    assert noise.shape == (N, 5)
    count = len(each.states())
    for s in each.states():
        share = (noise == s).double().mean(0)
        assert ((share - 1 / count).abs() < 4 * math.sqrt((1 / count) * (1 - 1 / count) / N)).all()


def test_bernoulli_has_nothing_to_anneal():
    bernoulli = unit("bernoulli")
    assert bernoulli.anneal(0.3) is bernoulli
    assert (bernoulli.base_energy(torch.ones(2, 3)) == torch.zeros(2, 3)).all()


def test_an_unknown_unit_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"no unit type 'qubit'; choose one of: .*bernoulli"):
        unit("qubit")
