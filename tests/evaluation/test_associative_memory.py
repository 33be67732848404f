"""What is made of recalls: kinds of end states, and the capacity that theory predicts."""

import pytest
import torch

from rbm.evaluation.associative_memory import HEBBIAN_CAPACITY, basins, capacity, kinds, mixtures, overlaps
from rbm.models.hopfield import Hopfield
from rbm.randomness import generator

N = 101


@pytest.fixture
def patterns() -> torch.Tensor:
    return torch.randint(0, 2, (3, N), generator=generator(2, "patterns")).float() * 2 - 1


def test_kinds_of_states(patterns):
    a, b, c = patterns
    other = a.clone()
    other[:7] *= -1
    majority = torch.where(a + b - c > 0, 1.0, -1.0)
    assert kinds(torch.stack([a, -b, majority, other]), patterns) == ["stored", "negative", "mixture", "other"]
    assert len(mixtures(patterns)) == 8
    assert len(mixtures(patterns[:2])) == 0


def test_overlaps_count_agreements(patterns):
    s = patterns[0].clone()
    s[:10] *= -1
    assert float(overlaps(s[None], patterns)[0, 0]) == pytest.approx(1 - 20 / N)


def test_a_network_with_few_patterns_also_ends_in_negatives_and_mixtures(patterns):
    model = Hopfield.store(patterns)
    found = basins(model, patterns, 200, generator(5, "starts"))
    assert sum(b.visits for b in found) == 200
    visits = {name: sum(b.visits for b in found if b.kind == name) for name in ("stored", "negative", "mixture")}
    assert min(visits.values()) > 0
    lowest = {name: min(b.energy for b in found if b.kind == name) for name in visits}
    # A pattern and its negative are equally deep (no odd term in E); a mixture of three lies higher.
    for b in found:
        assert b.energy == pytest.approx(float(model.energy(b.state[None])))
        assert float(model.energy(-b.state[None])) == pytest.approx(b.energy)
    assert lowest["mixture"] > lowest["stored"]


def test_capacity_on_both_sides_of_the_line():
    below, above = HEBBIAN_CAPACITY / 2, 2.5 * HEBBIAN_CAPACITY
    hebb = capacity("hebbian", 200, (below, above), 1)
    assert hebb[0] > 0.98
    assert hebb[1] < 0.75
    projected = capacity("pseudo-inverse", 200, (above,), 1)[0]
    dense = capacity("dense", 200, (above,), 1)[0]
    assert hebb[1] + 0.1 < projected <= 1
    assert dense == 1
