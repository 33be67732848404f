"""Gibbs sampling leaves the model's distribution as it is: by its transition matrix, and by chains that must not drift."""

import numpy as np
import pytest
import torch

from rbm.samplers import gibbs
from rbm.samplers.chains import Chains, Clamp, from_noise
from tests.helpers import oracles
from tests.helpers.oracles import CHAINS, HIDDEN, VISIBLE, factorised, rows

N = 20_000
V, H = rows(VISIBLE), rows(HIDDEN)
MASK = torch.tensor([False, True, False, False, True, False, False])
HELD = torch.tensor([0.0, 1, 0, 0, 0, 0, 0], dtype=torch.float64)
CLAMP = Clamp(MASK, HELD)
CASES = [(1.0, None), (0.4, None), (1.7, None), (1.0, CLAMP), (0.4, CLAMP)]


def target(model, beta, clamp) -> np.ndarray:
    """p(v, h) at β, given the held units: (S, T)."""
    p = oracles.joint(oracles.machine(model), beta)
    if clamp is not None:
        p = p * ((clamp.values == V) | ~clamp.mask).all(1).double().numpy()[:, None]
    return p / p.sum()


def kernel(model, beta, clamp) -> torch.Tensor:
    """One sweep's transition matrix over (v, h), (ST, ST), from the engine's conditionals: v given h, then h given v."""
    mean = model.visible_mean(H, beta)
    to_v = factorised(mean if clamp is None else clamp.apply(mean))  # (T, S)
    to_h = factorised(model.hidden_mean(V, beta))  # (S, T)
    to_pair = (to_v[:, :, None] * to_h[None]).reshape(len(H), -1)  # (T, ST): the old v does not matter
    return to_pair.repeat(len(V), 1)


@pytest.mark.parametrize(("beta", "clamp"), CASES)
def test_the_transition_matrix_leaves_the_distribution_and_balances_in_v(tiny_rbm, beta, clamp):
    p = torch.from_numpy(target(tiny_rbm, beta, clamp))
    matrix = kernel(tiny_rbm, beta, clamp).detach()
    torch.testing.assert_close(matrix.sum(1), torch.ones(p.numel(), dtype=torch.float64))
    assert (p.flatten() @ matrix - p.flatten()).abs().sum() < 1e-12
    mean = tiny_rbm.visible_mean(H, beta)
    to_v = factorised(mean if clamp is None else clamp.apply(mean))
    flow = p.sum(1)[:, None] * (factorised(tiny_rbm.hidden_mean(V, beta)) @ to_v)  # p(v) K(v, v')
    assert (flow - flow.T).abs().max() < 1e-14


