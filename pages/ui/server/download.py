"""Files to keep, texts to copy, and pictures of what moves, each made at the moment when it is asked for; all addresses but
the socket's and Streamlit's own.

Streamlit's own button gives its file a new address in every run of the script and forgets the old one: while chains played,
5 of 60 clicks came with an old one and brought nothing. Here a file keeps its address as long as the visit lasts.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pages.ui.components import component
from pages.ui.server import feed
from pages.ui.server.socket import allowed
from pages.ui.server.turnstile import SCREEN as TURNSTILE
from pages.ui.server.turnstile import in_turns
from rbm.core.language import _
from rbm.errors import RbmError

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_mount: ComponentRenderer = component.declare("download", '<div class="download"></div>')


def button(
    label: str, make: Callable[[], bytes | str], name: str, *, key: str, about: str = "", waits: bool = False
) -> None:
    """A button that brings the file ``name``.

    ``make`` gives what is in it and runs in a thread of its own: no ``st`` in it. An ``RbmError`` of it is shown below the
    button. ``about``: what the file is for, told where the pointer rests. ``waits``: for a worker, and does nothing here.
    """
    address = feed.current().gives(key, make, name, waits=waits)
    _mount(key=key, data={"label": label, "address": address, "name": name, "about": about})


def copy(label: str, make: Callable[[], str] | None, copied: str, *, key: str, about: str = "") -> None:
    """A button that copies what ``make`` gives, as for ``button``, then says ``copied`` for two seconds; out of use without."""
    address = feed.current().gives(key, make, "") if make is not None else ""
    _mount(key=key, data={"label": label, "address": address, "copied": copied, "about": about})


async def serve(request: Request) -> Response:
    """One visit's file, or the sentence that says why there is none."""
    ours = feed.find_shown(request.path_params["token"])
    found = ours.files.get(request.path_params["key"]) if ours else None
    if found is None:
        return PlainTextResponse(
            _("This page's visit has ended. Load the page again, then ask for the file."), 404, SAFE
        )
    name = found.name
    try:
        content = await asyncio.to_thread(found.make if found.waits else partial(_made, found.make))
    except RbmError as error:
        return PlainTextResponse(str(error), 409, SAFE)
    kept = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"} if name else {}
    kind = mimetypes.guess_type(name)[0] or ("application/octet-stream" if name else "text/plain")
    return Response(content, headers={**SAFE, **kept}, media_type=kind)


def _made(make: Callable[[], bytes | str]) -> bytes | str:
    """The file, made among the scripts, in the order of coming."""
    with TURNSTILE.turn():
        return in_turns(make)


async def serve_picture(request: Request) -> Response:
    """A picture for a page that is open here: news name its address, and a browser asks only for what it has not yet."""
    asked = request.path_params
    ours = feed.find_shown(asked["token"])
    numbers = await asyncio.to_thread(ours.picture, asked["name"], asked["version"]) if ours else None
    if numbers is None:
        return PlainTextResponse(_("There is no such picture any more."), 404, SAFE)
    headers = {"Cache-Control": "private, max-age=3600, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(numbers, media_type="application/json", headers=headers)


def _to_own_pages(give: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The same, to pages of this server and of sites that it knows; nothing to others."""

    async def checked(request: Request) -> Response:
        if await asyncio.to_thread(allowed, request.headers.get("origin"), request.headers.get("host")):
            return await give(request)
        return PlainTextResponse(_("This address answers this server's own pages alone."), 403, SAFE)

    return checked


ROUTES = (
    Route("/file/{token}/{key}", _to_own_pages(serve)),
    Route("/picture/{token}/{name}/{version:int}.json", _to_own_pages(serve_picture)),
    Route(f"/{component.PLOTLY}", _to_own_pages(component.plotly)),
    Route("/cards/{name}", _to_own_pages(component.card)),
)
