"""Tasks on a real cluster: they tell everything once and in order, whatever happens to their worker."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from pages.ui.tasks import _Lease
from rbm import cluster
from rbm.errors import ConfigError
from rbm.races import Race
from rbm.task import Stepper, Task, begin, release_all
from tests.waiting import wait


def count(to: int, seconds: float = 0.0) -> Iterator[tuple[int, int]]:
    """The generator of these tests: the number and the process that it ran in."""
    for n in range(to):
        time.sleep(seconds)
        yield n, os.getpid()
    if to == 3:
        raise ConfigError("Three is a crowd.")
    if to == 4:
        raise KeyError("four")


COUNT = "tests.test_task:count"


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


@pytest.mark.parametrize("name", ["", "rbm.task", ":count", "rbm.task:", "rbm.task:a b"])
def test_a_task_needs_a_module_and_a_function(name):
    with pytest.raises(ConfigError, match=r"is named 'rbm\.module:function'"):
        begin(name, {})


@pytest.fixture(scope="module")
def workers() -> Iterator[cluster.Cluster]:
    yield cluster.connect()
    cluster.disconnect()


def test_a_task_tells_everything_once_and_in_order(workers):
    task, heard = Task(COUNT, to=30, seconds=0.02), []
    task.on_news = lambda: heard.append(len(task.news))
    assert (task.status, task.active) == ("idle", False)
    task.start()
    assert task.active
    wait(lambda: len(task.news) > 5)
    task.pause()
    wait(lambda: not task.active)
    stood = len(task.news)
    assert 5 < stood < 30
    task.start()
    wait(lambda: not task.active)
    assert task.status == "finished"
    assert [n for n, _ in task.news] == list(range(30))
    assert len({pid for _, pid in task.news}) == 1
    assert heard[-1] == 30
    assert 0.6 < task.seconds < 30


def test_a_task_that_nobody_watches_stops_and_goes_on_when_somebody_does(workers):
    task = Task(COUNT, to=40, seconds=0.02)
    task.start()
    wait(lambda: len(task.news) > 2)
    release_all()
    wait(lambda: not task._pumping)
    stood = len(task.news)
    assert stood < 40
    task.renew()
    wait(lambda: task.status == "finished")
    assert [n for n, _ in task.news] == list(range(40))


def test_the_end_of_a_tab_stops_its_tasks_and_what_its_pages_hold_themselves(workers):
    lease, held, race = (
        _Lease(),
        Task(COUNT, to=400, seconds=0.05),
        Race(n_hidden=8, learning_rate=0.1, updates=5000),
    )
    held.start()
    lease.tasks["held"], lease.others["race"] = held, race
    wait(lambda: len(held.news) > 2)
    wait(lambda: (race.collect(), any(race.legs.values()))[1])
    lease.end()
    wait(lambda: not held._pumping)
    assert len(held.news) < 400
    # What no longer has anybody waiting for it is dropped by the scheduler, the leg under way once it ends.
    left = lambda dask_scheduler: [key for key in dask_scheduler.tasks if str(key).startswith("run_leg")]  # noqa: E731
    wait(lambda: not workers.client.run_on_scheduler(left))


def test_a_lost_worker_is_replaced_and_nothing_is_told_twice(workers):
    task = Task(COUNT, to=60, seconds=0.05)
    task.start()
    wait(lambda: len(task.news) > 5)
    os.kill(task.news[-1][1], signal.SIGKILL)
    wait(lambda: task.status == "finished")
    assert [n for n, _ in task.news] == list(range(60))
    assert len({pid for _, pid in task.news}) == 2


def test_a_task_that_fails_says_why(workers):
    task = Task(COUNT, to=3)
    task.start()
    wait(lambda: not task.active)
    assert (task.status, task.message, len(task.news)) == ("failed", "Three is a crowd.", 3)
