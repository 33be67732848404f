"""The spin glass against sums over all its states, its chains against the exact distribution."""

import itertools
import math

import numpy as np
import pytest
import torch

from rbm.errors import ConfigError
from rbm.evaluation import exact_boltzmann
from rbm.lessons.spin_glass import CHAINS, KINDS, GlassChains, SpinGlass, chance, distance
from rbm.models.boltzmann import BoltzmannMachine, binary_states
from rbm.randomness import generator
from tests.helpers import oracles


@pytest.mark.parametrize("kind", KINDS)
def test_energies_are_sums_over_pairs_and_it_is_a_boltzmann_machine_without_hidden_units(kind):
    glass = SpinGlass(8, kind, 3)
    pairs = list(itertools.combinations(range(8), 2))
    for number in (0, 5, 77, 255):
        s = glass.states[number]
        truth = -math.fsum(float(glass.couplings[i, j] * s[i] * s[j]) for i, j in pairs)
        assert float(glass.energies[number]) == pytest.approx(truth, abs=1e-12)
    machine = BoltzmannMachine(8).double()  # s = 2x − 1 makes 4J of pairs and −2 Σ_j J_ij of single units
    with torch.no_grad():
        machine.coupling.copy_(4 * glass.couplings[machine.pairs[0], machine.pairs[1]])
        machine.bias.copy_(-2 * glass.couplings.sum(1))
    _, p = exact_boltzmann.distribution(machine)
    torch.testing.assert_close(exact_boltzmann.thermodynamics(glass.energies).p, p, rtol=0, atol=1e-12)
    assert torch.equal(glass.states, 2 * binary_states(8) - 1)


@pytest.mark.parametrize("kind", KINDS)
def test_valleys_end_where_no_flip_leads_down_and_hold_every_state(kind):
    glass = SpinGlass(8, kind, 1)
    minima = [
        k
        for k, s in enumerate(glass.states)
        if all(float(s[i] * (glass.couplings[i] @ s)) >= -1e-12 for i in range(8))  # a flip costs 2 s_i Σ_j J_ij s_j
    ]
    found = glass.valleys
    assert sorted(found.minima.tolist()) == minima
    assert found.minima[0] == glass.energies.argmin()
    assert (glass.energies[found.minima[found.of]] <= glass.energies + 1e-12).all()
    assert torch.equal(found.of[found.minima], torch.arange(len(minima)))
    p = np.exp(-glass.energies.numpy() / 0.7)
    for valley, share in enumerate(glass.shares(0.7).tolist()):
        assert share == pytest.approx(float(p[found.of.numpy() == valley].sum() / p.sum()), abs=1e-12)


def test_the_floor_is_the_lowest_energy_at_each_overlap_with_the_deepest_state():
    glass = SpinGlass(8, "Gaussian", 2)
    q, low = glass.floor()
    best = glass.states[glass.energies.argmin()]
    for overlap, energy in zip(q.tolist(), low.tolist(), strict=True):
        there = [float(e) for s, e in zip(glass.states, glass.energies, strict=True) if float(s @ best) / 8 == overlap]
        assert energy == min(there)
    assert low[0] == pytest.approx(float(low[-1]))  # all spins turned cost nothing
    assert glass.overlaps()[0] == 1


@pytest.mark.parametrize("replicas", [1, 4])
def test_chains_drawn_exactly_stay_so_at_every_temperature(replicas):
    """No drift: p at each β, then sweeps and swaps, then p at each β; no mixing is needed for that."""
    glass, n = SpinGlass(8, "Gaussian", 5), 20_000
    chains = GlassChains(glass, 0.5, replicas, seed=1, n_chains=n)
    draw = generator(4, "exact draws")
    tables = [exact_boltzmann.thermodynamics(glass.energies, float(beta)).p for beta in chains.betas]
    chains.spins = torch.stack([glass.states[p.multinomial(n, replacement=True, generator=draw)] for p in tables])
    for _ in range(4):
        chains.advance()
    places = 2 ** torch.arange(7, -1, -1)
    for spins, p in zip(chains.spins, tables, strict=True):
        cells = ((spins + 1) / 2).long() @ places
        assert oracles.total_variation(cells, p.numpy()) < oracles.total_variation_limit(p.numpy(), n)
    assert chains.work == 4 * replicas
    assert math.isnan(chains.accepted) is (replicas == 1)


def test_tempering_finds_the_shares_of_the_valleys_that_single_chains_do_not():
    """A cold glass from noise, for the same number of sweeps of all spins in all."""
    glass, temperature = SpinGlass(14, "Gaussian", 4), 0.2
    exact = glass.shares(temperature)
    far = {}
    for replicas in (1, 6):
        chains = GlassChains(glass, temperature, replicas, seed=1)
        while chains.work < 600:
            chains.advance()
        far[replicas] = distance(chains.shares(), exact)
    limit = oracles.total_variation_limit(exact.numpy(), CHAINS)
    assert far[6] < limit < far[1]
    assert chance(exact) < limit


def test_the_distance_that_chance_leaves_is_that_of_exact_draws():
    exact = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)
    draw = generator(1, "chance")
    found = []
    for _ in range(400):
        drawn = exact.multinomial(CHAINS, replacement=True, generator=draw)
        found.append(distance(torch.bincount(drawn, minlength=4).double() / CHAINS, exact))
    assert np.mean(found) == pytest.approx(chance(exact), abs=4 * np.std(found) / 20 + 0.02 * chance(exact))


def test_what_is_no_glass_is_one_sentence():
    with pytest.raises(ConfigError, match="has 8, 10, 12, 14 spins and couplings of two values or Gaussian"):
        SpinGlass(9, "Gaussian", 1)
