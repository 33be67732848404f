"""The cluster, a worker or the server killed at any moment, also while they start, and a scheduler that does not answer.

One policy and one outcome: it is told, and the work goes on from its newest checkpoint, or begins again where there is none.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psutil
import pytest
from distributed.core import Status

from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs import cluster, recording
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.jobs.task import Task
from rbm.store import Store
from rbm.training.config import TrainConfig
from tests.helpers.places import ROOT
from tests.helpers.processes import forking, workers
from tests.helpers.waiting import ENDLESS, PATIENCE, trained, wait

LONG = RunSpec(DatasetSpec(size=2000), ModelSpec(23), TrainConfig(epochs=ENDLESS, schedule="constant"))

pytestmark = pytest.mark.usefixtures("watched")


@pytest.fixture(autouse=True)
def no_cluster() -> Iterator[None]:
    cluster.disconnect()
    yield
    cluster.disconnect()


@pytest.fixture
def run() -> Iterator[LiveRun]:
    one = LiveRun(LONG)
    yield one
    one.pause()
    one.release()
    wait(lambda: not one._pumping)


def ours() -> list[psutil.Process]:
    """The cluster's process, and its workers as soon as there are any."""
    mains = [child for child in psutil.Process().children() if "rbm.cluster" in child.cmdline()]
    return [*mains, *(worker for main in mains for worker in workers(main))]


MOMENTS: dict[str, Callable[[LiveRun], bool]] = {
    "it was begun": lambda run: len(ours()) > 0,
    "its workers begin": lambda run: len(ours()) > 1,
    "the run has its seat": lambda run: run._seat is not None,
    "the first numbers come": lambda run: len(run.history) > 0,
    "it has a checkpoint": lambda run: run._saved_step > 0,
}


def kill_the_cluster() -> None:
    ours()[0].kill()


def end_the_cluster() -> None:
    ours()[0].terminate()


def kill_the_workers() -> None:
    for worker in ours()[1:]:
        worker.kill()


KILLED_IN_CI = [("its workers begin", kill_the_cluster), ("it has a checkpoint", kill_the_workers)]
FORKED = pytest.mark.skipif(sys.platform != "linux", reason="workers are spawned here")


# CI kills at the start and later, one of each; at a release everything is killed at all five moments.
@pytest.mark.parametrize(
    ("moment", "how"),
    [
        pytest.param(moment, how, marks=[] if (moment, how) in KILLED_IN_CI else [pytest.mark.slow])
        for moment in MOMENTS
        for how in (kill_the_cluster, end_the_cluster, kill_the_workers)
    ],
)
def test_killed_at_any_moment_it_is_told_and_goes_on(run, moment, how, monkeypatch):
    monkeypatch.setattr("rbm.jobs.live.CHECKPOINT_SECONDS", 0.3)
    run.play()
    wait(lambda: MOMENTS[moment](run), what=moment)
    had, seat = run._saved_step, run._seat
    how()
    early = how is kill_the_workers and seat is None  # the nanny brings others before anybody has asked for one
    told = "The training process was lost; " + ("going on from epoch " if had >= 0 else "")
    # A start that takes long is told in its place, until it is over.
    wait(lambda: run.notice.startswith(told) or (early and len(run.history) > 0), what="a word about the loss")
    stood = run.step_number
    wait(lambda: run._seat not in (None, seat) and run.step_number > stood, what="training elsewhere")
    run.step(batches=1)
    wait(lambda: not run.active)
    assert run.message == ""
    np.testing.assert_array_equal(run.snapshot.weight, trained(LONG, run.step_number))


@pytest.mark.slow
def test_a_cluster_that_stays_without_workers_is_begun_anew(run, monkeypatch):
    """A nanny whose worker dies while it starts does not start another, and all that waited did so for ever."""
    monkeypatch.setattr("rbm.jobs.live.CHECKPOINT_SECONDS", 0.3)
    monkeypatch.setattr(cluster, "EMPTY_SECONDS", 0.5)

    def begin(dask_worker: Any) -> None:  # the nanny's state in which it takes the end of its worker for a failed start
        dask_worker.status = Status.starting

    run.play()
    wait(lambda: run._saved_step > 0, what="a checkpoint")
    here = cluster.connect()
    stood = run.step_number
    here.client.run(begin, nanny=True)
    kill_the_workers()
    wait(lambda: cluster.connect() is not here and run.step_number > stood, what="training on another cluster")
    run.step(batches=1)
    wait(lambda: not run.active)
    assert run.message == ""
    np.testing.assert_array_equal(run.snapshot.weight, trained(LONG, run.step_number))


@FORKED
def test_a_worker_that_was_killed_has_a_brother_at_once():
    """Who has imported and compiled all that it needs: it is forked from the same process, which has no threads of its own."""
    here = cluster.connect()
    before, main = here.workers(), psutil.Process(here._process.pid)
    (source,) = forking(main)
    (worker,) = workers(main)
    worker.kill()
    wait(lambda: here.workers() not in ((), before), what="another worker")
    ((pid, above, imported),) = here.client.run(
        lambda: (os.getpid(), os.getppid(), "rbm.jobs.preload" in sys.modules)
    ).values()
    assert pid != worker.pid
    assert above == source.pid
    assert imported
    assert source.num_threads() == 1


@FORKED
def test_a_run_goes_on_when_what_its_worker_was_forked_from_is_killed(run):
    run.play()
    wait(lambda: len(run.history) > 0, what="training")
    main = psutil.Process(cluster.connect()._process.pid)
    (before,) = forking(main)
    before.kill()
    wait(lambda: run.notice.startswith("The training process was lost"), what="a word about the loss")
    stood = run.step_number
    wait(lambda: run.step_number > stood, what="training elsewhere")
    # Another cluster, where a machine is so busy that the first one had no new worker for a while.
    main = psutil.Process(cluster.connect()._process.pid)
    (after,) = forking(main)
    assert after != before
    assert len(workers(main)) == 1
    assert run.message == ""


