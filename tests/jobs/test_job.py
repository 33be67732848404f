"""Jobs on a real cluster: one pump, one policy for a lost worker, and errors of their own that are never taken for one."""

import importlib
import itertools
import logging
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from rbm.core.living import Living
from rbm.experiment import ModelSpec, RunSpec
from rbm.jobs import cluster, seat
from rbm.jobs import job as job_module
from rbm.jobs.job import Job, Work, release_all
from rbm.jobs.live import LiveRun
from rbm.jobs.seat import Answer
from rbm.jobs.task import Task, TaskPart
from rbm.jobs.turns import Turns
from rbm.training.config import TrainConfig
from tests.helpers.holding import Hold
from tests.helpers.waiting import ENDLESS, PATIENCE, wait

LONG = RunSpec(model=ModelSpec(23), training=TrainConfig(epochs=ENDLESS, schedule="constant"))
HERE = "tests.jobs.test_job"


def counted(notes: str = "", fails: str = "") -> Iterator[tuple[int, int]]:
    """Numbers and the process that they come from; every beginning leaves a line in ``notes``; ``fails`` names an error."""
    if notes:
        with Path(notes).open("a") as file:
            file.write("begun\n")
    for n in itertools.count():
        if n == 3 and fails:
            raise {"OSError": OSError, "RuntimeError": RuntimeError, "TimeoutError": TimeoutError}[fails]("my own")
        time.sleep(0.02)
        yield n, os.getpid()


class Refused:
    """Work that cannot even be made."""

    def __init__(self) -> None:
        raise OSError("no such camera")


class RefusedJob(Job):
    def _work(self) -> Work:
        return importlib.import_module(HERE).Refused, ()  # by the name that the worker knows

    def _take(self, value: object) -> None:
        raise AssertionError(f"nothing was asked for, yet {value!r} came")


class Slow(Task):
    """A task whose news take the screen's process long to take in."""

    def __init__(self, until: threading.Event) -> None:
        super().__init__(f"{HERE}:counted")
        self.until = until

    def _take(self, value: object) -> None:
        super()._take(value)
        self.until.wait()


pytestmark = pytest.mark.usefixtures("watched")


@pytest.fixture(autouse=True)
def workers() -> Iterator[None]:
    cluster.connect()
    yield
    release_all(60)


def actors() -> int:
    found = cluster.connect().client.run(lambda dask_worker: len(dask_worker.state.actors))
    return sum(found.values())


def told(task: Task) -> list[int]:
    return [n for n, _ in task.news]


@pytest.mark.parametrize("error", ["OSError", "RuntimeError", "TimeoutError"])
def test_an_error_of_the_works_own_is_told_once_and_never_tried_again(error, tmp_path):
    task = Task(f"{HERE}:counted", notes=str(tmp_path / "notes"), fails=error)
    task.start()
    wait(lambda: not task.active)
    assert (task.status, told(task), task.notice) == ("failed", [0, 1, 2], "")
    assert f"{error}: my own" in task.message
    assert (tmp_path / "notes").read_text() == "begun\n"


def test_work_that_cannot_be_made_says_why_and_leaves_the_worker():
    job = RefusedJob()
    job.start()
    wait(lambda: not job.active)
    assert job.status == "failed"
    assert "OSError: no such camera" in job.message
    wait(lambda: actors() == 0)


@pytest.mark.parametrize("how", ["killed", pytest.param("closed", marks=pytest.mark.slow)])
def test_a_lost_cluster_is_a_lost_worker_for_every_kind_of_job(how, monkeypatch):
    monkeypatch.setattr("rbm.jobs.live.CHECKPOINT_SECONDS", 0.1)
    run, task = LiveRun(LONG), Task(f"{HERE}:counted")
    run.play()
    task.start()
    wait(lambda: run._saved_step > 0 and len(task.news) > 3)
    if how == "killed":
        process = cluster.connect()._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
    else:
        cluster.disconnect()
    wait(lambda: bool(run.notice and task.notice), what="a word about the loss")
    assert run.notice.startswith("The training process was lost; going on from epoch ")
    assert task.notice.startswith("The training process was lost; beginning again")
    stood, length = run.step_number, len(task.news)
    wait(lambda: run.step_number > stood and len(task.news) > length, what="work on another cluster")
    assert told(task) == list(range(len(task.news)))
    steps = [e.step for e in run.history.now().events]
    assert steps == sorted(set(steps))
    run.pause()
    assert run.notice == ""


