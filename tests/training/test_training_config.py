"""Every knob's range is enforced in one clear sentence."""

import math

import pytest

from rbm.errors import ConfigError
from rbm.training.config import LIVE, SUITED, TrainConfig, knobs, suited, with_algorithm


def test_the_defaults_lie_within_their_own_ranges_and_stops():
    config = TrainConfig()
    for name, knob in knobs(TrainConfig).items():
        value = getattr(config, name)
        if knob.choices:
            assert value in knob.choices
        else:
            assert knob.low <= value <= knob.high
        if knob.stops:
            assert knob.stops == tuple(sorted(knob.stops))
            assert knob.stops[0] >= knob.low
            assert knob.stops[-1] <= knob.high


def test_every_knob_says_what_it_is():
    for name, knob in knobs(TrainConfig).items():
        assert knob.label, name
        assert knob.help.endswith("."), name


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"k": 0}, "k is 0; expected 1 to 50 steps."),
        ({"k": 1.5}, "k is 1.5; expected a whole number from 1 to 50."),
        ({"k": True}, "k is True; expected a whole number"),
        ({"learning_rate": math.nan}, "Learning rate is nan; expected 1e-05 to 10."),
        ({"learning_rate": "fast"}, "Learning rate is 'fast'; expected a number"),
        ({"algorithm": "magic"}, "Algorithm is 'magic'; choose one of: cd, pcd"),
    ],
)
def test_a_value_out_of_range_is_refused_in_one_sentence(setting, sentence):
    with pytest.raises(ConfigError) as refusal:
        TrainConfig(**setting)
    assert sentence in str(refusal.value)


def test_only_numbers_that_act_on_the_next_step_are_live():
    penalties = {"weight_decay", "l1", "max_norm", "sparsity_target", "sparsity_cost", "gradient_clip"}
    assert set(LIVE) == {"k", "learning_rate", "momentum"} | penalties


def settings(config: TrainConfig) -> dict[str, object]:
    return {name: getattr(config, name) for name in knobs(TrainConfig)}


@pytest.mark.parametrize("algorithm", knobs(TrainConfig)["algorithm"].choices)
def test_each_algorithm_comes_with_its_own_defaults_and_goes_with_them(algorithm):
    there = with_algorithm(settings(TrainConfig()), algorithm)
    assert there == settings(suited(algorithm))
    assert there == {**settings(TrainConfig()), **SUITED.get(algorithm, {}), "algorithm": algorithm}
    assert with_algorithm(there, TrainConfig().algorithm) == settings(TrainConfig())


def test_what_a_person_chose_stays_whatever_the_algorithm():
    chosen = {**settings(TrainConfig()), "k": 2, "weight_decay": 0.0}
    assert with_algorithm(chosen, "mfcd") == {**chosen, "algorithm": "mfcd"}
