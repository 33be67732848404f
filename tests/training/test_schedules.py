"""What a falling rate means for a run that is paused, turned or trained further: the schedule belongs to all its epochs."""

import re
from dataclasses import replace

import pytest
import torch

from rbm.datasets.catalog import load_dataset
from rbm.models.rbm import RBM
from rbm.presets import PRESETS
from rbm.randomness import generator
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer
from rbm.training.schedules import outrun, scheduled_rate

CONFIG = TrainConfig(epochs=3, batch_size=10, momentum=0.0)


def trainer(config: TrainConfig = CONFIG) -> Trainer:
    """Three updates an epoch of the thirty bars and stripes."""
    bars = load_dataset("bars_and_stripes")
    return Trainer(RBM(bars.n_visible, 7, generator=generator(1, "model")), bars, config, generator(1, "training"))


def rates(one: Trainer, count: int) -> list[float]:
    """The rate in force after each of the next updates."""
    return [one.step(report=True).metrics["learning_rate"] for _ in range(count)]


def further(one: Trainer, epochs: int) -> Trainer:
    """The same run asked for more epochs."""
    longer = trainer(replace(one.config, epochs=epochs))
    longer.model.load_state_dict(one.model.state_dict())
    longer.load_state(one.state())
    return longer


def test_by_default_the_rate_falls_to_zero_over_all_epochs_however_they_are_asked_for():
    """Nine updates in one go, or one batch, one epoch and the rest."""
    whole = rates(trainer(), 9)
    assert whole == pytest.approx([CONFIG.learning_rate * (1 - i / 9) for i in range(1, 10)])
    one = trainer()
    assert rates(one, 1) + rates(one, 3) + rates(one, 5) == whole


def test_a_turned_rate_falls_as_the_old_one_would_have():
    one = trainer()
    rates(one, 4)
    one.change(learning_rate=0.2)
    assert rates(one, 5) == pytest.approx([0.2 * (1 - i / 9) for i in range(5, 10)])


@pytest.mark.parametrize("schedule", ["linear", "cosine", "inverse", "step", "constant"])
def test_a_finished_run_asked_for_more_epochs_learns_at_the_rate_of_the_longer_schedule(schedule):
    one = trainer(replace(CONFIG, schedule=schedule))
    rates(one, 9)
    assert one.finished
    longer = further(one, 4)
    before = longer.model.weight.detach().clone()
    expected = [scheduled_rate(longer.config, i / 12) for i in range(10, 13)]
    assert scheduled_rate(longer.config, 9 / 12) > 0
    assert rates(longer, 3) == pytest.approx(expected)
    assert not torch.equal(longer.model.weight, before)
    assert longer.finished


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        ({}, False),  # the defaults, of any algorithm
        ({"schedule": "constant"}, True),  # 0.05, 0.25 with momentum: 40 nats below CD-1 on MNIST
        ({"schedule": "inverse"}, True),  # 0.005, 0.025 with momentum
        ({"schedule": "step"}, False),
        ({"schedule": "cosine"}, False),
        ({"schedule": "constant", "learning_rate": 0.01, "momentum": 0.0}, False),  # as the published runs of centring
        ({"schedule": "constant", "learning_rate": 0.05, "momentum": 0.0, "optimizer": "nesterov"}, True),
        ({"learning_rate": 0.1}, False),  # 0.5 with momentum: −114 nats on 6,000 digits, where CD-1 reaches −123
        ({"learning_rate": 0.2}, True),  # 1 with momentum: −129, though it falls to zero
        ({"learning_rate": 1.0}, True),
        ({"learning_rate": 0.5, "momentum": 0.0}, False),
        ({"learning_rate": 2.0, "momentum": 0.0}, True),
        ({"schedule": "constant", "learning_rate": 0.001, "optimizer": "adam"}, False),
        ({"learning_rate": 0.01, "optimizer": "adam"}, False),
        ({"learning_rate": 0.05, "optimizer": "adam"}, True),
    ],
)
@pytest.mark.parametrize("algorithm", ["pcd", "fpcd", "pt", "ptt"])
def test_a_rate_that_persistent_chains_cannot_keep_up_with_is_told(algorithm, knobs, told):
    assert bool(outrun(TrainConfig(algorithm=algorithm, **knobs))) == told


