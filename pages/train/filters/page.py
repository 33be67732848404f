"""Look at the filters: all of them, through training time, and one at a time."""

import streamlit as st

from pages.train.filters import closeup
from pages.ui import empty, shell
from pages.ui.session import live, state
from pages.ui.session.status import status

shell.header("Filters", "Which strokes did each hidden unit learn to see, when, and which images excite it?")


def look() -> None:
    """The wall on the left, the chosen unit on the right; drawn anew while the run moves."""
    current = state.run()
    status(current)
    if current is None or not current.past:
        empty.no_machine("whose filters could be shown")
        return
    left, right = st.columns([7, 5], gap="large")
    with left:
        view = closeup.choose_view(current)
        closeup.health(view.past)
        clicked = closeup.grid(current, view, st.session_state.get("unit"))
        if clicked is not None and clicked != st.session_state.get("unit"):
            st.session_state["unit"] = clicked
            st.rerun(scope="fragment")
    with right:
        unit = st.session_state.get("unit")
        if unit is None or unit >= view.past.weight.shape[1]:
            st.info(
                "Click a filter to see it large, when it is on, and what excites it most.", icon=":material/ads_click:"
            )
        else:
            closeup.close_up(current, view.past, unit)


live.moving(look)
