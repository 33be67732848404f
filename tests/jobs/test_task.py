"""Tasks on a real cluster: they tell everything once and in order, whatever happens to their worker."""

import itertools
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pages.ui.session.tasks import _Lease, _take_up
from rbm.errors import ConfigError
from rbm.jobs import cluster
from rbm.jobs.job import release_all
from rbm.jobs.task import Stepper, Task, begin
from rbm.tasks.algorithm_comparison import Race
from tests.helpers.waiting import PATIENCE, wait


def count(to: int, seconds: float = 0.0, end: str = "") -> Iterator[tuple[int, int]]:
    """The generator of these tests: the number and the process that it ran in, until there is a file ``end``."""
    for n in range(to):
        time.sleep(seconds)
        if end and Path(end).exists():
            return
        yield n, os.getpid()
    if to == 3:
        raise ConfigError("Three is a crowd.")
    if to == 4:
        raise KeyError("four")


pytestmark = pytest.mark.usefixtures("watched")

COUNT = "tests.jobs.test_task:count"
MANY = 10**6  # that nobody lives to see


def test_a_stepper_stops_at_its_deadline_and_goes_on_where_it_was():
    stepper = Stepper(COUNT, {"to": 10}, skip=2)
    first = stepper.advance(0.0)
    assert (first.news, first.over) == ([], False)
    stepper.advance(0.0)
    rest = stepper.advance(60.0)
    assert [n for n, _ in rest.news] == list(range(2, 10))
    assert rest == (rest.news, True, "")


def test_what_ends_badly_says_why():
    part = Stepper(COUNT, {"to": 3}).advance(60.0)
    assert (len(part.news), part.over, part.reason) == (3, True, "Three is a crowd.")
    assert "KeyError: 'four'" in Stepper(COUNT, {"to": 4}).advance(60.0).reason


@pytest.mark.parametrize("name", ["", "rbm.jobs.task", ":count", "rbm.jobs.task:", "rbm.jobs.task:a b"])
def test_a_task_needs_a_module_and_a_function(name):
    with pytest.raises(ConfigError, match=r"is named 'rbm\.module:function'"):
        begin(name, {})


@pytest.fixture(scope="module")
def workers() -> Iterator[None]:
    cluster.connect()
    yield
    release_all(PATIENCE)


def test_a_task_tells_everything_once_and_in_order(workers, tmp_path, monkeypatch):
    end, ticks, rested = tmp_path / "end", itertools.count(), [0]
    clock = SimpleNamespace(monotonic=lambda: next(ticks) + rested[0], perf_counter=time.perf_counter)
    monkeypatch.setattr("rbm.jobs.task.time", clock)  # one more at each look, whatever the machine's own clock says
    task, heard = Task(COUNT, to=MANY, seconds=0.02, end=str(end)), []
    task.on_news = lambda: heard.append(len(task.news))
    assert (task.status, task.active) == ("idle", False)
    task.start()
    assert task.active
    wait(lambda: len(task.news) > 5)
    task.pause()
    wait(lambda: not task.active and not task._pumping)
    stood, ran = len(task.news), task.seconds
    assert stood > 5
    rested[0] = 10**6
    task.start()
    wait(lambda: len(task.news) > stood)
    end.touch()
    wait(lambda: not task.active)
    assert task.status == "finished"
    told = [n for n, _ in task.news]
    assert told == list(range(len(told)))
    assert len({pid for _, pid in task.news}) == 1
    assert heard[-1] == len(told)
    assert 0 < ran < task.seconds < rested[0]  # its pause is left out


def test_a_task_that_nobody_watches_stops_and_goes_on_when_somebody_does(workers, tmp_path):
    end = tmp_path / "end"
    task = Task(COUNT, to=MANY, seconds=0.02, end=str(end))
    task.start()
    wait(lambda: len(task.news) > 2)
    release_all()
    wait(lambda: not task._pumping)
    stood = len(task.news)
    task.renew()
    wait(lambda: len(task.news) > stood)
    end.touch()
    wait(lambda: task.status == "finished")
    told = [n for n, _ in task.news]
    assert told == list(range(len(told)))


def test_the_end_of_a_tab_stops_its_tasks_and_what_its_pages_hold_themselves(workers):
    lease, held, race = _Lease(), Task(COUNT, to=MANY, seconds=0.05), Race(n_hidden=8, learning_rate=0.1, updates=5000)
    for name, job in {"held": held, **race.tasks}.items():
        lease.take(name, job)
        job.start()
    wait(lambda: len(held.news) > 2 and any(race.legs.values()))
    lease.end()
    wait(lambda: not any(job._pumping for job in lease.jobs.values()))
    assert held.status == "running"  # not over: nobody waits for it
    actors = lambda dask_worker: list(dask_worker.state.actors)  # noqa: E731
    wait(
        lambda: not any(cluster.connect().client.run(actors).values()),
        what="the workers being free of what the tab had",
    )


def test_a_tab_that_is_loaded_anew_takes_its_tasks_up_where_they_are(workers, tmp_path):
    old, another, new, late = _Lease("ada"), _Lease("bob"), _Lease("ada"), _Lease("ada")
    task, end = Task(COUNT, to=MANY, seconds=0.02, end=str(tmp_path / "end")), tmp_path / "end"
    old.take("count", task)
    task.start()
    wait(lambda: len(task.news) > 2)
    old.end()
    _take_up(another, "bob")
    assert not another.jobs  # it is somebody else's
    _take_up(new, "ada")
    assert new.jobs == {"count": task}
    _take_up(late, "ada")
    assert not late.jobs  # another tab has it
    stood = len(task.news)
    wait(lambda: len(task.news) > stood)
    end.touch()
    wait(lambda: task.status == "finished")
    told = [n for n, _ in task.news]
    assert told == list(range(len(told)))


def test_a_lost_worker_is_replaced_and_nothing_is_told_twice(workers, tmp_path):
    end = tmp_path / "end"
    task = Task(COUNT, to=MANY, seconds=0.05, end=str(end))
    task.start()
    wait(lambda: len(task.news) > 5)
    lost = task.news[-1][1]
    os.kill(lost, signal.SIGKILL)
    wait(lambda: task.news[-1][1] != lost, what="news of another worker")
    end.touch()
    wait(lambda: task.status == "finished")
    told = [n for n, _ in task.news]
    assert told == list(range(len(told)))
    assert len({pid for _, pid in task.news}) == 2


def test_a_task_that_fails_says_why(workers):
    task = Task(COUNT, to=3)
    task.start()
    wait(lambda: not task.active)
    assert (task.status, task.message, len(task.news)) == ("failed", "Three is a crowd.", 3)
