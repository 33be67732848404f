"""A setting that a screen leaves out does nothing: any two of its values train the very same parameters."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
import torch

from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.training.config import TrainConfig, knobs

KNOBS = knobs(TrainConfig)
PLAIN = {**asdict(TrainConfig(epochs=3, batch_size=5, learning_rate=0.1)), "visible": "bernoulli"}
# A setting that may be left out, two values of it, settings beside which it does nothing, and some beside which it acts.
CASES = [
    ("k", 1, 7, {"algorithm": "exact"}, {"algorithm": "cd"}),
    ("n_chains", 10, 20, {"algorithm": "cd"}, {"algorithm": "pcd"}),
    ("n_chains", 10, 20, {"algorithm": "mfcd"}, {"algorithm": "fpcd"}),
    ("n_chains", 10, 20, {"algorithm": "exact"}, {"algorithm": "pt"}),
    ("n_chains", 10, 20, {"algorithm": "cd"}, {"algorithm": "ptt"}),
    ("n_replicas", 3, 6, {"algorithm": "pcd"}, {"algorithm": "pt"}),
    ("n_replicas", 3, 6, {"algorithm": "fpcd"}, {"algorithm": "pt"}),
    ("momentum", 0.1, 0.9, {"optimizer": "adam"}, {"optimizer": "nesterov"}),
    ("sparsity_target", 0.01, 0.3, {"sparsity_cost": 0.0}, {"sparsity_cost": 1.0}),
    ("likelihood", "never", "each", {"binarise": "none"}, None),
    ("binarise", "stochastic", "none", {"visible": "spin", "learning_rate": 0.02}, None),
]


def parameters(settings: Mapping[str, Any]) -> torch.Tensor:
    model = ModelSpec(7, visible=settings["visible"])
    config = TrainConfig(**{name: value for name, value in settings.items() if name != "visible"})
    spec = RunSpec(DatasetSpec("bars_and_stripes"), model, config)
    trainer = make_trainer(spec, make_dataset(spec.dataset, spec.model))
    while not trainer.finished:
        trainer.step()
    return torch.cat([p.detach().flatten() for p in trainer.model.parameters()])


@pytest.mark.parametrize(("name", "one", "other", "idle", "at_work"), CASES)
def test_a_setting_acts_exactly_where_it_says(
    name: str, one: Any, other: Any, idle: dict[str, Any], at_work: dict[str, Any] | None
) -> None:
    for beside, acts in ((idle, False), (at_work, True)):
        if beside is None:
            continue
        first, second = ({**PLAIN, **beside, name: value} for value in (one, other))
        assert KNOBS[name].acts(first) is KNOBS[name].acts(second) is acts
        assert torch.equal(parameters(first), parameters(second)) is not acts


def test_every_setting_with_a_condition_is_tried_and_the_others_always_act():
    with_condition = {name for name, one in KNOBS.items() if one.acts is not KNOBS["epochs"].acts}
    assert with_condition == {name for name, *_ in CASES}
