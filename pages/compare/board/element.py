"""The board as an element that changes in place: a card for every run, with two buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pages.ui.components.component import declare

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_mount: ComponentRenderer = declare(
    "class", '<p class="wrong" role="status"></p><div class="class" role="list"></div>', "board", "class"
)


def show(data: dict[str, Any], key: str) -> tuple[str | None, str | None]:
    """Draw the cards; returns the ids of the run to be shown large and of the one to be opened, where one was just clicked."""
    result = _mount(key=key, data={**data, "channel": key}, on_show_change=_ignore, on_open_change=_ignore)
    return _id(result.show), _id(result.open)


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _ignore() -> None:
    pass
