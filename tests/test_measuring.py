"""A log-likelihood computed on a real worker beside whatever it trains, and kept in the registry."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbm import cluster
from rbm.checkpoint import to_bytes
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.likelihood_job import RESULT, Effort, LikelihoodJob
from rbm.measuring import Measuring
from rbm.store import Progress, Store
from rbm.training.config import TrainConfig

SPEC = RunSpec(DatasetSpec(size=500), ModelSpec(23), TrainConfig(epochs=2))
EFFORT = Effort(n_chains=20, n_temperatures=1000, n_sweeps=10)


@pytest.fixture
def workers() -> Iterator[None]:
    cluster.connect()
    yield
    cluster.disconnect()


def wait(measuring: Measuring) -> list[float]:
    """Its progress as it was seen."""
    seen, deadline = [measuring.progress], time.monotonic() + 180
    while measuring.active:
        assert time.monotonic() < deadline
        seen.append(measuring.progress)
        time.sleep(0.005)
    return seen


def test_a_worker_computes_it_in_slices_and_the_registry_keeps_it(workers, tmp_path: Path):
    trainer = make_trainer(SPEC, make_dataset(SPEC.dataset))
    while not trainer.finished:
        trainer.step()
    data = to_bytes(trainer.model, SPEC, state=trainer.state())
    store = Store(folder=tmp_path)
    at = Progress("finished", 16, 16, 2.0)
    run_id = store.create(SPEC, "me", at)
    store.write(run_id, "me", at, (), (16, 2.0, data))
    measuring = Measuring(run_id, EFFORT, lambda: store)
    seen = wait(measuring)
    assert measuring.problem == ""
    assert seen == sorted(seen)
    assert any(0 < p < 1 for p in seen)
    (kept,) = store.evaluations(run_id)
    assert (kept.step, kept.name, kept.result) == (16, RESULT, measuring.result)
    here = LikelihoodJob(data, EFFORT).advance(1e9).result
    assert measuring.result["test"] == pytest.approx(here["test"], abs=0.01)  # other thread counts round differently
    stopped = Measuring(run_id, Effort(n_temperatures=10**5), lambda: store)
    stopped.stop()
    wait(stopped)
    assert (stopped.result, stopped.problem) == (None, "")
    missing = Measuring("nobody", EFFORT, lambda: store)
    wait(missing)
    assert "no run nobody" in missing.problem
    store.close()
