"""What counts as broken: parameters that are not finite, and weights beyond use in units of the field."""

import math
import re

import pytest
import torch

from rbm import randomness
from rbm.datasets import load_dataset
from rbm.errors import CheckpointError, ConfigError, DivergenceError
from rbm.models.dbm import DeepBoltzmannMachine
from rbm.models.labelled import LabelledRBM
from rbm.models.rbm import RBM
from rbm.training.config import TrainConfig
from rbm.training.deep_boltzmann import DeepBoltzmannTrainer
from rbm.training.divergence import LARGEST_WEIGHT, Sanity
from rbm.training.labelled import LabelTrainer
from rbm.training.loop import Trainer

BARS = load_dataset("bars_and_stripes")  # 30 images of 16 pixels


def broken(model: torch.nn.Module, name: str, value: float) -> None:
    with torch.no_grad():
        model.get_parameter(name)[3] = value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["weight", "visible_bias", "hidden_bias"])
def test_a_model_that_is_not_finite_is_refused_when_a_trainer_is_made(name, value):
    says = f"{name} holds values that are not finite.*make a new model"
    plain, labelled, deep = RBM(16, 5), LabelledRBM(16, 2, 5), DeepBoltzmannMachine(16, (5, 4))
    for model in (plain, labelled, deep.joint):
        broken(model, name, value)
    with pytest.raises(ConfigError, match=says):
        Trainer(plain, BARS, TrainConfig(), randomness.generator(1))
    if name != "visible_bias":  # which is fitted to the data first
        with pytest.raises(ConfigError, match=says):
            LabelTrainer(labelled, BARS.train, BARS.train_labels % 2, TrainConfig(), randomness.generator(1))
    with pytest.raises(ConfigError, match=says):
        DeepBoltzmannTrainer(deep, BARS, TrainConfig(algorithm="pcd"), randomness.generator(1))


def test_a_model_beyond_use_is_refused_when_the_trainer_is_made_and_not_called_diverged_after_no_updates():
    model = RBM(16, 5)
    broken(model, "weight", LARGEST_WEIGHT + 1)
    with pytest.raises(ConfigError, match=r"beyond training already: a weight reached 51 \(up to 50 is sane\)"):
        Trainer(model, BARS, TrainConfig(), randomness.generator(1))


def test_a_state_is_not_gone_on_with_for_parameters_that_are_not_finite():
    trainer = Trainer(RBM(16, 5), BARS, TrainConfig(), randomness.generator(1))
    state = trainer.state()
    broken(trainer.model, "hidden_bias", math.nan)
    with pytest.raises(CheckpointError, match="a parameter is no longer finite"):
        trainer.load_state(state)


@pytest.mark.parametrize("visible", ["gaussian", "relu"])
def test_weights_that_carry_a_precision_are_judged_by_how_far_they_move_a_pixel(visible):
    model = RBM(3, 2, visible=visible)
    sanity = Sanity(model, torch.tensor([[0.0, 0.0, 0.0], [1.0, 100.0, 2.0]]))
    with torch.no_grad():
        model.visible_log_precision.copy_(torch.tensor([100.0, 1.0, 0.01]).log())
        model.weight.copy_(torch.tensor([[490.0, 0.0], [99.0, 0.0], [0.0, 4.9]]))  # 49, 99 and 49 deviations
    assert sanity.fault() == ""
    for pixel, weight, says in ((0, 510.0, "51 .*up to 50"), (1, 101.0, "101 .*up to 100"), (2, 5.1, "51 .*up to 50")):
        with torch.no_grad():
            before = float(model.weight[pixel, 1])
            model.weight[pixel, 1] = -weight
        assert re.search(f"a weight reached {says} is sane", sanity.fault())
        with torch.no_grad():
            model.weight[pixel, 1] = before


def test_a_broken_exact_gradient_is_divergence_and_no_error_of_torch():
    model = RBM(16, 4)
    trainer = Trainer(model, BARS, TrainConfig(algorithm="exact"), randomness.generator(1))
    trainer.report()
    good = [p.detach().clone() for p in model.parameters()]
    broken(model, "visible_bias", math.nan)
    with pytest.raises(DivergenceError, match="the last good parameters are kept"):
        trainer.step(report=True)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), good, strict=True))
