"""A run's description: there and back, and every malformed one refused in a sentence."""

import json
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import torch

from rbm.core.limits import SCREEN
from rbm.errors import ConfigError
from rbm.experiment import (
    DatasetSpec,
    ModelSpec,
    RunSpec,
    cached_dataset,
    check_limits,
    check_units,
    make_dataset,
    make_model,
    make_trainer,
    pick_device,
    suited_rate,
    with_units,
)
from rbm.presets import PRESETS
from rbm.training.config import TrainConfig
from tests.helpers.places import ROOT
from tests.helpers.unit_pairs import PAIRS_IN_TURN


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_survives_json_and_can_be_started(name):
    spec = PRESETS[name].spec
    assert RunSpec.from_json(spec.to_json()) == spec
    dataset = make_dataset(spec.dataset)
    event = make_trainer(spec, dataset).step(report=True)
    assert event.step == 1
    assert PRESETS[name].why.endswith(".")


def test_presets_differ_from_each_other():
    specs = [preset.spec for preset in PRESETS.values()]
    assert len(set(specs)) == len(specs)


def test_a_preset_states_its_schedule_so_that_it_stays_the_same_run_whatever_the_default_becomes():
    falling = {name for name, preset in PRESETS.items() if preset.spec.training.schedule == "linear"}
    assert falling == {"default", "pcd", "toy"}
    assert {p.spec.training.schedule for n, p in PRESETS.items() if n not in falling} == {"constant", "inverse"}


def test_a_description_of_an_older_version_keeps_its_meaning():
    """Of what it leaves out; all that this program ever wrote itself is complete."""
    old = json.dumps({"version": 1, "training": {"algorithm": "pcd"}})
    assert RunSpec.from_json(old) == RunSpec(training=TrainConfig(algorithm="pcd", schedule="constant"))
    for schedule in ("linear", "constant"):
        whole = {**GOOD, "version": 1, "training": {**GOOD["training"], "schedule": schedule}}
        assert RunSpec.from_json(json.dumps(whole)) == RunSpec(training=TrainConfig(schedule=schedule))
    assert RunSpec.from_json(json.dumps({"version": 2})) == RunSpec()


def test_a_spec_with_everything_survives_json():
    spec = RunSpec(DatasetSpec("mnist", (1, 7), 500), ModelSpec(17, "zero"), TrainConfig(k=3, learning_rate=0.3), 11)
    assert RunSpec.from_json(spec.to_json()) == spec


GOOD = json.loads(RunSpec().to_json())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "The run part of the description is list; expected an object"),
        (json.dumps({**GOOD, "version": 99}), "has version 99; this program reads versions up to 2"),
        (json.dumps({**GOOD, "colour": 1}), "unknown setting 'colour'"),
        (json.dumps({**GOOD, "training": {"k": 99}}), "k is 99; expected 1 to 50"),
        (json.dumps({**GOOD, "training": {"speed": 9}}), "TrainConfig part has the unknown setting 'speed'"),
        (json.dumps({**GOOD, "dataset": {"name": 3}}), "data set's name is 3"),
        (json.dumps({**GOOD, "dataset": {"classes": 3}}), "classes are 3; expected a list"),
        (json.dumps({**GOOD, "dataset": {"classes": ["x"]}}), "are whole numbers; got 'x'"),
        (json.dumps({**GOOD, "seed": -1}), "seed is -1"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_malformed_description_is_refused(text, sentence):
    with pytest.raises(ConfigError) as refusal:
        RunSpec.from_json(text)
    assert sentence in str(refusal.value)


def test_the_first_weights_depend_on_the_seed_alone_and_the_visible_bias_on_the_data():
    spec = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7), seed=3)
    dataset = make_dataset(spec.dataset)
    model, twin = make_model(spec, dataset), make_model(replace(spec, training=TrainConfig(k=9)), dataset)
    other = make_model(replace(spec, seed=4), dataset)
    assert torch.equal(model.weight, twin.weight)
    assert not torch.equal(model.weight, other.weight)
    p = dataset.train.double().mean(0).clamp(1 / 10, 9 / 10)  # ten images: a pixel never on counts as one in ten
    torch.testing.assert_close(model.visible_bias.detach(), (p / (1 - p)).log().float())
    plain = make_model(replace(spec, model=ModelSpec(7, "zero")), dataset)
    assert not plain.visible_bias.any()
    assert not model.hidden_bias.any()


