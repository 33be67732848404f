"""Examine a machine: its modes, its chains, its samples."""

from functools import partial

import streamlit as st

from pages.train.examine import examination, growing, quality, spreads, together
from pages.ui import lesson, shell
from pages.ui.server import feed
from pages.ui.session import kept, live
from rbm.core.language import _
from rbm.jobs.live import LiveRun

shell.header(
    _("Diagnostics"),
    _("How much has the machine learnt, do its chains mix, and are its samples more than copies? Press Examine."),
)


@st.fragment
def look(current: LiveRun) -> None:
    """The findings so far; of a machine that nobody has examined yet, what its weights say at once."""
    run = live.watch("run", current)
    live.trouble(current)
    task, more = examination.of(current), examination.longer_of(current)
    part = feed.watch("examine", task, more, state=lambda: task and {type(found) for found in task.news})
    examined, judged = examination.elements(task, more), partial(quality.elements, current, task, quality.chosen())
    drawn = part.moves(lambda: {**examined(), **judged()})
    examination.controls(current, task, drawn)
    painter = live.painter(current.spec)
    with st.container(key="picture"):
        weights, chains, samples, pairs = lesson.views(*examination.VIEWS, key=examination.VIEW)
        with weights:
            left, right = st.columns(2, gap="medium")
            with left:
                examination.weights(current, task, painter)
            with right:
                growing.card(current)
                examination.spread(current, task)
        with chains:
            left, right = st.columns(2, gap="medium")
            with left:
                examination.walk(task, more, drawn)
            with right:
                quality.card(current, task)
        with samples:
            left, right = st.columns(2, gap="medium")
            with left:
                examination.energies(task)
            with right:
                examination.likeness(task, painter)
        with pairs:
            together.card(task)
    shown = st.session_state[spreads.CHOICE], st.session_state["examine_time"] == live.NOW
    run.moves(lambda: {**growing.elements(current), **spreads.elements(current, *shown)})


current = kept.machine()
with lesson.stage(key="examine", text="examine"):
    look(current)
