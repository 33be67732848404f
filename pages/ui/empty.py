"""What pages without a machine say: what to do next, as a button."""

import streamlit as st

from pages.ui import shell
from pages.ui.server import feed
from pages.ui.session import live, state


def no_machine(what: str) -> None:
    """Say that there is nothing trained to look at, and offer to train at once; the page goes on by itself once there is."""
    current = state.run()
    feed.watch("no_machine", current, state=lambda: current is not None and bool(current.past))
    if current is not None and current.active:
        st.info("The machine is being made …", icon=":material/hourglass_top:")
        return
    st.info(
        f"There is no machine yet {what}. Train one, and it appears here while it still learns.", icon=":material/info:"
    )
    with st.container(horizontal=True):
        st.button(
            "Train one now",
            type="primary",
            icon=":material/play_arrow:",
            key="train_now",
            on_click=live.start_preset,
            args=("default",),
        )
        st.page_link(shell.TRAIN, label="Choose settings first", icon=":material/tune:")