def test_a_device_that_is_not_there_is_refused():
    if torch.cuda.is_available():
        assert pick_device("auto") == "cuda"
    else:
        with pytest.raises(ConfigError, match="no cuda device; choose auto or cpu"):
            pick_device("cuda")


def test_the_screens_process_can_read_specs_presets_and_runs_without_torch():
    code = (
        "import sys, rbm, rbm.experiment, rbm.presets, rbm.jobs.live, rbm.datasets.catalog, rbm.training;"
        "rbm.experiment.RunSpec.from_json(rbm.presets.PRESETS['pcd'].spec.to_json());"
        "rbm.jobs.live.LiveRun(rbm.experiment.RunSpec());"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_page_of_runs_and_the_registry_open_without_torch():
    code = (
        "import sys, rbm.store, rbm.jobs.recording, rbm.link, rbm.tasks.measuring;"
        "from pages.compare.runs import actions, comparison, likelihoods, listing;"
        "from pages.ui.controls import share;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def settings(**more):
    spec = RunSpec()
    return {**asdict(spec.model), **asdict(spec.training), **more}


def test_other_units_bring_a_rate_that_suits_them_and_leave_one_that_was_chosen():
    assert suited_rate("bernoulli", "bernoulli", 2) == TrainConfig.learning_rate
    assert suited_rate("spin", "spin", 2) == suited_rate("spin", "gaussian", 2) == 0.01
    assert suited_rate("gaussian", "bernoulli", 2) == 0.05
    assert suited_rate("multinary", "multinary", 2) == suited_rate("categorical", "bernoulli", 99) == 0.05
    spins = with_units(settings(), visible="spin", hidden="spin")
    assert spins == settings(visible="spin", hidden="spin", learning_rate=0.01)
    assert with_units(spins, visible="bernoulli", hidden="bernoulli") == settings()
    assert with_units(settings(learning_rate=0.03), visible="relu")["learning_rate"] == 0.03
    assert with_units(settings(), visible="multinary")["n_states"] == 8
    assert with_units(settings(n_states=3), visible="multinary")["n_states"] == 3
    assert with_units(settings(hidden="relu"), visible="gaussian")["hidden"] == "bernoulli"
    assert with_units(settings(), visible="gaussian", hidden="relu")["hidden"] == "relu"  # refused, not mended


@pytest.mark.parametrize(("visible", "hidden"), PAIRS_IN_TURN)
def test_the_suited_rate_trains_every_pair_of_units_on_digits(visible, hidden):
    """Six epochs on 600 digits: no divergence, and reconstructions that have become better."""
    model = with_units(settings(n_hidden=20, n_states=4), visible=visible, hidden=hidden)
    training = TrainConfig(learning_rate=model["learning_rate"], epochs=6, batch_size=20, likelihood="never")
    spec = RunSpec(DatasetSpec("mnist", size=600), ModelSpec(20, visible=visible, hidden=hidden, n_states=4), training)
    if visible == "categorical":
        spec = replace(spec, dataset=DatasetSpec("tiny_digits"), training=replace(training, epochs=100, batch_size=5))
    trainer = make_trainer(spec, cached_dataset(spec.dataset, spec.model))
    errors = [e.metrics["reconstruction_error"] for e in trainer.events() if "reconstruction_error" in e.metrics]
    assert errors[-1] < 0.9 * errors[0]


def test_a_categorical_unit_counts_as_its_states_where_work_is_limited():
    spec = RunSpec(model=ModelSpec(1024), training=TrainConfig(k=20))
    check_limits(spec, SCREEN)
    with pytest.raises(ConfigError, match="work of one update"):
        check_limits(replace(spec, model=ModelSpec(1024, hidden="categorical", n_states=64)), SCREEN)
    check_limits(replace(spec, model=ModelSpec(1024, hidden="multinary", n_states=64)), SCREEN)


def test_a_machine_whose_checkpoint_could_not_be_read_is_refused():
    check_units(RunSpec(model=ModelSpec(1024, hidden="categorical", n_states=16)))
    with pytest.raises(ConfigError, match=r"would have 25,690,112 weights.*expected at most 16,777,216"):
        check_units(RunSpec(model=ModelSpec(1024, hidden="categorical", n_states=32)))
