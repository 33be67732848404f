"""The teacher's room: orders reach everybody once, and all runs of its members pause."""

from collections.abc import Iterator

import pytest

from rbm.experiment import RunSpec
from rbm.jobs import room
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.store.owners import Visitor


class Screen:
    def __init__(self) -> None:
        self.nudges = 0

    def nudge(self) -> None:
        self.nudges += 1


@pytest.fixture(autouse=True)
def none_open() -> Iterator[None]:
    room.close_room()
    yield
    room.close_room()


def test_an_order_is_told_to_every_screen_and_carried_out_once_by_each_member():
    here, screen = room.open_room(), Screen()
    here.enter("ada")
    here.enter("bob")
    here.watch(screen)
    assert here.take("ada") is None
    here.start_all("pcd")
    assert screen.nudges == 1
    here.enter("late")  # what was ordered before is not for them
    here.enter("ada")  # a reload is no new visit
    assert [here.take(who) for who in ("ada", "ada", "bob", "late", "stranger")] == [
        room.Order(1, "pcd"),
        None,
        room.Order(1, "pcd"),
        None,
        None,
    ]
    here.start_all("default")
    assert here.take("late") == room.Order(2, "default")
    assert here.members == {"ada", "bob", "late"}


def test_there_is_one_room_at_a_time_with_a_code_of_its_own():
    first = room.open_room()
    assert room.open_room() is first  # a click that is told twice changes no link
    room.close_room()
    assert room.current() is None
    second = room.open_room()
    assert room.current() is second
    assert first.code != second.code
    assert len(second.code) >= 8
    room.close_room()


def test_all_runs_of_the_members_pause_and_no_others():
    here = room.open_room()
    here.enter("ada")
    runs = {who: LiveRun(RunSpec(), Record(RunSpec(), visitor=Visitor(who, who))) for who in ("ada", "bob")}
    heard = []
    for who, run in runs.items():
        run.status = "running"
        run.on_news = lambda who=who: heard.append(who)
    assert here.pause_all() == 1
    assert (runs["ada"].status, runs["bob"].status) == ("paused", "running")
    assert heard == ["ada"]
    runs["bob"].status = "paused"
    room.close_room()


def test_what_somebody_has_yet_to_begin_is_taken_back_when_all_are_paused():
    """Whose browser was away, or has not heard of it yet."""
    here = room.open_room()
    for who in ("ada", "away"):
        here.enter(who)
    here.start_all("pcd")
    assert here.take("ada") is not None
    here.pause_all()
    assert (here.take("away"), here.pauses) == (None, 1)
    here.start_all("pcd")
    assert here.take("away") == room.Order(2, "pcd")
