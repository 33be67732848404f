"""Numbers and bars over states that change in place."""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2s
from time import time
from typing import TYPE_CHECKING, Any, Literal

from pages.ui.components.component import declare

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

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
