"""What lessons have made on a worker: the machine of slow motion, and where a Hopfield network's recalls end."""

import numpy as np
import pytest
import torch

from rbm.evaluation import associative_memory
from rbm.models.hopfield import Hopfield
from rbm.randomness import generator
from rbm.tasks import lessons


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_a_machine_is_warmed_up_with_what_its_next_update_needs(algorithm):
    (kept,) = lessons.warm_up("bars_and_stripes_3x3", 6, 14, algorithm, 30)
    (begun,) = lessons.warm_up("bars_and_stripes_3x3", 6, 14, algorithm, 1)
    assert np.abs(kept.weight - begun.weight).max() > 0.01
    assert {name: memory.shape for name, memory in kept.velocity.items()} == {
        "weight": (9, 6),
        "visible_bias": (9,),
        "hidden_bias": (6,),
    }
    assert (kept.chains is None) == (algorithm == "cd")
    assert kept.chains is None or kept.chains.shape == (1, 6)
    (again,) = lessons.warm_up("bars_and_stripes_3x3", 6, 14, algorithm, 30)
    np.testing.assert_array_equal(again.weight, kept.weight)


def test_recalls_end_where_the_network_says_each_counted_once():
    stored = tuple(map(tuple, torch.randint(0, 2, (3, 23), generator=generator(2, "stored")).tolist()))
    (found,) = lessons.basins(stored, "hebbian", 1.0, 1, 50)
    assert sum(one.visits for one in found) == 50
    patterns = 2 * torch.tensor(stored, dtype=torch.float64) - 1
    network = Hopfield.store(patterns)
    ends = 2 * torch.tensor([one.state for one in found], dtype=torch.float64) - 1
    np.testing.assert_allclose(network.energy(ends), [one.energy for one in found])
    assert associative_memory.kinds(ends, patterns) == [one.kind for one in found]
