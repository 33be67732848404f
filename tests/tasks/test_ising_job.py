"""A machine learns an Ising lattice: looks while it does, couplings that stand between neighbours, and chains' memory."""

import numpy as np
import pytest
import torch

from rbm.datasets.entry import LINE
from rbm.errors import ConfigError
from rbm.evaluation.couplings import effective, on_lattice
from rbm.experiment import cached_dataset
from rbm.lessons import finite_lattice
from rbm.studies.ising import divergence
from rbm.tasks.ising import CHAINS, LOOKS, SHOWN, lattice_memory, learn, run_spec, through, training

HOT = 3.5


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
    for c, exact in zip(last.correlation, truth.correlation, strict=True):
        assert abs(c.value - exact) < 4 * c.error + 0.03
    assert last.chains.shape == (SHOWN, 16)
    assert set(np.unique(last.chains)) == {-1, 1}
    assert CHAINS >= SHOWN
    assert first.memory is None
    assert 1 < last.memory.value < 30
    bonds = np.concatenate([last.bonds[::2, 1::2].ravel(), last.bonds[1::2, ::2].ravel()])
    assert bonds.mean() == pytest.approx(last.neighbours.value)
    assert last.away[2, 3] == pytest.approx(last.away[2, 1])


def test_a_ring_is_learnt_with_its_couplings_beside_the_transfer_matrix():
    *_, last = learn(LINE, 2.0, epochs=12)
    truth = finite_lattice.ring_lattice(16, 2.0)
    assert last.neighbours.value == pytest.approx(1 / 2.0, abs=0.06)
    assert last.rest < 0.05
    assert abs(last.means.energy.value - truth.energy) < 4 * last.means.energy.error + 0.03
    assert abs(last.means.magnetisation.value - truth.magnetisation) < 4 * last.means.magnetisation.error + 0.03
    for c, exact in zip(last.correlation, truth.correlation, strict=True):
        assert abs(c.value - exact) < 4 * c.error + 0.03
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
    cold, hot = through(4, (1.5, 4.0), epochs=4)
    assert (cold.temperature, hot.temperature) == (1.5, 4.0)
    assert cold.data.magnetisation.value > 0.9 > 0.6 > hot.data.magnetisation.value
    assert cold.machine.energy.value < hot.machine.energy.value
    for point in (cold, hot):
        assert min(point.gibbs.value, point.metropolis.value, point.wolff.value) > 0


def test_single_spins_slow_down_at_the_critical_temperature_and_clusters_do_not():
    (metropolis, wolff), (quick, _) = (lattice_memory(16, t, 1) for t in (2.269, HOT))
    assert metropolis.value > 5 * quick.value
    assert wolff.value < metropolis.value / 5


def test_what_cannot_be_learnt_is_one_sentence():
    with pytest.raises(ConfigError, match=r"^The temperature is 0; expected a number from 0\.1 to 100\.$"):
        next(learn(4, 0))
