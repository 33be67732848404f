"""Screen elements of our own: a JavaScript module and a style sheet in `assets/`, mounted by a Python function.

They exist because Streamlit's charts and images are rebuilt, or forget the zoom, when their data change.
"""

import gzip
import json
import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import distribution, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from rbm.core.language import _

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

MESSAGE = re.compile(r'\b_\(("(?:[^"\\]|\\.)*")')  # as it stands in a script: _("{n} of {all}", { n, all })
WORDS = "const _ = (text, fields = {}) => text.replace(/{(\\w+)}/g, (whole, name) => fields[name] ?? whole);\n"
ASSETS = Path(__file__).resolve().parents[3] / "assets"
PRESSED = "pressed"  # in the session: what was pressed on the page that is open, and not yet answered
PLOTLY = f"library/plotly-{version('plotly')}.js"  # an address for each version: a browser asks for it once


def declare(name: str, html: str, *scripts: str, isolated: bool = True) -> "ComponentRenderer":
    """The function that mounts the component `name`: the scripts, joined into one module, and their style sheets.

    Call it once, at the top of a module. Python imports a module once per process, so the definition is read once and
    never registered twice under one name; and as every mount first offers its definition to the runtime that is
    running, it is also found by later sessions, and by AppTest, which makes a new runtime (and registry) every time.
    isolated: whether it stands in a shadow root, out of reach of the page's styles, and the page out of reach of its own.
    """
    script = "\n".join(_brief((ASSETS / f"{script}.js").read_text("utf-8")) for script in scripts or (name,))
    if MESSAGE.search(script):
        script = WORDS + in_language(script)
    shared = [ASSETS / f"{script}.css" for script in scripts if script != name]
    style = "\n".join(file.read_text("utf-8") for file in (*shared, ASSETS / f"{name}.css") if file.exists())
    return st.components.v2.component(f"boltzmann_{name}", html=html, css=style, js=script, isolate_styles=isolated)


def noted(key: str, name: str = "") -> Callable[[], None]:
    """A callback that keeps until ``taken`` that a button was pressed, or what a component said by that trigger.

    A run that gives way to a newer one has called back, but perhaps never come to where the page asks what was pressed.
    """

    def note() -> None:
        said = getattr(st.session_state[key], name) if name else True
        st.session_state.setdefault(PRESSED, {})[key, name] = said

    return note


def taken(key: str, name: str = "") -> Any:
    """What was pressed since the page asked last, None if nothing was."""
    return st.session_state.get(PRESSED, {}).pop((key, name), None)


def in_language(script: str) -> str:
    """A script with each message of an ``_("…")`` in the server's language."""
    return MESSAGE.sub(lambda found: f"_({json.dumps(_(json.loads(found[1])), ensure_ascii=False)}", script)


def _brief(script: str) -> str:
    """Without indentation and comment lines: Streamlit sends the script along with every update."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


async def plotly(request: Request) -> Response:
    """The library that draws charts, as the installed ``plotly`` brings it: 4.8 MB, packed 1.5."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if packed:
        headers["Content-Encoding"] = "gzip"
    content = await run_in_threadpool(_packed if packed else _library)
    return Response(content, media_type="text/javascript", headers=headers)


@cache
def _packed() -> bytes:
    return gzip.compress(_library(), 6)


def _library() -> bytes:
    return Path(str(distribution("plotly").locate_file("plotly/package_data/plotly.min.js"))).read_bytes()


def card_address(page: str, mode: str) -> str:
    """Where a browser finds the small picture of the page of that address, in the light or the dark theme."""
    return f"cards/{page}.{mode}.webp"


async def card(request: Request) -> Response:
    """One of ``assets/cards``, which ``python -m tests.browser.gallery`` makes."""
    name = request.path_params["name"]
    if name not in _cards():
        return Response(status_code=404)
    return FileResponse(
        ASSETS / "cards" / name,
        media_type="image/webp",
        headers={"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"},
    )


@cache
def _cards() -> frozenset[str]:
    return frozenset(file.name for file in (ASSETS / "cards").glob("*.webp"))
