"""A page that answers its sliders before its script does.

Every move of a slider makes Streamlit run the script; from the key to the new picture that took 140 to 230 ms here, most of it
in the browser. So the page itself watches its sliders, asks over its socket, and draws what comes back; the script's own answer,
a little later, says the same again. Without the socket nothing is lost but time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.ui.components.component import declare
from pages.ui.server import feed
from rbm.core import clock

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_mount: ComponentRenderer = declare("instant", '<div class="instant" hidden></div>', "board", "instant")


LONGEST_WAIT = 0.2  # seconds


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
        with suppress(ValueError, KeyError, TypeError, IndexError):
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


def give_way() -> None:
    """Let the page have the answer that is being drawn for it, before its script begins to take the same time."""
    turn = feed.current().turn
    if turn.acquire(timeout=LONGEST_WAIT):
        turn.release()


def answer(ours: feed.Feed, question: str) -> feed.Elements | None:
    """What the page's sliders ask for; None where it makes no sense."""
    return ours.sliders.answer(question) if isinstance(ours.sliders, Sliders) else None
