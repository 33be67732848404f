"""Likelihood and pseudo-likelihood against the brute-force distribution."""

import math

import pytest
import torch

from rbm.core import free_energies, kernels
from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import exact, likelihood
from rbm.models.labelled import LabelledRBM
from rbm.models.rbm import RBM
from rbm.randomness import generator
from tests.helpers import oracles
from tests.helpers.oracles import VISIBLE, rows
from tests.helpers.unit_pairs import PAIRS, UNBOUNDED, brute, make

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


def test_the_mean_comes_with_the_error_of_its_images(tiny_rbm, conditionals):
    values = conditionals.sum(1)
    found = likelihood.mean_pseudo_log_likelihood(tiny_rbm, V)
    assert found.value == pytest.approx(float(values.mean()), abs=1e-12)
    assert found.standard_error == pytest.approx(float(values.std()) / len(V) ** 0.5, abs=1e-12)
    assert found.n_images == len(V)
    assert math.isnan(likelihood.mean_pseudo_log_likelihood(tiny_rbm, V[:1]).standard_error)
    with pytest.raises(ShapeError, match="no rows"):
        likelihood.mean_pseudo_log_likelihood(tiny_rbm, V[:0])


@pytest.mark.parametrize("block", [1, 2**20])
@pytest.mark.parametrize(("visible", "hidden"), [pair for pair in PAIRS if pair[0] not in UNBOUNDED])
def test_pseudo_likelihood_of_every_unit_with_states_is_that_of_enumeration(visible, hidden, block, monkeypatch):
    """log p(v_i | rest) from the table of p(v) alone: the probability of v over that of all states alike but for unit i."""
    monkeypatch.setattr(likelihood, "BLOCK", block)
    model = make(visible, hidden)
    every = brute(model)
    with torch.no_grad():
        log_p = every.log_joint.logsumexp(1)
    units = every.v.unflatten(1, (model.n_visible, -1))  # (S, units, width)
    same = (units[:, None] == units[None]).all(-1)  # (S, S, units)
    truth = torch.zeros(len(log_p)).double()
    for i in range(model.n_visible):
        rest = torch.cat([same[..., :i], same[..., i + 1 :]], -1).all(-1)
        truth += log_p - torch.where(rest, log_p[None], -math.inf).logsumexp(1)
    torch.testing.assert_close(likelihood.pseudo_log_likelihood(model, every.v), truth, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("visible", "hidden"), [("spin", "spin"), ("spin", "bernoulli"), ("bernoulli", "spin")])
def test_spins_go_through_the_compiled_loop_as_zeros_and_ones(visible, hidden, rng, monkeypatch):
    model = RBM(37, 23, visible=visible, hidden=hidden, generator=generator(1))
    with torch.no_grad():
        model.weight.mul_(30)
        model.visible_bias.copy_(torch.randn(37, generator=rng))
        model.hidden_bias.copy_(torch.randn(23, generator=rng))
    v = torch.randint(0, 2, (13, 37), generator=rng).float()
    v = 2 * v - 1 if visible == "spin" else v
    used = []
    monkeypatch.setattr(
        free_energies, "flip_log_probability", lambda *a, f=free_energies.flip_log_probability: used.append(1) or f(*a)
    )
    compiled = likelihood.pseudo_log_likelihood(model, v)
    assert used or not kernels.fits(model.weight)
    torch.testing.assert_close(compiled, likelihood.pseudo_log_likelihood(model.double(), v), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("n_hidden", [1, 63, 64, 131])
@pytest.mark.parametrize("size", [0.01, 1.0, 4.0])
def test_the_compiled_loop_agrees_with_flips_in_float64(n_hidden, size, rng):
    model = RBM(37, n_hidden, generator=generator(1))
    with torch.no_grad():
        model.weight.mul_(100 * size / n_hidden**0.5)
        model.visible_bias.copy_(3 * size * torch.randn(37, generator=rng))
        model.hidden_bias.copy_(10 * size * torch.randn(n_hidden, generator=rng))
    assert free_energies.flips_fit(model.weight, model.visible_bias)
    v = torch.randint(0, 2, (13, 37), generator=rng).float()
    compiled = likelihood.pseudo_log_likelihood(model, v)
    torch.testing.assert_close(compiled, likelihood.pseudo_log_likelihood(model.double(), v), rtol=1e-5, atol=1e-4)


def test_weights_beyond_the_compiled_loop_are_left_to_torch(rng):
    model = RBM(37, 100, generator=generator(1))
    for size in (81.0, 7.0, math.nan):  # too large in one part, in a whole row, no number
        with torch.no_grad():
            model.weight.zero_()
            model.weight[3, : 1 if size > 80 else 100] = size
        assert not free_energies.flips_fit(model.weight, model.visible_bias)


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
    assert likelihood.log_likelihood(model, V, exact.log_partition(model)).isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float32])
def test_binary_images_of_any_type_will_do(tiny_rbm, dtype):
    log_z = exact.log_partition(tiny_rbm)
    for measure in (likelihood.pseudo_log_likelihood, lambda m, v: likelihood.log_likelihood(m, v, log_z)):
        torch.testing.assert_close(measure(tiny_rbm, V.to(dtype)), measure(tiny_rbm, V))


@pytest.mark.parametrize("measure", [likelihood.pseudo_log_likelihood, likelihood.mean_pseudo_log_likelihood])
def test_what_cannot_be_flipped_is_refused(tiny_rbm, measure):
    with pytest.raises(ShapeError, match=r"row 1: 0\.5 is no state of bernoulli unit 6, which takes 0 or 1; binarise"):
        measure(tiny_rbm, V * 0.5)
    with pytest.raises(ShapeError, match=r"v has shape \(7,\), expected \(N, 7\)"):
        measure(tiny_rbm, V[0])
    with pytest.raises(ConfigError, match="of which joined units have no list"):
        measure(LabelledRBM(4, 3, 2), V)
