"""The RBM that is a Hopfield network: its energy by enumeration, its chains without drift, its overlap against the theory."""

import math

import pytest
import torch

from rbm.errors import ShapeError
from rbm.evaluation.exact import states
from rbm.lessons import hopfield_rbm, retrieval_theory
from rbm.models.hopfield import Hopfield
from rbm.randomness import generator
from rbm.samplers import chains, gibbs
from rbm.units import unit

N, P = 7, 3


def patterns(count: int, n: int, seed: int = 1) -> torch.Tensor:
    return 2.0 * torch.randint(0, 2, (count, n), generator=generator(seed, "patterns")) - 1


@pytest.fixture
def every() -> torch.Tensor:
    return states(N, unit("spin")).double()


@pytest.mark.parametrize("count", [1, 3, 9])
def test_integrating_the_gaussian_units_out_gives_hopfield_s_energy_of_every_state(every, count):
    xi = patterns(count, N).double()
    model, network = hopfield_rbm.machine(xi), Hopfield.store(xi)
    diagonal = count / 2  # which Hopfield leaves out: the same for every state
    torch.testing.assert_close(hopfield_rbm.hopfield_energy(model, every), network.energy(every) - diagonal)
    torch.testing.assert_close(
        model.free_energy(every), network.energy(every) - diagonal - count / 2 * math.log(2 * math.pi)
    )


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_by_quadrature_too_at_any_temperature(every, beta):
    model = hopfield_rbm.machine(patterns(1, N).double())
    h = torch.linspace(-12, 12, 4001, dtype=torch.float64)[:, None]
    found = torch.stack([torch.trapezoid((-beta * model.energy(s.repeat(len(h), 1), h)).exp(), h[:, 0]) for s in every])
    expected = (-beta * hopfield_rbm.hopfield_energy(model, every)).exp() * math.sqrt(2 * math.pi / beta)
    torch.testing.assert_close(found, expected)


def test_a_hidden_unit_s_mean_is_the_overlap_with_its_pattern(every):
    xi = patterns(P, N).double()
    mean = hopfield_rbm.machine(xi).hidden_mean(every, beta=1.7)
    torch.testing.assert_close(mean, math.sqrt(N) * (every @ xi.T / N))


def test_chains_drawn_from_hopfield_s_distribution_stay_in_it(every):
    beta, n, draw = 1 / 1.3, 20_000, generator(2, "drift")
    model = hopfield_rbm.machine(patterns(P, N).double())
    p = (-beta * hopfield_rbm.hopfield_energy(model, every)).softmax(0)
    now = chains.from_visible(model, every[torch.multinomial(p, n, True, generator=draw)], draw, beta=beta)
    for _ in range(4):
        now, _ = gibbs.sweep(model, now, draw, beta=beta)
    powers = 2 ** torch.arange(N, dtype=torch.float64)
    place = {int((row > 0).double() @ powers): i for i, row in enumerate(every)}
    where = torch.tensor([place[int(code)] for code in ((now.v > 0).double() @ powers).tolist()])
    q = torch.bincount(where, minlength=len(every)) / n
    assert float((q - p).abs().sum()) / 2 < 4 * 0.5 * float((p * (1 - p) / n).sqrt().sum())


@pytest.mark.parametrize(("load", "temperature"), [(0.02, 0.3), (0.03, 0.4), (0.05, 0.5)])
def test_in_retrieval_the_measured_overlap_is_the_theory_s(load, temperature):
    n = 1009
    xi, draw = patterns(round(load * n), n), generator(3, "walk")
    found = hopfield_rbm.walk(hopfield_rbm.machine(xi), xi[0], temperature, xi[:1].repeat(13, 1), 60, draw)
    theory = retrieval_theory.solve(load, temperature, retrieved=True)
    assert found.value == pytest.approx(float(theory.m), abs=2 / math.sqrt(n))  # of one machine of a thousand spins
    assert found.frozen == pytest.approx(float(theory.q), abs=4 / math.sqrt(n))
    assert 0 < found.standard_error < 0.01


def test_a_paramagnet_keeps_nothing_and_a_spin_glass_freezes_without_the_memory():
    n, draw = 1009, generator(4, "walk")
    few, many = patterns(30, n), patterns(250, n)
    warm = hopfield_rbm.walk(hopfield_rbm.machine(few), few[0], 1.5, few[:1].repeat(13, 1), 60, draw)
    glass = hopfield_rbm.walk(hopfield_rbm.machine(many), many[0], 0.4, many[:1].repeat(13, 1), 60, draw)
    assert abs(warm.value) < 0.05
    assert warm.frozen < 0.1
    assert glass.value < 0.4
    assert glass.frozen > 0.5


def test_what_is_no_pattern_is_refused():
    with pytest.raises(ShapeError, match="rows"):
        hopfield_rbm.machine(torch.zeros(3, 5))
