"""The transition matrix against its definition in loops, chains that are run, and mixing times counted one by one."""

import math

import numpy as np
import pytest
import torch

from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.evaluation import exact, transition
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.samplers import chains, gibbs
from tests.helpers import oracles


@pytest.fixture
def half(tiny_rbm) -> transition.Halves:
    return transition.halves(tiny_rbm)


def two_modes(coupling: float, n_visible: int = 5, n_hidden: int = 3) -> RBM:
    """All off and all on are equally likely, and the likelier the larger the coupling."""
    model = RBM(n_visible, n_hidden).double()
    with torch.no_grad():
        model.weight.fill_(coupling)
        model.visible_bias.fill_(-coupling * n_hidden / 2)
        model.hidden_bias.fill_(-coupling * n_visible / 2)
    return model


@pytest.mark.parametrize("beta", [0.0, 0.3, 1.0, 1.7])
def test_the_matrix_is_what_its_definition_says(tiny_rbm, beta):
    half = transition.halves(tiny_rbm, beta)
    joint = oracles.joint(oracles.machine(tiny_rbm), beta)
    up, down = joint / joint.sum(1, keepdims=True), (joint / joint.sum(0)).T
    np.testing.assert_allclose(transition.matrix(half), up @ down, atol=1e-14)
    np.testing.assert_allclose(half.visible, joint.sum(1), atol=1e-14)
    np.testing.assert_allclose(half.hidden, joint.sum(0), atol=1e-14)
    np.testing.assert_array_equal(half.v, oracles.rows(oracles.VISIBLE))


def test_rows_sum_to_one_p_stays_and_every_pair_of_states_is_in_balance(tiny_rbm, swapped_rbm):
    for model in (tiny_rbm, swapped_rbm, two_modes(2.0)):
        half = transition.halves(model)
        k, p = transition.matrix(half), half.visible
        assert bool((k >= 0).all())
        assert float((k.sum(1) - 1).abs().max()) < 1e-12
        assert float((p @ k - p).abs().max()) < 1e-12
        flow = p[:, None] * k
        assert float((flow - flow.T).abs().max()) < 1e-12
        torch.testing.assert_close(half.sweep(p), p, atol=1e-12, rtol=0)
        torch.testing.assert_close(p, exact.visible_distribution(model)[1], atol=1e-12, rtol=0)


def test_chains_that_are_run_move_as_the_matrix_says(tiny_rbm, half, rng):
    n, row = 20_000, 37
    start = half.v[row].repeat(n, 1)
    moved, _ = gibbs.sweep(tiny_rbm, chains.from_visible(tiny_rbm, start, rng), rng)
    expected = transition.matrix(half)[row].numpy()
    found = oracles.total_variation(oracles.index(moved.v), expected)
    assert found < oracles.total_variation_limit(expected, n)


@pytest.mark.parametrize("kind", ["spin", "categorical", "multinary"])
def test_other_units_stay_in_balance_too(kind, rng):
    model = RBM(3, 2, visible=kind, hidden="spin", n_states=None if kind == "spin" else 3).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=rng, dtype=torch.float64))
    half = transition.halves(model)
    torch.testing.assert_close(half.visible, exact.visible_distribution(model)[1], atol=1e-12, rtol=0)
    torch.testing.assert_close(half.visible @ transition.matrix(half), half.visible, atol=1e-12, rtol=0)


def test_the_spectrum_is_the_matrix_own(half):
    found = transition.modes(half)
    own = torch.linalg.eigvals(transition.matrix(half))
    assert float(own.imag.abs().max()) < 1e-8
    top = own.real.sort(descending=True).values[: len(found.eigenvalues)]
    torch.testing.assert_close(found.eigenvalues, top, atol=1e-10, rtol=0)
    assert float(found.eigenvalues[0]) == pytest.approx(1.0, abs=1e-12)
    f = found.slowest
    torch.testing.assert_close(transition.matrix(half) @ f, found.eigenvalues[1] * f, atol=1e-10, rtol=0)
    assert float(half.visible @ f.square()) == pytest.approx(1.0)
    assert float(half.visible @ f) == pytest.approx(0.0, abs=1e-12)
    assert found.relaxation_time == pytest.approx(1 / (1 - float(top[1])))


def test_the_slowest_mode_tells_two_far_modes_apart():
    half = transition.halves(two_modes(3.0))
    slowest = transition.modes(half).slowest
    on = half.v.sum(1)
    assert bool((slowest[on <= 2] < 0).all())
    assert bool((slowest[on >= 3] > 0).all())
    assert transition.modes(half).relaxation_time > 100


@pytest.mark.parametrize("distance", [0.25, 0.01])
@pytest.mark.parametrize("coupling", [0.0, 0.5, 1.5, 2.2])
def test_the_mixing_time_is_the_one_counted_sweep_by_sweep(coupling, distance):
    half = transition.halves(two_modes(coupling))
    k, p = transition.matrix(half), half.visible
    for start in (None, 0, 6):
        q = torch.eye(len(k), dtype=k.dtype) if start is None else torch.eye(len(k), dtype=k.dtype)[start : start + 1]
        t = 0
        while float(0.5 * (q - p).abs().sum(1).max()) > distance:
            q, t = q @ k, t + 1
        assert transition.mixing_time(k, p, distance, start) == t


def test_a_machine_at_infinite_temperature_mixes_in_one_sweep_and_a_frozen_one_never():
    hot = transition.halves(two_modes(3.0), beta=0.0)
    assert transition.mixing_time(transition.matrix(hot), hot.visible) == 1
    assert transition.modes(hot).relaxation_time == pytest.approx(1.0)
    cold = transition.halves(two_modes(60.0))
    assert transition.mixing_time(transition.matrix(cold), cold.visible) == math.inf
    assert transition.modes(cold).relaxation_time == math.inf


def test_what_cannot_be_answered_is_refused():
    with pytest.raises(TooLargeError, match=r"2\^17 × 2\^11.*limit is 2\^20"):
        transition.halves(RBM(17, 11))
    wide = transition.halves(RBM(11, 3))
    with pytest.raises(TooLargeError, match=r"2048².*Halves.sweep"):
        transition.matrix(wide)
    with pytest.raises(ConfigError, match="0 or more, got -1"):
        transition.halves(RBM(3, 2), -1)
    k = torch.eye(4, dtype=torch.float64)
    with pytest.raises(ShapeError, match=r"got \(4, 4\) and \(3,\)"):
        transition.mixing_time(k, torch.ones(3))
    with pytest.raises(ConfigError, match="between 0 and 1"):
        transition.mixing_time(k, torch.ones(4) / 4, 0.0)
    with pytest.raises(TooLargeError):
        transition.halves(RBM(3, 2, visible="gaussian", generator=generator(1)))
