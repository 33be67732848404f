"""Curves, numbers and bars that change in place: a chart keeps its zoom and its crosshair while values keep coming."""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2s
from time import time
from typing import TYPE_CHECKING, Any, Literal

from pages.ui.components.component import declare

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_CURVES_HTML = """
<div class="curves">
  <div class="head"></div>
  <div class="note" hidden></div>
  <svg class="frame" role="img" tabindex="0"></svg>
  <button class="reset" type="button" hidden>Reset zoom</button>
  <div class="tip" hidden></div>
</div>
"""

_curves: "ComponentRenderer" = declare("curves", _CURVES_HTML, "board", "scales", "chart", "curves")


def curves(option: Mapping[str, Any], *, key: str, alt: str, height: int = 280) -> None:
    """Draw `figures.curve_option(...)`. `alt` says what the chart shows and stays the same while it moves.

    For the reader: the wheel or a drag zooms in x, a double click shows everything again, a click on a name hides it.
    """
    _curves(key=key, data={"at": time(), **option, "alt": alt, "height": height, "channel": key})


_facts: "ComponentRenderer" = declare("facts", '<div class="facts"></div>', "board", "facts")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], about: Sequence[str] = ()) -> dict[str, Any]:
    """The part of ``facts`` that changes. ``about``: what each column is, told where the pointer rests."""
    return {"head": list(head), "rows": [list(row) for row in rows], "about": list(about)}


def facts(news: Mapping[str, Any], *, key: str, look: Literal["table", "figures", "caption"] = "table") -> None:
    """Show ``table(...)``: as a table, as large figures under their names, or as lines of small grey words.

    In a word ``**bold**`` is set bold.
    """
    _facts(key=key, data={"at": time(), **news, "look": look, "channel": key})


_BARS_HTML = """
<div class="statebars">
  <div class="head"></div>
  <svg class="frame" role="img" tabindex="0"></svg>
  <div class="tip" hidden></div>
</div>
"""

_bars: "ComponentRenderer" = declare("statebars", _BARS_HTML, "board", "scales", "statebars")


def fingerprinted(option: Mapping[str, Any]) -> dict[str, Any]:
    """`figures.state_option(...)` with the fingerprint that says whether the picture has changed."""
    version = blake2s(json.dumps(option, sort_keys=True).encode(), digest_size=6).hexdigest()
    return {**option, "version": version}


def state_bars(option: Mapping[str, Any], *, key: str, alt: str, height: int = 230) -> None:
    """Draw `figures.state_option(...)`; hover a state for its values. `alt` stays the same while the bars move."""
    data = option if "version" in option else fingerprinted(option)
    _bars(key=key, data={"at": time(), **data, "alt": alt, "height": height, "channel": key})
