"""A page that answers its sliders, and the pen on its pad, before its script does.

Every move of a slider makes Streamlit run the script; from the key to the new picture that took 140 to 230 ms here, most of it
in the browser. So the page itself watches its sliders, asks over its socket, and draws what comes back; the script's own answer,
a little later, says the same again. Without the socket nothing is lost but time. What is drawn on a pad comes over the same
socket and to no script at all; scripts find it in the session.
"""

from __future__ import annotations

import binascii
import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.ui.components.component import declare
from pages.ui.server import feed
from rbm.core import clock
from rbm.core.language import _

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_mount: ComponentRenderer = declare("instant", '<div class="instant" hidden></div>', "board", "instant")
_presses: ComponentRenderer = declare("presses", '<div class="presses" hidden></div>', "board", "presses")

LONGEST_WAIT = 0.2  # seconds
MOST_PIXELS = 7_000  # of a pad: its three pictures must fit into one question (pages/ui/server/socket.py)
CENTRED = (28, 28)  # the shape of the pictures that are centred as MNIST's are
_PAD = f"""
<div class="pad sketch">
  <canvas tabindex="0" role="application"></canvas>
  <div class="tools">
    <button type="button" name="pen">{_("Pen")}</button><button type="button" name="eraser">{_("Eraser")}</button>
    <button type="button" name="cover" title="{_("Covers a part, for the machine to fill in")}">{_("Cover")}</button>
    <select aria-label="{_("Thickness of the pen")}">
      <option value="thin">{_("thin")}</option><option value="medium" selected>{_("medium")}</option>
      <option value="thick">{_("thick")}</option>
    </select>
    <button type="button" name="clear">{_("Clear")}</button>
  </div>
  <div class="drawn" hidden><svg></svg></div>
  <div class="words" aria-live="polite"></div>
</div>
"""
_pad: ComponentRenderer = declare("sketch", _PAD, "board", "files", "pad", "sketch")


class Sliders(NamedTuple):
    """What a page's sliders can be asked: the stops of each, in order, and what the page draws for a choice of them.

    ``turn``: the script draws only when no answer to the page is being drawn. The two would halve each other's speed, and the
    page is waiting for the answer.
    """

    stops: Mapping[str, Sequence[float]]
    draw: Callable[..., feed.Elements]
    turn: Lock

    def drawn(self, values: Sequence[Any], now: Callable[[], feed.Elements] | None = None) -> feed.Elements:
        """The elements for these values, stamped with what they answer and when: the page shows what fits its sliders now.

        The time alone would not do: Streamlit's script may begin its answer to an old place after the new one was asked.
        ``now`` draws in their place what the sliders' values alone do not tell.
        """
        at = clock.now()
        with self.turn:
            elements = self.draw(*values) if now is None else now()
        return self.stamped(elements, values, at)

    def stamped(self, elements: feed.Elements, values: Sequence[Any], at: float) -> feed.Elements:
        """Elements with what they answer: where the sliders stand, and when that was asked."""
        numbers = (_nearest(stops, value) for stops, value in zip(self.stops.values(), values, strict=True))
        asked = json.dumps(dict(zip(self.stops, numbers, strict=True)), separators=(",", ":"))  # as the page writes it
        return {key: {**news, "at": at, "asked": asked} for key, news in elements.items()}

    def answer(self, question: str) -> feed.Elements | None:
        """The elements for a question of the page, ``{key: number of the stop}``; None where it makes no sense."""
        with suppress(ValueError, KeyError, TypeError, IndexError, RecursionError):
            asked = json.loads(question)
            numbers = [asked[key] for key in self.stops]
            if min(numbers, default=0) >= 0:
                values = [stops[number] for number, stops in zip(numbers, self.stops.values(), strict=True)]
                return self.drawn(values)
        return None


def _nearest(stops: Sequence[float], value: float) -> int:
    return min(range(len(stops)), key=lambda i: abs(stops[i] - value))


def respond(
    stops: Mapping[str, Sequence[float]],
    draw: Callable[..., feed.Elements],
    now: Callable[[], feed.Elements] | None = None,
) -> feed.Elements:
    """What the page shows where its sliders stand now; and at once again whenever one of them is moved.

    ``stops``: each slider's key and its values in order. ``draw(*values)`` gives the elements by the key of what shows
    them, and runs in a thread of its own: no ``st`` in it. ``now``: where a move begins something that goes on without
    one, what it has come to.
    """
    ours = feed.current()
    ours.sliders = sliders = Sliders(stops, draw, ours.turn)
    _mount(key="instant", data={"sliders": list(stops)})
    return sliders.drawn([st.session_state[key] for key in stops], now)


def here(
    stops: Mapping[str, Sequence[float]],
    draw: Callable[..., feed.Elements],
    now: Callable[[], feed.Elements] | None = None,
) -> Callable[[], feed.Elements]:
    """What draws the same elements again and again where the sliders stand now, in a thread: for what plays."""
    ours = feed.current()
    sliders, values = Sliders(stops, draw, ours.turn), [st.session_state[key] for key in stops]
    return lambda: sliders.stamped(draw(*values) if now is None else now(), values, clock.now())


def presses(acts: Mapping[str, Callable[[], None]], *, key: str) -> None:
    """From now on the buttons of these keys are answered over the page's socket, without a script: each only moves what the news
    of a part show, and asks for them. ``acts`` run in a thread: no ``st`` in them.

    Of sixty sessions that step a Gibbs chain once a second the scripts of the clicks took most of the server's time.
    """
    feed.current().presses.update(acts)
    _presses(key=f"mark_{key}", data={"presses": list(acts)})


