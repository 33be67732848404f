"""Every study runs as it stands, only smaller; its machinery against exact values; the real ones are marked slow."""

import json
from dataclasses import replace
from importlib import import_module
from statistics import fmean, median

import pytest
import torch

from rbm.__main__ import main
from rbm.datasets.base import Dataset, undivided
from rbm.datasets.catalog import load_dataset
from rbm.evaluation import exact
from rbm.evaluation.likelihood import log_likelihood
from rbm.studies import STUDIES, ising, recipe
from rbm.studies.centring import PUBLISHED
from rbm.studies.fitting import RunningMean, changed
from rbm.studies.measure import JudgingEffort, held_out, judge
from rbm.studies.report import Column, Report, Table, machine
from rbm.tasks.deep.plan import LabelsPlan
from rbm.training.config import TrainConfig, knobs
from tests.helpers.places import ROOT

TINY = JudgingEffort(chains=5, temperatures=7, population=11, population_temperatures=7)
SIZES = {
    "presets": {"n_hidden": 5, "seconds": 0.02, "effort": TINY},
    "defaults": {"n_hidden": 5, "epochs": 1, "effort": TINY},
    "centring": {"n_hidden": 5, "epochs": 1},
    "minute": {"n_hidden": 5, "epochs": 1, "effort": TINY},
    "ordering": {"n_hidden": 5, "epochs": 1, "effort": TINY},
    "rivals": {"n_hidden": 13, "seconds": 0.1, "n_samples": 30, "n_temperatures": 7},
    "labels": {"n_hidden": 5, "epochs": 1},
    "labels_few": {"plan": LabelsPlan(sizes=(5, 4), pretraining=1, epochs=1, least_updates=5, labels=(20, 50))},
    "ising": {"sides": (4,), "temperatures": (3.5,), "epochs": 1, "sweeps": 3},
    "dbn": {"sizes": (5, 4), "pretraining_epochs": 1, "epochs": 1},
    "dbm": {"sizes": (5, 4), "greedy": 1, "epochs": 1, "effort": TINY},
    "best500": {"n_hidden": 5, "epochs": 1, "effort": TINY},
}


@pytest.fixture(scope="module")
def few() -> Dataset:
    """300 training, 60 validation and 50 test digits."""
    digits = load_dataset("mnist", size=300)
    return replace(
        digits,
        validation=digits.validation[:60],
        validation_labels=digits.validation_labels[:60],
        test=digits.test[:50],
        test_labels=digits.test_labels[:50],
    )


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_runs_in_a_small_size_and_fills_its_table(name, few):
    told: list[str] = []
    table = recipe(name)((3,), told.append, dataset=few, **SIZES[name])
    assert told
    assert table.rows
    for row in table.rows:
        assert len(row) == len(table.columns)
        likelihoods = [x for x, c in zip(row, table.columns, strict=True) if "AIS" in c.title or "exact" in c.title]
        assert all(-784 < x < 0 for x in likelihoods if isinstance(x, float))
    again = recipe(name)((3,), told.append, dataset=few, **SIZES[name])
    times = [i for i, c in enumerate(table.columns) if "seconds" in c.title or "training, s" in c.title]
    if name not in ("presets", "rivals"):  # which stop when their time is up
        assert [[x for i, x in enumerate(r) if i not in times] for r in table.rows] == [
            [x for i, x in enumerate(r) if i not in times] for r in again.rows
        ]


def test_the_table_of_ising_lattices_has_errors_and_its_couplings_are_the_data_s_where_these_tell_them():
    """Of three temperatures and two sizes, as the README has it: below T_c nearly all spins agree, and say little of it."""
    lines = (ROOT / "rbm" / "studies" / "README.md").read_text("utf-8").splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("| lattice |"))
    titles = [cell.strip() for cell in lines[head].strip("|").split("|")]
    assert titles == [column.title for column in ising.COLUMNS]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines[head + 2 :] if line.startswith("| ")
    ]
    rows = [dict(zip(titles, row, strict=True)) for row in rows if row[0] in {f"{side}×{side}" for side in ising.SIDES}]
    assert len(rows) == 3 * len(ising.SIDES) * len(ising.TEMPERATURES) == 3 * 2 * 3
    for row in rows:
        for measured in ("neighbours' mean J", "other pairs' mean J, absolute", "e, machine", "m absolute, machine"):
            assert "±" in row[measured]
        if float(row["T"]) > 2.2:
            made_with = float(row["βJ of the data"])
            assert float(row["neighbours' mean J"].split()[0]) == pytest.approx(made_with, rel=0.1)


