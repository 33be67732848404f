"""Widgets' values set by the program, and Play and Pause in one place.

Every widget whose value the program sets has that value as its default too. The browser is told of a value in the session
only once, and a widget that missed that, or is mounted anew, would stand at its lowest and soon tell so.
"""

from __future__ import annotations

from typing import Any

import streamlit as st


def put(key: str, value: Any) -> None:
    """Give a widget a value, unless it has it: each assignment goes to the browser and undoes what a hand moved meanwhile."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def playing(flag: str) -> bool:
    """Whether the session plays what ``flag`` names."""
    return bool(st.session_state.get(flag, False))


def player(flag: str, key: str, *, play: str = "Play", **look: Any) -> None:
    """Play, or Pause while it plays; ``look`` goes to both.

    They are two buttons: a click that comes in while another run of the script is under way may be told to the server twice,
    and a button that turned round would then turn back.
    """
    on = playing(flag)
    # The old button stays below the new one until the run is over: unseen, or all that follows would jump down and up.
    st.html(f"<style>.st-key-{key} > :nth-child(n + 2) {{ display: none; }}</style>")
    with st.container(key=key, width="content"):
        st.button(
            "Pause" if on else play,
            icon=":material/pause:" if on else ":material/play_arrow:",
            key=f"{key}_{'pause' if on else 'go'}",
            on_click=put,
            args=(flag, not on),
            **look,
        )
