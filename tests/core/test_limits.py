"""Every limit refuses in one sentence what is beyond it, where it is asked for, and a class's usual settings are far inside."""

import re
from dataclasses import fields, replace
from itertools import product

import pytest

from rbm.__main__ import main
from rbm.core import limits
from rbm.core.limits import COMMAND, SCREEN, Limits
from rbm.errors import ConfigError
from rbm.experiment import ModelSpec, RunSpec, check_limits
from rbm.presets import PRESETS
from rbm.sweep import Axis, SweepSpec
from rbm.tasks.likelihood import Effort
from rbm.training.config import TrainConfig, knobs
from tests.helpers.places import ROOT

NAMES = [f.name for f in fields(Limits)]
EVERY = {name: getattr(SCREEN, name) for name in NAMES}
EVERY |= {name: one for name, one in vars(limits).items() if isinstance(one, limits.Limit)}


def run(n_hidden: int, **training: object) -> RunSpec:
    return RunSpec(model=ModelSpec(n_hidden=n_hidden), training=TrainConfig(**training))


@pytest.mark.parametrize("name", EVERY)
def test_each_says_in_one_sentence_what_was_expected_got_why_and_what_to_do(name):
    limit = EVERY[name]
    limit.check(limit.most)
    assert limit.problem(limit.most) == ""
    for got in (limit.most + limit.unit, 10**15, float("inf"), float("nan")):
        with pytest.raises(ConfigError, match=r"^The .* is .*; expected at most .*, because .*: .*\.$") as told:
            limit.check(got)
        assert str(told.value).count(". ") == 0


def test_the_command_line_s_are_its_own_and_larger():
    for name in NAMES:
        assert getattr(COMMAND, name).most > getattr(SCREEN, name).most


def test_what_a_class_does_is_far_inside():
    for n_hidden, k, batch, algorithm in product((100, 500, 1024), (1, 25, 50), (64, 128), ("cd", "pcd", "fpcd")):
        work = n_hidden * (batch + k * batch)
        assert 9 * work < SCREEN.update.most
        check_limits(run(n_hidden, k=k, batch_size=batch, algorithm=algorithm), SCREEN)
    for preset in PRESETS.values():
        check_limits(preset.spec, SCREEN)
    SweepSpec().check_limits(SCREEN)
    assert 10 * Effort().n_temperatures <= SCREEN.temperatures.most
    assert 10 * Effort().n_chains <= limits.AIS_CHAINS.most


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (run(1024, algorithm="pcd", k=50, n_chains=5000), "The work of one update"),
        (run(1, algorithm="pt", k=1, n_chains=5000, n_replicas=50), "The number of chains that the run keeps"),
    ],
)
def test_a_run_is_measured_by_its_update_and_its_chains(spec, words):
    with pytest.raises(ConfigError, match=words):
        check_limits(spec, SCREEN)
    check_limits(spec, COMMAND)


def test_settings_that_an_algorithm_does_not_use_do_not_count():
    check_limits(run(1024, k=50, n_chains=5000, n_replicas=50), SCREEN)


def test_no_knob_goes_beyond_what_the_command_line_s_chains_allow():
    known = knobs(TrainConfig)
    assert known["n_chains"].high * known["n_replicas"].high <= COMMAND.chains.most


def test_a_search_is_measured_by_the_largest_of_its_runs():
    axes = (Axis("algorithm", ("cd", "pcd")), Axis("n_hidden", (16, 1024)), Axis("k", low=1, high=50))
    spec = SweepSpec(axes=axes, method="random")
    spec.check_limits(SCREEN)
    many = replace(spec, axes=(*axes, Axis("n_chains", (0, 5000))))
    with pytest.raises(ConfigError, match="The work of one update"):
        many.check_limits(SCREEN)
    with pytest.raises(ConfigError, match="runs that the search may take is 500; expected at most 400"):
        replace(spec, trials=500).check_limits(SCREEN)
    with pytest.raises(ConfigError, match=r"is 1,000,000,000,000; expected at most 10,000"):
        replace(spec, trials=10**12)
    with pytest.raises(ConfigError, match=r"is 1,953,125; expected at most 10,000"):
        SweepSpec(
            axes=tuple(Axis(n, (1, 2, 3, 4, 5)) for n in ("k", "n_hidden", "epochs", "batch_size", "n_chains"))
            + tuple(
                Axis(n, (1.0, 2.0, 3.0, 4.0, 5.0))
                for n in ("learning_rate", "max_norm", "gradient_clip", "sparsity_cost")
            )
        )


@pytest.mark.parametrize(
    ("effort", "words"),
    [
        ({"n_temperatures": 10**9}, "AIS temperatures is 1,000,000,000"),
        ({"n_chains": 10**6}, "AIS chains is 1,000,000"),
    ],
)
def test_ais_is_given_no_endless_work(effort, words):
    with pytest.raises(ConfigError, match=words):
        Effort(**effort)


def test_a_command_refuses_what_no_machine_bears(tmp_path, capsys):
    file = tmp_path / "run.json"
    file.write_text(run(1024, algorithm="pt", k=50, n_chains=5000, n_replicas=50).to_json(), "utf-8")
    assert main(["train", "--spec", str(file)]) == 2
    assert "The work of one update" in capsys.readouterr().err


def test_the_page_takes_files_as_large_as_streamlit_does():
    given = re.search(r"^maxUploadSize = (\d+)", (ROOT / ".streamlit/config.toml").read_text("utf-8"), re.M)
    assert given is not None
    assert int(given[1]) * SCREEN.upload.unit == SCREEN.upload.most
