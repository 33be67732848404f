"""Widgets' values set by the program, and kept against messages that the browser wrote before it heard of them.

Every message of the browser holds the values of all widgets. One that is on its way when a value is set here, a timer's or
a training's news, brings the old value back as if a hand had moved the widget. Such an old value is an echo: until the page
has been drawn to its end, however long a busy machine takes, since no hand can know the new one before, and for a moment after.

Every widget whose value the program sets has that value as its default too. The browser is told of a value in the session
only once, and a widget that missed that, or is mounted anew, would stand at its lowest and soon tell so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import streamlit as st

ECHO_SECONDS = 1.0  # after the page was drawn; nobody takes a change back by hand so soon
_PLAIN = (str, int, float, bool, tuple, list, type(None))  # what widgets hold


class _Set(NamedTuple):
    """A value that took another one's place, and when the browser was told; None before."""

    old: Any
    new: Any
    told: float | None = None

    def echoes(self, value: Any) -> bool:
        fresh = self.told is None or time.monotonic() - self.told < ECHO_SECONDS
        return fresh and type(value) is type(self.old) and bool(value == self.old)


def put(key: str, value: Any) -> None:
    """Give a widget a value, unless it has it: each assignment goes to the browser and undoes what a hand moved meanwhile."""
    if key not in st.session_state:
        st.session_state[key] = value
    elif st.session_state[key] != value:
        _remember(key, st.session_state[key], value)
        st.session_state[key] = value


def acted(act: Callable[[], None]) -> None:
    """Do what sets several widgets at once, from a button's callback, and remember which values it replaced."""
    before = st.session_state.to_dict()
    act()
    for key, new in st.session_state.to_dict().items():
        old = before.get(key)
        if key in before and isinstance(old, _PLAIN) and isinstance(new, _PLAIN) and old != new:
            _remember(key, old, new)


def echoed(key: str) -> bool:
    """Whether what a widget has come to hold is only an echo: for callbacks, which are told of it as of a change."""
    known = st.session_state.get("overruled", {}).get(key)
    return known is not None and known.echoes(st.session_state[key])


def settle() -> None:
    """Put back what echoes have undone: first of all in a part that a timer draws.

    What is set back on purpose must be set by ``put`` or ``acted``, or it is taken for an echo.
    """
    for key, known in st.session_state.get("overruled", {}).items():
        if key in st.session_state and known.echoes(st.session_state[key]):
            st.session_state[key] = known.new


def told() -> None:
    """The page, or the part that was touched, is drawn to its end: the browser hears of all that was set."""
    overruled = st.session_state.get("overruled", {})
    for key, known in overruled.items():
        if known.told is None:
            overruled[key] = known._replace(told=time.monotonic())


def every(seconds: float | None) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """A part of a page that is drawn again every so many seconds, or only when it is touched; echoes do not reach it."""

    def part(draw: Callable[[], None]) -> Callable[[], None]:
        @wraps(draw)
        def settled() -> None:
            settle()
            draw()
            told()

        timed: Callable[[], None] = st.fragment(settled, run_every=seconds)
        return timed

    return part


def _remember(key: str, old: Any, new: Any) -> None:
    st.session_state.setdefault("overruled", {})[key] = _Set(old, new)
