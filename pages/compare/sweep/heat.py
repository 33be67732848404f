"""The heat map of a sweep as an element that changes in place and whose cells can be picked."""

from typing import TYPE_CHECKING, Any

from pages.ui.components.component import declare

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HTML = """
<div class="heat">
  <div class="ytitle"></div>
  <div class="grid" role="group"></div>
  <div class="xtitle"></div>
</div>
"""

_mount: "ComponentRenderer" = declare("heat", _HTML, "board", "heat")


def heat(data: dict[str, Any], key: str) -> str | None:
    """Show `sweep_view.heat_map`'s value; return the id of the run that was just clicked, otherwise None."""
    clicked = _mount(key=key, data={**data, "channel": key}, on_click_change=_ignore).click
    return clicked if isinstance(clicked, str) and clicked else None


def _ignore() -> None:
    pass