@pytest.mark.parametrize("moment", [pytest.param("begun", marks=pytest.mark.slow), "there"])
def test_no_process_stays_behind_when_the_server_is_killed_while_it_starts(moment):
    code = (
        "from rbm.jobs import cluster; import sys\n"
        "begin = cluster._start_child\n"
        "def start():\n    child = begin(); print('begun', flush=True); return child\n"
        "cluster._start_child = start\n"
        "cluster.connect(); print('there', flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, **pipes) as server:
        while server.stdout.readline() != f"{moment}\n":
            assert server.poll() is None
        family = psutil.Process(server.pid).children(recursive=True)
        assert family
        server.kill()
    _, alive = psutil.wait_procs(family, PATIENCE)
    assert not alive


def test_a_server_that_ends_while_it_starts_does_not_wait_for_its_workers():
    code = (
        "import threading\n"
        "from rbm.jobs import cluster\n"
        "def connect():\n"
        "    try:\n        cluster.connect()\n"
        "    except ConnectionAbortedError as said:\n        print(said)\n"
        "begin = cluster._start_child\n"
        "def start():\n    child = begin(); here.append(child); return child\n"
        "here, cluster._start_child = [], start\n"
        "waiting = threading.Thread(target=connect); waiting.start()\n"
        "while not cluster._starting: assert waiting.is_alive()\n"
        "cluster.disconnect()\n"
        "waiting.join()\n"
        "print(here[0].returncode, cluster._current)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True)
    said, how = done.stdout.splitlines()
    assert said == "the program ended while the training processes started"
    assert how.endswith(" None")
    assert int(how.split()[0]) != 0
    assert done.stderr == ""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scheduler's silence is said sooner than after 5 s."""
    monkeypatch.setattr(cluster, "SILENT_SECONDS", 0.2)


@pytest.mark.slow  # a search under one is tested in every run
def test_a_scheduler_that_stands_still_is_told_while_somebody_waits_for_it_and_no_longer(impatient):
    cluster.connect()
    (main, *_) = ours()
    heard: list[str] = []
    task = Task("tests.jobs.test_job:counted")
    task.on_news = lambda: heard.append(task.notice)
    main.suspend()
    try:
        wait(lambda: cluster.silence() != "", what="the silence")
        task.start()
        wait(lambda: any("has not answered for" in words for words in heard), what="a word about the silence")
        assert task.status == "starting"
        assert cluster.connect().address in task.notice
    finally:
        main.resume()
    wait(lambda: bool(task.news) and task.notice == "", what="the task's news")
    assert heard[-1] == ""
    task.pause()
    task.release()
    wait(lambda: not task._pumping)


def test_a_worker_that_stands_still_is_told_and_goes_on_when_it_does(impatient):
    task = Task("tests.jobs.test_job:counted")
    task.start()
    wait(lambda: len(task.news) > 0, what="the first news")
    place = task._seat._place.worker
    pid = cluster.connect().client.run(os.getpid, workers=[place])[place]
    psutil.Process(pid).suspend()
    try:
        wait(lambda: f"{place} has not answered for" in task.notice, what="a word about the worker")
        assert task.status == "running"
    finally:
        psutil.Process(pid).resume()
    stood = len(task.news)
    wait(lambda: len(task.news) > stood and task.notice == "", what="more news")
    task.pause()
    task.release()
    wait(lambda: not task._pumping)


@pytest.mark.slow  # that it is told, and goes on, is tested in every run
def test_the_registry_hears_of_a_run_whose_worker_stands_still(impatient, monkeypatch, tmp_path):
    monkeypatch.setattr(recording, "BEAT_SECONDS", 0.2)
    store = Store(folder=tmp_path)
    run = LiveRun(LONG, Record(LONG, store=lambda: store))
    run.play()
    wait(lambda: run.record is not None and run.record.begun, what="its first turn")
    assert run.record is not None
    kept, place = run.record.id, run._seat._place.worker
    pid = cluster.connect().client.run(os.getpid, workers=[place])[place]
    psutil.Process(pid).suspend()
    try:
        wait(lambda: "has not answered for" in run.notice, what="a word about the worker")
        recording.flush()
        stood = store.run(kept)
        wait(lambda: store.run(kept).updated_at > stood.updated_at + 1, what="word of its trainer")
        assert store.run(kept).progress.step == stood.progress.step
    finally:
        psutil.Process(pid).resume()
    run.pause()
    run.release()
    wait(lambda: not run._pumping)
    recording.flush()
    store.close()


def test_a_scheduler_that_never_answers_is_told_at_once_and_then_named(impatient, monkeypatch):
    monkeypatch.setattr(cluster, "START_SECONDS", 5.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        monkeypatch.setenv("RBM_SCHEDULER", address)
        task = Task("tests.jobs.test_job:counted")
        task.start()
        wait(lambda: task.notice.startswith(f"No Dask scheduler has answered at {address}"), what="a word")
        assert task.status == "starting"
        wait(lambda: not task.active)
        assert task.message.startswith(f"No Dask scheduler answers at {address}")


def test_a_cluster_that_cannot_start_is_told_after_five_tries(monkeypatch):
    monkeypatch.setattr("rbm.jobs.job.REVIVAL_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "ROOT", ROOT / "assets")
    monkeypatch.setenv("PYTHONPATH", os.devnull)
    monkeypatch.chdir(os.sep)
    task = Task("tests.jobs.test_job:counted")
    task.start()
    wait(lambda: not task.active)
    assert task.message.startswith("The training process was lost 5 times in a row (last: the training processes ended")
