"""What moves on a page moves by news that the server sends over a socket of its own, element by element.

A script run for every look cost, measured on two cores at two looks a second, a quarter of a core on the server and
0.4 of one in the browser; the news of the same elements cost a fraction of both, which training keeps.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

import streamlit as st
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from rbm.jobs.job import moving_jobs
from rbm.jobs.live import LiveRun

Elements = dict[str, dict[str, Any]]  # what is new, by the key of the element that shows it


class Feed:
    """One session's news. The script says with ``show`` what its page draws; the session's socket sends it on."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(16)  # known to this session's page alone
        self.sliders: object = None  # what `pages.ui.server.instant` answers ...
        self.turn = Lock()  # ... one drawing at a time
        self.files: dict[
            str, Callable[[], bytes | str]
        ] = {}  # what `pages.ui.server.download` gives, by the button's key
        self._run: LiveRun | None = None
        self._draw: Callable[[LiveRun], Elements] | None = None
        self._listeners: set[Callable[[], None]] = set()

    @property
    def address(self) -> str:
        """Where the page's socket finds it, relative to the page."""
        return f"live/{self.token}"

    def show(self, run: LiveRun | None, draw: Callable[[LiveRun], Elements]) -> None:
        """From now on send what ``draw`` makes of ``run``, whenever that has something new."""
        self._run, self._draw = run, draw
        if run is not None:
            run.on_news = self._wake
            self._wake()

    def message(self) -> str | None:
        """The news as the page reads it; None where there are none yet. Keeps the run going."""
        run, draw = self._run, self._draw
        if run is None or draw is None or (run.active and not len(run.history)):
            return None
        run.keep()
        return json.dumps({"moving": run.active, "elements": draw(run)})

    @contextmanager
    def listen(self, heard: Callable[[], None]) -> Iterator[None]:
        """Have ``heard`` called, from any thread, at every news."""
        self._listeners.add(heard)
        try:
            yield
        finally:
            self._listeners.discard(heard)

    def _wake(self) -> None:
        for heard in tuple(self._listeners):
            heard()


_feeds: weakref.WeakValueDictionary[str, Feed] = weakref.WeakValueDictionary()


def current() -> Feed:
    """This session's feed; it ends with the session."""
    if "feed" not in st.session_state:
        feed = st.session_state["feed"] = Feed()
        _feeds[feed.token] = feed
    found: Feed = st.session_state["feed"]
    return found


def find(token: str) -> Feed | None:
    """The living session's feed of that token."""
    return _feeds.get(token)


def pause() -> float:
    """Seconds between news of a moving run: twice a second, less often when a class trains."""
    return min(max(0.45, 0.06 * moving_jobs()), 3.0)


async def serve(socket: WebSocket) -> None:
    """A page's socket: news go out, "drawn" comes back before the next."""
    feed = find(socket.path_params["token"])
    if feed is None:
        await socket.close()
        return
    await socket.accept()
    loop, news, drawn = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def heard() -> None:
        with suppress(RuntimeError):  # the loop may close at any moment: nobody is there to be told any more
            loop.call_soon_threadsafe(news.set)

    with feed.listen(heard), suppress(WebSocketDisconnect):
        heard()
        tasks = {asyncio.create_task(_send(socket, feed, news, drawn)), asyncio.create_task(_read(socket, drawn))}
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        for task in done:
            task.result()


async def _send(socket: WebSocket, feed: Feed, news: asyncio.Event, drawn: asyncio.Event) -> None:
    while True:
        await news.wait()
        news.clear()
        message = await asyncio.to_thread(feed.message)
        if message is not None:
            drawn.clear()
            await socket.send_text(message)
            await drawn.wait()
            await asyncio.sleep(pause())


async def _read(socket: WebSocket, drawn: asyncio.Event) -> None:
    async for _ in socket.iter_text():
        drawn.set()


ROUTES = (WebSocketRoute("/live/{token}", serve),)
