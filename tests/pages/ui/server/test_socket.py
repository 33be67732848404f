"""The page's socket: what it says and answers, and whom it refuses."""

import json
import threading
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from streamlit import config
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from pages.ui.server import feed, socket
from pages.ui.server.instant import Sliders
from rbm.core.limits import SOCKETS
from rbm.jobs.task import Task
from tests.helpers.waiting import wait


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> feed.Feed:
    one = feed.Feed()
    monkeypatch.setattr(feed, "find", {one.token: one}.get)
    return one


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """Where a server answers that has nothing but the sockets."""
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=socket.ROUTES), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait(lambda: server.started)
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def enter(host: str, address: str, origin: Any = None) -> ClientConnection:
    return connect(f"ws://{host}/{address}", origin=origin)


def refused(host: str, address: str, origin: str | None = None) -> bool:
    with pytest.raises(InvalidStatus) as told:
        enter(host, address, origin)
    return told.value.response.status_code == 403


def heard(page: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.recv())
    return found


def test_news_go_out_once_those_before_are_drawn_and_questions_are_answered_between(ours, host):
    counted: list[int] = []
    part = ours.watch("play")
    part.plays(lambda: counted.append(len(counted)), 0.0)
    part.moves(lambda: {"number": {"is": len(counted)}})
    ours.sliders = Sliders({"wheel": (1, 2)}, lambda wheel: {"sum": {"is": wheel}}, Lock())
    with enter(host, ours.address) as page:
        first = heard(page)["elements"]["number"]["is"]
        page.send('{"wheel": 1}')
        assert heard(page)["answer"]["sum"]["is"] == 2
        page.send("nonsense")
        assert heard(page) == {"answer": {}}
        assert len(counted) == first  # nothing more before it is drawn
        page.send(socket.DRAWN)
        assert heard(page)["elements"]["number"]["is"] == first + 1


def test_what_is_no_question_is_answered_by_nothing_or_ends_the_socket_in_order(ours, host):
    ours.sliders = Sliders({"wheel": (1, 2)}, lambda wheel: {"sum": {"is": wheel}}, Lock())
    with enter(host, ours.address) as page:
        page.send("[" * socket.MOST_CHARACTERS)
        assert heard(page) == {"answer": {}}
        page.send(b"bytes")
        with pytest.raises(ConnectionClosed):
            page.recv()
        assert page.close_code == socket.NO_TEXT


def test_the_sockets_address_tells_no_secret_and_stands_in_no_address_of_a_picture(ours, host):
    with enter(host, ours.address) as page:
        assert "Set-Cookie" not in page.response.headers
    assert ours.token not in ours.shown


def test_the_visitors_run_goes_on_on_pages_that_do_not_show_it_and_ends_with_its_tab(ours):
    run = Task("nobody:nothing")
    run.lease_seconds = 60.0
    run.renew()
    ours.own, before = run, run._lease_ends
    ours.message()
    assert run._lease_ends > before
    run.release()
    ours.message()
    assert not run.watched
    ours.ask_again()  # the page is open again, as after a laptop slept
    assert run.watched


def test_a_socket_that_comes_again_hears_what_the_lost_one_was_told(ours, host, monkeypatch):
    monkeypatch.setattr(feed, "TURN_SECONDS", 0.0)
    job = Task("nobody:nothing")
    ours.watch("part", job)
    job.status = "failed"
    for _ in range(2):
        job.release()
        with enter(host, ours.address) as page:
            assert "turn_part" in heard(page)["elements"]
            assert job.watched
        wait(lambda: ours.sockets == 0)


def test_only_pages_of_this_server_are_let_in(ours, host, monkeypatch):
    assert refused(host, "live/guessed")
    monkeypatch.setattr(socket, "is_url_from_allowed_origins", lambda url: url == "http://known")
    assert refused(host, ours.address, origin="http://elsewhere")
    for origin in (f"http://{host}", "http://known"):
        with enter(host, ours.address, origin):
            wait(lambda: ours.sockets == 1)
        wait(lambda: ours.sockets == 0)
    before = config.get_option("server.allowedHosts")
    config.set_option("server.allowedHosts", ["school"])
    try:
        assert refused(host, ours.address, origin=f"http://{host}")
    finally:
        config.set_option("server.allowedHosts", before)


def test_sockets_and_what_they_say_are_limited(ours, host):
    with enter(host, ours.address) as page:
        page.send("x" * (socket.MOST_CHARACTERS + 1))
        with pytest.raises(ConnectionClosed):
            page.recv()
        assert page.close_code == socket.TOO_LARGE
    wait(lambda: ours.sockets == 0)
    ours.sockets = SOCKETS.most
    assert refused(host, ours.address)


def test_a_part_that_cannot_be_drawn_does_not_silence_the_others(ours, caplog):
    def broken() -> feed.Elements:
        raise OSError("the file is gone")

    draws: dict[str, Callable[[], feed.Elements]] = {"one": broken, "two": lambda: {"two": {}}}
    for name, draw in draws.items():
        ours.watch(name)._draw = draw
    assert json.loads(ours.message() or "") == {"elements": {"two": {}}}
    assert "the part one of a page could not be drawn" in caplog.text


def test_what_a_hand_has_just_pressed_is_shown_without_the_rest_between_two_looks(ours, host, monkeypatch):
    monkeypatch.setattr(feed, "pause", lambda: 1e6)
    counted = [0]
    part = ours.watch("walk")
    part.moves(lambda: {"number": {"is": counted[0]}})
    with enter(host, ours.address) as page:
        assert heard(page)["elements"]["number"]["is"] == 0
        for number in (1, 2):
            page.send(socket.DRAWN)
            counted[0] = number
            ours.show("walk")
            assert heard(page)["elements"]["number"]["is"] == number


def test_the_first_news_that_a_part_shows_come_without_a_rest_and_later_ones_with_it(ours, monkeypatch):
    monkeypatch.setattr(feed, "_watchers", feed._watchers.copy())
    job = Task("nobody:nothing")
    part, shown = ours.watch("run", job), dict[str, dict[str, int]]()
    part.moves(lambda: dict(shown))
    job.on_news()  # begun, with nothing to show yet
    assert ours.hurry
    assert ours.message() is None
    shown["number"] = {"is": 1}
    job.on_news()
    assert ours.hurry  # the first point: it does not wait until the rest after another message is over
    assert json.loads(ours.message() or "") == {"elements": shown}
    job.on_news()
    assert not ours.hurry


def test_what_was_ordered_is_worked_off_a_turn_a_look_without_rest_and_then_it_rests(ours):
    left = [3]

    def step() -> bool:
        left[0] = max(left[0] - 1, 0)
        return left[0] > 0

    part = ours.watch("walk")
    part.moves(lambda: {"left": {"is": left[0]}})
    part.works(step)
    for expected in (2, 1):
        assert json.loads(ours.message() or "")["elements"]["left"]["is"] == expected
        assert ours.hurry
        assert ours.waits() == 0.0
    assert json.loads(ours.message() or "")["elements"]["left"]["is"] == 0
    assert not ours.hurry
    assert ours.waits() > 0.0
