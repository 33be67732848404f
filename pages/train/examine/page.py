"""Examine a machine: its modes, its chains, its samples."""

import streamlit as st

from pages.train.examine import examination
from pages.ui import empty, lesson, shell
from pages.ui.controls import widgets
from pages.ui.session import state, tasks

shell.header(
    "Diagnostics",
    "How much has the machine learnt, do its chains mix, and are its samples more than copies? Press Examine.",
)
interval = tasks.interval(examination.NAME)


@widgets.every(interval)
def look() -> None:
    """The findings so far."""
    current = state.run()
    if current is None or not current.past:
        empty.no_machine("to examine")
        return
    task = examination.controls(current)
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
    if task.active != (interval is not None):  # it has begun, or the last finding is in
        st.rerun()


look()
lesson.what_to_see("examine")
