"""Widgets' values set by the program or kept for the visitor, a page's place, and Play and Pause in one place.

Every widget whose value the program sets has that value as its default too. The browser is told of a value in the session
only once, and a widget that missed that, or is mounted anew, would stand at its lowest and soon tell so.

The place on a page is what its widgets say, and what else it has to ``remember``. It is there again after another page, a
reload or a month: pages make their widgets here (those of a ``Panel`` are kept by it) and never by ``st`` itself.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import streamlit as st

from pages.ui.components.component import PRESSED, noted, taken
from pages.ui.session import tasks, visitor
from rbm.core.language import _
from rbm.core.limits import PLACE_LETTERS
from rbm.errors import StoreError
from rbm.jobs.settings import settings

_log = logging.getLogger(__name__)
Draw = TypeVar("Draw", bound=Callable[..., Any])
OPEN = "place_open"  # in the session: the page that is drawn
MARK = ""  # in what is kept of one: the program that it is of


def kept(panel: str) -> dict[str, Any]:
    """What this visitor has set in a panel, in this visit or the last one, by field."""
    if "settings" not in st.session_state:
        try:
            st.session_state["settings"] = settings().of(visitor.current().id)
        except StoreError as error:  # whatever needs the registry says so on the page
            _log.warning("what a visitor had set is not known, and is not kept (%s)", error)
            st.session_state["settings"] = None
    found: dict[str, Any] = (st.session_state["settings"] or {}).get(panel, {})
    return found


def keep(panel: str, values: dict[str, Any], usual: dict[str, Any]) -> None:
    """Keep what the visitor has set in a panel for the next visit; nothing of what stands as ``usual``."""
    chosen = {name: value for name, value in values.items() if value != usual.get(name)}
    if chosen != kept(panel) and st.session_state["settings"] is not None:
        st.session_state["settings"][panel] = chosen
        settings().keep(visitor.current().id, panel, chosen)


class _Place:
    """One page's place in this visit: ``now`` by key, and as each key was when it was first drawn, where nothing was left."""

    def __init__(self, page: str, mark: str) -> None:
        left = kept(f"place:{page}")
        self.panel, self.left = f"place:{page}", dict(left) if left.get(MARK) == mark else {}
        self.now: dict[str, Any] = self.left or {MARK: mark}
        self.usual = {} if self.left else dict(self.now)


def open_place(page: str, mark: str) -> None:
    """Before a page is drawn: what the visitor left on it, in this tab or in the last one, goes into the session, unless
    something was put there meanwhile. ``mark``: of the page's program; what another one has left may be no choice any more."""
    if st.session_state.get(OPEN) != page:
        st.session_state[OPEN], st.session_state[PRESSED] = page, {}
    places: dict[str, _Place] = st.session_state.setdefault("places", {})
    if page not in places:
        places[page] = _Place(page, mark)
        for key, value in places[page].left.items():
            if key != MARK:
                st.session_state.setdefault(key, value)
    if st.session_state["settings"] is not None:
        tasks.hold_beside(settings=st.session_state["settings"])  # the tab's own, while another has other ones


def remember(**values: Any) -> None:
    """Keep a part of the page's place, what JSON can hold, by its key in the session; nothing of a page that stands as it was
    first drawn, and nothing beyond PLACE_LETTERS."""
    if OPEN not in st.session_state:  # no page of the program
        return
    place: _Place = st.session_state["places"][st.session_state[OPEN]]
    changed = {key: value for key, value in values.items() if key not in place.now or place.now[key] != value}
    for key, value in changed.items():
        if len(json.dumps(value)) > PLACE_LETTERS:
            place.now.pop(key, None)
            continue
        place.now[key] = value
        if not place.left:
            place.usual.setdefault(key, value)
    if changed:
        keep(place.panel, {} if place.now == place.usual else dict(place.now), {})


def remembered(key: str) -> Any:
    """What the page has to remember under that key, in this visit or since the last; None where there is nothing."""
    return st.session_state["places"][st.session_state[OPEN]].now.get(key)


def _staying(draw: Draw) -> Draw:
    """A widget of Streamlit's whose value, by its ``key``, is a part of the page's place."""

    @wraps(draw)
    def drawn(*args: Any, key: str, **look: Any) -> Any:
        value = draw(*args, key=key, persist_state="session", **look)
        if value is not None or not look.get("required"):  # None: the browser has not told it yet
            remember(**{key: value})
        return value

    return cast(Draw, drawn)


multiselect, number_input, pagination = _staying(st.multiselect), _staying(st.number_input), _staying(st.pagination)
pills, segmented_control, select_slider = _staying(st.pills), _staying(st.segmented_control), _staying(st.select_slider)
selectbox, slider, text_input, toggle = (
    _staying(st.selectbox),
    _staying(st.slider),
    _staying(st.text_input),
    _staying(st.toggle),
)


def put(key: str, value: Any) -> None:
    """Give a widget a value, unless it has it: each assignment goes to the browser and undoes what a hand moved meanwhile."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def playing(flag: str) -> bool:
    """Whether the session plays what ``flag`` names."""
    return bool(st.session_state.get(flag, False))


def pressed(label: str, *, key: str, **look: Any) -> bool:
    """A button; whether it was pressed, though the run that the press brought gave way to a newer one."""
    st.button(label, key=key, on_click=noted(key), **look)
    return bool(taken(key))


def player(flag: str, key: str, *, play: str = _("Play"), **look: Any) -> None:
    """Play, or Pause while it plays; ``look`` goes to both.

    They are two buttons: a click that comes in while another run of the script is under way may be told to the server twice,
    and a button that turned round would then turn back.
    """
    on = playing(flag)
    # The old button stays below the new one until the run is over: unseen, or all that follows would jump down and up.
    st.html(f"<style>.st-key-{key} > :nth-child(n + 2) {{ display: none; }}</style>")
    with st.container(key=key, width="content"):
        st.button(
            _("Pause") if on else play,
            icon=":material/pause:" if on else ":material/play_arrow:",
            key=f"{key}_{'pause' if on else 'go'}",
            on_click=put,
            args=(flag, not on),
            **look,
        )


def typed(
    label: str, value: float | None, *, key: str, whole: bool = True, staying: bool = True, **look: Any
) -> float | None:
    """A number that is typed, in no bounds: the browser does not tell the script of a number beyond Streamlit's own, nor of a
    whole one above 2⁵³, and so it would stand there, red, while another is taken.

    Who reads it says in words what does not fit, and makes a whole one of the float by ``whole_number``; one that is kept
    elsewhere is not ``staying``.
    """
    look = {"step": 1.0, "format": "%.0f", **look} if whole else look
    draw = number_input if staying else st.number_input
    found: float | None = draw(label, value=None if value is None else float(value), key=key, **look)
    return found


def whole_number(value: float | None) -> int | None:
    """A typed number as the whole one that the widget shows."""
    return None if value is None else round(value)


def within(value: float, low: float, high: float) -> float:
    """The nearest number in the range, which is taken where ``told_beyond`` says so."""
    return min(max(value, low), high)


def told_beyond(label: str, value: float | None, low: float, high: float) -> None:
    """An amber line below a typed number that is out of its range."""
    if value is not None and not low <= value <= high:
        st.warning(
            _("{label} is {value:.10g}; expected {low:,.10g} to {high:,.10g}. {within:,.10g} is taken.").format(
                label=label, value=value, low=low, high=high, within=within(value, low, high)
            )
        )
