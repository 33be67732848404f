"""Examine a machine: its modes, its chains, its samples."""

from functools import partial

import streamlit as st

from pages.train.examine import examination, growing, quality
from pages.ui import lesson, shell
from pages.ui.server import feed
from pages.ui.session import kept, live
from rbm.jobs.live import LiveRun
from rbm.jobs.task import Task

shell.header(
    "Diagnostics",
    "How much has the machine learnt, do its chains mix, and are its samples more than copies? Press Examine.",
)


def news(task: Task | None, current: LiveRun, by: str) -> feed.Elements:
    """What moves while the machine is examined."""
    return {**examination.elements(task)(), **quality.elements(current, task, by)}


@st.fragment
def look(current: LiveRun) -> None:
    """The findings so far; of a machine that nobody has examined yet, what its weights say at once."""
    run = live.watch("run", current)
    live.trouble(current)
    task = examination.of(current)
    part = feed.watch("examine", task, state=lambda: task and {type(found) for found in task.news})
    drawn = part.moves(partial(news, task, current, quality.chosen()))
    examination.controls(current, task, drawn)
    run.moves(partial(growing.elements, current))
    painter = live.painter(current.spec)
    with st.container(key="picture"):
        left, right = st.columns(2, gap="medium")
        with left:
            examination.weights(current, task, painter)
        with right:
            quality.card(current, task)
            growing.card(current)
            examination.walk(task)
            examination.likeness(task, painter)
            examination.spread(current, task)
        examination.energies(task)


current = kept.machine()
with lesson.stage(key="examine", text="examine"):
    look(current)
