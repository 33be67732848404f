"""A visitor without a browser: speaks Streamlit's own protocol, so that sixty of them cost a tenth of a core.

A page is a series of protobuf messages over one socket, ``/_stcore/stream``: the visitor sends a ``BackMsg`` for every
click or change of page, the server answers with ``ForwardMsg`` (elements, the list of pages, "script finished"). News of
what moves come over a second socket of the program's own, whose address stands in the page's elements.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 120.0  # seconds for one answer: longer is counted as an error, not waited for
_FEED = re.compile(rb"live/([\w-]{16,})")
_PRESSES = re.compile(rb'"presses":\s*(\[[^\]]*\])')  # buttons that are answered over the page's own socket


class Trouble(Exception):
    """What a person would have seen go wrong: an exception on the page, no answer, no such button."""


class Visitor:
    """One session. Its methods return the seconds that a person would have waited."""

    def __init__(self, socket: ClientConnection, url: str) -> None:
        self._socket, self._url = socket, url
        self.pages: dict[str, str] = {}  # url path -> hash of the script
        self.buttons: dict[str, tuple[str, str]] = {}  # key -> widget's id, and the fragment in which it stands
        self.headers: list[str] = []  # of the page: its title
        self.texts: list[str] = []  # of the page, as Markdown
        self.feed: str | None = None  # the address of the page's news
        self._presses: list[str] = []
        self._news: ClientConnection | None = None
        self._page = ""

    async def open(self, page: str = "", query: str = "") -> float:
        """Go to the page of that address ("" is Home), and wait until its script has ended. The first is a deep link."""
        self.buttons, self.headers, self.texts, self.feed, self._presses = {}, [], [], None, []
        state = ClientState(query_string=query)
        if self.pages:
            if page not in self.pages:
                raise Trouble(f"there is no page {page!r}, only {sorted(self.pages)}")
            self._page = state.page_script_hash = self.pages[page]
        else:
            state.page_name = page
        return await self._run(state)

    async def press(self, key: str) -> float:
        """Click the button of that key, and wait until the script that the click began has ended."""
        if key not in self.buttons:
            raise Trouble(f"the page has no button {key!r}, only {sorted(self.buttons)}")
        widget, fragment = self.buttons[key]
        state = ClientState(query_string="", page_script_hash=self._page, fragment_id=fragment)
        state.widget_states.widgets.add(id=widget, trigger_value=True)
        return await self._run(state)

    async def news(self) -> AsyncGenerator[dict[str, Any], None]:
        """The page's news as they come, each acknowledged as a browser does that has drawn it."""
        if self.feed is None:
            raise Trouble("the page has named no address for news")
        address, origin = f"{self._url}/live/{self.feed}", _origin(self._url)
        async with connect(address, max_size=None, origin=origin, open_timeout=PATIENCE) as socket:
            self._news = socket
            try:
                async for message in socket:
                    news = json.loads(message)
                    if "elements" in news:
                        await socket.send("drawn")
                        yield news
            finally:
                self._news = None  # until the next page's is there, presses go by its script

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Queue[set[str]]]:
        """The keys of the elements that each news moves, as they come, while the block lasts."""
        heard: asyncio.Queue[set[str]] = asyncio.Queue()

        async def listen() -> None:
            async with aclosing(self.news()) as every:
                async for news in every:
                    heard.put_nowait(set(news["elements"]))

        listener = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            listener.cancel()
            await asyncio.wait([listener])  # its socket is closed

    async def press_and_see(self, key: str, element: str, heard: asyncio.Queue[set[str]]) -> float:
        """Click, over the page's socket where the page does so, and wait until that element has moved."""
        while not heard.empty():
            heard.get_nowait()
        began = time.perf_counter()
        if key in self._presses and self._news is not None:
            await self._news.send(json.dumps({"press": key}))
        else:
            await self.press(key)
        try:
            async with asyncio.timeout(PATIENCE):
                while element not in await heard.get():
                    pass
        except TimeoutError:
            raise Trouble(f"{element} did not move within {PATIENCE:.0f} s") from None
        return time.perf_counter() - began

    async def _run(self, state: ClientState) -> float:
        began = time.perf_counter()
        await self._socket.send(BackMsg(rerun_script=state).SerializeToString())
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._heard():
                    pass
        except TimeoutError:
            raise Trouble(f"no answer within {PATIENCE:.0f} s") from None
        return time.perf_counter() - began

    async def _heard(self) -> bool:
        """Take in one message; whether it says that the script has ended."""
        raw = await self._socket.recv(decode=False)
        message = ForwardMsg.FromString(raw)
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            self.pages.setdefault("", next(p.page_script_hash for p in message.navigation.app_pages if p.is_default))
            self._page = message.navigation.page_script_hash
        elif kind == "page_not_found":
            raise Trouble(f"the server says that there is no page {message.page_not_found.page_name!r}")
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._element(message, raw)
        early = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
        return kind == "script_finished" and message.script_finished != early

    def _element(self, message: ForwardMsg, raw: bytes) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise Trouble(f"{element.exception.type}: {element.exception.message}")
        if kind == "button":
            self.buttons[element.button.id.rpartition("-")[2]] = (element.button.id, message.delta.fragment_id)
        if kind == "heading" and element.heading.tag == "h2":
            self.headers.append(element.heading.body)
        if kind == "markdown":
            self.texts.append(element.markdown.body)
        if found := _FEED.search(raw):
            self.feed = found[1].decode()
        if found := _PRESSES.search(raw):
            self._presses = json.loads(found[1])


@asynccontextmanager
async def visit(url: str) -> AsyncIterator[Visitor]:
    """Open a session at ``http://host:port``; it ends with the block, as a closed tab ends it."""
    address = url.replace("http", "ws", 1)
    async with connect(
        f"{address}/_stcore/stream",
        subprotocols=["streamlit"],
        max_size=None,
        max_queue=None,
        origin=_origin(address),
        open_timeout=PATIENCE,
    ) as socket:
        yield Visitor(socket, address)


def _origin(address: str) -> Any:
    return address.replace("ws", "http", 1)
