"""Widgets' values set by the program or kept for the visitor, and Play and Pause in one place.

Every widget whose value the program sets has that value as its default too. The browser is told of a value in the session
only once, and a widget that missed that, or is mounted anew, would stand at its lowest and soon tell so.
"""

from __future__ import annotations

import logging
from typing import Any

import streamlit as st

from pages.ui.session import visitor
from rbm.core.language import _
from rbm.errors import StoreError
from rbm.jobs.settings import settings

_log = logging.getLogger(__name__)


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


def put(key: str, value: Any) -> None:
    """Give a widget a value, unless it has it: each assignment goes to the browser and undoes what a hand moved meanwhile."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def playing(flag: str) -> bool:
    """Whether the session plays what ``flag`` names."""
    return bool(st.session_state.get(flag, False))


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


def typed(label: str, value: float | None, *, key: str, whole: bool = True, **look: Any) -> float | None:
    """A number that is typed, in no bounds: the browser does not tell the script of a number beyond Streamlit's own, nor of a
    whole one above 2⁵³, and so it would stand there, red, while another is taken.

    Who reads it says in words what does not fit, and makes a whole one of the float by ``whole_number``.
    """
    look = {"step": 1.0, "format": "%.0f", **look} if whole else look
    found: float | None = st.number_input(label, value=None if value is None else float(value), key=key, **look)
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