def test_a_judgement_brackets_the_exact_likelihood(tiny_rbm, images):
    truth = log_likelihood(tiny_rbm, images, exact.log_partition(tiny_rbm)).mean().item()
    found = judge(tiny_rbm, images, images, 1, JudgingEffort(400, 200, 1000, 100))
    assert abs(found.forward - truth) < 4 * found.error + 1e-3
    assert abs(found.reverse - truth) < 4 * found.error + 1e-3
    assert found.gap == pytest.approx(found.forward - found.reverse)
    assert not found.doubt


def test_a_judgement_without_enough_temperatures_says_so(tiny_rbm, images):
    with torch.no_grad():
        tiny_rbm.weight.mul_(8.0)
    assert "Use more temperatures" in judge(tiny_rbm, images, images, 1, JudgingEffort(20, 1, 20, 1)).doubt


def test_a_judgement_takes_more_temperatures_until_enough_chains_count(tiny_rbm, images):
    with torch.no_grad():
        tiny_rbm.weight.mul_(4.0)
    few = JudgingEffort(20, 1, 200, 100)
    assert "Use more temperatures" in judge(tiny_rbm, images, images, 1, few).doubt
    found = judge(tiny_rbm, images, images, 1, few._replace(most=4**6))
    assert min(found.forward_ess, found.reverse_ess) >= 5
    assert found.temperatures in {4**n for n in range(1, 7)}
    assert found == judge(tiny_rbm, images, images, 1, few._replace(temperatures=found.temperatures))
    fewer = few._replace(temperatures=found.temperatures // 4)
    assert "Use more temperatures" in judge(tiny_rbm, images, images, 1, fewer).doubt


def test_the_test_images_are_the_same_in_every_study_and_binary(few):
    v = held_out(few, "stochastic")
    assert torch.equal(v, held_out(few, "stochastic"))
    assert set(v.unique().tolist()) == {0.0, 1.0}


def test_a_running_mean_is_the_weighted_mean_of_what_it_saw(tiny_rbm):
    mean, expected, share = RunningMean(tiny_rbm, 0.9), tiny_rbm.weight.detach().clone(), 5 * (1 - 0.9)
    for _ in range(3):
        with torch.no_grad():
            tiny_rbm.weight.add_(1.0)
        mean.follow(tiny_rbm)
        expected = (1 - share) * expected + share * tiny_rbm.weight.detach()
    torch.testing.assert_close(mean.model.weight.detach(), expected)
    assert not torch.equal(mean.model.weight, tiny_rbm.weight)


def test_undivided_data_hold_every_image_once_and_changes_reach_all_parts(few):
    whole = undivided(few)
    assert len(whole.train) == len(whole.train_labels) == 360
    assert torch.equal(whole.train[300:], few.validation)
    negative = changed(few, lambda x: 1 - x)
    for part in ("train", "validation", "test"):
        torch.testing.assert_close(getattr(negative, part) + getattr(few, part), torch.ones_like(getattr(few, part)))


def test_a_report_reads_as_markdown_and_keeps_its_numbers_as_json():
    table = Table((Column("who"), Column("nats", 1)), (("a", -1.25), ("b", 2)), ("A note.",))
    report = Report("x", "Why?", table, (1, 2), 3.0, machine())
    assert "| a | −1.2 |\n| b | 2 |" in report.markdown()
    assert "seeds 1, 2; 3 s in all" in report.markdown()
    kept = json.loads(report.json())
    assert kept["rows"] == [["a", -1.25], ["b", 2]]
    assert kept["machine"]["torch"] == torch.__version__


def test_a_table_marks_likelihoods_on_few_chains_and_estimates_that_are_crossed():
    columns = (
        Column("AIS", rests_on="ESS"),
        Column("ESS", 1),
        Column("reverse", rests_on="ESS, reverse"),
        Column("ESS, reverse", 1),
        Column("bracket", bracket=True),
    )
    table = Table(columns, ((-1.0, 4.9, -2.0, 5.0, 1.0), (-3.0, 5.0, -2.5, 1.3, -0.5)), ())
    lines = Report("x", "Why?", table, (1,), 3.0, machine()).markdown().splitlines()
    assert "| −1.00 (unreliable) | 4.9 | −2.00 | 5.0 | 1.00 |" in lines
    assert "| −3.00 | 5.0 | −2.50 (unreliable) | 1.3 | −0.50 (crossed) |" in lines


@pytest.mark.parametrize("name", ["contest", "dbm"])
def test_every_likelihood_that_ais_gives_says_what_it_rests_on(name):
    """So that no table of a study can print one without its mark."""
    columns = import_module(f"rbm.studies.{name}").COLUMNS
    titles = {c.title for c in columns}
    likelihoods = [c for c in columns if "AIS" in c.title and "published" not in c.title]
    assert len(likelihoods) == 2
    assert {c.rests_on for c in likelihoods} <= titles
    assert [c.title for c in columns if c.bracket] == ["bracket"]


def test_the_command_lists_the_studies_and_refuses_other_names(capsys):
    assert main(["reproduce", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in STUDIES)
    assert main(["reproduce", "nothing"]) == 2
    assert "choose one of: presets" in capsys.readouterr().err
    assert main(["reproduce"]) == 2
    assert main(["reproduce", "presets", "--epochs", "1"]) == 2
    assert "not measured in epochs" in capsys.readouterr().err


def test_the_command_prints_the_table_and_keeps_it(monkeypatch, capsys, tmp_path):
    import rbm.commands.reproduce as command

    def small(seeds, say):
        say("working")
        return Table((Column("seed"),), tuple((s,) for s in seeds), ())

    monkeypatch.setattr(command, "recipe", lambda name: small)
    assert main(["reproduce", "minute", "--seeds", "4", "5", "--json", str(tmp_path / "kept.json")]) == 0
    out, err = capsys.readouterr()
    assert "| 4 |\n| 5 |" in out
    assert err == "working\n"
    assert json.loads((tmp_path / "kept.json").read_text())["rows"] == [[4], [5]]


def test_the_defaults_of_every_algorithm_are_compared_untouched(few):
    """Only what the test's machine needs differs from TrainConfig; all are there that learn a large machine's likelihood."""
    study = import_module("rbm.studies.defaults")
    choices = set(knobs(TrainConfig)["algorithm"].choices)
    assert set(study.ALGORITHMS) == choices - {"exact", "rdm"}
    rows = [
        ("cd", 1, 20.0, 9.0, -110.0, 0.1, 9.0),
        ("cd", 2, 20.0, 9.0, -112.0, 0.1, 2.0),
        ("pcd", 1, 20.0, 9.0, -113.0, 0.1, 5.0),
    ]
    assert study.against_the_yardstick(rows) == [
        "cd: −111.00 (unreliable) ± 1.41 over 2 seeds.",
        "pcd: −113.00, −2.00 against cd.",
    ]


@pytest.mark.slow
def test_persistent_chains_beat_cd_at_the_defaults():
    table = recipe("defaults")((1,), print, algorithms=("cd", "pcd", "fpcd"))
    found = {row[0]: row[4] for row in table.rows}
    assert found["pcd"] > found["cd"] + 5
    assert found["fpcd"] > found["cd"]


@pytest.mark.slow
def test_centring_reaches_the_published_likelihood_and_beats_the_plain_gradient():
    """As far as one run tells from one: at a rate that stays the likelihood wanders, and 23 runs' ends spread by 1.4 nats."""
    table = recipe("centring")((1,), print)
    found = {(row[0], row[1]): row[3] for row in table.rows}
    for data in ("MNIST", "1 − MNIST"):
        assert found[data, "on"] >= PUBLISHED[data, "on"] - 3 * 1.4
    assert found["1 − MNIST", "off"] < found["1 − MNIST", "on"] - 20


@pytest.mark.slow
def test_500_units_reach_95_nats_within_a_minutes_work():
    """The middle one of three seeds: one of them ended six nats below the others."""
    rows = recipe("minute")((1, 2, 3), print).rows
    assert median(row[7] for row in rows) > -95  # reverse AIS, the lower end


@pytest.mark.slow
def test_the_ordering_of_the_literature_appears_and_the_reconstruction_error_hardly_tells_it():
    """After three epochs CD-25 and PCD-1 are within a tenth of a nat of each other, which is the error of log Z."""
    rows = recipe("ordering")((1, 2, 3), print).rows
    names = dict.fromkeys(row[0] for row in rows)
    likelihood, error = (
        {name: fmean(row[column] for row in rows if row[0] == name) for name in names} for column in (4, 10)
    )
    assert likelihood["CD-1"] < likelihood["CD-3"] - 1 < min(likelihood["CD-25"], likelihood["PCD-1"]) - 2
    assert max(error.values()) < 1.03 * min(error.values())  # five nats are its third digit


@pytest.mark.slow
def test_a_pre_trained_net_classifies_as_well_as_the_published_one():
    """At most 1.3 % of 10,000 test images, whose own choice makes that uncertain by a standard error."""
    error = recipe("dbn")((1,), print).rows[0][2]
    assert error <= 1.3 + 100 * (0.013 * 0.987 / 10_000) ** 0.5


@pytest.mark.slow
def test_a_deep_boltzmann_machine_comes_near_its_published_bound():
    row = recipe("dbm")((1,), print).rows[0]
    assert row[7] > -90  # reverse AIS, the lower end


@pytest.mark.slow
def test_pre_training_takes_a_third_of_the_distance_to_the_best_where_labels_are_few():
    rows = {row[0]: row for row in recipe("labels_few")((1,), print).rows}
    assert rows[1000][2] < 6.5
    assert rows[1000][6] >= 33
