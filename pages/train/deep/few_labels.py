"""The few-labels comparison on the page: started, watched, drawn and kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import streamlit as st

from pages.train.deep import figures_at_rest
from pages.ui import cards
from pages.ui.components import chart, moving
from pages.ui.controls import datasets, widgets
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.core.language import N_, _
from rbm.core.text import as_typed
from rbm.datasets.catalog import revision
from rbm.errors import StoreError
from rbm.jobs.task import Task
from rbm.tasks.deep import kept
from rbm.tasks.deep.plan import PUBLISHED, LabelsPlan, Result

PLANS = {
    N_("small"): LabelsPlan(sizes=(200,), pretraining=3, epochs=3, least_updates=500, labels=(100, 1000, 10_000)),
    N_("full"): LabelsPlan(),
}


class ComparisonAsked(NamedTuple):
    """What is to be compared on which set; ``known_as`` is the set's name among kept results, changed with its pictures."""

    plan: LabelsPlan
    dataset: str
    known_as: str

    def results(self) -> list[Result]:
        return kept.load(self.plan, self.known_as)


def fitting(plan: LabelsPlan, data: datasets.Data) -> LabelsPlan:
    """The plan with no more labels than the set has pictures to learn from: those that are fewer, and all of them."""
    if data.mnist:
        return plan
    have = datasets.sizes(data.name)
    most = have.train + have.validation
    return replace(plan, labels=(*(n for n in plan.labels if n < most), most))


def choose(data: datasets.Data) -> ComparisonAsked | None:
    """Which plan, and the buttons; None, with the reason on the screen, where the set is of no use."""
    _keep_new()
    datasets.explain(data, "deep_labels")
    if data.problem:
        return None
    st.session_state.setdefault("deep_plan", "small")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        size = widgets.segmented_control(
            _("Comparison"),
            list(PLANS),
            required=True,
            format_func=_,
            default=st.session_state["deep_plan"],
            key="deep_plan",
            help=_(
                "Small: 200 units, up to 10,000 labels, about two minutes. Full: 1000-1000 units, up to 60,000 "
                "labels, some twenty minutes. Both with three seeds, and with no more labels than there are "
                "pictures."
            ),
        )
        plan = fitting(PLANS[str(size)], data)
        named = f"{data.name} {revision(data.name)}".strip()
        asked = ComparisonAsked(plan, data.name, named)
        about = _(
            "Trains classifiers with and without pre-training, in the background. What is known already is not "
            "computed again."
        )
        known = len(asked.results()) == 2 * len(plan.seeds) * len(plan.labels)
        begin = partial(start, asked)
        tasks.buttons(
            st.session_state.get("deep_labels"),
            tasks.Press(
                "deep_labels_start", _("Compare with a random start"), about, begin, "compare_arrows", off=known
            ),
            tasks.Press("deep_labels_pause", _("Pause"), _("Keeps what it has.")),
        )
    return asked


def start(asked: ComparisonAsked) -> None:
    """Go on with this plan, or begin it, from what is kept."""
    task: Task | None = st.session_state.get("deep_labels")
    if task is not None and task.status == "paused" and st.session_state["deep_labels_asked"] == asked:
        task.start()
        return
    if task is not None:
        task.release()
    known = tuple(result.key for result in asked.results())
    task = Task("rbm.tasks.deep.few_labels:compare", plan=asked.plan, dataset=asked.dataset, known=known)
    tasks.hold_beside(deep_labels=task, deep_labels_asked=asked, deep_labels_kept=0)
    tasks.hold("deep labels", task)


def follow() -> None:
    """Keep the comparison going and say where it is; a new result runs this part of the page again."""
    task: Task | None = st.session_state.get("deep_labels")
    if task is None:
        return
    part = feed.watch("deep_labels", task, state=lambda: len(_results(task)))
    task.renew()
    with cards.notice("few_labels"):
        tasks.trouble(task)
    if task.active:
        drawn = part.moves(lambda: {"deep_labels_words": moving.table((), [(figures_at_rest.working(task.news),)])})
        moving.facts(drawn["deep_labels_words"], key="deep_labels_words", look="caption")


def _keep_new() -> None:
    """Write what the comparison has found since the last look, before anything asks what is known."""
    task: Task | None = st.session_state.get("deep_labels")
    results = [] if task is None else _results(task)
    new = results[st.session_state.get("deep_labels_kept", 0) :]
    if new:
        asked: ComparisonAsked = st.session_state["deep_labels_asked"]
        try:
            kept.keep(asked.plan, new, asked.known_as)
        except StoreError as error:  # the next look tries again
            st.warning(as_typed(error), icon=":material/save:")
        else:
            st.session_state["deep_labels_kept"] = len(results)


def _results(task: Task) -> list[Result]:
    return [one for one in task.news if isinstance(one, Result)]


def figure(asked: ComparisonAsked) -> None:
    """Everything known of the plan: error against labels, and the numbers."""
    results = asked.results()
    cards.title(
        _("Test error against the number of labels"),
        _(
            "Two nets of one size learn the same labels, each at the best of the same rates. One starts from "
            "the weights of RBMs that have seen all images without labels, the other at random. Bars: one "
            "standard deviation over seeds."
        ),
        _("how good a random start can be: the recipe, the same for both, is made for few labels")
        + (
            _(" (published with all of MNIST's: {published:.2f} %).").format(published=PUBLISHED[60000][1])
            if asked.dataset == datasets.MNIST
            else "."
        ),
    )
    if not results:
        st.caption(
            _("Nothing is known yet. Press Compare with a random start: points appear as they are found, and are kept.")
        )
        return
    left, right = st.columns([7, 5], gap="large", vertical_alignment="center")
    with left:
        figure = figures_at_rest.labels_figure(results)
        chart.show(figure, key="deep_labels_figure", alt=_("Test error against the number of labels"))
    with right:
        moving.facts(moving.table(*figures_at_rest.labels_table(results)), key="deep_labels_table")
