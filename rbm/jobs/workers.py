"""The process that trains: Dask's scheduler and one single-threaded worker a core (RBM_WORKERS: so many), on loopback.

    python -m rbm.cluster

prints the scheduler's address and ends when its standard input closes, so that it can never outlive the program that started it.
On Linux the workers are forked from one more process, which has imported and compiled all they need. Measured with four of them
on two cores: ready after 8.5 s instead of 16 (10 s of processor time instead of 28), in 690 MB instead of 1,250, and a killed one
was there again after 0.2 s instead of 1.1, with nothing left to import.
"""

import logging
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import IO

NICENESS = 5  # training gives way to the screen on the same machine
# glibc's malloc, as Dask sets it, gives every freed block back to the system at once, and a thread that is not the main
# one gets small heaps of its own: training then spends a third of its time in page faults (measured at 784-100: 23,000
# images/s as it was, 36,000 so). Other systems ignore these names.
MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}
# What Dask does beside our work, a hundred times a second: without it idle workers cost next to nothing.
QUIET = {"distributed.worker.profile.enabled": False, "distributed.admin.system-monitor.interval": "5s"}


def serve(closing: IO[str]) -> None:
    """Scheduler and workers on this machine, until ``closing`` closes; their address is printed when they are there."""
    import dask
    from distributed import Client, LocalCluster

    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Workers that vanish with the server are what is meant here, not news for its log.
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with (
        dask.config.set({f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in MALLOC.items()}),
        dask.config.set(QUIET),
        _forked() if sys.platform == "linux" else nullcontext(),
        LocalCluster(
            n_workers=int(os.environ.get("RBM_WORKERS", 0)) or os.cpu_count() or 1,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,  # pausing a worker at a share of memory would freeze a whole class
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        print(cluster.scheduler_address, flush=True)
        warm = [client.submit(_warm_up, workers=[w], pure=False) for w in client.scheduler_info()["workers"]]
        closing.read()
        del warm


def _forked() -> AbstractContextManager[None]:
    """Workers are forked from a process that has imported ``rbm.jobs.preload``.

    Not elsewhere: Windows cannot, and on macOS what the system's own libraries have begun does not survive it.
    """
    import dask
    from distributed.utils import get_mp_context

    forked: AbstractContextManager[None] = dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
    get_mp_context().set_forkserver_preload(["distributed", "rbm.jobs.preload"])
    return forked


def _warm_up() -> None:
    """Pay for imports, compiling, reading MNIST and torch's first calls before the first click on Train, not after it."""
    from rbm.core.warming import compile_loops
    from rbm.experiment import RunSpec
    from rbm.jobs.training import TrainingJob

    compile_loops()
    TrainingJob(RunSpec().to_json()).advance(seconds=0.0, snapshot=True, checkpoint=True)
