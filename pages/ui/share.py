"""A run to hand on: its link, and the code that does it again."""

from __future__ import annotations

from urllib.parse import urljoin

import streamlit as st

from pages.ui import state
from rbm.errors import ConfigError
from rbm.experiment import RunSpec
from rbm.link import code, to_url


def buttons(spec: RunSpec | None, key: str) -> None:
    """Copy link and Show code, side by side in the caller's row; out of use without a run that can be described."""
    off = spec is None
    with st.popover(
        "Copy link",
        icon=":material/link:",
        disabled=off,
        key=f"{key}_link",
        help="An address that holds all of these settings: whoever opens it finds them ready to train.",
    ):
        if spec is not None:
            st.caption("Copy it with the button at its right, and send it.")
            st.code(to_url(urljoin(st.context.url or "", "train"), spec), language=None, wrap_lines=True)
    with st.popover(
        "Show code",
        icon=":material/code:",
        disabled=off,
        key=f"{key}_code",
        help="The few lines of Python that do the same run with the engine alone.",
    ):
        if spec is not None:
            st.caption("The same run without the app: on the same machine the same numbers, bit for bit.")
            st.code(code(spec), language="python")


def draft_row() -> None:
    """The Train page's: of the settings as they stand. Says so when they came by a link."""
    arrival = state.take_link()
    try:
        spec = state.to_spec(state.draft())
    except ConfigError:  # the bar above says what is wrong
        spec = None
    with st.container(horizontal=True, key="share", gap="small"):
        buttons(spec, "draft")
    if arrival is None:
        return
    if arrival.read:
        st.info("These are the settings of the link that you opened. Press **Train**.", icon=":material/link:")
    for note in arrival.notes:
        st.warning(note, icon=":material/info:")
