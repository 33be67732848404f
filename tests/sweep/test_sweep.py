"""Sweeps on real workers: every trial once, judged rightly, taken up again after a kill or an interruption."""

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest

from rbm.checkpoint import from_bytes
from rbm.errors import ConfigError, StoreError
from rbm.evaluation import exact
from rbm.evaluation.likelihood import log_likelihood, pseudo_log_likelihood
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs import cluster
from rbm.jobs.job import release_all
from rbm.store import Store
from rbm.sweep import Axis, Ledger, Sweep, SweepSpec, names
from rbm.sweep.importance import INTERACTION
from rbm.sweep.objective import PSEUDO_IMAGES
from rbm.sweep.study import rungs
from rbm.sweep.trial import TrialRun
from rbm.tasks.likelihood import RESULT, fixed_data
from rbm.training.config import TrainConfig
from tests.helpers.databases import on_both_at_releases
from tests.helpers.sweeping import BASE, LONG, QUICK, check_each_counted_once, held_at, wait_for_trials
from tests.helpers.waiting import PATIENCE, wait

SWEEP_PATIENCE = 2 * PATIENCE


@pytest.fixture(scope="module")
def workers() -> Iterator[cluster.Cluster]:
    yield cluster.connect()
    release_all(PATIENCE)


def swept(name: str, spec: SweepSpec, store: Store) -> Sweep:
    sweep = Sweep(Ledger.create(name, spec, store), lambda: store)
    sweep.wait(SWEEP_PATIENCE)
    assert (sweep.status, sweep.problem) == ("finished", "")
    return sweep


@pytest.mark.slow  # types of units are searched in every run
def test_a_search_over_types_of_units_and_their_machines_ends(workers, store):
    spec = SweepSpec(
        replace(BASE, training=replace(BASE.training, epochs=5)),
        (Axis("hidden", ("bernoulli", "spin", "relu", "gaussian")),),
        objective="pseudo_log_likelihood",
    )
    sweep = swept("units", spec, store)
    trials = sweep.ledger.trials()
    assert {trial.values["hidden"] for trial in trials} == {"bernoulli", "spin", "relu", "gaussian"}
    for trial in trials:
        assert from_bytes(store.checkpoint(trial.run_id)).model.hidden_unit.name == trial.values["hidden"]
        assert trial.state == "finished"


@on_both_at_releases
def test_a_grid_tries_every_cell_once_and_its_values_are_those_of_a_direct_evaluation(workers, store):
    sweep = swept("nine", QUICK, store)
    assert sweep.progress() == (9, 1.0)
    check_each_counted_once(store, "nine", QUICK)
    for trial in sweep.ledger.trials():
        model = from_bytes(store.checkpoint(trial.run_id)).model
        rows = fixed_data(QUICK.run(trial.values))["validation"][:PSEUDO_IMAGES]
        assert trial.value == pytest.approx(pseudo_log_likelihood(model, rows).mean().item(), abs=1e-6)
        (kept,) = store.evaluations(trial.run_id)
        assert (kept.name, kept.result["value"]) == ("pseudo_log_likelihood", trial.value)
    best = sweep.ledger.best()
    assert best.value == max(t.value for t in sweep.ledger.trials())
    importance = sweep.ledger.importance()
    assert set(importance) == {"n_hidden", "k", INTERACTION}
    assert sum(importance.values()) == pytest.approx(1.0)
    assert names(store) == ["nine"]


def test_the_other_objectives_equal_direct_evaluation_too(workers, store):
    axes = (Axis("n_hidden", (5, 7)),)
    for objective in ("log_likelihood", "free_energy_gap"):
        sweep = swept(objective, SweepSpec(BASE, axes, objective=objective), store)
        for trial in sweep.ledger.trials():
            model = from_bytes(store.checkpoint(trial.run_id)).model
            data = fixed_data(BASE)
            if objective == "log_likelihood":  # exact for machines this small
                direct = log_likelihood(model, data["validation"], exact.log_partition(model)).mean().item()
                assert store.newest_evaluations(RESULT)[trial.run_id].result["validation"] == trial.value
            else:
                means = [model.free_energy(data[part]).double().mean().item() for part in ("validation", "train")]
                direct = means[0] - means[1]
            assert trial.value == pytest.approx(direct, abs=1e-4)
    values = [t.value for t in sweep.ledger.trials()]
    assert sweep.ledger.best().value == min(values)  # of gaps the smallest


