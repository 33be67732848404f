"""A machine learns an Ising lattice: looks while it does, couplings that stand between neighbours, and chains' memory."""

import numpy as np
import pytest
import torch

from rbm.datasets.entry import LINE
from rbm.errors import ConfigError
from rbm.evaluation import exact
from rbm.evaluation.couplings import effective, on_lattice
from rbm.experiment import cached_dataset
from rbm.lessons import finite_lattice
from rbm.models.rbm import RBM
from rbm.studies.ising import divergence
from rbm.tasks.ising import (
    CHAINS,
    LOOKS,
    SHOWN,
    UNKNOWN,
    WARM,
    IsingChains,
    lattice_memory,
    learn,
    run_spec,
    through,
    training,
)
from tests.helpers.oracles import factorised, rows

HOT = 3.5


@pytest.mark.slow  # a small study; a ring finds its couplings in every run
def test_the_couplings_that_made_the_data_are_found_between_neighbours_and_nowhere_else():
    looks = list(learn(4, HOT, epochs=45))
    shares = [look.share for look in looks]
    assert shares == sorted(shares)
    assert len(looks) == LOOKS
    assert shares[-1] == 1
    first, last = looks[0], looks[-1]
    assert last.neighbours.value == pytest.approx(1 / HOT, abs=0.03)
    assert last.spread < 0.03
    assert last.rest < 0.03
    assert abs(first.neighbours.value - 1 / HOT) > abs(last.neighbours.value - 1 / HOT)
    truth = finite_lattice.enumerated(HOT)
    assert abs(last.means.energy.value - truth.energy) < 4 * last.means.energy.error + 0.05
    assert abs(last.means.magnetisation.value - truth.magnetisation) < 4 * last.means.magnetisation.error + 0.03
    for found, known in (
        (last.means.heat_capacity, truth.heat_capacity),
        (last.means.susceptibility, truth.susceptibility),
    ):
        assert abs(found.value - known) < 4 * found.error + 0.1 * known
    for c, known in zip(last.correlation, truth.correlation, strict=True):
        assert abs(c.value - known) < 4 * c.error + 0.03
    assert last.chains.shape == (SHOWN, 16)
    assert set(np.unique(last.chains)) == {-1, 1}
    assert CHAINS >= SHOWN
    assert first.memory is None
    assert 1 < last.memory.value < 30
    bonds = np.concatenate([last.bonds[::2, 1::2].ravel(), last.bonds[1::2, ::2].ravel()])
    assert bonds.mean() == pytest.approx(last.neighbours.value)
    assert last.away[2, 3] == pytest.approx(last.away[2, 1])


@pytest.mark.slow  # 4×4 is learnt in every run
@pytest.mark.parametrize(
    ("side", "short"), [(8, 0.03), (16, 0.07)]
)  # the larger one is still on its way after 45 epochs
def test_larger_lattices_are_learnt_with_their_couplings_too(side, short):
    *_, last = learn(side, HOT, epochs=45)
    assert 0 < 1 / HOT - last.neighbours.value < short
    assert last.spread < 0.025
    assert last.rest < 0.02
    truth = finite_lattice.exactly(side, HOT)
    assert abs(last.means.energy.value - truth.energy) < 4 * last.means.energy.error + 2 * short  # two bonds a spin


@pytest.mark.slow
def test_a_machine_slows_down_as_its_lattice_does():
    *_, critical, hot = through(8, (2.269, HOT), epochs=25)
    for memory in ("gibbs", "metropolis"):
        slow, quick = getattr(critical, memory), getattr(hot, memory)
        assert slow.value - 4 * slow.error > 3 * quick.value


def test_a_ring_is_learnt_with_its_couplings_beside_the_transfer_matrix():
    *_, last = learn(LINE, 2.0, epochs=12)
    truth = finite_lattice.ring_lattice(16, 2.0)
    assert last.neighbours.value == pytest.approx(1 / 2.0, abs=0.06)
    assert last.rest < 0.05
    assert abs(last.means.energy.value - truth.energy) < 4 * last.means.energy.error + 0.03
    assert abs(last.means.magnetisation.value - truth.magnetisation) < 4 * last.means.magnetisation.error + 0.03
    for c, known in zip(last.correlation, truth.correlation, strict=True):
        assert abs(c.value - known) < 4 * c.error + 0.03
    assert last.bonds.shape == last.away.shape == (16, 16)
    assert np.diag(last.away, 1).mean() == pytest.approx(last.neighbours.value)
    assert last.away[0, 15] == pytest.approx(last.away[3, 4]) == pytest.approx(last.away[4, 3])


