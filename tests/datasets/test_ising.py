"""Ising spins against what is known exactly: every state at 4×4, Kaufman's finite lattices, Onsager's infinite one."""

import itertools
import math
from argparse import ArgumentParser

import numpy as np
import pytest
import torch

from rbm.checkpoint import from_bytes, to_bytes
from rbm.commands import sweep
from rbm.datasets import ising, load_dataset
from rbm.datasets.entry import ISING_CRITICAL, LINE, RING, RING_SPINS
from rbm.datasets.ising import PARTS, SIDES, IsingLattice, samples
from rbm.errors import ConfigError
from rbm.evaluation import lattice
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, cached_dataset, make_dataset, make_model, make_trainer
from rbm.lessons import finite_lattice
from rbm.link import from_query, to_query
from rbm.training.config import TrainConfig
from rbm.units.listing import joint_states
from tests.helpers import oracles

COLD, HOT = 1.8, 3.5


def off(found: lattice.WithError, truth: float) -> float:
    """How many standard errors from the truth."""
    return abs(found.value - truth) / found.error


@pytest.mark.parametrize("temperature", [1.5, COLD, ISING_CRITICAL, 3.0, HOT])
def test_four_by_four_is_what_all_its_states_say(temperature):
    s = lattice.lattices(samples(4, temperature, 10_000, seed=7), 4)
    found, truth = lattice.measured(s, temperature), finite_lattice.enumerated(temperature)
    assert off(found.energy, truth.energy) < 3.5
    assert off(found.magnetisation, truth.magnetisation) < 3.5
    assert off(found.heat_capacity, truth.heat_capacity) < 4
    assert off(found.susceptibility, truth.susceptibility) < 4
    for at, c in zip(lattice.correlations(s).T[1:], truth.correlation[1:], strict=True):
        assert off(lattice.blocked(np.mean, at), c) < 3.5


@pytest.mark.parametrize("temperature", [COLD, 2.1, ISING_CRITICAL, 2.5, HOT])
@pytest.mark.parametrize("side", [8, 16])
def test_larger_lattices_have_kaufmans_energy_and_heat_capacity(side, temperature):
    s = lattice.lattices(samples(side, temperature, 4_000, seed=2), side)
    found, truth = lattice.measured(s, temperature), finite_lattice.kaufman(side, temperature)
    assert off(found.energy, truth.energy) < 3.5
    assert off(found.heat_capacity, truth.heat_capacity) < 4
    assert found.energy.error < 0.01


@pytest.mark.parametrize("temperature", [COLD, HOT])  # where 16×16 is already as good as infinite
def test_sixteen_by_sixteen_has_onsagers_energy(temperature):
    s = lattice.lattices(samples(16, temperature, 4_000, seed=3), 16)
    assert off(lattice.measured(s, temperature).energy, onsager(temperature)) < 3.5


def onsager(temperature: float) -> float:
    """u = −coth 2β [1 + (2/π)(2 tanh² 2β − 1) K(q)] with q = 2 sinh 2β / cosh² 2β (Onsager 1944)."""
    b = 2 / temperature
    q = 2 * math.sinh(b) / math.cosh(b) ** 2
    a, g = 1.0, math.sqrt(1 - q * q)  # K(q) = π / 2·agm(1, √(1 − q²))
    for _ in range(40):
        a, g = (a + g) / 2, math.sqrt(a * g)
    return -(1 + (2 * math.tanh(b) ** 2 - 1) / a) / math.tanh(b)


def test_kaufmans_large_lattice_is_onsagers():
    for temperature in (COLD, HOT):
        assert finite_lattice.kaufman(64, temperature).energy == pytest.approx(onsager(temperature), abs=1e-9)


def test_metropolis_comes_to_the_same_energy():
    warm = IsingLattice(4, HOT, seed=5)
    seen = []
    for _ in range(20_000):
        warm.metropolis(1)
        seen.append(warm.spins.copy())
    e = lattice.energies(lattice.lattices(np.array(seen), 4))
    assert off(lattice.blocked(np.mean, e), finite_lattice.enumerated(HOT).energy) < 3.5