@pytest.mark.slow  # test_scheduler.py shows it from the command line
def test_a_worker_killed_mid_sweep_costs_no_trial_and_none_is_counted_twice(workers, store):
    with held_at(200):
        sweep = Sweep(Ledger.create("killed", LONG, store), lambda: store)
        wait_for_trials(sweep.shares)
        worker = next(w for w, run in sweep._running.items() if run.progress > 0)
        pid = workers.client.run(os.getpid, workers=[worker])[worker]
        os.kill(pid, signal.SIGKILL)
    sweep.wait(SWEEP_PATIENCE)
    assert (sweep.status, sweep.problem) == ("finished", "")
    assert sweep.losses >= 1
    check_each_counted_once(store, "killed", LONG)


@pytest.mark.slow  # the test of two servers stops and continues one too
def test_an_interrupted_sweep_continues_where_it_was(workers, store):
    with held_at(200):
        first = Sweep(Ledger.create("interrupted", LONG, store), lambda: store)
        wait_for_trials(first.shares)
        with pytest.raises(StoreError, match="under way in another process"):
            Sweep(Ledger("interrupted", store), lambda: store)
        first.stop()
    first.wait(PATIENCE)
    assert first.status == "stopped"
    begun = {t.number: t.run_id for t in first.ledger.trials() if t.state == "running"}
    assert begun
    assert all(store.run(i).status == "paused" and store.run(i).progress.step > 0 for i in begun.values())
    second = Sweep(Ledger("interrupted", store), lambda: store)
    second.wait(SWEEP_PATIENCE)
    assert (second.status, second.problem) == ("finished", "")
    check_each_counted_once(store, "interrupted", LONG)
    assert begun.items() <= {t.number: t.run_id for t in second.ledger.trials()}.items()