@pytest.mark.parametrize(
    ("places", "rate", "momentum", "told"),
    [
        (256, 0.05, 0.8, True),  # the faces by palette
        (256, 0.02, 0.8, False),
        (256, 0.01, 0.8, False),
        (256, 0.05, 0.0, False),
        (8, 0.05, 0.8, False),  # eight letters
        (0, 0.05, 0.8, False),  # other units
    ],
)
def test_a_rate_at_which_many_one_hot_pixels_throw_the_chains_away_is_told(places, rate, momentum, told):
    config = TrainConfig(algorithm="pcd", learning_rate=rate, momentum=momentum)
    words = outrun(config, places)
    assert bool(words) == told
    assert outrun(replace(config, algorithm="cd"), places) == ""
    if words:
        slower = float(re.search(r"a rate of ([\d.e-]+), or CD\.$", words)[1])
        assert slower == 0.02
        assert outrun(replace(config, learning_rate=slower), places) == ""


@pytest.mark.parametrize("schedule", ["linear", "cosine", "step"])
@pytest.mark.parametrize("algorithm", ["cd", "rdm", "mfcd", "exact"])
def test_chains_that_start_at_the_data_keep_up_with_a_rate_that_falls(algorithm, schedule):
    assert outrun(TrainConfig(algorithm=algorithm, schedule=schedule, learning_rate=1.0)) == ""


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        ({"learning_rate": 0.05}, False),
        ({"learning_rate": 0.1}, False),  # 0.5 with momentum: −124 nats on 6,000 digits
        ({"learning_rate": 0.2}, True),  # 1 with momentum: −136
        ({"learning_rate": 0.5, "momentum": 0.0}, False),  # −122
        ({"learning_rate": 1.0, "momentum": 0.0}, True),  # −136
        ({"learning_rate": 2.0, "schedule": "inverse"}, True),
        ({"learning_rate": 10.0, "optimizer": "adam"}, False),  # of which nothing was measured
    ],
)
@pytest.mark.parametrize("algorithm", ["cd", "mfcd"])
def test_a_rate_at_which_the_weights_of_cd_do_not_come_to_rest_is_told(algorithm, knobs, told):
    config = TrainConfig(**{"algorithm": algorithm, "schedule": "constant", **knobs})
    words = outrun(config)
    assert bool(words) == told
    if words:
        slower = float(re.search(r"a rate of ([\d.e-]+)\.$", words)[1])
        assert outrun(replace(config, learning_rate=slower)) == ""


def test_only_the_presets_that_show_what_too_high_a_rate_does_have_one():
    assert [name for name, preset in PRESETS.items() if outrun(preset.spec.training)] == ["too_fast", "dead"]


@pytest.mark.parametrize("schedule", ["constant", "inverse"])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.8])
def test_what_the_sentence_advises_is_enough(schedule, momentum):
    config = TrainConfig(algorithm="pcd", learning_rate=2.0, schedule=schedule, momentum=momentum)
    while words := outrun(config):  # first of its beginning, then of its end
        slower = float(re.search(r"a rate of ([\d.e-]+)(\.|, or CD\.)$", words)[1])
        assert slower < config.learning_rate
        config = replace(config, learning_rate=slower)
    for falling in ("linear", "cosine", "step"):
        assert outrun(replace(config, learning_rate=0.05, schedule=falling)) == ""


def test_the_sentence_says_what_is_wrong_and_what_to_do():
    assert outrun(TrainConfig(algorithm="pcd", schedule="constant")) == (
        "Persistent chains cannot keep up with this rate: at the end of the run it is still 0.05, or 0.25 with momentum, where "
        "0.02 is the most. Choose the schedule linear, cosine or step, or a rate of 0.003."
    )
