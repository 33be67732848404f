"""The lessons' machines are what their names say, and watched chains tell the truth about them."""

import numpy as np
import pytest
import torch

from rbm.datasets.toy import bars_and_stripes, entropy
from rbm.evaluation import exact, mean_gradient, transition
from rbm.lessons import machines
from rbm.lessons.occupancy import Ladder, Occupancy


def mean_log_likelihood(model, data) -> float:
    with torch.no_grad():
        return -float(model.free_energy(data.to(model.weight)).mean()) - exact.log_partition(model)


def test_two_modes_are_equally_likely_and_nothing_else_is():
    model = machines.two_modes(2.0)
    p = exact.visible_distribution(model)[1]
    assert float(p[0]) == pytest.approx(float(p[-1]))
    assert float(p[0] + p[-1]) > 0.7
    assert bool((p[1:-1] < p[0]).all())


def test_a_path_climbs_the_likelihood_and_ends_near_the_best():
    data = bars_and_stripes(2).train
    way = machines.path(data, 4, rate=1.0)
    heights = [mean_log_likelihood(moment.model, data) for moment in way]
    assert heights == sorted(heights)
    assert heights[-1] > -entropy(data) - 0.05
    assert way[0].step == 0
    assert way[-1].step == 2000
    for moment in way:
        assert float(moment.chains.sum()) == pytest.approx(1.0)
    # Slow learning at the end: the persistent chains have caught up with the model, those of CD-1 have not.
    half = transition.halves(way[-1].model)
    start = mean_gradient.distribution(data, half)
    assert float(transition.total_variation(way[-1].chains, half.visible)) < 0.02
    assert float(transition.total_variation(half.sweep(start), half.visible)) > 0


def test_each_update_of_a_path_follows_the_exact_gradient_and_its_chains_take_one_sweep():
    data = bars_and_stripes(2).train
    chains = None
    for before, after in zip(machines.path(data, 3, updates=3), machines.path(data, 3, updates=3)[1:], strict=False):
        half = transition.halves(before.model)
        start = mean_gradient.distribution(data, half) if chains is None else chains
        torch.testing.assert_close(before.chains, start, atol=1e-13, rtol=0)
        for (name, p), g in zip(before.model.named_parameters(), mean_gradient.likelihood(data, half), strict=True):
            torch.testing.assert_close(after.model.get_parameter(name), p + 0.3 * g, atol=1e-13, rtol=0)
        chains = transition.halves(after.model).sweep(start)
        torch.testing.assert_close(after.chains, chains, atol=1e-13, rtol=0)


@pytest.mark.parametrize("ladder", [None, Ladder()])
@pytest.mark.parametrize("beta", [1.0, 0.6])
def test_a_watched_chain_comes_to_the_exact_distribution(ladder, beta):
    model = machines.random(1.5)
    visits = Occupancy(model, beta=beta, ladder=ladder, start=5)
    visits.advance(2000)
    assert visits.counts.sum() == len(visits.distance) == 2000
    assert visits.distance[-1] < 0.09
    exactly = transition.halves(model, beta).visible.numpy()
    assert visits.distance[-1] == pytest.approx(0.5 * np.abs(visits.share - exactly).sum())


def test_gibbs_never_leaves_a_far_mode_and_tempering_finds_the_other():
    """At w = 5 the slowest mode lives for about e^13 sweeps."""
    model = machines.two_modes(5.0)
    assert transition.modes(transition.halves(model)).relaxation_time > 10_000
    plain, tempered = Occupancy(model), Occupancy(model, ladder=Ladder())
    plain.advance(1500)
    tempered.advance(1500)
    assert plain.share[-1] == 0
    assert plain.distance[-1] > 0.45
    assert 0.3 < tempered.share[-1] < 0.7
    assert tempered.distance[-1] < 0.15


def test_the_same_seed_walks_the_same_way():
    one, other = (Occupancy(machines.random(1.0), seed=4) for _ in range(2))
    one.advance(30)
    for _ in range(30):
        other.advance(1)
    np.testing.assert_array_equal(one.counts, other.counts)
    assert one.state == other.state
