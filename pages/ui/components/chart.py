"""Charts by Plotly that change in place: a chart keeps its zoom and what is hidden while values keep coming.

Streamlit's own element builds a chart anew whenever its data change.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pages.ui.components.component import PLOTLY, declare
from pages.ui.draw import figures
from rbm.core import clock
from rbm.core.language import _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from streamlit.components.v2.types import ComponentRenderer

_HTML = f"""
<div class="chart">
  <div class="head"><span class="title"></span><span class="names"></span></div>
  <div class="note" hidden></div>
  <div class="stage">
    <div class="plot" role="img" tabindex="0" aria-label="{_("A chart")}"></div>
    <div class="empty" hidden></div>
    <div class="tools"></div>
  </div>
  <div class="said" aria-live="polite"></div>
</div>
"""

# Plotly writes its styles into the page's head, from where they do not reach into a shadow root.
_mount: "ComponentRenderer" = declare("chart", _HTML, "board", "files", "figure", "chart", isolated=False)


def show(drawn: "Mapping[str, Any] | Figure", *, key: str, alt: str, height: int | None = None) -> None:
    """Draw ``figures.curve_option(...)`` or a figure of Plotly's. ``alt`` is its name; what it shows now is said behind it.

    For the reader: a drag zooms, a double click shows everything again, a click on a name hides it; above the chart stand
    logarithmic axes, and its picture and its numbers as files.
    """
    option = drawn if isinstance(drawn, Mapping) else figures.option(drawn)
    height = height or option["layout"].get("height", 280)
    _mount(key=key, data={"at": clock.now(), **option, "alt": alt, "height": height, "channel": key, "library": PLOTLY})