def test_a_stop_does_not_wait_for_a_measurement_which_is_made_another_time(workers, store, monkeypatch):
    base = RunSpec(DatasetSpec(size=100), ModelSpec(7), TrainConfig(epochs=1))
    slow = SweepSpec(base, (Axis("n_hidden", (41,)),), temperatures=50)  # too wide to be enumerated: AIS
    measure, measuring, go_on = TrialRun._measure, threading.Event(), threading.Event()

    def held(*arguments):
        measuring.set()
        go_on.wait()
        return measure(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(TrialRun, "_measure", held)
        patch.setattr("rbm.sweep.trial.SLICE_SECONDS", 0.0)  # a step each, however fast the worker is
        first = Sweep(Ledger.create("measured", slow, store), lambda: store)
        wait(measuring.is_set)
        first.stop()
        go_on.set()
        first.wait(PATIENCE)
    assert (first.status, first.problem) == ("stopped", "")
    (begun,) = first.ledger.trials()
    assert begun.state == "running"
    assert store.run(begun.run_id).status == "finished"
    assert store.evaluations(begun.run_id) == []
    second = Sweep(Ledger("measured", store), lambda: store)
    second.wait(PATIENCE)
    (measured,) = second.ledger.trials()
    assert (measured.state, measured.run_id) == ("finished", begun.run_id)
    (kept,) = store.evaluations(begun.run_id)
    assert kept.result["validation"] == measured.value


@on_both_at_releases
def test_one_server_stops_half_way_and_another_finishes(workers, open_again):
    one, other = open_again(), open_again()
    six = SweepSpec(BASE, (Axis("n_hidden", (5, 7, 11)), Axis("k", (1, 2))), objective="free_energy_gap")
    with held_at(30, first=3):
        first = Sweep(Ledger.create("handed over", six, one), lambda: one)
        wait(lambda: first.progress()[0] == 3)
        wait_for_trials(first.shares)
        with pytest.raises(StoreError, match="under way in another process"):
            Sweep(Ledger("handed over", other), lambda: other)
        first.stop()
    first.wait(PATIENCE)
    assert (first.status, first.problem) == ("stopped", "")
    assert first.progress()[0] == 3
    second = Sweep(Ledger("handed over", other), lambda: other)
    second.wait(PATIENCE)
    assert (second.status, second.problem) == ("finished", "")
    check_each_counted_once(one, "handed over", six)


def test_tpe_and_random_keep_to_their_ranges_and_to_the_budget(workers, store):
    axes = (Axis("n_hidden", (5, 7)), Axis("learning_rate", low=0.001, high=0.3, log=True), Axis("k", low=1, high=3))
    for method in ("random", "tpe"):
        spec = SweepSpec(BASE, axes, method, "pseudo_log_likelihood", trials=5)
        trials = swept(method, spec, store).ledger.trials()
        assert [t.state for t in trials] == ["finished"] * 5
        for trial in trials:
            assert trial.values["n_hidden"] in (5, 7)
            assert 0.001 <= trial.values["learning_rate"] <= 0.3
            assert trial.values["k"] in (1, 2, 3)
        assert len({t.values["learning_rate"] for t in trials}) == 5
    ledger = Ledger("tpe", store)
    ledger.extend(trials=6)
    Sweep(ledger, lambda: store).wait(SWEEP_PATIENCE)
    assert len(Ledger("tpe", store).trials()) == 6


def test_the_worst_are_given_up_by_successive_halving(workers, store):
    base = RunSpec(DatasetSpec(size=500), ModelSpec(7), TrainConfig(epochs=9))
    axes = (Axis("learning_rate", (0.1, 0.05, 1e-5, 2e-5)),)
    spec = SweepSpec(base, axes, objective="pseudo_log_likelihood", pruning=True)
    sweep = Sweep(Ledger.create("pruned", spec, store), lambda: store, workers=1)  # in order
    sweep.wait(SWEEP_PATIENCE)
    trials = sweep.ledger.trials()
    assert trials[0].state == "finished"
    given_up = [t for t in trials if t.state == "pruned"]
    assert {t.values["learning_rate"] for t in given_up} >= {1e-5, 2e-5}
    first = rungs(base.training.epochs)[0]
    for trial in given_up:
        run = store.run(trial.run_id)
        assert run.progress.epoch in (first, 3 * first)
        assert "Stopped early" in run.progress.message


def test_a_scheduler_that_stands_still_is_told_and_the_search_goes_on_when_it_does(workers, store, monkeypatch):
    monkeypatch.setattr(cluster, "SILENT_SECONDS", 0.2)
    six = SweepSpec(BASE, (Axis("n_hidden", (5, 7, 11)), Axis("k", (1, 2))), objective="free_energy_gap")
    with held_at(30) as on:
        sweep = Sweep(Ledger.create("silent", six, store), lambda: store)
        wait_for_trials(sweep.shares)
        scheduler = psutil.Process(workers._process.pid)
        scheduler.suspend()
        try:
            on.set()
            told = f"The Dask scheduler at {workers.address} has not answered for"
            wait(lambda: sweep.trouble.startswith(told), what="a word about the silence")
            assert sweep.status == "running"
        finally:
            scheduler.resume()
    wait(lambda: sweep.trouble == "", what="the scheduler's answer")
    sweep.wait(SWEEP_PATIENCE)
    assert (sweep.status, sweep.problem, sweep.losses) == ("finished", "", 0)
    check_each_counted_once(store, "silent", six)


@pytest.mark.slow
def test_a_trial_whose_run_is_deleted_is_given_up_alone(workers, store):
    with held_at(200):
        sweep = Sweep(Ledger.create("thinned", LONG, store), lambda: store)
        wait_for_trials(sweep.shares)
        run_id = sweep.ledger.trials()[0].run_id
        store.delete([run_id])
    sweep.wait(SWEEP_PATIENCE)
    assert (sweep.status, sweep.problem) == ("finished", "")
    first, *others = sweep.ledger.trials()
    assert (first.state, first.message) == ("failed", f"Run {run_id} was deleted: what is trained here is not kept.")
    assert {one.state for one in others} == {"finished"}


def test_what_cannot_be_trained_fails_alone_and_says_why(workers, store):
    wide = SweepSpec(
        RunSpec(DatasetSpec(size=100), ModelSpec(23), TrainConfig(epochs=1)),
        (Axis("algorithm", ("exact", "cd")),),
        objective="free_energy_gap",
    )
    ledger = Ledger.create("wide", wide, store)
    Sweep(ledger, lambda: store).wait(SWEEP_PATIENCE)
    exact_one, cd = ledger.trials()
    assert (exact_one.state, cd.state) == ("failed", "finished")
    assert "exact gradient would visit" in exact_one.message


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Axis("colour", ("red",)), "no setting 'colour'"),
        (lambda: Axis("k"), "either values"),
        (lambda: Axis("k", (1, 1)), "twice"),
        (lambda: Axis("k", low=5, high=1), "must be the larger"),
        (lambda: Axis("algorithm", low=1, high=2), "has no range"),
        (lambda: Axis("learning_rate", low=0.0, high=1.0, log=True), "above 0"),
        (lambda: SweepSpec(axes=(Axis("k", (1, 1000)),)), "k is 1000; expected 1 to 50"),
        (lambda: SweepSpec(axes=(Axis("k", low=1, high=5),)), "needs values of Gibbs steps k"),
        (lambda: SweepSpec(axes=()), "at least one"),
        (lambda: SweepSpec(method="guess"), "grid, random, tpe"),
        (lambda: SweepSpec(objective="beauty"), "log_likelihood"),
        (lambda: SweepSpec(trials=0), "number of trials is 0"),
        (lambda: SweepSpec.from_json("[]"), "not the description"),
    ],
)
def test_what_makes_no_sweep_is_told(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_a_spec_survives_json_and_a_name_is_taken_once(store):
    axes = (Axis("n_hidden", (5, 7)), Axis("learning_rate", low=0.001, high=0.3, log=True))
    spec = SweepSpec(BASE, axes, "tpe", "free_energy_gap", True, 7, 2.5, 99)
    assert SweepSpec.from_json(spec.to_json()) == spec
    assert Ledger.create("one", spec, store).spec == Ledger("one", store).spec == spec
    with pytest.raises(ConfigError, match="already"):
        Ledger.create("one", spec, store)
    with pytest.raises(ConfigError, match="letters"):
        Ledger.create(" ", spec, store)
    with pytest.raises(StoreError, match="no search named 'two'"):
        Ledger("two", store)


def test_the_type_of_unit_is_a_fixed_setting_of_a_search_and_fits_what_judges_it():
    base = replace(BASE, model=replace(BASE.model, visible="spin", hidden="spin"))
    spec = SweepSpec(base, (Axis("n_hidden", (3, 5)),), objective="free_energy_gap")
    assert SweepSpec.from_json(spec.to_json()) == spec
    assert spec.run({"n_hidden": 5}).model == replace(base.model, n_hidden=5)
    assert replace(spec, objective="pseudo_log_likelihood").objective == "pseudo_log_likelihood"


def test_types_of_units_are_searched_where_one_number_judges_all_of_them():
    hidden = Axis("hidden", ("bernoulli", "spin", "relu"))
    SweepSpec(RunSpec(), (hidden, Axis("n_hidden", (5, 9)))).check_units()
    spins = RunSpec(DatasetSpec("ising_4"))
    SweepSpec(spins, (Axis("visible", ("bernoulli", "spin")), Axis("hidden", ("bernoulli", "spin")))).check_units()
    SweepSpec(RunSpec(), (Axis("visible", ("gaussian", "relu")),)).check_units()  # densities of the same rows
    levels = RunSpec(model=ModelSpec(visible="multinary"))
    for base, axis in (
        (RunSpec(), Axis("visible", ("bernoulli", "gaussian"))),  # probabilities and densities
        (RunSpec(), Axis("visible", ("bernoulli", "spin"))),  # drawn, and above one half
        (levels, Axis("n_states", (4, 8))),
    ):
        with pytest.raises(ConfigError, match=r"learn different rows.*one kind of visible unit at a time"):
            SweepSpec(base, (axis,)).check_units()
    SweepSpec(RunSpec(model=ModelSpec(hidden="multinary")), (Axis("n_states", (4, 8)),)).check_units()
