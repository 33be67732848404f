"""How fast sweeps are, and what they leave to others: ``python -m tests.sweep.measure_sweep``, on an idle machine with two
cores or more. Prints, judges nothing.

- a person's updates a second alone, and beside a sweep that fills the workers
- the seconds that 24 trials take on one worker and on two
"""

import tempfile
import time

from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs import cluster
from rbm.jobs.live import LiveRun
from rbm.store import Store
from rbm.sweep import Axis, Ledger, Sweep, SweepSpec
from rbm.training.config import TrainConfig
from tests.helpers.waiting import ENDLESS, wait

LOOK_SECONDS = 6.0


def speed(run: LiveRun) -> float:
    """Updates a second."""
    start, began = run.step_number, time.perf_counter()
    while time.perf_counter() < began + LOOK_SECONDS:
        run.renew()
        time.sleep(0.1)
    return (run.step_number - start) / (time.perf_counter() - began)


def beside(store: Store) -> None:
    run = LiveRun(RunSpec(training=TrainConfig(epochs=ENDLESS)))
    run.play()
    wait(lambda: run.step_number > 500)
    before = speed(run)
    spec = SweepSpec(RunSpec(training=TrainConfig(epochs=500)), (Axis("k", (1, 2)), Axis("n_hidden", (64, 100))))
    sweep = Sweep(Ledger.create("beside", spec, store), lambda: store)
    wait(lambda: sum(share > 0 for share in sweep.shares().values()) == len(cluster.connect().client.nthreads()))
    during = speed(run)
    sweep.stop()
    sweep.wait()
    after = speed(run)
    run.pause()
    run.release()
    print(f"updates/s alone {before:,.0f} and {after:,.0f}, beside a sweep {during:,.0f}")  # noqa: T201


def trials(store: Store) -> None:
    base = RunSpec(DatasetSpec(size=10_000), ModelSpec(), TrainConfig(epochs=3))
    axes = (Axis("n_hidden", (32, 48, 64, 96)), Axis("k", (1, 2, 3)), Axis("learning_rate", (0.05, 0.1)))
    spec = SweepSpec(base, axes, objective="free_energy_gap")
    for name, workers in (("to warm up", 2), ("one worker", 1), ("two workers", 2)):
        begun = time.perf_counter()
        Sweep(Ledger.create(name, spec, store), lambda: store, workers=workers).wait()
        print(f"24 trials, {name}: {time.perf_counter() - begun:.1f} s")  # noqa: T201


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder=folder)
        try:
            beside(store)
            trials(store)
        finally:
            store.close()
            cluster.disconnect()


if __name__ == "__main__":
    main()
