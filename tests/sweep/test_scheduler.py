"""A sweep on a cluster that somebody else started: scheduler and workers from the command line, one of them killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from rbm.jobs import cluster
from rbm.store import Store
from rbm.sweep import Ledger, Sweep
from tests.helpers.places import ROOT
from tests.helpers.sweeping import LONG, check_each_counted_once, held_at, wait_for_trials
from tests.helpers.waiting import PATIENCE

WORKERS = 3


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[int]]:
    """``dask scheduler`` and three times ``dask worker`` on loopback; the workers' process ids."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def start(*command: str) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-m", "dask", *command], env=environment, stderr=subprocess.DEVNULL)

    port = address.rsplit(":", 1)[1]
    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
    workers = [start("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard") for _ in range(WORKERS)]
    cluster.disconnect()
    monkeypatch.setenv("RBM_SCHEDULER", address)
    yield {worker.pid for worker in workers}
    cluster.disconnect()
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


@pytest.mark.slow  # half a minute; a worker is killed under a run in every run of the tests
def test_three_workers_from_the_command_line_one_killed_and_no_trial_lost_or_counted_twice(scheduler, tmp_path):
    client = cluster.connect().client
    client.wait_for_workers(WORKERS, timeout=PATIENCE)
    pids = client.run(os.getpid)
    assert set(pids.values()) == scheduler
    store = Store(folder=tmp_path)
    with held_at(200):
        sweep = Sweep(Ledger.create("three", LONG, store), lambda: store)
        wait_for_trials(sweep.shares, WORKERS)
        worker, begun = next(iter(sweep._running.items()))
        os.kill(pids[worker], signal.SIGKILL)
    sweep.wait(2 * PATIENCE)
    assert (sweep.status, sweep.problem) == ("finished", "")
    assert sweep.losses >= 1
    assert worker not in client.nthreads()
    check_each_counted_once(store, "three", LONG)
    trial = sweep.ledger.trials()[begun.given.number]
    assert trial.run_id == begun.record.id  # the very run, gone on with elsewhere
    store.close()
