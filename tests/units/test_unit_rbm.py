"""Every sensible pair of unit types in the one RBM, against its joint distribution summed or integrated by brute force."""

import math

import pytest
import torch

from rbm import randomness
from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.evaluation import ais, exact
from rbm.models.rbm import RBM
from rbm.samplers import chains, gibbs
from rbm.samplers.stepped_chains import SteppedChains
from rbm.training.gradients import Phases, completed, contrast
from tests.helpers.unit_pairs import (
    NAMES,
    PAIRS,
    PAIRS_IN_TURN,
    UNBOUNDED,
    M,
    brute,
    expected_statistics,
    make,
    statistics,
)

CHAINS = 20011


def some(states: torch.Tensor) -> torch.Tensor:
    return states[torch.linspace(0.3 * len(states), 0.7 * len(states), 7).long()]


@torch.no_grad()
def test_energy_and_free_energy(model):
    all_ = brute(model)
    v, h = some(all_.v), some(all_.h)
    rows, columns = (torch.linspace(0.3 * len(s), 0.7 * len(s), 7).long() for s in (all_.v, all_.h))
    expected = -(all_.log_joint - all_.log_v[:, None] - all_.log_h)[rows, columns]
    torch.testing.assert_close(model.energy(v, h), expected)
    free = -(all_.log_joint.logsumexp(1) - all_.log_v)[rows]
    torch.testing.assert_close(model.free_energy(v), free, rtol=1e-9, atol=1e-9)


@torch.no_grad()
@pytest.mark.parametrize("beta", [1.0, 0.6])
def test_conditionals_are_slices_of_the_joint(model, beta):
    all_ = brute(model, beta)
    rows = torch.linspace(0.3 * len(all_.v), 0.7 * len(all_.v), 7).long()
    columns = torch.linspace(0.3 * len(all_.h), 0.7 * len(all_.h), 7).long()
    hidden = all_.log_joint[rows].softmax(1) @ all_.h
    visible = all_.log_joint[:, columns].softmax(0).T @ all_.v
    torch.testing.assert_close(model.hidden_mean(all_.v[rows], beta), hidden, rtol=1e-7, atol=1e-7)
    torch.testing.assert_close(model.visible_mean(all_.h[columns], beta), visible, rtol=1e-7, atol=1e-7)


@torch.no_grad()
def test_log_partition_is_the_sum_over_everything(model):
    assert exact.log_partition(model) == pytest.approx(float(brute(model).log_joint.flatten().logsumexp(0)), abs=1e-9)


def test_the_exact_gradient_is_that_of_the_likelihood(model):
    data = some(brute(model).v.detach())
    log_p = -model.free_energy(data).mean() - brute(model).log_joint.flatten().logsumexp(0)
    names, parameters = zip(*model.named_parameters(), strict=True)
    expected = torch.autograd.grad(log_p, parameters)
    found = exact.gradient(model, data)._asdict()
    assert set(found) == set(names)
    assert ("visible_log_precision" in names) == (model.visible_unit.name in UNBOUNDED)
    assert ("hidden_shape" in names) == (model.hidden_unit.name == "drelu")
    for name, value in zip(names, expected, strict=True):
        torch.testing.assert_close(found[name], value, rtol=1e-7, atol=1e-8)


@torch.no_grad()
def test_exact_samples_are_right_and_gibbs_does_not_drift(model):
    draw = randomness.generator(2, "drift")
    state = exact.sample(model, CHAINS, draw)
    expected = expected_statistics(model)
    for sweeps in (0, 1, 3):
        for _ in range(sweeps):
            state, info = gibbs.sweep(model, state, draw)
            assert info.energy.shape == (CHAINS,)
        s = statistics(state.v, state.h)
        off = (s.mean(0) - expected) / (s.std(0) / math.sqrt(CHAINS) + 1e-12)
        assert float(off.abs().max()) < 4.5, sweeps


