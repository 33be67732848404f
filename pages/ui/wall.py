"""The picture wall: many small pictures, drawn crisply, that change in place and can be picked."""

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2s
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple

from pages.ui.component import declare
from pages.ui.frames import data_url, gap_between

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HTML = """
<div class="wall">
  <canvas></canvas>
  <div class="ring selected" hidden></div>
  <div role="row"><div class="ring cursor" role="gridcell" id="cell" hidden></div></div>
  <div class="label" hidden></div>
</div>
<div class="legend" hidden><div></div><div><span></span><span></span><span></span></div></div>
"""

_mount: "ComponentRenderer" = declare("wall", _HTML, "board", "wall")


class Legend(NamedTuple):
    """What the colours of a wall mean: a CSS gradient and the words at its left end, middle and right end."""

    gradient: str
    words: tuple[str, str, str]


def picture(png: bytes, legend: Legend | None = None) -> dict[str, Any]:
    """The part of a wall that changes while it moves."""
    return {
        "src": data_url(png),
        "version": blake2s(png, digest_size=6).hexdigest(),
        "legend": legend and legend._asdict(),
        "at": time(),
    }


def pictures(
    png: bytes,
    *,
    legend: Legend | None = None,
    n: int,
    columns: int,
    cell: tuple[int, int],
    gap: int | None = None,
    labels: Sequence[str] | None = None,
    selected: int | None = None,
) -> dict[str, Any]:
    """What a wall shows: `frames.grid_png(pictures, columns, gap)`, scale 1, the same gap, and how it is laid out.

    cell: rows and columns of pixels of one picture. labels: a few words per picture, shown on hover and read out.
    """
    if labels is not None and len(labels) != n:
        raise ValueError(f"expected one label for each of {n} pictures, got {len(labels)}")
    return {
        **picture(png, legend),
        "n": n,
        "columns": min(columns, n),
        "cell": list(cell),
        "gap": gap_between(cell) if gap is None else gap,
        "labels": list(labels) if labels is not None else None,
        "selected": selected,
    }


def show(
    shown: Mapping[str, Any], *, clickable: bool = False, framed: bool = False, max_cell: int = 56, alt: str, key: str
) -> int | None:
    """Show `pictures(...)`; return the picture that was just clicked, otherwise None.

    framed: a thin line around each picture, for those that may be as white or as black as the page. max_cell: the side to
    which a square picture grows, in screen pixels, and one that is not square to the same area; the wall always fits its
    container. `key` keeps the element in place: use one key for
    one wall.
    """
    height, width = shown["cell"]
    widest = round(max_cell * math.sqrt(width / height))
    clicked = _mount(
        key=key,
        data={**shown, "channel": key, "clickable": clickable, "framed": framed, "maxCell": widest, "alt": alt},
        on_click_change=_ignore,  # without a callback the trigger has no place in the result
    ).click
    return clicked if isinstance(clicked, int) and 0 <= clicked < shown["n"] else None


def wall(
    png: bytes,
    *,
    clickable: bool = False,
    framed: bool = False,
    max_cell: int = 56,
    alt: str,
    key: str,
    **laid_out: Any,
) -> int | None:
    """Show a PNG that holds ``pictures(png, **laid_out)``: both in one."""
    return show(pictures(png, **laid_out), clickable=clickable, framed=framed, max_cell=max_cell, alt=alt, key=key)


def _ignore() -> None:
    pass
