"""Stack machines on each other: layers learned one by one, their filters, their fantasies, and what they are good for."""

import streamlit as st

from pages.ui import datasets, deep, deep_labels, lesson, widgets
from rbm.deep.plan import KINDS

lesson.question(
    "Go deep", "What does a machine see that learns from another machine's features, and what is it good for?"
)
lesson.experiments(
    {
        "Two layers, quickly": (
            "200 units above 200, learned from 10,000 pictures, or all there are, in a few seconds.",
            lambda: deep.setting(KINDS[0], (200, 200), 5, 10, 10_000),
        ),
        "Narrow at the top": (
            "Three layers, the last of 50 units: what is left of a picture in 50 bits?",
            lambda: deep.setting(KINDS[0], (500, 200, 50), 5, 10, 10_000),
        ),
        "All undirected": (
            "A deep Boltzmann machine: two layers alone with doubled weights, then together.",
            lambda: deep.setting(KINDS[1], (200, 200), 5, 10, 10_000),
        ),
    },
    key="deep",
)
deep.controls()
interval = deep.interval()


@widgets.every(interval)
def learning() -> None:
    """The machine as far as it has come."""
    task, asked = deep.progress()
    deep.learning_curves(task, asked)
    deep.likelihood(task)
    deep.filter_walls(task, asked)
    deep.fantasies(task, asked)
    if interval is not None and deep.interval() is None:
        st.rerun()  # it is over: no more looking


learning()
st.subheader("Does pre-training save labels?", anchor=False)
plan = deep_labels.choose(datasets.data(st.session_state[deep.DATASET], datasets.without_classes))
labels_interval = deep_labels.interval()


@widgets.every(labels_interval)
def comparison() -> None:
    """Where the comparison is; the figure below moves only when there is a new point."""
    new = deep_labels.watch()
    if new or (labels_interval is not None and deep_labels.interval() is None):
        st.rerun()


comparison()
if plan is not None:
    deep_labels.figure(plan)
lesson.what_to_see("deep")
