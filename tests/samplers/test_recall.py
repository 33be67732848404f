"""Asynchronous recall: downhill always, at rest where nothing wants to change, and sign(0) keeps a unit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rbm.errors import ShapeError
from rbm.models.hopfield import RULES, DenseHopfield, Hopfield
from rbm.randomness import generator
from rbm.samplers.recall import flips, recall, settle

N = 29


def random(count: int, seed: int, n: int = N) -> torch.Tensor:
    return torch.randint(0, 2, (count, n), generator=generator(seed, "states")).double() * 2 - 1


def network(kind: str, patterns: torch.Tensor) -> Hopfield | DenseHopfield:
    return DenseHopfield(patterns, 0.2) if kind == "dense" else Hopfield.store(patterns, kind)


@pytest.mark.parametrize("kind", [*RULES, "dense"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 20))
def test_energy_never_rises_and_ends_in_a_minimum(kind, seed, count):
    patterns = random(count, seed)
    model = network(kind, patterns)
    found = recall(model, random(1, seed + 1)[0], generator(seed, "order"), max_sweeps=100)
    assert float(found.energy.diff().max()) <= 1e-9
    assert found.settled
    assert float(found.energy[-1]) == pytest.approx(float(model.energy(found.end[None])), abs=1e-9)
    for unit in range(N):  # no single flip would lower the energy further
        other = found.end.clone()
        other[unit] *= -1
        assert float(model.energy(other[None])) >= float(found.energy[-1]) - 1e-9


def test_the_record_replays_the_recall():
    model, start = Hopfield.store(random(4, 8)), random(1, 9)[0]
    found = recall(model, start, generator(10, "order"))
    s = start.clone()
    for unit, flipped, energy in zip(found.units.tolist(), found.flipped.tolist(), found.energy[1:], strict=True):
        s[unit] *= -1 if flipped else 1
        assert float(model.energy(s[None])) == pytest.approx(float(energy), abs=1e-9)
    assert torch.equal(s, found.end)
    assert sorted(found.units[:N].tolist()) == list(range(N))  # each unit once a sweep


def test_sign_of_zero_keeps_the_unit():
    model, s = Hopfield(torch.zeros(5, 5).double()), random(3, 1, 5)
    before = s.clone()
    assert list(flips(model, s, torch.arange(5))) == []
    assert torch.equal(s, before)


@pytest.mark.parametrize("kind", [*RULES, "dense"])
def test_a_sweep_is_what_asking_unit_by_unit_gives(kind):
    n = 30  # even, and an odd number of patterns: Hebb's fields are sums of nine odd numbers, never a tie
    model, s = network(kind, random(9, 14, n)), random(13, 15, n)
    order = torch.randperm(n, generator=generator(16, "order"))
    slow, asked = s.clone(), []
    for place, unit in enumerate(order.tolist()):  # the definition: two energies a unit, nothing kept
        up, down = slow.clone(), slow.clone()
        up[:, unit], down[:, unit] = 1, -1
        better = torch.where(model.energy(up) < model.energy(down), 1.0, -1.0).double()
        if bool((better != slow[:, unit]).any()):
            asked.append(place)
        slow[:, unit] = better
    assert list(flips(model, s, order)) == asked
    assert torch.equal(s, slow)


def test_a_synchronous_step_can_cycle_where_the_asynchronous_one_settles():
    model = Hopfield(torch.tensor([[0.0, -1.0], [-1.0, 0.0]]))
    start = torch.tensor([1.0, 1.0])
    both = (start @ model.weight).sign()
    assert torch.equal((both @ model.weight).sign(), start)  # + + to − − and back, for ever
    found = recall(model, start, generator(1, "order"))
    assert found.settled
    assert found.end.sum() == 0


@pytest.mark.parametrize("kind", [*RULES, "dense"])
def test_many_at_once_end_where_each_does_alone(kind):
    patterns, starts = random(3, 11), random(7, 12)
    model = network(kind, patterns)
    together = settle(model, starts, generator(13, "order"), max_sweeps=50)
    for start, end in zip(starts, together, strict=True):
        assert torch.equal(recall(model, start, generator(13, "order"), max_sweeps=50).end, end)


def test_stored_patterns_come_back_from_noise():
    patterns = random(3, 20, 200)
    noisy = patterns.clone()
    noisy[:, :30] *= -1
    assert torch.equal(settle(Hopfield.store(patterns), noisy, generator(1, "order")), patterns)


def test_a_start_of_zeros_and_ones_is_refused():
    with pytest.raises(ShapeError, match="units of −1 or \\+1"):
        recall(Hopfield(torch.zeros(3, 3)), torch.tensor([0.0, 1.0, 1.0]), generator(1, "x"))
