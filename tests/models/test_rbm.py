"""The RBM against brute force over every state of a 7–3 machine."""

import math

import pytest
import torch

from rbm.errors import ConfigError, ShapeError
from rbm.models.rbm import RBM
from rbm.randomness import generator
from tests.helpers import oracles
from tests.helpers.oracles import HIDDEN, VISIBLE, rows

V, H = rows(VISIBLE), rows(HIDDEN)


def test_weights_start_with_a_hundredth_deviation_and_biases_at_nought():
    model = RBM(101, 997, generator=generator(1))
    n = model.weight.numel()
    assert abs(model.weight.mean()) < 4 * 0.01 / math.sqrt(n)
    assert abs(model.weight.std() / 0.01 - 1) < 4 / math.sqrt(2 * n)
    assert not model.visible_bias.any()
    assert not model.hidden_bias.any()


def test_the_generator_decides_the_weights():
    first, again, other, default, default_again = (
        RBM(7, 3, generator=g) for g in (generator(1), generator(1), generator(2), None, None)
    )
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
    assert torch.equal(default.weight, default_again.weight)


def test_visible_biases_from_data_give_its_means_without_weights(images):
    images[:, 0], images[:, 1] = 0, 1  # a pixel never on, one always
    model = RBM(VISIBLE, HIDDEN).double()
    model.fit_visible_bias(images)
    with torch.no_grad():
        model.weight.zero_()
    clipped = images.mean(0).clamp(1 / len(images), 1 - 1 / len(images))
    torch.testing.assert_close(model.visible_mean(H), clipped.expand(len(H), -1))
    assert model.visible_bias.isfinite().all()


def test_energy_of_every_pair(tiny_rbm):
    truth = torch.from_numpy(oracles.energies(oracles.machine(tiny_rbm)))  # (S, T)
    pairs = tiny_rbm.energy(V.repeat_interleave(len(H), 0), H.repeat(len(V), 1))
    torch.testing.assert_close(pairs.view(len(V), len(H)), truth, rtol=0, atol=1e-13)


def test_free_energy_sums_the_hidden_layer_out_for_every_state(tiny_rbm):
    truth = torch.from_numpy(oracles.free_energies(oracles.machine(tiny_rbm)))
    torch.testing.assert_close(tiny_rbm.free_energy(V), truth, rtol=0, atol=1e-13)


@pytest.mark.parametrize("beta", [1.0, 0.3, 2.5])
def test_conditionals_are_normalised_slices_of_the_joint(tiny_rbm, beta):
    p = torch.from_numpy(oracles.joint(oracles.machine(tiny_rbm), beta))
    of_hidden = oracles.factorised(tiny_rbm.hidden_mean(V, beta))  # (S, T)
    of_visible = oracles.factorised(tiny_rbm.visible_mean(H, beta))  # (T, S)
    torch.testing.assert_close(of_hidden, p / p.sum(1, keepdim=True), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(of_visible, (p / p.sum(0)).T, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("beta", [1.0, 0.3, 2.5])
def test_samples_follow_the_conditionals(tiny_rbm, rng, beta):
    n = 20_000
    p = oracles.joint(oracles.machine(tiny_rbm), beta)
    for given in (0, 37, 127):
        h = tiny_rbm.sample_hidden(V[given].expand(n, -1), rng, beta)
        slice_h = p[given] / p[given].sum()
        assert oracles.total_variation(oracles.index(h), slice_h) < oracles.total_variation_limit(slice_h, n)
    for given in (0, 5):
        v = tiny_rbm.sample_visible(H[given].expand(n, -1), rng, beta)
        slice_v = p[:, given] / p[:, given].sum()
        assert oracles.total_variation(oracles.index(v), slice_v) < oracles.total_variation_limit(slice_v, n)


def test_beta_scales_weights_and_both_biases(tiny_rbm):
    hot = RBM(VISIBLE, HIDDEN).double()
    with torch.no_grad():
        for scaled, p in zip(hot.parameters(), tiny_rbm.parameters(), strict=True):
            scaled.copy_(0.3 * p)
    torch.testing.assert_close(tiny_rbm.hidden_mean(V, 0.3), hot.hidden_mean(V))
    torch.testing.assert_close(tiny_rbm.visible_mean(H, 0.3), hot.visible_mean(H))


def test_swapping_the_layers_changes_no_energy(tiny_rbm, swapped_rbm):
    v, h = V[3::16], H
    torch.testing.assert_close(tiny_rbm.energy(v, h), swapped_rbm.energy(h, v))
    torch.testing.assert_close(tiny_rbm.hidden_mean(v), swapped_rbm.visible_mean(v))


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_enormous_parameters_give_finite_numbers_and_slopes(size):
    model = RBM(VISIBLE, HIDDEN)
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(size)
    v, h = V.float(), H[torch.arange(len(V)) % len(H)].float()
    f = model.free_energy(v)
    f.sum().backward()
    for numbers in (f, model.energy(v, h), model.hidden_mean(v), model.visible_mean(h)):
        assert numbers.isfinite().all()
    for p in model.parameters():
        assert p.grad.isfinite().all()
    if size > 0:  # every hidden unit is on, so the free energy is the energy with h = 1
        torch.testing.assert_close(f, model.energy(v, torch.ones(len(v), HIDDEN)))
    else:
        torch.testing.assert_close(f, -size * v.sum(1))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_visible": 0}, "at least one visible unit, got n_visible=0"),
        ({"n_hidden": -1}, "at least one hidden unit, got n_hidden=-1"),
        ({"n_states": 3}, "Bernoulli units have 2 states, got n_states=3"),
        ({"hidden": "qubit"}, "no unit type 'qubit'"),
    ],
)
def test_impossible_models_are_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        RBM(**{"n_visible": VISIBLE, "n_hidden": HIDDEN, **settings})


@pytest.mark.parametrize("shape", [(VISIBLE,), (2, HIDDEN), (2, 1, VISIBLE)])
def test_a_wrong_shape_of_v_is_named_with_the_expected_one(tiny_rbm, shape):
    v = torch.zeros(shape, dtype=torch.float64)
    for use in (tiny_rbm.free_energy, tiny_rbm.hidden_mean, lambda v: tiny_rbm.energy(v, H[:2])):
        with pytest.raises(ShapeError, match=r"v has shape \(.*\), expected \(N, 7\).*flatten"):
            use(v)
    with pytest.raises(ShapeError, match=r"data has shape"):
        tiny_rbm.fit_visible_bias(v)


def test_a_wrong_shape_of_h_is_named_with_the_expected_one(tiny_rbm):
    for use in (tiny_rbm.visible_mean, lambda h: tiny_rbm.energy(V[:2], h)):
        with pytest.raises(ShapeError, match=r"h has shape \(2, 7\), expected \(N, 3\)"):
            use(V[:2])
    with pytest.raises(ShapeError, match="as many v as h, got 1 and 8 rows"):
        tiny_rbm.energy(V[:1], H)


def test_a_model_says_what_it_is(tiny_rbm):
    assert "7 bernoulli visible, 3 bernoulli hidden" in repr(tiny_rbm)