def test_the_same_seed_gives_the_same_spins_and_another_gives_others():
    first = samples(8, HOT, 50, seed=1)
    assert np.array_equal(first, samples(8, HOT, 50, seed=1))
    assert not np.array_equal(first, samples(8, HOT, 50, seed=2))
    assert not np.array_equal(first, samples(8, 3.6, 50, seed=1))


@pytest.mark.parametrize("name", SIDES)
def test_data_are_zeros_and_ones_at_the_temperature_that_is_asked(name):
    cold, hot = (load_dataset(name, temperature=t) for t in (COLD, HOT))
    for data, t in ((cold, COLD), (hot, HOT)):
        assert [len(part) for part in (data.train, data.validation, data.test)] == list(PARTS.values())
        side = SIDES[name]
        e = lattice.energies(lattice.lattices(2 * data.train.numpy() - 1, side))
        assert off(lattice.blocked(np.mean, e), finite_lattice.exactly(side, t).energy) < 4
        up = data.train.mean(1) > 0.5
        assert (data.train_labels.bool() | ~up).all()
        assert float(data.train_labels.float().mean()) == pytest.approx(
            0.5, abs=0.02
        )  # up and down are equally frequent
    usual = load_dataset(name)
    assert torch.equal(usual.train, load_dataset(name, temperature=ISING_CRITICAL).train)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("length", [5, 6])
def test_a_ring_is_what_all_its_states_say(length, temperature):
    """Samples against the probability of every state, written out; the transfer matrix against sums over them."""
    states = np.array(list(itertools.product((-1, 1), repeat=length)))
    e = -(states * np.roll(states, 1, 1)).sum(1)
    weight = np.exp(-e / temperature)
    p, truth = weight / weight.sum(), finite_lattice.ring(length, temperature)
    assert truth.log_z == pytest.approx(math.log(weight.sum()), abs=1e-12)
    assert truth.energy == pytest.approx(float(p @ e) / length, abs=1e-12)
    assert truth.entropy == pytest.approx(-float(p @ np.log(p)), abs=1e-12)
    for r, c in enumerate(truth.correlation):
        assert c == pytest.approx(float(p @ (states[:, 0] * states[:, r])), abs=1e-12)
    drawn = ising.ring_samples(length, temperature, 40_000, seed=3)
    cells = ((drawn + 1) // 2 * 2 ** np.arange(length)[::-1]).sum(1)
    assert oracles.total_variation(torch.from_numpy(cells), p) < oracles.total_variation_limit(p, 40_000)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 100.0])
