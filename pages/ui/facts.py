"""Numbers and words that move with a slider: a small table, large figures, or a caption."""

from collections.abc import Mapping, Sequence
from time import time
from typing import TYPE_CHECKING, Any, Literal

from pages.ui.component import declare

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_mount: "ComponentRenderer" = declare("facts", '<div class="facts"></div>', "board", "facts")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], about: Sequence[str] = ()) -> dict[str, Any]:
    """The part of ``facts`` that changes. ``about``: what each column is, told where the pointer rests."""
    return {"head": list(head), "rows": [list(row) for row in rows], "about": list(about)}


def facts(news: Mapping[str, Any], *, key: str, look: Literal["table", "figures", "caption"] = "table") -> None:
    """Show ``table(...)``: as a table, as large figures under their names, or as lines of small grey words.

    In a word ``**bold**`` is set bold.
    """
    _mount(key=key, data={"at": time(), **news, "look": look, "channel": key})
