"""What the chart of quality against steps from noise says."""

import json

import numpy as np

from pages.train.examine import quality
from rbm.tasks.examine import StepQuality

FOUND = StepQuality(
    np.array([1, 2, 4], np.float32),
    np.array([0.02, 0.001, 0.004], np.float32),
    np.array([0.001, 0.0001, 0.0002], np.float32),
    0.0005,
    np.array([1.0, 0.8, 0.55], np.float32),
    0.03,
)


def test_second_moments_say_where_the_best_is_and_by_how_many_steps_it_was_trained():
    drawn = quality.option(FOUND, quality.GAP, 2)
    json.dumps(drawn)
    samples, trained = drawn["series"]
    assert samples["x"] == [1, 2, 4]
    np.testing.assert_allclose(samples["error_y"]["array"], FOUND.gap_error)
    assert trained["x"] == [2, 2]
    assert trained["name"] == "trained by 2 steps"
    assert drawn["line"] == {"label": "as many images", "value": 0.0005}
    assert drawn["note"] == "Best after 2 of 4 sweeps."


def test_neighbours_are_best_nearest_a_half_and_no_k_is_shown_of_other_algorithms():
    drawn = quality.option(FOUND, quality.AATS, None)
    (samples,) = drawn["series"]
    np.testing.assert_allclose(samples["y"], FOUND.aats)
    assert samples["error_y"]["array"] == [np.float32(0.03)] * 3
    assert drawn["line"]["value"] == 0.5
    assert drawn["note"] == "Best after 4 of 4 sweeps."


def test_a_best_is_named_only_where_the_others_are_worse_by_more_than_two_standard_errors():
    flat = FOUND._replace(aats=np.array([0.6, 0.56, 0.55], np.float32))
    assert quality.option(flat, quality.AATS, None)["note"] == (
        "No number of sweeps is better than another, within its errors."
    )
    fallen = FOUND._replace(aats=np.array([1.0, 0.56, 0.55], np.float32))
    assert quality.option(fallen, quality.AATS, None)["note"] == (
        "Best somewhere from 2 to 4 of 4 sweeps: which of them is not known within the errors."
    )
