"""The picture wall, many small pictures drawn crisply, and the heat map: both change in place, and their cells can be picked."""

import csv
import io
import math
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2s
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import compress

import numpy as np
from numpy.typing import NDArray

from pages.ui.components.component import declare, noted, taken
from pages.ui.draw.frames import Pixels, Tiles, gap_between
from pages.ui.draw.theme import Lut, css_gradient
from pages.ui.server import feed
from rbm.core import clock

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HTML = """
<div class="matted">
  <div class="wall">
    <canvas></canvas>
    <div class="ring selected" hidden></div>
    <div class="row" hidden><div class="ring cursor" id="cell" hidden></div></div>
    <div class="label" hidden></div>
    <div class="rows" aria-hidden="true" hidden></div>
  </div>
  <div class="legend" hidden><div></div><div><span></span><span></span><span></span></div></div>
</div>
"""

_HEAT = """
<div class="heat">
  <div class="ytitle"></div>
  <div class="grid" role="group"></div>
  <div class="xtitle"></div>
</div>
"""

_mount: "ComponentRenderer" = declare("wall", _HTML, "board", "files", "cells", "wall")
_heat: "ComponentRenderer" = declare("heat", _HEAT, "board", "files", "heat")


class Legend(NamedTuple):
    """What the colours of a wall mean: a CSS gradient and the words at its left end, middle and right end."""

    gradient: str
    words: tuple[str, str, str]


def signed(lut: Lut, end: str, what: str) -> Legend:
    """Of signed numbers on one scale, as ``frames.colour_weights`` colours them: what they are, and how far its ends lie."""
    return Legend(css_gradient(lut), (f"−{end}", what, end))


def pictures(
    shown: Tiles | Pixels,
    columns: int,
    *,
    legend: Legend | None = None,
    gap: int | None = None,
    labels: Sequence[str] | None = None,
    selected: int | None = None,
    blank: int = 0,
    now: str | None = None,
) -> dict[str, Any]:
    """What a wall shows, as news or for ``show``: N pictures, so many side by side, ``gap`` pixels apart (``gap_between``).

    They go as numbers, a byte a pixel (three where each has a colour of its own), and the browser draws them: making a PNG
    of them here took six times as long, of the one lock that all visitors wait for. labels: a few words per picture, shown
    on hover and read out. Letters that stand in the pictures are their labels, and part of the wall's own words. blank: so
    many of the first pictures are not there, their places the page's own. now: the moment that is shown, "step 5", which is
    told with the wall's name; where there is none, the browser tells how bright the pictures are.
    """
    n = len(shown.rows if isinstance(shown, Tiles) else shown)
    read = shown.read if isinstance(shown, Tiles) else None
    labels = read if labels is None else labels
    if labels is not None and len(labels) != n:
        raise ValueError(f"expected one label for each of {n} pictures, got {len(labels)}")
    if legend is None and isinstance(shown, Tiles) and shown.words is not None:
        legend = Legend(css_gradient(shown.lut), shown.words)
    return {
        **cells(shown, columns, gap=gap, blank=blank),
        "legend": legend and legend._asdict(),
        "at": clock.now(),
        "labels": list(labels) if labels is not None else None,
        "read": read is not None,
        "selected": selected,
        "now": now,
    }


def cells(shown: Tiles | Pixels, columns: int, *, gap: int | None = None, blank: int = 0) -> dict[str, Any]:
    """The pictures alone, as ``assets/cells.js`` draws them."""
    rows, lut = (shown.rows, shown.lut) if isinstance(shown, Tiles) else (shown, None)
    n, cell = len(rows), (rows.shape[1], rows.shape[2])
    packed = compress(rows.tobytes(), level=1)
    scale = b"" if lut is None else lut.tobytes()
    laid = bytes([min(columns, n) % 256, blank % 256])  # the same pictures in other places are another atlas
    return {
        "cells": b64encode(packed).decode("ascii"),
        "lut": b64encode(scale).decode("ascii"),
        "blank": blank,
        "version": blake2s(packed + scale + laid, digest_size=6).hexdigest(),
        "n": n,
        "columns": min(columns, n),
        "cell": list(cell),
        "gap": gap_between(cell) if gap is None else gap,
    }


def changed(shown: Tiles | Pixels, columns: int, **about: Any) -> dict[str, Any]:
    """News of a wall whose choice stays as it is, and whose labels do, but for those that are written in it."""
    news = pictures(shown, columns, **about)
    return {key: value for key, value in news.items() if key != "selected" and (key != "labels" or news["read"])}


def show(
    shown: Mapping[str, Any],
    *,
    clickable: bool = False,
    framed: bool = False,
    max_cell: int = 56,
    rows: Sequence[str] = (),
    numbers: Callable[[], Sequence[Sequence[object]]] | None = None,
    alt: str,
    key: str,
) -> int | None:
    """Show `pictures(...)`; return the picture that was just clicked, otherwise None.

    framed: a thin line around each picture, for those that may be as white or as black as the page. max_cell: the side to
    which a square picture grows, in screen pixels, and one that is not square to the same area; the wall always fits its
    container. rows: what each row of pictures is, a word each, written at its right. numbers: of a matrix that is drawn in
    colours, its values, row by row after a head: then it can be had as PNG and CSV, as charts can; in a thread, no ``st``.
    `key` keeps the element in place: use one key for one wall.
    """
    kept = None if numbers is None else feed.current().gives(key, lambda: csv_of(numbers()), f"{key}.csv")
    height, width = shown["cell"]
    widest = round(max_cell * math.sqrt(width / height))
    _mount(
        key=key,
        data={
            **shown,
            "channel": key,
            "clickable": clickable,
            "framed": framed,
            "maxCell": widest,
            "rows": list(rows),
            "numbers": kept,
            "alt": alt,
        },
        on_click_change=noted(key, "click"),
    )
    clicked = taken(key, "click")
    return clicked if isinstance(clicked, int) and 0 <= clicked < shown["n"] else None


def csv_of(rows: Sequence[Sequence[object]]) -> str:
    """Rows of values as a file, as the browser writes those of the charts (``assets/files.js``)."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def matrix_rows(
    values: NDArray[np.floating[Any]], names: Sequence[str], corner: str, columns: Sequence[str] | None = None
) -> list[list[object]]:
    """A matrix (N, M) as rows after a head, with the names of its rows and of its columns (the same where none are given)."""
    head: list[object] = [corner, *(names if columns is None else columns)]
    return [head, *([name, *row] for name, row in zip(names, values.tolist(), strict=True))]


def heat(data: Mapping[str, Any], *, key: str) -> str | None:
    """Show a heat map; return what the cell that was just clicked leads to (its ``run``), otherwise None.

    ``data``: ``x`` and ``y``, a title and labels each; ``cells``, row by row: ``text`` on ``colour`` in ``ink``, the number
    ``value`` where that says more or otherwise, ``words`` for the pointer, ``state``, ``share`` that is done; and ``alt``.
    """
    _heat(key=key, data={**data, "channel": key}, on_click_change=noted(key, "click"))
    clicked = taken(key, "click")
    return clicked if isinstance(clicked, str) and clicked else None
