"""Train a restricted Boltzmann machine and watch it learn."""

from functools import partial

import streamlit as st

from pages.train.live import board, draft, pace
from pages.ui import cards, lesson
from pages.ui.controls import share
from pages.ui.session import live, state
from rbm.core.language import _

lesson.question(
    _("Train a machine"),
    _("What does a restricted Boltzmann machine learn, and how fast? Change a setting and look."),
    see="train",
)
state.take_link()
with st.container(key="stage_train"):
    shown = board.Shown.now()
    said = live.transport(partial(board.progress, shown))
    with cards.notice("link"):
        share.arrival()
    board.board(shown, said)
    with cards.notice("pace"):
        pace.lines()
with st.sidebar:  # last, though it stands first: the answer to a click on Train need not wait for it
    draft.draft_panel()
    share.draft_row()