def give_way() -> None:
    """Let the page have the answer that is being drawn for it, before its script begins to take the same time."""
    turn = feed.current().turn
    if turn.acquire(timeout=LONGEST_WAIT):
        turn.release()


def answer(ours: feed.Feed, question: str) -> feed.Elements | None:
    """What the page's sliders, its pad or its buttons ask for; None where it makes no sense, or where news will bring it."""
    if (act := _pressed(ours, question)) is not None:
        with ours.turn:
            act()
        return None
    if (drawn := _drawn(ours, question)) is not None:
        return drawn[0].answer(drawn[1])
    return ours.sliders.answer(question) if isinstance(ours.sliders, Sliders) else None


def _pressed(ours: feed.Feed, question: str) -> Callable[[], None] | None:
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        return ours.presses[json.loads(question)["press"]]
    return None


def _drawn(ours: feed.Feed, question: str) -> tuple[Sketch, Drawing] | None:
    """The pad that a question is of, and what is drawn there; None where it is of no pad."""
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        asked = json.loads(question)
        found = ours.sketches[asked["pad"]]
        if isinstance(found, Sketch):
            return found, found.read(asked)
    return None


Bits = NDArray[np.bool_]


class Drawing(NamedTuple):
    """A pad of V pixels: ``ink`` as it was drawn; ``centred``, the same in the middle and as large as MNIST's digits are (of
    other shapes as it was drawn); ``covered``, what is to be filled in. (V,) each."""

    ink: Bits
    centred: Bits
    covered: Bits

    @classmethod
    def of(cls, ink: Bits) -> Drawing:
        """A picture as it is."""
        return cls(ink, ink, np.zeros_like(ink))


class Sketch:
    """What one visitor has drawn on one pad, and what follows from it.

    ``example``: it was put there to be seen, and goes with the first stroke. ``fresh``: nobody has drawn, or chosen a picture, in
    this visit, so that what the browser kept of the one before comes back.
    """

    def __init__(self, shape: tuple[int, int], turn: Lock) -> None:
        self.shape, self._turn = shape, turn
        self._draw: Callable[[Drawing], feed.Elements] = lambda drawing: {}
        self.put(np.zeros(math.prod(shape), bool))
        self.fresh = True

    def put(self, ink: Bits, *, example: bool = False) -> None:
        """Another picture in place of what was drawn."""
        self.drawing, self.example, self.version = Drawing.of(ink), example, clock.now()
        self.fresh = example

    def follows(self, draw: Callable[[Drawing], feed.Elements]) -> None:
        """From now on ``draw`` says what follows from a change of the drawing. In a thread: no ``st`` in it."""
        self._draw = draw

    def answers(self, draw: Callable[[Drawing], feed.Elements]) -> feed.Elements:
        """The same, and returns what follows from what is drawn now."""
        self.follows(draw)
        with self._turn:
            return draw(self.drawing)

    def read(self, asked: Mapping[str, str]) -> Drawing:
        """The drawing as the page sends it; ValueError where it is none."""
        return Drawing(*(self._unpacked(asked[name]) for name in ("ink", "centred", "cover")))

    def answer(self, drawing: Drawing) -> feed.Elements:
        """The elements for what is drawn now."""
        self.drawing, self.example, self.fresh = drawing, False, False
        with self._turn:
            return self._draw(drawing)

    def _unpacked(self, text: str) -> Bits:
        pixels = math.prod(self.shape)
        try:
            found = np.frombuffer(b64decode(text, validate=True), np.uint8)
        except binascii.Error as error:
            raise ValueError("a drawing is bits in base64") from error
        if len(found) != -(-pixels // 8):
            raise ValueError(f"expected a bit for each of {pixels} pixels, got {len(found)} bytes")
        return np.unpackbits(found, count=pixels).astype(bool)


def sketch(key: str, shape: tuple[int, int], example: Callable[[], Bits] | None = None) -> Sketch:
    """This visitor's drawing on the pad of that key; another shape begins another. It stays when the page is left."""
    ours = feed.current()
    found = ours.sketches.get(key)
    if not isinstance(found, Sketch) or found.shape != shape:
        found = ours.sketches[key] = Sketch(shape, ours.turn)
        if example is not None:
            found.put(example(), example=True)
    return found


def pad(
    drawn: Sketch, *, key: str, alt: str, width: int = 280, covers: bool = False, news: Mapping[str, Any] | None = None
) -> None:
    """Show the pad, ``width`` screen pixels wide where there is room. ``covers``: a part can be covered. ``news``: "words" that
    are read out when the pen is lifted, and a histogram with the drawing's mark (``pages/learn/home``)."""
    keys = _("Draw with mouse, finger or pen; or with the arrow keys, where space puts the pen down and lifts it.")
    ink, cover = (
        b64encode(np.packbits(bits).tobytes()).decode() for bits in (drawn.drawing.ink, drawn.drawing.covered)
    )
    about: dict[str, Any] = {
        "rows": drawn.shape[0],
        "cols": drawn.shape[1],
        "version": drawn.version,
        "example": drawn.example,
        "fresh": drawn.fresh,
    }
    about |= {"ink": ink, "cover": cover, "centre": drawn.shape == CENTRED, "covers": covers, "width": width}
    _pad(key=key, data={**about, "alt": alt, "keys": keys, "channel": key, "at": clock.now(), **(news or {})})
