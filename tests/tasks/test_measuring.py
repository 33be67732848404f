"""A log-likelihood computed on a real worker beside whatever it trains, and kept in the registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.ui.session.tasks import _Lease, _take_up
from rbm.checkpoint import to_bytes
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.jobs import cluster
from rbm.jobs.job import release_all
from rbm.store import Progress, Store
from rbm.tasks.likelihood import RESULT, Effort, LikelihoodJob
from rbm.tasks.measuring import Measuring
from rbm.training.config import TrainConfig
from tests.helpers.waiting import PATIENCE, wait

SPEC = RunSpec(DatasetSpec(size=500), ModelSpec(23), TrainConfig(epochs=2))
EFFORT = Effort(n_chains=20, n_temperatures=100, n_sweeps=10)


@pytest.fixture
def workers() -> Iterator[None]:
    cluster.connect()
    yield
    release_all(PATIENCE)


class Watched(Measuring):
    """Remembers every progress that it ever showed."""

    @property
    def progress(self) -> float:
        return self.seen[-1]

    @progress.setter
    def progress(self, value: float) -> None:
        self.seen = [*getattr(self, "seen", ()), value]


def test_a_worker_computes_it_in_slices_and_the_registry_keeps_it(workers, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Measuring, "_slice_seconds", lambda self: 0.0)  # a step each, however fast the worker is
    trainer = make_trainer(SPEC, make_dataset(SPEC.dataset))
    while not trainer.finished:
        trainer.step()
    data = to_bytes(trainer.model, SPEC, state=trainer.state())
    store = Store(folder=tmp_path)
    at = Progress("finished", 16, 16, 2.0)
    run_id = store.create(SPEC, "me", at)
    store.write(run_id, "me", at, (), (16, 2.0, data))
    watched = Watched(run_id, EFFORT, lambda: store)
    wait(lambda: not watched.active)
    assert watched.problem == ""
    assert watched.seen == [done / 310 for done in range(311)]  # 10 sweeps, 100 temperatures thrice: see LiveBracket
    (kept,) = store.evaluations(run_id)
    assert (kept.step, kept.name, kept.result) == (16, RESULT, watched.result)
    here = LikelihoodJob(data, EFFORT).advance(1e9).result
    assert watched.result["test"] == pytest.approx(here["test"], abs=0.01)  # other thread counts round differently
    stopped = Measuring(run_id, Effort(n_temperatures=10**5), lambda: store)
    tab, again = _Lease("ada"), _Lease("ada")
    tab.take("measuring", stopped)
    tab.end()
    _take_up(again, "ada")  # as after a reload
    assert again.jobs == {"measuring": stopped}
    assert stopped.watched
    stopped.release()
    wait(lambda: not stopped.active)
    assert (stopped.result, stopped.problem) == (None, "")
    missing = Measuring("nobody", EFFORT, lambda: store)
    wait(lambda: not missing.active)
    assert "no run nobody" in missing.problem
    store.close()
