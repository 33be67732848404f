"""The pixel pad: a small picture to draw, erase and disturb, and a recall that starts from it, one update at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2s
from typing import TYPE_CHECKING, Any

from pages.ui.components.component import declare
from rbm.core import clock
from rbm.core.language import _

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

    from rbm.samplers.recall import Recall

Pixels = tuple[int, ...]
_HTML = f"""
<div class="pad">
  <canvas tabindex="0" role="application"></canvas>
  <div class="tools">
    <button type="button" name="pen">{_("Pen")}</button><button type="button" name="eraser">{_("Eraser")}</button>
    <button type="button" name="noise" title="{_("Flips one pixel in ten")}">{_("Noise")}</button>
    <button type="button" name="half" title="{_("Blanks the lower half")}">{_("Hide half")}</button>
    <button type="button" name="clear">{_("Clear")}</button>
  </div>
  <div class="tools">
    <button type="button" name="one">{_("One update")}</button><button type="button" name="flip">{_("Next flip")}</button>
    <button type="button" name="play">{_("Play")}</button><button type="button" name="back">{_("Start again")}</button>
  </div>
  <div class="words"></div>
  <div class="drawn"><svg></svg></div>
</div>
"""

_mount: ComponentRenderer = declare("recall", _HTML, "board", "files", "pad", "recall")


def drawn(start: Pixels, *, serial: int, key: str) -> Pixels:
    """The pixels as they were when the pen was last lifted in the browser; ``start`` until then."""
    import streamlit as st

    state = st.session_state.get(key)
    return received(getattr(state, "pixels", None), start, serial)


def received(value: object, start: Pixels, serial: int) -> Pixels:
    """What the browser sent, or ``start`` where it is not as many zeros and ones, or belongs to another start."""
    if not isinstance(value, dict) or value.get("version") != _version(start, serial):
        return start
    pixels = value.get("pixels")
    if not isinstance(pixels, str) or len(pixels) != len(start) or set(pixels) - {"0", "1"}:
        return start
    return tuple(map(int, pixels))


def pad(start: Pixels, shape: tuple[int, int], *, serial: int, played: Mapping[str, Any], alt: str, key: str) -> None:
    """Show the pad. A new ``start`` or ``serial`` replaces what was drawn; ``played`` holds the ``path`` of a recall from it."""
    _mount(
        key=key,
        data={
            "rows": shape[0],
            "cols": shape[1],
            "pixels": "".join(map(str, start)),
            "version": _version(start, serial),
            "alt": alt,
            "channel": key,
            "at": clock.now(),
            **played,
        },
        on_pixels_change=_ignore,
    )


def path_of(recall: Recall, start: Pixels, verdict: str, settings: Sequence[object]) -> dict[str, Any]:
    """A recall as the pad plays it; ``settings`` are what it depends on beside the start, so that it can be told apart."""
    return {
        "id": blake2s(repr((start, tuple(settings))).encode(), digest_size=6).hexdigest(),
        "start": "".join(map(str, start)),
        "units": recall.units.tolist(),
        "flipped": "".join("1" if flipped else "0" for flipped in recall.flipped.tolist()),
        "energy": [round(e, 4) for e in recall.energy.tolist()],
        "verdict": verdict,
    }


def _version(start: Pixels, serial: int) -> str:
    return blake2s(repr((start, serial)).encode(), digest_size=6).hexdigest()


def _ignore() -> None:
    pass
