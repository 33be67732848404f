"""``python -m rbm sweep``: the same engine from the command line, and through kill -9."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbm.__main__ import main
from rbm.jobs.job import release_all
from rbm.store import Store, open_store
from rbm.sweep import Ledger, Sweep
from tests.helpers.databases import let_go
from tests.helpers.places import ROOT
from tests.helpers.sweeping import LONG, check_each_counted_once
from tests.helpers.waiting import PATIENCE, wait


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    yield open_store()
    let_go(open_store())
    release_all(PATIENCE)


@pytest.mark.slow
def test_a_sweep_from_the_command_line_is_in_the_registry_and_is_listed(registry, capsys):
    toy = ["--set", "dataset=tiny_digits", "--set", "epochs=5", "--objective", "pseudo_log_likelihood", "--json"]
    command = ["sweep", "--grid", "n_hidden=5,7", "--grid", "k=1,2", "--trials", "3", "--set", "seed=4", *toy]
    assert main(command) == 0
    printed = capsys.readouterr()
    assert printed.err.startswith("sweep sweep-1: 3 trials at most, judged by pseudo_log_likelihood\n")
    trials = [json.loads(line) for line in printed.out.splitlines()]
    assert [t["values"] for t in trials] == [{"n_hidden": 5, "k": 1}, {"n_hidden": 5, "k": 2}, {"n_hidden": 7, "k": 1}]
    assert {run.id for run in registry.runs(tag="sweep-1")} == {t["run_id"] for t in trials}
    assert {run.spec.seed for run in registry.runs()} == {4}
    assert main(["sweep", "--continue", "sweep-1", "--trials", "4"]) == 0  # the budget grows
    assert "4 finished" in capsys.readouterr().out
    assert main(["sweep", "--list"]) == 0
    assert capsys.readouterr().out == "sweep-1\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--grid", "k"], "'k' is no setting with its value"),
        (["--grid", "k=one"], "k is 'one'; expected a whole number"),
        (["--grid", "colour=red"], "no setting 'colour'"),
        (["--range", "learning_rate=0.1:0.2:cubic"], "is no range"),
        (["--method", "grid", "--range", "k=1:5"], "needs values of Gibbs steps k"),
        (["--set", "dataset=ising_8", "--set", "temperature=0"], "The temperature is 0.0; expected a number from 0.1"),
        (
            ["--set", "dataset=potts"],
            "Bernoulli visible units do not fit Sequences of four letters; choose one of: cat",
        ),
        (["--grid", "visible=spin,gaussian", "--grid", "hidden=spin,relu"], "both are unbounded"),
        (["--workers", "0"], "--workers is 0"),
        (["--trials", "1000000000000"], "is 1,000,000,000,000; expected at most 10,000"),
        (["--temperatures", "1000000000"], "AIS temperatures is 1,000,000,000; expected at most 1,000,000"),
        (["--continue", "nothing"], "no search named 'nothing'"),
    ],
)
def test_bad_input_is_one_sentence(arguments, words, capsys):
    assert main(["sweep", *arguments]) == 2
    assert words in capsys.readouterr().err


HELD = """
import sys
from rbm.__main__ import main
from tests.helpers.sweeping import held_at
with held_at(200):
    main(sys.argv[1:])
"""


@pytest.mark.slow  # half a minute; test_sweep.py and test_scheduler.py lose workers and interrupt searches in every run
def test_kill_9_of_the_sweep_loses_no_trial_and_counts_none_twice(registry, tmp_path):
    path = tmp_path / "base.json"
    path.write_text(LONG.base.to_json())
    grids = [f"--grid={axis.name}={','.join(map(str, axis.values))}" for axis in LONG.axes]
    command = [sys.executable, "-c", HELD, "sweep", "--name", "cut", "--spec", str(path), *grids]
    process = subprocess.Popen([*command, "--objective", LONG.objective], cwd=ROOT, stderr=subprocess.DEVNULL)
    wait(lambda: any(run.progress.step == 200 for run in registry.runs(tag="cut")))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    begun = {t.number: t.run_id for t in Ledger("cut", registry).trials() if t.state == "running"}
    assert begun
    sweep = Sweep(Ledger("cut", registry), silent=0.0)
    sweep.wait(2 * PATIENCE)
    assert (sweep.status, sweep.problem) == ("finished", "")
    assert begun.items() <= {t.number: t.run_id for t in sweep.ledger.trials()}.items()
    check_each_counted_once(registry, "cut", LONG)
