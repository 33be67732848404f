"""Play and Pause in one place, for what a session plays by itself."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.controls import widgets


def playing(flag: str) -> bool:
    """Whether the session plays what ``flag`` names."""
    return bool(st.session_state.get(flag, False))


def button(flag: str, key: str, *, play: str = "Play", **look: Any) -> None:
    """Play, or Pause while it plays; ``look`` goes to both.

    They are two buttons: a click that comes in while a timer's run is under way may be told to the server twice, and a
    button that turned round would then turn back.
    """
    on = playing(flag)
    # The old button stays below the new one until the run is over: unseen, or all that follows would jump down and up.
    st.html(f"<style>.st-key-{key} > :nth-child(n + 2) {{ display: none; }}</style>")
    with st.container(key=key, width="content"):
        st.button(
            "Pause" if on else play,
            icon=":material/pause:" if on else ":material/play_arrow:",
            key=f"{key}_{'pause' if on else 'go'}",
            on_click=widgets.put,
            args=(flag, not on),
            **look,
        )


def rerun_if_turned(flag: str, timed: bool) -> None:
    """In a part of the page that a timer draws: only a run of the whole page can start or stop that timer."""
    if playing(flag) != timed:
        st.rerun()