def test_a_worker_that_is_lost_again_and_again_ends_the_job(monkeypatch):
    monkeypatch.setattr("rbm.jobs.job.REVIVAL_SECONDS", 0.0)
    monkeypatch.setattr(seat.Seat, "ask", lambda self, *calls: _lost())
    task = Task(f"{HERE}:counted")
    task.start()
    wait(lambda: not task.active)
    assert task.status == "failed"
    assert task.message.startswith("The training process was lost 5 times in a row (last: ConnectionError: gone)")


def _lost() -> object:
    answer: Future[object] = Future()
    answer.set_exception(ConnectionError("gone"))
    return answer


def test_a_few_threads_serve_all_jobs_and_a_slow_one_holds_up_nobody():
    tasks, go_on = [Task(f"{HERE}:counted") for _ in range(12)], threading.Event()
    slow = Slow(go_on)
    try:
        for task in (slow, *tasks):
            task.start()
        wait(lambda: bool(slow.news))
        stood, before = len(slow.news), [len(task.news) for task in tasks]
        wait(lambda: all(len(task.news) > n for task, n in zip(tasks, before, strict=True)))
        assert len(slow.news) == stood
        ours = [thread.name for thread in threading.enumerate() if thread.name.startswith("rbm-jobs")]
        assert len(ours) <= 4
    finally:
        go_on.set()


def test_a_closed_tab_frees_the_workers_of_what_rested_there_too():
    run, moving, resting = LiveRun(LONG), Task(f"{HERE}:counted"), Task(f"{HERE}:counted")
    run.step(batches=1)
    moving.start()
    resting.start()
    wait(lambda: bool(resting.news and moving.news) and not run.active)
    resting.pause()
    wait(lambda: not resting.active)
    assert actors() == 3
    for job in (run, moving, resting):
        job.release()
    wait(lambda: actors() == 0)
    assert len(moving.news) > 0
    stood = len(resting.news)
    resting.start()  # somebody is back: it begins again and tells nothing twice
    wait(lambda: len(resting.news) > stood)
    assert told(resting) == list(range(len(resting.news)))


def test_the_servers_end_takes_last_checkpoints_and_speaks_of_no_lost_worker(caplog):
    run, other = LiveRun(LONG), LiveRun(LONG)
    for one in (run, other):
        one.play()
    wait(lambda: all(one.step_number > 0 for one in (run, other)))
    with caplog.at_level(logging.WARNING):
        release_all(60)
        assert run._saved_step == run.step_number
        other.renew()
        wait(lambda: len(other._flying) > 0)
        other._lease_ends = 0.0
        cluster.disconnect()  # before its last slice is back
        wait(lambda: not other._pumping)
    assert [record for record in caplog.records if record.name.startswith("rbm")] == []
    assert other.step_number == max(other._saved_step, 0)


class TwoWorkers:
    """As much of a cluster as choosing a worker asks for."""

    alive = True

    def __init__(self) -> None:
        self._turns = defaultdict(Turns)

    def workers(self) -> tuple[str, ...]:
        return "one", "two"

    def turns_of(self, worker: str) -> Turns:
        return self._turns[worker]

    def place(self, kind: type, worker: str, only: bool = False) -> SimpleNamespace:
        return SimpleNamespace(future=SimpleNamespace(key="its key"), worker=worker)

    def drop(self, place: SimpleNamespace) -> None:
        pass


