"""Gibbs learning against the exact gradient it estimates."""

import torch

from rbm.datasets.toy import bars_and_stripes
from rbm.evaluation import exact_boltzmann
from rbm.models.boltzmann import BoltzmannMachine
from rbm.randomness import generator
from rbm.samplers.chains import Chains
from rbm.training.boltzmann import BoltzmannPhases, ascend, gibbs_gradient, start
from tests.helpers.boltzmann import HIDDEN, VISIBLE, machine

N = 20_000


def test_the_gibbs_gradient_estimates_the_exact_one():
    model, source = machine(), generator(4, "gibbs")
    rows = torch.tensor([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0]]).double()
    p = torch.tensor([0.5, 0.5], dtype=torch.float64)
    phases = start(model, rows.repeat(N // 2, 1), N, source)
    phases = BoltzmannPhases(
        phases.held, exact_boltzmann.sample(model, N, source)
    )  # mixed already: no bias, only noise
    found, moved = gibbs_gradient(model, phases, source, sweeps=30)
    expected = exact_boltzmann.gradient(model, rows, p)
    limit = 5 * (2 * 0.25 / N) ** 0.5  # each moment of a 0/1 product has variance at most a quarter
    assert float((found.coupling - expected.coupling).abs().max()) < limit
    assert float((found.bias - expected.bias).abs().max()) < limit
    assert moved.free.step == 30
    assert torch.equal(moved.held.v, phases.held.v)


def test_gibbs_learning_lowers_the_divergence():
    data = bars_and_stripes(2).train.double()
    model, source = BoltzmannMachine(4, HIDDEN, generator=generator(1, "start")).double(), generator(2, "learning")
    p = torch.full((len(data),), 1 / len(data), dtype=torch.float64)
    before = float(exact_boltzmann.divergence(model, data, p).detach())
    phases = start(model, data.repeat(50, 1), 300, source)
    for _ in range(600):
        step, phases = gibbs_gradient(model, phases, source, sweeps=2)
        ascend(model, step, 0.3)
    assert float(exact_boltzmann.divergence(model, data, p).detach()) < before / 3


def test_a_machine_without_hidden_units_has_nothing_to_draw_in_the_held_phase():
    model = machine(VISIBLE, 0)
    held = Chains(torch.ones(3, VISIBLE).double(), torch.zeros(3, 0).double(), 0)
    _, moved = gibbs_gradient(model, start(model, held.v, 4, generator(1, "s")), generator(2, "s"), sweeps=1)
    assert moved.held.step == 0
    assert moved.free.step == 1
