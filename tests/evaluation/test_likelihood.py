"""Likelihood and pseudo-likelihood against the brute-force distribution."""

import pytest
import torch

from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import exact, likelihood
from rbm.models.rbm import RBM
from rbm.randomness import generator
from tests import oracles
from tests.oracles import VISIBLE, rows

V = rows(VISIBLE)


@pytest.fixture
def conditionals(tiny_rbm) -> torch.Tensor:
    """log p(v_i | the others) of every state and pixel (S, V), from two cells of the brute-force table each."""
    p = torch.from_numpy(oracles.joint(oracles.machine(tiny_rbm))).sum(1)
    flipped = torch.arange(len(V))[:, None] ^ 2 ** torch.arange(VISIBLE - 1, -1, -1)  # the state with pixel i turned
    return (p[:, None] / (p[:, None] + p[flipped])).log()


def test_log_likelihood_is_the_log_of_the_probability(tiny_rbm):
    machine = oracles.machine(tiny_rbm)
    values = likelihood.log_likelihood(tiny_rbm, V, oracles.log_z(machine))
    truth = torch.from_numpy(oracles.joint(machine)).sum(1).log()
    torch.testing.assert_close(values, truth, rtol=0, atol=1e-12)
    assert not values.requires_grad


@pytest.mark.parametrize("block", [1, 50, 2**20])
def test_pseudo_likelihood_is_the_sum_over_all_single_flips(tiny_rbm, conditionals, monkeypatch, block):
    monkeypatch.setattr(likelihood, "BLOCK", block)  # rows and pixels in every sort of portion
    values = likelihood.pseudo_log_likelihood(tiny_rbm, V)
    torch.testing.assert_close(values, conditionals.sum(1), rtol=0, atol=1e-12)


def test_one_flip_of_one_pixel_is_an_unbiased_guess_of_all(tiny_rbm, conditionals, rng):
    n, state = 7000, 37
    values = likelihood.pseudo_log_likelihood_sampled(tiny_rbm, V[state].expand(n, -1), rng)
    options = VISIBLE * conditionals[state]
    distance, pixel = (values[:, None] - options).abs().min(1)
    assert distance.max() < 1e-12  # each is V times one pixel's term,
    counts = torch.bincount(pixel, minlength=VISIBLE)
    assert ((counts - n / VISIBLE).abs() < 4 * (n / VISIBLE) ** 0.5).all()  # and every pixel is as likely
    assert abs(values.mean() - conditionals[state].sum()) < 4 * values.std() / n**0.5


def test_each_image_gets_a_pixel_of_its_own_and_the_same_generator_the_same(tiny_rbm, conditionals):
    values, again = (likelihood.pseudo_log_likelihood_sampled(tiny_rbm, V, generator(3)) for _ in range(2))
    assert torch.equal(values, again)
    distance, pixel = (values[:, None] - VISIBLE * conditionals).abs().min(1)
    assert distance.max() < 1e-12
    assert len(pixel.unique()) == VISIBLE


def test_float32_agrees_with_float64(rng):
    model = RBM(211, 101, generator=generator(1))
    with torch.no_grad():
        model.weight.mul_(50)
        model.hidden_bias.sub_(2)
    v = torch.randint(0, 2, (13, 211), generator=rng).float()
    single = likelihood.pseudo_log_likelihood(model, v)
    assert single.dtype == torch.float64
    torch.testing.assert_close(single, likelihood.pseudo_log_likelihood(model.double(), v), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_enormous_parameters_give_finite_numbers(size, rng):
    model = RBM(VISIBLE, 3)
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(size)
    assert likelihood.pseudo_log_likelihood(model, V).isfinite().all()
    assert likelihood.pseudo_log_likelihood_sampled(model, V, rng).isfinite().all()
    assert likelihood.log_likelihood(model, V, exact.log_partition(model)).isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float32])
def test_binary_images_of_any_type_will_do(tiny_rbm, dtype):
    log_z = exact.log_partition(tiny_rbm)
    for measure in (likelihood.pseudo_log_likelihood, lambda m, v: likelihood.log_likelihood(m, v, log_z)):
        torch.testing.assert_close(measure(tiny_rbm, V.to(dtype)), measure(tiny_rbm, V))


SUMMED = likelihood.pseudo_log_likelihood


def sampled(model, v):
    return likelihood.pseudo_log_likelihood_sampled(model, v, generator(1))


@pytest.mark.parametrize("measure", [SUMMED, sampled])
def test_what_cannot_be_flipped_is_refused(tiny_rbm, measure):
    with pytest.raises(ShapeError, match=r"row 1: 0\.5 is no state of bernoulli unit 6, which takes 0 or 1; binarise"):
        measure(tiny_rbm, V * 0.5)
    with pytest.raises(ShapeError, match=r"v has shape \(7,\), expected \(N, 7\)"):
        measure(tiny_rbm, V[0])
    with pytest.raises(ConfigError, match="needs bernoulli visible units; this model has gaussian ones"):
        measure(RBM(7, 3, visible="gaussian"), V)