@torch.no_grad()
@pytest.mark.parametrize("base", ["own", "data"])
def test_ais_finds_log_z_from_both_sides(model, base):
    truth = exact.log_partition(model)
    draw = randomness.generator(5, "ais", base)
    start = exact.sample(model, 401, draw).v
    biases = ais.base_biases(start, model.visible_unit) if base == "data" else None
    found = ais.bracket(model, start, n_chains=401, n_temperatures=40, generator=draw, base=biases)
    assert found.trustworthy, found.reason
    for estimate in found:
        assert abs(estimate.value - truth) < 3.5 * estimate.standard_error + 1e-9
        assert estimate.standard_error < 0.2


@torch.no_grad()
def test_the_contrast_of_exact_samples_estimates_the_exact_gradient(model):
    draw = randomness.generator(7, "contrast")
    data = some(brute(model).v)
    vk = exact.sample(model, CHAINS, draw).v
    phases = Phases(data, model.hidden_mean(data), vk, model.hidden_mean(vk), None)
    found, truth = completed(contrast(phases), phases, model), exact.gradient(model, data)
    spread = statistics(vk, phases.hk_mean).std(0)
    v, h = vk.shape[1], phases.hk_mean.shape[1]
    deviations = [spread[2 * (v + h) :].reshape(v, h), spread[:v], spread[v : v + h]]
    if model.hidden_shape is not None:
        deviations.append(model.hidden_unit.shape_slope(model.hidden_field(vk)).std(0))
    elif len(found) == 4:
        deviations.append(model.visible_unit.base_energy(vk).std(0))
    for estimate, exactly, deviation in zip(found, truth, deviations, strict=True):
        assert bool(((estimate - exactly).abs() <= 4.5 * deviation / math.sqrt(CHAINS) + 1e-12).all())


@torch.no_grad()
def test_chains_start_anywhere_and_a_walk_goes_back_the_same_way(model):
    model = model.float()
    draw = randomness.generator(8, "walk")
    walk = SteppedChains(model, chains.from_noise(model, 11, draw), draw)
    walk.sweep(3)
    place = walk.now
    walk.half_step()
    ahead = walk.now
    walk.back()
    assert walk.now is place
    walk.half_step()
    assert torch.equal(walk.now.v, ahead.v)
    assert torch.equal(walk.now.v_mean, ahead.v_mean)


@pytest.mark.parametrize(("visible", "hidden"), [(v, h) for v in UNBOUNDED for h in UNBOUNDED if v in NAMES])
def test_two_unbounded_layers_are_refused(visible, hidden):
    with pytest.raises(
        ConfigError, match=f"{visible} visible with {hidden} hidden units is refused: both are unbounded"
    ):
        RBM(3, 2, visible=visible, hidden=hidden)


def test_every_other_pair_is_offered_and_every_run_tries_each_type_on_either_side():
    assert len(PAIRS) == len(NAMES) ** 2 - 4 + 4
    in_turn = [pair.values for pair in PAIRS_IN_TURN if not pair.marks]
    assert [{*side} for side in zip(*in_turn, strict=True)] == [{*NAMES}, {*NAMES, "drelu"}]
    with pytest.raises(ConfigError, match="Drelu units are for the hidden layer"):
        RBM(3, 2, visible="drelu")
    assert RBM(3, 2, visible="categorical", n_states=5).weight.shape == (15, 2)
    assert RBM(3, 2, hidden="categorical", n_states=5).weight.shape == (3, 10)
    with pytest.raises(ConfigError, match="give n_states"):
        RBM(3, 2, hidden="multinary")
    with pytest.raises(ConfigError, match="leave n_states out"):
        RBM(3, 2, visible="gaussian", n_states=3)
    with pytest.raises(ConfigError, match="Bernoulli units have 2 states, got n_states=3"):
        RBM(3, 2, n_states=3)
    with pytest.raises(ShapeError, match=r"expected \(N, 15\)"):
        RBM(3, 2, visible="categorical", n_states=5).free_energy(torch.zeros(1, 3))


