"""Examine a machine: its modes, its chains, its samples."""

from functools import partial

import streamlit as st

from pages.train.examine import examination, growing, quality, spectrum, together
from pages.ui import lesson, shell
from pages.ui.server import feed
from pages.ui.session import kept, live
from rbm.core.language import _
from rbm.jobs.live import LiveRun
from rbm.tasks.examine import WeightModes

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
    painter, found = live.painter(current.spec), examination.last(task, WeightModes)
    with st.container(key="picture"):
        weights, chains, samples, pairs = lesson.views(*examination.VIEWS, key=examination.VIEW)
        with weights:
            left, right = st.columns(2, gap="medium")
            with left:
                then, moves = spectrum.card(current, found, painter)
            with right:
                growing.card(current)
                spectrum.against_noise(then)
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
    run.moves(lambda: {**growing.elements(current), **moves()})


current = kept.machine()
with lesson.stage(key="examine", text="examine"):
    look(current)
