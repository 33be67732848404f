"""Races: legs that make one run, and the lesson they are for: reconstructions improve while the likelihood falls."""

from dataclasses import replace

import numpy as np
import pytest

from rbm.experiment import make_dataset, make_trainer
from rbm.jobs.job import release_all
from rbm.tasks import algorithm_comparison
from tests.helpers.waiting import PATIENCE, wait


def test_legs_make_the_run_that_one_long_leg_makes():
    spec = algorithm_comparison.race_spec("PCD", n_hidden=5, learning_rate=0.3, updates=100).to_json()
    first = algorithm_comparison.run_leg(spec, None, 50)
    second, whole = algorithm_comparison.run_leg(spec, first, 50), algorithm_comparison.run_leg(spec, None, 100)
    np.testing.assert_array_equal(np.concatenate([first.steps, second.steps]), whole.steps)
    np.testing.assert_array_equal(second.weight, whole.weight)
    np.testing.assert_array_equal(second.log_likelihood, whole.log_likelihood[len(first.steps) :])


@pytest.mark.slow  # tests/samplers holds tempering to exact distributions
def test_tempering_learns_the_shifter_better_than_cd_1():
    """In the end, of six seeds: single ones may be the other way round, and each processor rounds its own."""
    ends = {}
    for method in ("CD-1", "PT"):
        specs = [
            algorithm_comparison.race_spec(
                method, dataset="shifter_shown", n_hidden=8, learning_rate=1.0, updates=3000, seed=seed
            )
            for seed in range(1, 7)
        ]
        ends[method] = np.array(
            [algorithm_comparison.run_leg(s.to_json(), None, 3000).log_likelihood[-1] for s in specs]
        )
    gain = ends["PT"] - ends["CD-1"]
    assert gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain))
    assert ends["PT"].max() < -np.log(24)


@pytest.mark.parametrize("method", list(algorithm_comparison.METHODS))
def test_a_leg_is_the_engines_own_training(method):
    spec = algorithm_comparison.race_spec(method, n_hidden=4, learning_rate=0.5, updates=30)
    trainer = make_trainer(spec, make_dataset(spec.dataset))
    for _ in range(30):
        trainer.step()
    leg = algorithm_comparison.run_leg(spec.to_json(), None, 30)
    np.testing.assert_array_equal(leg.weight, trainer.model.weight.detach().double().numpy())


def test_cd_1_ends_with_better_reconstructions_and_a_worse_likelihood_than_on_its_way():
    """How far it falls is chance (0.3 to 2 nats over eight seeds); that it falls is not. One in eight sticks on its way."""
    falls, better = [], 0
    for seed in (1, 2, 3, 4):
        spec = replace(algorithm_comparison.race_spec("CD-1", n_hidden=5, learning_rate=1.0, updates=3000), seed=seed)
        leg = algorithm_comparison.run_leg(spec.to_json(), None, 3000)
        best = int(leg.log_likelihood.argmax())
        falls.append(leg.log_likelihood[best] - leg.log_likelihood[-1])
        better += bool(leg.reconstruction_error[-1] < leg.reconstruction_error[best] / 3)
        assert leg.log_likelihood.max() < -np.log(14)  # nothing beats the data's own entropy
    assert better >= 3
    assert min(falls) > 0.1
    assert np.mean(falls) > 0.5


def test_a_race_runs_on_the_cluster_and_all_its_legs_come_in():
    race = algorithm_comparison.Race(n_hidden=4, learning_rate=0.5, updates=75, leg=50)
    try:
        for task in race.tasks.values():
            task.start()
        wait(lambda: race.finished, what="the race's end")
        for method in algorithm_comparison.METHODS:
            steps, likelihoods = race.curve(method, "log_likelihood")
            assert steps[0] == 0
            assert steps[-1] == 75
            assert (np.diff(steps) > 0).all()
            assert np.isfinite(likelihoods).all()
    finally:
        release_all(PATIENCE)
