"""Train a restricted Boltzmann machine and watch it learn."""

import streamlit as st

from pages.train.live import board, draft
from pages.ui import shell
from pages.ui.controls import share
from pages.ui.session import live, state
from rbm.core.language import _

shell.header(
    _("Train a machine"), _("What does a restricted Boltzmann machine learn, and how fast? Change a setting and look.")
)
state.take_link()
with st.container(key="stage_train"):
    said = live.transport(board.smoothing)
    with st.container():  # what comes and goes has a place of its own: all below it would be drawn twice for a moment
        share.arrival()
    board.board(state.run(), said)
with st.sidebar:  # last, though it stands first: the answer to a click on Train need not wait for it
    draft.draft_panel()
    share.draft_row()
