"""Curves that move: the chart keeps its zoom, its hidden series and its crosshair while values keep coming."""

from collections.abc import Mapping
from time import time
from typing import TYPE_CHECKING, Any

from pages.ui.component import declare

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HTML = """
<div class="curves">
  <div class="head"></div>
  <div class="note" hidden></div>
  <svg class="frame" role="img" tabindex="0"></svg>
  <button class="reset" type="button" hidden>Reset zoom</button>
  <div class="tip" hidden></div>
</div>
"""

_mount: "ComponentRenderer" = declare("curves", _HTML, "board", "scales", "chart", "curves")


def curves(option: Mapping[str, Any], *, key: str, alt: str, height: int = 280) -> None:
    """Draw `figures.curve_option(...)`. `alt` says what the chart shows and stays the same while it moves.

    For the reader: the wheel or a drag zooms in x, a double click shows everything again, a click on a name hides it.
    """
    _mount(key=key, data={"at": time(), **option, "alt": alt, "height": height, "channel": key})
