"""Who shares workers: a run goes where there is room, and a search beside a class is one of many."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs import cluster, live
from rbm.jobs.live import LiveRun
from rbm.store import Store
from rbm.sweep import Axis, Ledger, Sweep, SweepSpec
from rbm.training.config import TrainConfig
from tests.helpers.waiting import ENDLESS, trained, wait

SPEC = RunSpec(DatasetSpec(size=2000), ModelSpec(23), TrainConfig(epochs=ENDLESS, schedule="constant"))

pytestmark = pytest.mark.usefixtures("watched")


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """So many of them."""

    def begin(count: int) -> None:
        cluster.disconnect()
        monkeypatch.setenv("RBM_WORKERS", str(count))
        here = cluster.connect()
        wait(lambda: len(here.workers()) == count, what="the workers")

    yield begin
    cluster.disconnect()


def at_work(*seeds: int) -> list[LiveRun]:
    runs = [LiveRun(replace(SPEC, seed=seed)) for seed in seeds]
    for run in runs:
        run.start()
        wait(lambda run=run: run.step_number > 0, what="its first updates")
    return runs


def at_rest(runs: list[LiveRun]) -> None:
    for run in runs:
        run.pause()
    wait(lambda: not any(run.active for run in runs), what="the runs to rest")


def place(run: LiveRun) -> str | None:
    return run._seat.worker if run._seat is not None else None


@pytest.mark.slow
def test_a_run_moves_to_a_worker_that_became_idle_and_learns_the_same(workers, monkeypatch):
    monkeypatch.setattr(live, "CHECKPOINT_SECONDS", 0.1)  # it moves where nothing is lost by it
    workers(2)
    runs = at_work(1, 2, 3)
    first, second = {place(run) for run in runs}
    (alone,) = [run for run in runs if [place(other) for other in runs].count(place(run)) == 1]
    idle, crowded = place(alone), [run for run in runs if run is not alone]
    at_rest([alone])
    wait(lambda: {place(run) for run in crowded} == {first, second}, what="one of them to move")
    (moved,) = [run for run in crowded if place(run) == idle]
    before = moved.step_number
    wait(lambda: moved.step_number > before, what="its updates there")
    at_rest(crowded)
    assert [run.notice for run in runs] == ["", "", ""]
    np.testing.assert_array_equal(moved.snapshot.weight, trained(moved.spec, moved.snapshot.step))


def test_the_slowest_beside_a_search_wins_half_of_the_seconds_that_the_median_has_and_the_search_no_more(
    workers, store: Store
):
    """Seconds of the one worker, counted from when all have begun."""
    workers(1)
    searched = SweepSpec(replace(SPEC, model=ModelSpec(500)), (Axis("k", (25,)),), objective="free_energy_gap")
    sweep = Sweep(Ledger.create("beside", searched, store), lambda: store)
    wait(lambda: sweep.shares().get(0, 0.0) > 0, what="the search's first updates")
    (trial,) = sweep._running.values()
    runs = at_work(1, 2, 3)

    def won() -> list[float]:
        return [trial._trained, *(run.history.events[-1].seconds for run in runs)]

    before = won()
    wait(
        lambda: min(now - then for now, then in zip(won()[1:], before[1:], strict=True)) > 1.0,
        what="a second of every run",
    )
    search, *each = (now - then for now, then in zip(won(), before, strict=True))
    sweep.stop()
    at_rest(runs)
    sweep.wait()
    assert min(each) >= statistics.median(each) / 2
    assert search <= 2 * statistics.median(each)
