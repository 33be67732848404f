"""Points of the plane that show their picture where the pointer rests."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pages.ui.components import wall
from pages.ui.components.component import declare
from pages.ui.draw import frames

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HTML = """
<div class="scatter">
  <canvas class="points" tabindex="0" role="application"></canvas>
  <div class="tip" hidden><canvas></canvas><span></span></div>
  <div class="names"></div>
</div>
"""
COLUMNS = 40  # of the atlas

_mount: "ComponentRenderer" = declare("scatter", _HTML, "board", "files", "cells", "scatter")


def points(
    xy: npt.NDArray[np.floating[Any]],
    groups: npt.NDArray[np.integer[Any]],
    names: Sequence[str],
    pictures: frames.Tiles | frames.Pixels,
    colours: Sequence[str],
) -> dict[str, Any]:
    """What ``scatter`` shows: ``xy`` (N, 2) scaled to fill its box, the class of each with its name, a picture of each."""
    if not len(xy) == len(groups) == len(pictures):
        raise ValueError(f"expected a group and a picture for each of {len(xy)} points")
    low, high = xy.min(0), xy.max(0)
    unit = np.round((xy - low) / np.where(high > low, high - low, 1), 4)
    return {
        "x": unit[:, 0].tolist(),
        "y": unit[:, 1].tolist(),
        "group": groups.tolist(),
        "names": list(names),
        "colours": list(colours),
        **wall.cells(pictures, COLUMNS, gap=0),
    }


def scatter(shown: dict[str, Any], *, alt: str, key: str, height: int = 420) -> None:
    """Show ``points(...)``. For the reader: point at one, or take the arrow keys, for its picture; click on a class to see it."""
    _mount(key=key, data={**shown, "alt": alt, "height": height})
