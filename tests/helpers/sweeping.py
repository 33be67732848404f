"""What the tests of sweeps share."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from rbm.checkpoint import from_bytes
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.store import Store
from rbm.sweep import Axis, Ledger, SweepSpec
from rbm.sweep.trial import TrialRun
from rbm.training.config import TrainConfig
from tests.helpers.waiting import trained, wait

BASE = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7), TrainConfig(epochs=60, batch_size=10))
GRID = (Axis("n_hidden", (5, 7, 11)), Axis("k", (1, 2, 3)))
QUICK = SweepSpec(BASE, GRID, objective="pseudo_log_likelihood")
# Of real images; a test that wants something to happen while it trains holds its trials.
LONG = SweepSpec(
    RunSpec(DatasetSpec(size=2000), ModelSpec(23), TrainConfig(epochs=25, algorithm="pcd")),
    (Axis("n_hidden", (13, 23)), Axis("k", (1, 2))),
    objective="free_energy_gap",
)


@contextmanager
def held_at(step: int, first: int = 0) -> Iterator[threading.Event]:
    """Trials from number ``first`` on stop behind update ``step``, however fast the workers are, until the event is set.

    A trial that is told to stop meanwhile is kept as it stands.
    """
    on, advance = threading.Event(), TrialRun._slice

    def slice_(self, actor, seconds, until, **more):
        if on.is_set() or self.given.number < first:
            return advance(self, actor, seconds, until, **more)
        found = advance(self, actor, seconds, step if until is None else min(step, until), **more)
        if found.step >= step:
            on.wait()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrialRun, "_slice", slice_)
        try:
            yield on
        finally:
            on.set()


def wait_for_trials(shares: Callable[[], dict[int, float]], count: int = 1) -> None:
    """Until so many trials have trained."""
    wait(lambda: sum(share > 0 for share in shares().values()) >= count, what=f"training of {count} trials")


def check_each_counted_once(store: Store, name: str, spec: SweepSpec) -> None:
    """Every cell of the grid is one trial and one finished run with the parameters of one left in peace."""
    trials = Ledger(name, store).trials()
    assert [t.state for t in trials] == ["finished"] * len(spec.cells())
    assert [dict(t.values) for t in trials] == spec.cells()
    runs = {run.id: run for run in store.runs(tag=name)}
    assert sorted(runs) == sorted(t.run_id for t in trials)
    for trial in trials:
        run = runs[trial.run_id]
        assert run.status == "finished"
        assert run.spec == spec.run(trial.values)
        steps = [e.step for e in store.history(run.id).events]
        assert steps == sorted(set(steps))
        np.testing.assert_array_equal(
            from_bytes(store.checkpoint(run.id)).model.weight.detach().numpy(), trained(run.spec)
        )
