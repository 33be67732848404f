"""What a task has learnt is in the registry when it comes to rest, however that comes about."""

import itertools
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from rbm import bundled
from rbm.bundled import BundledMachine, Made
from rbm.errors import CheckpointError
from rbm.jobs import machines, recording
from rbm.jobs.job import release_all
from rbm.jobs.machines import Kind
from rbm.jobs.task import Task
from rbm.models.parameters import Parameters
from rbm.store import Store
from rbm.store.owners import Visitor
from tests.helpers.waiting import PATIENCE, wait

pytestmark = pytest.mark.usefixtures("watched")
ADA = Visitor("ada", "Ada")
FUNCTION = "tests.jobs.test_keeping_machines:steps"


def steps(to: int) -> Iterator[int]:
    """The generator of these tests; what it tells of a machine is its only weight."""
    for number in range(1, to + 1):
        time.sleep(0.01)  # or there would be thousands in a slice
        yield number


def machine(weight: float) -> Parameters:
    return Parameters(np.full((1, 1), weight, np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32))


def made(news: Sequence[float]) -> Made:
    return Made({"news": [*news]}, [machine(news[-1])], {})


def told(found: BundledMachine) -> list[Any]:
    assert found.layers[0].weight.item() == found.about["news"][-1]
    return list(found.about["news"])


def arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"to": given["to"]}


KIND = Kind(FUNCTION, made, told, arguments, arguments, lambda arguments: "")


@pytest.fixture
def workers():
    yield
    release_all(PATIENCE)


def held(store: Store, to: int, news: Sequence[float] = ()) -> Task:
    task = Task(FUNCTION, to=to)
    task.news = tuple(news)
    machines.keep(task, KIND, ADA, lambda: store)
    return task


def rested(task: Task) -> None:
    task._rest()
    recording.flush()


def kept(store: Store) -> dict[str, tuple[str, list[Any]]]:
    found = {one.id: (one, machines.opened(KIND, one, store)) for one in store.machines(FUNCTION, 100)}
    assert all(task.status == ("finished" if row.status == "finished" else "failed") for row, task in found.values())
    return {key: (row.status, list(task.news)) for key, (row, task) in found.items()}


def test_a_task_is_kept_when_it_ends_is_paused_or_let_go_of(store, workers):
    over, waits, left = held(store, 3), held(store, 10**6), held(store, 10**6)
    for task in (over, waits, left):
        task.start()
    wait(lambda: over.status == "finished" and waits.news and left.news, what="news of all")
    waits.pause()
    left.release()  # its tab was closed
    wait(lambda: not any(one._pumping for one in (over, waits, left)), what="all at rest")
    recording.flush()
    assert kept(store) == {
        over.kept_as: ("finished", [1, 2, 3]),
        waits.kept_as: ("paused", list(waits.news)),
        left.kept_as: ("paused", list(left.news)),
    }
    assert store.names() == {"ada": "Ada"}


def test_what_has_told_nothing_is_not_kept_and_what_has_told_nothing_new_is_not_written_again(store, monkeypatch):
    nothing, task = held(store, 3), held(store, 3, [1.0])
    for one in (nothing, task):
        one.status = "paused"
        rested(one)
    (row,) = store.machines(FUNCTION, 100)
    rested(task)
    assert store.machines(FUNCTION, 100) == [row]
    task.news = (1.0, 2.0)
    rested(task)
    assert kept(store) == {task.kept_as: ("paused", [1.0, 2.0])}


def test_a_machine_that_has_diverged_takes_the_place_of_no_older_state(store, caplog):
    task = held(store, 3, [1.0])
    rested(task)
    task.news = (1.0, 1e30)
    rested(task)
    assert kept(store)[task.kept_as][1] == [1.0]
    assert "not finite" in caplog.text


def test_what_cannot_be_written_waits_and_the_log_says_so_once(store, caplog):
    task = held(store, 3, [1.0])
    with store._database.write() as db:
        db.execute(text("ALTER TABLE machines RENAME TO elsewhere"))
    with caplog.at_level(logging.ERROR):
        rested(task)
        recording.flush()
    assert len([one for one in caplog.records if "could not be kept" in one.message]) == 1
    with store._database.write() as db:
        db.execute(text("ALTER TABLE elsewhere RENAME TO machines"))
    recording.flush()
    assert kept(store)[task.kept_as][1] == [1.0]


def test_no_changed_byte_goes_unnoticed(store):
    task = held(store, 3, [1.0])
    rested(task)
    (row,) = store.machines(FUNCTION, 100)
    whole = store.machine(row.id)
    for place in (0, 20, len(whole) - 1):
        broken = bytearray(whole)
        broken[place] ^= 1
        store.keep_machine(row, bytes(broken))
        (found,) = store.machines(FUNCTION, 100)
        with pytest.raises(CheckpointError, match=rf"^The machine {row.id[:6]} is damaged \(.+\): train it again\.$"):
            machines.opened(KIND, found, store)
    for other in (b"", whole[:50], bundled.FOLDER.joinpath("faces.safetensors").read_bytes()):
        store.keep_machine(row, other)
        (found,) = store.machines(FUNCTION, 100)
        with pytest.raises(CheckpointError, match="is damaged"):
            machines.opened(KIND, found, store)
    with pytest.raises(CheckpointError, match="settings cannot be read"):
        machines.described(KIND, row._replace(settings=None))


def test_a_machine_whose_pictures_are_gone_or_are_others_by_now_is_not_offered(store, monkeypatch):
    kind = KIND._replace(dataset=lambda arguments: "own:mine")
    here, digest = True, "first"
    monkeypatch.setattr(machines, "is_available", lambda name: here)
    monkeypatch.setattr(machines, "revision", lambda name: digest)
    task = Task(FUNCTION, to=3)
    task.news = (1.0,)
    machines.keep(task, kind, ADA, lambda: store)
    rested(task)
    (row,) = store.machines(FUNCTION, 100)
    found = machines.described(kind, row)
    assert (found.arguments, found.news) == ({"to": 3}, ())
    digest = "second"
    assert machines.described(kind, row) is None
    here, digest = False, "first"
    assert machines.described(kind, row) is None


def test_curves_are_thinned_to_what_a_chart_draws_and_keep_their_end():
    assert machines.thinned([]) == []
    for count in (1, machines.MOST_TOLD, machines.MOST_TOLD + 1, 10 * machines.MOST_TOLD + 7):
        found = machines.thinned(range(count))
        assert found[-1] == count - 1
        assert count / 2 < len(found) * max(1, count / machines.MOST_TOLD) <= count + machines.MOST_TOLD
        assert len({b - a for a, b in itertools.pairwise(found)}) <= 1
