"""Train a restricted Boltzmann machine and watch it learn."""

import streamlit as st

from pages.ui import controls, live, shell

shell.header(
    "Train a machine", "What does a restricted Boltzmann machine learn, and how fast? Change a setting and look."
)
with st.sidebar:
    controls.draft_panel()
live.transport()
live.moving(live.board)