def test_what_cannot_be_listed_is_refused():
    model = make("gaussian", "spin")
    with pytest.raises(TooLargeError, match="a continuum of states"):
        exact.visible_distribution(model)
    with pytest.raises(TooLargeError, match="a continuum of states"):
        exact.joint_distribution(model)


@torch.no_grad()
@pytest.mark.parametrize("pair", [p for p in PAIRS if not set(p) & set(UNBOUNDED)], ids="-".join)
def test_discrete_joints_add_up_and_gibbs_keeps_them_exactly(pair):
    model = make(*pair)
    v, h, joint = exact.joint_distribution(model)
    assert float(joint.sum()) == pytest.approx(1, abs=1e-12)
    again, p = exact.visible_distribution(model)
    assert torch.equal(again, v)
    torch.testing.assert_close(joint.sum(1), p)
    to_h, to_v = joint / joint.sum(1, keepdim=True), (joint / joint.sum(0)).T
    assert float((p @ to_h @ to_v - p).abs().max()) < 1e-14
    torch.testing.assert_close(to_h @ h, model.hidden_mean(v))
    torch.testing.assert_close(to_v @ v, model.visible_mean(h))


@torch.no_grad()
def test_spins_are_bernoulli_units_in_other_words():
    """With s = 2b − 1 on both sides the same distribution has W' = 4W, b' = 2b − 2W1, c' = 2c − 2Wᵀ1."""
    spin, binary = make("spin", "spin"), make("bernoulli", "bernoulli")
    binary.weight.copy_(4 * spin.weight)
    binary.visible_bias.copy_(2 * spin.visible_bias - 2 * spin.weight.sum(1))
    binary.hidden_bias.copy_(2 * spin.hidden_bias - 2 * spin.weight.sum(0))
    s, t, p = exact.joint_distribution(spin)
    v, h, q = exact.joint_distribution(binary)
    assert torch.equal(s, 2 * v - 1)
    assert torch.equal(t, 2 * h - 1)
    torch.testing.assert_close(p, q, rtol=1e-12, atol=1e-15)


@torch.no_grad()
def test_two_multinary_states_make_a_bernoulli_machine():
    model = make("bernoulli", "bernoulli")
    twin = RBM(3, 2, visible="multinary", hidden="multinary", n_states=2).double()
    twin.load_state_dict(model.state_dict())
    for one, two in zip(exact.joint_distribution(model), exact.joint_distribution(twin), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-15)


@torch.no_grad()
@pytest.mark.parametrize("pair", [p for p in PAIRS if "categorical" in p], ids="-".join)
def test_the_zero_sum_gauge_leaves_every_probability_alone(pair):
    model, gauged = make(*pair), make(*pair)
    gauged.zero_sum_gauge()
    shift = gauged.energy(*(some(s) for s in brute(model)[0:3:2])) - model.energy(
        *(some(s) for s in brute(model)[0:3:2])
    )
    torch.testing.assert_close(shift, shift[:1].expand_as(shift))
    p, q = (brute(m).log_joint.flatten().softmax(0) for m in (model, gauged))
    torch.testing.assert_close(p, q, rtol=1e-11, atol=1e-15)
    for side, name in enumerate(pair):
        if name == "categorical":
            assert float(gauged.weight.unflatten(side, (-1, M)).sum(side + 1).abs().max()) < 1e-14
            assert (
                float((gauged.visible_bias, gauged.hidden_bias)[side].unflatten(0, (-1, M)).sum(1).abs().max()) < 1e-14
            )


@torch.no_grad()
@pytest.mark.parametrize("name", NAMES)
def test_the_visible_bias_is_fitted_to_the_data(name):
    model = make(name, "bernoulli")
    data = exact.sample(model, 997, randomness.generator(9)).v
    model.weight.zero_()
    model.fit_visible_bias(data)
    torch.testing.assert_close(model.visible_mean(torch.zeros(1, 3).double()[:, : model.n_hidden])[0], data.mean(0))
    if name == "gaussian":
        torch.testing.assert_close(model.visible_log_precision.exp(), 1 / data.var(0, unbiased=False))
