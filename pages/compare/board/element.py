"""The board as an element that changes in place: a card for every run, with two buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pages.ui.components.component import declare, noted, taken

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_mount: ComponentRenderer = declare(
    "class", '<p class="wrong" role="status"></p><div class="class" role="list"></div>', "board", "cells", "class"
)


def show(data: dict[str, Any], key: str) -> tuple[str | None, str | None]:
    """Draw the cards; returns the ids of the run to be shown large and of the one to be opened, where one was just clicked."""
    show, opened = noted(key, "show"), noted(key, "open")
    _mount(key=key, data={**data, "channel": key}, on_show_change=show, on_open_change=opened)
    return _id(taken(key, "show")), _id(taken(key, "open"))


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