def test_the_ring_of_the_catalogue_has_the_transfer_matrix_s_energy_and_correlations(temperature):
    data = load_dataset(RING, temperature=temperature)
    assert [len(part) for part in (data.train, data.validation, data.test)] == list(PARTS.values())
    assert data.image_shape == (1, RING_SPINS)
    s, truth = 2 * data.train.double().numpy() - 1, finite_lattice.ring(RING_SPINS, temperature)
    for r in range(1, RING_SPINS // 2 + 1):
        each = (s * np.roll(s, r, 1)).mean(1)  # rows are independent
        assert abs(each.mean() - truth.correlation[r]) < 4 * each.std() / len(each) ** 0.5 + 1e-7
    assert abs(s[:, 0].mean()) < 4 / len(s) ** 0.5
    assert torch.equal(load_dataset(RING).train, load_dataset(RING, temperature=1.0).train)


def test_rings_that_live_come_to_the_transfer_matrix_s_energy_by_either_move():
    truth = finite_lattice.exactly(LINE, 1.0)
    for method in ("clusters", "metropolis"):
        ring = IsingLattice(LINE, 1.0, seed=3)
        ring.settle()
        seen = []
        for _ in range(20_000):
            getattr(ring, method)(2)
            seen.append(ring.spins.copy())
        s = lattice.lattices(np.array(seen), 1)
        assert off(lattice.blocked(np.mean, lattice.energies(s)), truth.energy) < 3.5
        assert off(lattice.blocked(np.mean, np.abs(lattice.magnetisations(s))), truth.magnetisation) < 3.5
    drawn = lattice.measured(lattice.lattices(samples(LINE, 1.0, 10_000, seed=2), 1), 1.0)
    for found, exact in zip(
        drawn, (truth.energy, truth.magnetisation, truth.heat_capacity, truth.susceptibility), strict=True
    ):
        assert off(found, exact) < 3.5


def test_what_is_no_ring_is_one_sentence():
    with pytest.raises(ConfigError, match=r"^The ring has 2 spins; expected a whole number from 3 to 256\.$"):
        ising.ring_samples(2, 1.0, 3, 1)
    with pytest.raises(ConfigError, match="The temperature is 0; expected"):
        finite_lattice.ring(5, 0)


def test_a_machine_that_learns_the_ring_comes_to_the_best_likelihood_there_is():
    """Exact log-likelihood of all states under the true distribution, after training: never above −S, and near it."""
    spec = RunSpec(
        DatasetSpec(RING, size=4_000),
        ModelSpec(16, "zero", visible="spin", hidden="spin"),
        TrainConfig(algorithm="pcd", learning_rate=0.05, epochs=20, momentum=0.0, binarise="none", likelihood="never"),
    )
    trainer = make_trainer(spec, make_dataset(spec.dataset, spec.model))
    while not trainer.finished:
        trainer.step()
    model, truth = trainer.model.double(), finite_lattice.ring(RING_SPINS, 1.0)
    s = joint_states(torch.arange(2**16), 16, model.visible_unit)
    log_q = (s * s.roll(1, 1)).sum(1) - truth.log_z
    log_p = -model.free_energy(s).detach()
    mean = float(log_q.exp() @ (log_p - log_p.logsumexp(0)))
    assert -truth.entropy - 0.15 < mean < -truth.entropy


@pytest.mark.parametrize("temperature", [0, 0.0, -1.5, math.nan, math.inf, 1e9, True, "2"])
def test_what_is_no_temperature_is_one_sentence(temperature):
    for ask in (lambda: samples(4, temperature, 3, 1), lambda: DatasetSpec("ising_4", temperature=temperature)):
        with pytest.raises(ConfigError, match=r"^The temperature is .*; expected a number from 0\.1 to 100\.$"):
            ask()


@pytest.mark.parametrize("side", [5, 3, 2, 0, -4, 258, True, 4.5])
def test_an_odd_lattice_is_one_sentence(side):
    with pytest.raises(
        ConfigError, match=r"^The lattice's side is .*; expected an even number from 4 to 256, or 1 for.*\.$"
    ):
        samples(side, HOT, 3, 1)
    with pytest.raises(ConfigError, match="expected an even number"):
        finite_lattice.exactly(side, HOT)


def test_digits_have_no_temperature():
    with pytest.raises(ConfigError, match=r"^The data set 'mnist' has no temperature: leave it out, or choose"):
        make_dataset(DatasetSpec("mnist", temperature=HOT))
    opened = from_query({"v": "3", "d": "mnist", "te": "2"})
    assert opened.spec.dataset.temperature is None
    assert "temperature is '2'" in opened.notes[0]


def test_the_temperature_travels_by_json_link_and_checkpoint():
    spec = RunSpec(DatasetSpec("ising_4", temperature=HOT), ModelSpec(7))
    assert RunSpec.from_json(spec.to_json()) == spec
    assert to_query(spec)["te"] == "3.5"
    assert from_query(to_query(spec)).spec == spec
    assert from_query({**to_query(spec), "te": "0"}).spec.dataset.temperature == 0.1  # with a note
    model = make_model(spec, cached_dataset(spec.dataset))
    assert from_bytes(to_bytes(model, spec)).spec == spec
    given = ArgumentParser()
    sweep.add_arguments(given)
    words = ["--set", "dataset=ising_4", "--set", "temperature=3.5"]
    assert sweep._base(given.parse_args(words)).dataset == spec.dataset
    older = spec.to_json().replace('"temperature": 3.5', '"temperature": null').replace(', "temperature": null', "")
    assert "temperature" not in older
    assert RunSpec.from_json(older).dataset == DatasetSpec("ising_4")
