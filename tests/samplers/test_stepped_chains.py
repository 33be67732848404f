"""A person's walk: the same chain as the sampler's, half a step at a time, and a way back."""

import pytest
import torch

from rbm import randomness
from rbm.models.rbm import RBM
from rbm.samplers import chains, gibbs
from rbm.samplers.stepped_chains import FILM, SteppedChains

VISIBLE, HIDDEN, CHAINS = 7, 3, 13


@pytest.fixture
def machine() -> RBM:
    model = RBM(VISIBLE, HIDDEN)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=randomness.generator(1, "machine", p.numel())))
    return model


def walk(model: RBM, seed: int = 2) -> SteppedChains:
    generator = randomness.generator(seed)
    return SteppedChains(model, chains.from_noise(model, CHAINS, generator), generator)


def test_two_half_steps_are_one_sweep_of_the_sampler(machine):
    ours = walk(machine)
    generator = randomness.generator(2)
    theirs = chains.from_noise(machine, CHAINS, generator)
    for _ in range(5):
        ours.half_step()
        ours.half_step()
        theirs, info = gibbs.sweep(machine, theirs, generator)
        assert torch.equal(ours.now.v.float(), theirs.v)
        assert torch.equal(ours.now.h.float(), theirs.h)
        assert ours.track[-1].energy == pytest.approx(float(info.energy.mean()))
    assert ours.step == 5


def test_a_half_step_moves_one_layer_alone_v_first(machine):
    w = walk(machine)
    start = w.now
    w.half_step()
    assert torch.equal(w.now.h, start.h)
    v = w.now.v
    w.half_step()
    assert torch.equal(w.now.v, v)


def test_back_undoes_everything_and_the_same_way_leads_on(machine):
    w = walk(machine)
    w.half_step()
    w.sweep(3)
    there, energies = w.now, [reading.energy for reading in w.track]
    w.back()
    w.back()
    w.sweep(2)
    w.sweep(100)
    for _ in range(500):
        w.back()
    assert w.step == 0
    assert [reading.half for reading in w.track] == [0]
    w.half_step()
    w.sweep(3)
    assert torch.equal(w.now.v, there.v)
    assert torch.equal(w.now.h_mean, there.h_mean)
    assert [reading.energy for reading in w.track] == energies


def test_a_long_jump_is_the_same_walk_and_leaves_a_few_moments(machine):
    jump, steps = walk(machine), walk(machine)
    jump.sweep(100)
    for _ in range(100):
        steps.sweep()
    assert torch.equal(jump.now.v, steps.now.v)
    assert len(jump.track) == 201
    assert 2 <= len(jump.past) <= FILM + 2
    assert jump.now.half == 200


def test_a_long_way_in_short_turns_is_the_same_way_and_back_takes_no_more_of_it(machine):
    jump, turns = walk(machine), walk(machine)
    jump.sweep(100)
    jump.half_step()
    turns.order(200)
    turns.order(1)
    assert sum(turns.go_on(0.0) for _ in range(201)) == 200  # half a step a turn, and after the last there is no more
    assert torch.equal(jump.now.v, turns.now.v)
    assert [m.half for m in jump.past] == [m.half for m in turns.past]
    turns.order(10)
    turns.go_on(0.0)
    turns.back()
    assert not turns.go_on()
    assert turns.now.half == 201


def test_held_units_stay_from_the_first_half_step_on(machine):
    mask = torch.arange(VISIBLE) < 3
    held = chains.Clamp(mask, torch.ones(VISIBLE))
    w = walk(machine)
    w.sweep(5, clamp=held)
    assert w.now.v[:, mask].all()
    assert not w.now.v[:, ~mask].all()
    assert (w.now.v_mean[:, mask] == 1).all()


def test_the_past_stays_within_its_memory():
    model = RBM(784, 100)
    generator = randomness.generator(3)
    w = SteppedChains(model, chains.from_noise(model, 64, generator), generator)
    for _ in range(120):
        w.half_step()
    assert sum(t.nbytes for m in w.past for t in m[1:5]) <= 2 * 8 * 2**20
    assert len(w.past) < 121


def test_free_energies_are_those_of_each_chain_after_each_sweep_and_go_back_with_it(machine):
    w = walk(machine)
    w.half_step()
    assert not w.free_energies
    w.half_step()
    w.sweep(4)
    assert [half for half, _ in w.free_energies] == [2, 4, 6, 8, 10]
    torch.testing.assert_close(w.free_energies[-1][1], machine.free_energy(w.now.v.float()).detach())
    w.back()
    w.back()
    assert [half for half, _ in w.free_energies] == [2, 4, 6, 8]
    w.sweep(2)
    assert [half for half, _ in w.free_energies] == [2, 4, 6, 8, 10, 12]


def test_another_machine_temperature_or_held_part_begins_their_record_anew(machine):
    w = walk(machine)
    w.sweep(5)
    w.sweep(2, beta=0.5)
    assert len(w.free_energies) == 2
    held = chains.Clamp(torch.arange(VISIBLE) < 3, torch.ones(VISIBLE))
    w.sweep(3, beta=0.5, clamp=held)
    assert len(w.free_energies) == 3
    w.sweep(3, beta=0.5, clamp=chains.Clamp(held.mask.clone(), held.values.clone()))  # the same, said again
    assert len(w.free_energies) == 6
    w.model = RBM(VISIBLE, HIDDEN)
    w.sweep(1, beta=0.5, clamp=held)
    assert len(w.free_energies) == 1
