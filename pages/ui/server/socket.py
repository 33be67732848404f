"""The page's one socket: news of what moves go out, and what its sliders show comes as soon as they are asked for."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from urllib.parse import urlparse

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.web.server.server_util import is_url_from_allowed_origins
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from pages.ui.server import feed, instant
from pages.ui.server.turnstile import SCREEN as TURNSTILE
from rbm.core.limits import SOCKETS

MOST_CHARACTERS = 4096  # of a question, which names a stop for every slider of a page
DRAWN = "drawn"
NO_TEXT, REFUSED, TOO_LARGE, TRY_LATER = 1003, 1008, 1009, 1013  # as RFC 6455 and its registry name them


async def serve(socket: WebSocket) -> None:
    """News go out, "drawn" comes back before the next; every other message is a question of the page's sliders."""
    ours = feed.find(socket.path_params["token"])
    if ours is None or not await asyncio.to_thread(allowed, socket.headers.get("origin"), socket.headers.get("host")):
        await socket.close(REFUSED)
        return
    if ours.sockets >= SOCKETS.most:
        await socket.close(TRY_LATER)
        return
    ours.sockets += 1
    try:
        await socket.accept()
        await _Talk(socket, ours).go_on()
    finally:
        ours.sockets -= 1


def allowed(origin: str | None, host: str | None) -> bool:
    """Whether Streamlit would open its own socket for a page from there: its hosts, and this page's origin or one it knows."""
    if not is_host_allowed(host):
        return False
    return origin is None or urlparse(origin).netloc == host or is_url_from_allowed_origins(origin)


class _Talk:
    """One socket as long as it is open."""

    def __init__(self, socket: WebSocket, ours: feed.Feed) -> None:
        self._socket, self._feed = socket, ours
        self._loop = asyncio.get_running_loop()
        self._news, self._drawn, self._sending = asyncio.Event(), asyncio.Event(), asyncio.Lock()

    async def go_on(self) -> None:
        self._feed.ask_again()
        with self._feed.listen(self._heard), suppress(WebSocketDisconnect):
            tasks = {asyncio.create_task(self._tell()), asyncio.create_task(self._listen())}
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            for task in done:
                task.result()

    def _heard(self) -> None:
        with suppress(RuntimeError):  # the loop may close at any moment: nobody is there to be told any more
            self._loop.call_soon_threadsafe(self._news.set)

    async def _tell(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._feed.waits()):
                    await self._news.wait()
            self._news.clear()
            message = await asyncio.to_thread(_message, self._feed)
            if message is not None:
                self._drawn.clear()
                await self._send(message)
                await self._drawn.wait()
                await self._rest(self._loop.time() + self._feed.rests())

    async def _rest(self, until: float) -> None:
        """Until then, or until somebody waits for what they have just pressed."""
        while not self._feed.hurry and (left := until - self._loop.time()) > 0:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()
        self._news.set()

    async def _listen(self) -> None:
        while (heard := await self._socket.receive())["type"] == "websocket.receive":
            text = heard.get("text")
            if text is None or len(text) > MOST_CHARACTERS:
                await self._socket.close(NO_TEXT if text is None else TOO_LARGE)
                return
            if text == DRAWN:
                self._drawn.set()
                continue
            answer = await asyncio.to_thread(_answer, self._feed, text)
            await self._send(json.dumps({"answer": answer or {}}))

    async def _send(self, message: str) -> None:
        async with self._sending:
            await self._socket.send_text(message)


def _message(ours: feed.Feed) -> str | None:
    """The news, drawn among the scripts, in the order of coming."""
    with TURNSTILE.turn():
        return ours.message()


def _answer(ours: feed.Feed, question: str) -> feed.Elements | None:
    with TURNSTILE.turn():
        return instant.answer(ours, question)


ROUTES = (WebSocketRoute("/live/{token}", serve),)
