"""Gibbs one unit at a time leaves the exact distribution as it is: by its transition matrix, and by drawing."""

import pytest
import torch

from rbm.evaluation import exact_boltzmann
from rbm.models.boltzmann import BoltzmannMachine, binary_states
from rbm.randomness import generator
from rbm.samplers.chains import Chains, Clamp
from rbm.samplers.sequential import from_noise, sweep
from tests.helpers.boltzmann import HIDDEN, VISIBLE, machine, table
from tests.helpers.oracles import index, total_variation, total_variation_limit

N = 20_000


def kernel(model: BoltzmannMachine, unit: int, beta: float) -> torch.Tensor:
    """The exact transition matrix of one unit's draw, from σ(β(Ws + a)) as the sampler uses it."""
    s = binary_states(model.n_units)
    on = torch.sigmoid(beta * (s @ model.weight[unit] + model.bias[unit])).detach()
    k = torch.zeros(len(s), len(s), dtype=torch.float64)
    for value, p in ((1.0, on), (0.0, 1 - on)):
        end = s.clone()
        end[:, unit] = value
        k[torch.arange(len(s)), index(end)] += p
    return k


@pytest.mark.parametrize("beta", [0.5, 1.0])
def test_detailed_balance_of_each_draw_and_no_drift_of_the_sweep(beta):
    model = machine()
    p = table(model, beta)[1]
    whole = torch.eye(len(p), dtype=torch.float64)
    for unit in range(model.n_units):
        k = kernel(model, unit, beta)
        flow = p[:, None] * k
        torch.testing.assert_close(flow, flow.T, atol=1e-15, rtol=0)
        whole = whole @ k
    assert float((p @ whole - p).abs().max()) < 1e-12


def test_a_sweep_draws_from_the_rows_of_that_matrix():
    model, start = machine(), 77
    row = torch.zeros(2**model.n_units, dtype=torch.float64)
    row[start] = 1.0
    for unit in range(model.n_units):
        row = row @ kernel(model, unit, 1.0)
    v, h = binary_states(model.n_units)[start].repeat(N, 1).split([VISIBLE, HIDDEN], 1)
    moved, info = sweep(model, Chains(v, h, 0), generator(3, "sweep"))
    cells = index(model.join(moved.v, moved.h))
    assert total_variation(cells, row.numpy()) < total_variation_limit(row.numpy(), N)
    assert moved.step == 1
    torch.testing.assert_close(info.energy, model.energy(moved.v, moved.h))
    assert torch.equal(info.flips, (model.join(moved.v, moved.h) != model.join(v, h)).sum(1))


@pytest.mark.parametrize("sweeps", [1, 4, 16])
def test_no_drift_from_exact_draws(sweeps):
    model, source = machine(), generator(sweeps, "drift")
    chains = exact_boltzmann.sample(model, N, source)
    for _ in range(sweeps):
        chains, _ = sweep(model, chains, source)
    p = table(model)[1].numpy()
    assert total_variation(index(model.join(chains.v, chains.h)), p) < total_variation_limit(p, N)


def test_held_units_stay_and_the_others_follow_the_conditional():
    model, source = machine(), generator(5, "held")
    mask = torch.tensor([True, False, True, False, False])
    values = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    states, p = exact_boltzmann.distribution(model)
    given = p * ((states[:, :VISIBLE] == values)[:, mask].all(1))
    given = given / given.sum()
    s = states[torch.multinomial(given, N, replacement=True, generator=source)]
    chains = Chains(s[:, :VISIBLE], s[:, VISIBLE:], 0)
    for _ in range(3):
        chains, _ = sweep(model, chains, source, clamp=Clamp(mask, values))
    assert bool((chains.v == values)[:, mask].all())
    cells = index(model.join(chains.v, chains.h))
    assert total_variation(cells, given.numpy()) < total_variation_limit(given.numpy(), N)


def test_a_clamp_may_hold_other_units_in_other_chains():
    model = machine()
    mask = torch.eye(VISIBLE).bool()
    held = torch.ones(VISIBLE, VISIBLE, dtype=torch.float64)
    chains = from_noise(model, VISIBLE, generator(6, "noise"))
    seen = torch.zeros(VISIBLE, VISIBLE, dtype=torch.float64)
    for _ in range(200):
        chains, _ = sweep(model, chains, generator(chains.step, "sweep"), clamp=Clamp(mask, held))
        assert bool((chains.v[mask] == 1).all())
        seen += chains.v
    assert bool((seen[~mask] < 200).all())  # what is not held does move
