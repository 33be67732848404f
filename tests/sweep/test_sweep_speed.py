"""How fast sweeps are, and what they leave to others: studies for a quiet machine (``-m slow --log-cli-level INFO``)."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbm import cluster
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.live import LiveRun
from rbm.store import Store
from rbm.sweep import Axis, Ledger, Sweep, SweepSpec
from rbm.training.config import TrainConfig
from tests.waiting import wait

pytestmark = pytest.mark.slow
LOOK_SECONDS = 6.0
say = logging.getLogger(__name__).info


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(folder=tmp_path)
    cluster.connect()
    yield opened
    opened.close()
    cluster.disconnect()


def test_a_person_who_trains_keeps_half_of_the_speed_while_a_sweep_fills_the_workers(store):
    def speed() -> float:
        start, began = run.step_number, time.perf_counter()
        while time.perf_counter() < began + LOOK_SECONDS:
            run.renew()
            time.sleep(0.1)
        return (run.step_number - start) / (time.perf_counter() - began)

    run = LiveRun(RunSpec(training=TrainConfig(epochs=5000)))
    run.play()
    wait(lambda: run.step_number > 500)
    alone = [speed()]
    spec = SweepSpec(RunSpec(training=TrainConfig(epochs=500)), (Axis("k", (1, 2)), Axis("n_hidden", (64, 100))))
    sweep = Sweep(Ledger.create("beside", spec, store), lambda: store)
    wait(lambda: len(sweep.shares()) >= 2 and min(sweep.shares().values()) > 0)
    beside = speed()
    sweep.stop()
    sweep.wait(30)
    alone.append(speed())
    run.pause()
    run.release()
    say("updates/s alone %s, beside a sweep %.0f", alone, beside)
    assert beside >= 0.5 * sum(alone) / 2, f"updates/s alone {alone}, beside a sweep {beside}"


def test_24_trials_take_two_workers_much_less_time_than_one(store):
    """At least 1.6 times as fast, both in one run on warm workers."""
    base = RunSpec(DatasetSpec(size=10_000), ModelSpec(), TrainConfig(epochs=3))
    axes = (Axis("n_hidden", (32, 48, 64, 96)), Axis("k", (1, 2, 3)), Axis("learning_rate", (0.05, 0.1)))
    spec = SweepSpec(base, axes, objective="free_energy_gap")
    taken = {}
    for name, workers in (("warm", 2), ("one", 1), ("two", 2)):
        begun = time.perf_counter()
        sweep = Sweep(Ledger.create(name, spec, store), lambda: store, workers=workers)
        sweep.wait(600)
        taken[name] = time.perf_counter() - begun
        assert (sweep.status, sweep.progress()) == ("finished", (24, 1.0))
    say("24 trials, seconds: %s", taken)
    assert taken["one"] / taken["two"] >= 1.6, taken