@pytest.mark.parametrize(("beta", "clamp"), CASES)
def test_a_sweep_moves_as_the_transition_matrix_says(tiny_rbm, rng, beta, clamp):
    matrix = kernel(tiny_rbm, beta, clamp).detach().numpy()
    for start in (5, 600):
        v, h = V[start // len(H)].expand(N, -1), H[start % len(H)].expand(N, -1)
        moved, _ = gibbs.sweep(tiny_rbm, Chains(v, h, 0), rng, beta=beta, clamp=clamp)
        cells = oracles.joint_index(moved.v, moved.h)
        assert oracles.total_variation(cells, matrix[start]) < oracles.total_variation_limit(matrix[start], N)


@pytest.mark.parametrize(("beta", "clamp"), CASES)
def test_exactly_drawn_chains_do_not_drift(tiny_rbm, rng, beta, clamp):
    p = target(tiny_rbm, beta, clamp)
    limit = oracles.total_variation_limit(p, N)
    chains = Chains(*oracles.draw(p, N, rng), 0)
    assert oracles.total_variation(oracles.joint_index(chains.v, chains.h), p) < limit
    for sweeps in (1, 3, 12):  # 1, 4 and 16 in all
        for _ in range(sweeps):
            chains, _ = gibbs.sweep(tiny_rbm, chains, rng, beta=beta, clamp=clamp)
        assert oracles.total_variation(oracles.joint_index(chains.v, chains.h), p) < limit
    assert chains.step == 16


def test_the_drift_test_would_see_a_wrong_temperature_and_a_forgotten_clamp(tiny_rbm, rng):
    for p, beta in ((target(tiny_rbm, 1.0, None), 0.9), (target(tiny_rbm, 1.0, CLAMP), 1.0)):
        chains = Chains(*oracles.draw(p, N, rng), 0)
        chains, _ = gibbs.sweep(tiny_rbm, chains, rng, beta=beta)
        cells = oracles.joint_index(chains.v, chains.h)
        assert oracles.total_variation(cells, p) > oracles.total_variation_limit(p, N)


@pytest.mark.parametrize(("beta", "clamp"), [(1.0, None), (1.0, CLAMP)])
def test_chains_from_noise_reach_the_distribution(tiny_rbm, rng, beta, clamp):
    p = target(tiny_rbm, beta, clamp)
    chains = from_noise(tiny_rbm, N, rng, beta=beta, clamp=clamp)
    limit = oracles.total_variation_limit(p, N)
    assert oracles.total_variation(oracles.joint_index(chains.v, chains.h), p) > limit
    matrix = kernel(tiny_rbm, beta, clamp).detach()
    far = torch.linalg.matrix_power(matrix, 64) - torch.from_numpy(p).flatten()
    assert far.abs().sum(1).max() < 1e-3 * limit  # whatever the start, 64 sweeps are enough for this machine
    for _ in range(64):
        chains, _ = gibbs.sweep(tiny_rbm, chains, rng, beta=beta, clamp=clamp)
    assert oracles.total_variation(oracles.joint_index(chains.v, chains.h), p) < limit


@pytest.mark.parametrize(("beta", "clamp"), [(1.0, None), (0.4, CLAMP)])
def test_the_info_is_about_the_sweep_just_made(tiny_rbm, rng, beta, clamp):
    before = from_noise(tiny_rbm, CHAINS, rng)
    v, h = before.v.clone(), before.h.clone()
    after, info = gibbs.sweep(tiny_rbm, before, rng, beta=beta, clamp=clamp)
    assert torch.equal(before.v, v)  # the state that came in is a value still
    assert torch.equal(before.h, h)
    mean = tiny_rbm.visible_mean(h, beta)
    torch.testing.assert_close(info.visible_mean, mean if clamp is None else clamp.apply(mean))
    torch.testing.assert_close(info.hidden_mean, tiny_rbm.hidden_mean(after.v, beta))
    machine = oracles.machine(tiny_rbm)
    energies = [oracles.energy(machine, a, b) for a, b in zip(after.v.tolist(), after.h.tolist(), strict=True)]
    torch.testing.assert_close(info.energy, torch.tensor(energies, dtype=torch.float64))  # at β = 1, always
    assert info.flips.tolist() == [int((a != b).sum()) for a, b in zip(v, after.v, strict=True)]
    assert not info.energy.requires_grad


def test_held_units_never_move_whatever_the_chains_hold(tiny_rbm, rng):
    chains = from_noise(tiny_rbm, CHAINS, rng)
    mask = torch.rand(CHAINS, VISIBLE, generator=rng) < 0.5  # another set of units in each chain
    values = torch.randint(0, 2, (CHAINS, VISIBLE), generator=rng).double()
    for _ in range(5):
        chains, info = gibbs.sweep(tiny_rbm, chains, rng, clamp=(mask, values))
        assert (chains.v[mask] == values[mask]).all()
        assert (info.visible_mean[mask] == values[mask]).all()
    assert (chains.v[~mask] != values[~mask]).any()


def test_two_halves_are_a_sweep(tiny_rbm):
    chains = from_noise(tiny_rbm, CHAINS, torch.Generator().manual_seed(1))
    whole, info = gibbs.sweep(tiny_rbm, chains, torch.Generator().manual_seed(2), beta=0.7, clamp=CLAMP)
    again = torch.Generator().manual_seed(2)
    half, visible_mean = gibbs.visible_half(tiny_rbm, chains, again, beta=0.7, clamp=CLAMP)
    assert half.step == 0
    assert torch.equal(half.h, chains.h)
    halves, hidden_mean = gibbs.hidden_half(tiny_rbm, half, again, beta=0.7)
    assert halves.step == whole.step == 1
    for a, b in ((halves.v, whole.v), (halves.h, whole.h), (visible_mean, info.visible_mean)):
        assert torch.equal(a, b)
    assert torch.equal(hidden_mean, info.hidden_mean)