def test_it_is_the_run_that_its_description_names_and_close_to_the_data():
    spec = run_spec(4, HOT, epochs=30, seed=2)
    data = cached_dataset(spec.dataset, spec.model)
    assert set(data.train.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal((data.test + 1) / 2, cached_dataset(spec.dataset).test)
    (first, _), (again, _) = (list(training(spec, looks=1))[-1] for _ in range(2))
    assert torch.equal(first.weight, again.weight)
    assert divergence(first, HOT) < 0.05
    assert on_lattice(effective(first), 4).mean.value > 0.2


def test_a_walk_through_temperatures_tells_one_after_the_other():
    begun, other, cold, hot = through(4, (1.5, 4.0), epochs=4)
    assert (begun, other) == tuple(one._replace(metropolis=UNKNOWN, wolff=UNKNOWN) for one in (cold, hot))
    assert (cold.temperature, hot.temperature) == (1.5, 4.0)
    assert cold.data.magnetisation.value > 0.9 > 0.6 > hot.data.magnetisation.value
    assert cold.machine.energy.value < hot.machine.energy.value
    for point in (cold, hot):
        assert min(point.gibbs.value, point.metropolis.value, point.wolff.value) > 0


def test_single_spins_slow_down_at_the_critical_temperature_and_clusters_do_not():
    (metropolis, wolff), (quick, _) = (lattice_memory(16, t, 1) for t in (2.269, HOT))
    assert metropolis.value > 5 * quick.value
    assert wolff.value < metropolis.value / 5
    assert metropolis.value == pytest.approx(82, abs=3 * metropolis.error)  # 79 to 86 in chains of 200,000 sweeps
    assert metropolis.error < 0.12 * metropolis.value


def exact_memory(temperature: float) -> float:
    """τ of |m| in Metropolis sweeps at 4×4, by the spectrum of the transitions between the 433 states unlike by symmetry."""
    every, place = np.arange(2**16), np.arange(16).reshape(4, 4)
    bits, like = [every >> k & 1 for k in range(16)], every
    for down, right, turned, up, left in np.ndindex(4, 4, 2, 2, 2):
        to = np.roll(place, (down, right), (0, 1))[:: 2 * up - 1, :: 2 * left - 1]
        moved = sum(bits[k] << int(m) for k, m in enumerate((to.T if turned else to).ravel()))
        like = np.minimum(like, np.minimum(moved, 2**16 - 1 - moved))
    states, kind, count = np.unique(like, return_inverse=True, return_counts=True)
    s = 2 * (states[:, None] >> np.arange(16) & 1).reshape(-1, 4, 4) - 1
    energy = -(s * np.roll(s, 1, 1) + s * np.roll(s, 1, 2)).sum((1, 2))
    root = np.sqrt(count * np.exp(-energy / temperature))
    moves = np.zeros((len(states), len(states)))
    for k in range(16):
        to = kind[states ^ 1 << k]
        np.add.at(moves, (np.arange(len(states)), to), np.minimum(1, np.exp((energy - energy[to]) / temperature)) / 16)
    moves += np.diag(1 - moves.sum(1))
    rate, mode = np.linalg.eigh(root[:, None] * moves / root)  # symmetric, as the chain is reversible
    weight = (mode.T @ (root * np.abs(s.sum((1, 2)))))[:-1] ** 2  # without the last, which is equilibrium
    sweep = rate[:-1] ** 16
    return float((weight * (1 + sweep) / (1 - sweep)).sum() / weight.sum())


@pytest.mark.parametrize("temperature", [2.269, HOT])
def test_the_memory_of_single_spins_is_that_of_their_transitions_within_its_error(temperature):
    known, found = exact_memory(temperature), lattice_memory(4, temperature, 1)[0]
    assert found.value == pytest.approx(known, abs=3 * found.error)
    assert found.error < 0.12 * known


@torch.no_grad()
def exact_memory_of_a_machine(model: RBM) -> float:
    """τ of |m| in Gibbs sweeps of a machine of spins, by the spectrum of the transitions between its visible states."""
    v, h = (2 * rows(n) - 1 for n in (model.n_visible, model.n_hidden))
    there, back = (factorised((1 + mean) / 2).double() for mean in (model.hidden_mean(v), model.visible_mean(h)))
    root = exact.visible_distribution(model)[1].double().sqrt()
    rate, mode = torch.linalg.eigh(root[:, None] * (there @ back) / root)  # symmetric, as the chain is reversible
    weight = (mode.T @ (root * v.double().mean(1).abs()))[:-1] ** 2  # without the last, which is equilibrium
    return float((weight * (1 + rate[:-1]) / (1 - rate[:-1])).sum() / weight.sum())


@pytest.mark.parametrize("strength", [0.3, 0.8])
def test_the_memory_of_a_machines_chains_is_that_of_their_transitions_within_its_error(strength):
    draw = torch.Generator().manual_seed(1)
    model = RBM(8, 6, visible="spin", hidden="spin", generator=draw)
    model.weight.data = strength * torch.randn(8, 6, generator=draw)
    known, chains = exact_memory_of_a_machine(model), IsingChains(model, 1)
    chains.sweep(WARM)
    found = chains.memory()
    assert found.value == pytest.approx(known, abs=3 * found.error)
    assert found.error < 0.12 * known  # of the longer memory only because the chains went on


def test_what_cannot_be_learnt_is_one_sentence():
    with pytest.raises(ConfigError, match=r"^The temperature is 0; expected a number from 0\.1 to 100\.$"):
        next(learn(4, 0))
