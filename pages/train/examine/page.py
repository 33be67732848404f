"""Examine a machine: its modes, its chains, its samples."""

import streamlit as st

from pages.train.examine import examination
from pages.ui import lesson, shell
from pages.ui.server import feed
from pages.ui.session import live, state, tasks

shell.header(
    "Diagnostics",
    "How much has the machine learnt, do its chains mix, and are its samples more than copies? Press Examine.",
)


@st.fragment
def look() -> None:
    """The findings so far."""
    current = state.run()
    if current is None or not current.past:
        live.no_machine("to examine")
        return
    live.watch("run", current)
    live.trouble(current)
    task = tasks.held(examination.NAME)
    part = feed.watch("examine", task, state=lambda: task and {type(found) for found in task.news})
    drawn = part.moves(examination.elements(current, task))
    examination.controls(current, drawn)
    if task is None:
        return
    shape = examination.shape_of(current)
    left, right = st.columns(2, gap="large")
    with left:
        examination.weights(task, shape)
        examination.energies(task)
    with right:
        examination.walk(task, shape)
        examination.likeness(task, shape)


look()
lesson.what_to_see("examine")