def test_actors_go_where_the_fewest_are_also_when_they_are_placed_at_once(monkeypatch):
    here, hold = TwoWorkers(), Hold()
    monkeypatch.setattr(here, "place", hold.before(here.place))
    monkeypatch.setattr(seat, "_seats", Living())
    monkeypatch.setattr(cluster, "connect", lambda: here)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(seat.Seat, int, ())
        hold.until_inside()  # chosen, and not there yet
        second = seat.Seat(int, ())
        hold.go()
        seats = [first.result(PATIENCE), second, seat.Seat(int, ())]
    assert [one.worker for one in seats] == ["one", "two", "one"]
    seats[1]._first = Future()  # it has had its turn, and nobody waits there now
    seats.append(seat.Seat(int, ()))
    assert seats[-1].worker == "two"
    for one in seats:
        one.leave()
    assert seat._seats.now() == []


class HeldLock:
    """A job's lock; who lets go of it the first time after ``armed`` is held up right behind it."""

    def __init__(self, hold: Hold) -> None:
        self._lock, self._depth, self.armed = threading.RLock(), 0, False
        self._stop = hold.behind(lambda: None)

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        free = self.armed and self._depth == 0
        self._lock.release()
        if free:
            self._stop()


def test_a_job_that_is_taken_up_again_as_it_comes_to_rest_is_driven_by_one_thread(monkeypatch):
    """The thread that had nothing left to ask for goes, and does not wait for the other's slice as well."""
    asked: list[Future[Answer]] = []

    class Seated:
        settled, shared, seconds, silence, better_elsewhere = True, False, 0.1, "", False

        def ask(self, *calls: object) -> Future[Answer]:
            asked.append(Future())
            return asked[-1]

        def leave(self) -> None:
            pass

    task, hold = Task(f"{HERE}:counted"), Hold()
    lock = HeldLock(hold)
    monkeypatch.setattr(task, "_lock", lock)
    monkeypatch.setattr(task, "_seat", Seated())
    rest = task._rest

    def armed_rest() -> None:
        rest()
        lock.armed = True

    monkeypatch.setattr(task, "_rest", armed_rest)
    driving, drives, drive = threading.Lock(), [0], task._drive  # so many now

    def counted_drive() -> None:
        with driving:
            drives[0] += 1
        drive()
        with driving:
            drives[0] -= 1

    monkeypatch.setattr(task, "_drive", counted_drive)
    task.status = "paused"
    task._begin_pump()
    hold.until_inside()
    lock.armed = False
    monkeypatch.setattr(task, "_rest", rest)
    task.start()
    wait(lambda: len(asked) == 1 and drives[0] == 1, what="the other thread's slice")
    hold.go()
    wait(lambda: drives[0] == 0, what="the first thread to go")
    for number in range(3):
        slices = len(asked)
        asked[-1].set_result(Answer(0.1, TaskPart([number], over=False)))
        wait(lambda before=slices: len(asked) > before and drives[0] == 0, what="the next slice, and nobody who waits")
    assert (len(asked), task.news) == (4, (0, 1, 2))
    task.pause()
    asked[-1].set_result(Answer(0.1, TaskPart([3], over=True)))
    wait(lambda: not task.active, what="its rest")
    assert task.status != "failed"


def test_a_job_that_is_still_being_made_can_be_looked_at(monkeypatch):
    """By another thread, which finds it among all jobs."""
    seen: list[Job] = []
    add = job_module._jobs.add

    def looked_at(one: Job) -> None:
        add(one)
        seen.append(one)
        if isinstance(one, LiveRun):
            assert one.record is None
        if isinstance(one, Task):
            assert (one.function, one.news) == ("", ())

    monkeypatch.setattr(job_module._jobs, "add", looked_at)
    made = [LiveRun(LONG), Task(f"{HERE}:counted")]
    assert seen == made


def test_what_was_lost_is_no_news_once_all_is_learnt():
    task = Task(f"{HERE}:counted")
    task.notice = task._revived = "The training process was lost; going on from epoch 1.1."
    for status, left in ("running", task.notice), ("paused", task.notice), ("finished", ""):
        task.status = status
        task._rest()
        assert task.notice == left
    task.notice = "Training here has stopped."  # of another kind: it stays
    task._rest()
    assert task.notice
