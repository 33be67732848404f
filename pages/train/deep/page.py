"""Stack machines on each other: layers learned one by one, their filters, their fantasies, and what they are good for."""

from functools import partial

import streamlit as st

from pages.train.deep import few_labels, stack
from pages.ui import lesson
from pages.ui.controls import datasets
from pages.ui.server import feed
from rbm.core.language import _
from rbm.jobs.task import Task
from rbm.tasks.deep.plan import KINDS, DeepSpec

EXPERIMENTS: lesson.Experiments = {
    _("Two layers, quickly"): (
        _("200 units above 200, learnt from 10,000 pictures, or all there are, in a few seconds."),
        lambda: stack.setting(KINDS[0], (200, 200), 5, 10, 10_000),
    ),
    _("Narrow at the top"): (
        _("Three layers, the last of 50 units: what is left of a picture in 50 bits?"),
        lambda: stack.setting(KINDS[0], (500, 200, 50), 5, 10, 10_000),
    ),
    _("All undirected"): (
        _("A deep Boltzmann machine: two layers alone with doubled weights, then together."),
        lambda: stack.setting(KINDS[1], (200, 200), 5, 10, 10_000),
    ),
}


@st.fragment
def learning(task: Task, asked: DeepSpec) -> None:
    """The machine as far as it has come."""
    part = feed.watch("deep", task, state=partial(stack.stage, task, asked))
    drawn = part.moves(stack.elements(task, asked))
    stack.progress(drawn)
    with st.container(key="picture"):
        made, curves, labels = lesson.views(
            _("What it makes and sees"), _("Layer by layer"), _("Does pre-training save labels?"), key="deep_view"
        )
        with made:
            left, right = st.columns(2, gap="medium")
            with left:
                stack.fantasies(task, asked)
            with right:
                stack.filter_walls(asked, drawn)
        with curves:
            stack.learning_curves(drawn)
            stack.likelihood(task)
        with labels:
            comparison()


@st.fragment
def comparison() -> None:
    """Classifiers that start from such a net, and others that start at random."""
    plan = few_labels.choose(datasets.data(st.session_state[stack.DATASET], datasets.without_classes))
    few_labels.follow()
    if plan is not None:
        few_labels.figure(plan)


lesson.question(
    _("Go deep"), _("What does a machine see that learns from another machine's features, and what is it good for?")
)
with lesson.stage(EXPERIMENTS, key="deep", text="deep") as beside:
    with beside:
        stack.settings()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="machine_bar"):
        stack.buttons()
        shown = stack.current()
    feed.watch("deep_buttons", st.session_state.get("deep_task"))
    learning(*shown)
