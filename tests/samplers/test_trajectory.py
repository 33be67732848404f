"""A trajectory is its sweeps, and keeps what it was asked to keep."""

import pytest
import torch

from rbm.errors import ConfigError
from rbm.samplers import gibbs, trajectory
from rbm.samplers.chains import Clamp, from_noise
from tests.helpers.oracles import CHAINS, HIDDEN, VISIBLE

CLAMP = Clamp(torch.tensor([1, 0, 0, 0, 0, 1, 0]), torch.tensor([1.0, 0, 0, 0, 0, 0, 0]))


@pytest.fixture
def chains(tiny_rbm, rng):
    return from_noise(tiny_rbm, CHAINS, rng)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(5)


@pytest.mark.parametrize(
    ("n_steps", "n_frames", "kept"),
    [(10, 5, [2, 4, 6, 8, 10]), (3, 7, [1, 2, 3]), (1, 1, [1]), (1000, 3, [333, 667, 1000]), (7, 1, [7])],
)
def test_frames_are_evenly_spaced_and_end_with_the_last(n_steps, n_frames, kept):
    assert trajectory.spaced(n_steps, n_frames) == kept


@pytest.mark.parametrize(("beta", "clamp"), [(1.0, None), (0.6, CLAMP)])
def test_a_run_is_its_sweeps_one_by_one(tiny_rbm, chains, beta, clamp):
    end, frames = trajectory.run(tiny_rbm, chains, seeded(), 5, beta=beta, clamp=clamp)
    source, here = seeded(), chains
    for i in range(5):
        here, info = gibbs.sweep(tiny_rbm, here, source, beta=beta, clamp=clamp)
        assert torch.equal(frames.v[i], here.v)
        assert torch.equal(frames.h[i], here.h)
        assert torch.equal(frames.visible_mean[i], info.visible_mean)
        assert torch.equal(frames.energy[i], info.energy)
        torch.testing.assert_close(frames.free_energy[i], tiny_rbm.free_energy(here.v).detach())
    assert torch.equal(end.v, here.v)
    assert torch.equal(end.h, here.h)
    assert end.step == 5
    assert frames.step.tolist() == [1, 2, 3, 4, 5]


def test_kept_sweeps_are_those_of_the_whole_run_and_energies_are_of_every_sweep(tiny_rbm, chains):
    _, whole = trajectory.run(tiny_rbm, chains, seeded(), 11)
    _, some = trajectory.run(tiny_rbm, chains, seeded(), 11, keep=[2, 7, 11])
    assert some.step.tolist() == [2, 7, 11]
    assert torch.equal(some.v, whole.v[[1, 6, 10]])
    assert torch.equal(some.visible_mean, whole.visible_mean[[1, 6, 10]])
    assert torch.equal(some.energy, whole.energy)
    assert some.free_energy.shape == (11, CHAINS)


def test_steps_count_on_from_the_chains(tiny_rbm, chains, rng):
    middle, _ = trajectory.run(tiny_rbm, chains, rng, 3)
    _, frames = trajectory.run(tiny_rbm, middle, rng, 4, keep=[1, 4])
    assert frames.step.tolist() == [4, 7]


def test_nothing_kept_leaves_empty_pictures_and_all_energies(tiny_rbm, chains, rng):
    _, frames = trajectory.run(tiny_rbm, chains, rng, 2, keep=[])
    assert frames.step.tolist() == []
    assert frames.v.shape == frames.visible_mean.shape == (0, CHAINS, VISIBLE)
    assert frames.h.shape == (0, CHAINS, HIDDEN)
    assert frames.energy.shape == (2, CHAINS)


def test_no_step_is_no_trajectory(tiny_rbm, chains, rng):
    with pytest.raises(ConfigError, match="at least one step, got n_steps=0"):
        trajectory.run(tiny_rbm, chains, rng, 0)
