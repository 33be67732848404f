"""Train a restricted Boltzmann machine and watch it learn."""

import streamlit as st

from pages.ui import controls, live, share, shell, state

shell.header(
    "Train a machine", "What does a restricted Boltzmann machine learn, and how fast? Change a setting and look."
)
state.take_link()
with st.sidebar:
    controls.draft_panel()
live.transport()
share.draft_row()
live.moving(live.board)
