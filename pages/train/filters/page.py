"""Look at the filters: all of them, through training time, and one at a time."""

from functools import partial

import streamlit as st

from pages.train.filters import closeup
from pages.ui import lesson
from pages.ui.components import moving
from pages.ui.controls import widgets
from pages.ui.server import instant
from pages.ui.session import kept, live
from rbm.core.language import _
from rbm.jobs.live import LiveRun

lesson.question(
    _("Filters"), _("Which strokes did each hidden unit learn to see, when, and which images excite it?"), see="filters"
)


@st.fragment
def look(current: LiveRun) -> None:
    """The wall on the left, on the right its controls and the chosen unit. All move with the run; what lies behind them is
    computed anew at every doubling of its updates, as most happens early."""
    part = live.watch("filters", current, lambda: current.step_number.bit_length())
    if current.record is not None:
        moving.status(moving.run_line(current))
    live.trouble(current)
    left, right = st.columns([5, 7], gap="medium")
    with left:
        place = st.container()
        below = st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters_below")
    with right:
        view = closeup.choose_view(current, below)
    with below:
        closeup.take_grid(current, view)
    painter, unit = live.painter(current.spec), st.session_state.get("unit")
    stops = {closeup.TIME: tuple(view.moments)}
    drawn = instant.respond(stops, partial(closeup.moment, current, view, unit, painter))
    with place:
        clicked = closeup.grid(drawn[closeup.WALL], view, painter)
        if clicked is not None and clicked != st.session_state.get("unit"):
            st.session_state["unit"] = clicked
            st.rerun(scope="fragment")
    widgets.remember(unit=st.session_state.get("unit"))
    still = instant.here(stops, dict, partial(closeup.elements, current, view, unit, painter))
    part.moves(lambda: {"status": moving.run_line(current), **still()})
    with right:
        if unit is None or unit >= view.past.weight.shape[1]:
            st.info(
                _("Click a filter to see it large, when it is on, and what excites it most."),
                icon=":material/ads_click:",
            )
        else:
            closeup.close_up(current, view.past, unit, drawn["wall_unit"])


look(kept.machine())
