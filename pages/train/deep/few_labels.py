"""The few-labels comparison on the page: started, watched, drawn and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from pages.train.deep import figures_at_rest
from pages.ui import cards
from pages.ui.components import moving
from pages.ui.controls import datasets
from pages.ui.draw.words import as_typed
from pages.ui.session import tasks
from rbm.datasets.catalog import revision
from rbm.jobs.task import Task
from rbm.tasks.deep import kept
from rbm.tasks.deep.plan import PUBLISHED, LabelsPlan, Result

PLANS = {
    "small": LabelsPlan(sizes=(200,), pretraining=3, epochs=3, least_updates=500, labels=(100, 1000, 10_000)),
    "full": LabelsPlan(),
}
POLL_SECONDS = 1.0


class Asked(NamedTuple):
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


def choose(data: datasets.Data) -> Asked | None:
    """Which plan, and the buttons; None, with the reason on the screen, where the set is of no use."""
    datasets.explain(data, "deep_labels")
    if data.problem:
        return None
    st.session_state.setdefault("deep_plan", "small")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        size = st.segmented_control(
            "Comparison",
            list(PLANS),
            required=True,
            default=st.session_state["deep_plan"],
            key="deep_plan",
            persist_state="session",
            help="Small: 200 units, up to 10,000 labels, about two minutes. Full: 1000-1000 units, up to 60,000 labels, some "
            "twenty minutes. Both with three seeds, and with no more labels than there are pictures.",
        )
        plan = fitting(PLANS[str(size)], data)
        named = f"{data.name} {revision(data.name)}".strip()
        asked = Asked(plan, data.name, named)
        task: Task | None = st.session_state.get("deep_labels")
        if task is not None and task.active:
            st.button(
                "Pause",
                icon=":material/pause:",
                key="deep_labels_pause",
                on_click=task.pause,
                help="Keeps what it has.",
            )
        else:
            st.button(
                "Compare with a random start",
                icon=":material/compare_arrows:",
                key="deep_labels_start",
                on_click=start,
                args=(asked,),
                disabled=len(asked.results()) == 2 * len(plan.seeds) * len(plan.labels),
                help="Trains classifiers with and without pre-training, in the background. What is known is not done again.",
            )
    return asked


def start(asked: Asked) -> None:
    """Go on with this plan, or begin it, from what is kept."""
    task: Task | None = st.session_state.get("deep_labels")
    if task is not None and task.status == "paused" and st.session_state["deep_labels_asked"] == asked:
        task.start()
        return
    if task is not None:
        task.release()
    known = tuple(result.key for result in asked.results())
    task = Task("rbm.tasks.deep.few_labels:compare", plan=asked.plan, dataset=asked.dataset, known=known)
    st.session_state.update(deep_labels=task, deep_labels_asked=asked, deep_labels_kept=0)
    tasks.mind("deep labels", task)
    task.start()


def interval() -> float | None:
    """Seconds between looks at a comparison under way."""
    task: Task | None = st.session_state.get("deep_labels")
    return POLL_SECONDS if task is not None and task.active else None


def watch() -> bool:
    """Keep the comparison going, keep its results, say where it is. Whether there is a new result."""
    task: Task | None = st.session_state.get("deep_labels")
    if task is None:
        return False
    task.renew()
    if task.message:
        st.error(as_typed(task.message), icon=":material/error:")
    elif task.active:
        st.caption(figures_at_rest.working(task.news))
    results = [one for one in task.news if isinstance(one, Result)]
    new = results[st.session_state.get("deep_labels_kept", 0) :]
    if new:
        asked: Asked = st.session_state["deep_labels_asked"]
        kept.keep(asked.plan, new, asked.known_as)
        st.session_state["deep_labels_kept"] = len(results)
    return bool(new)


def figure(asked: Asked) -> None:
    """Everything known of the plan: error against labels, and the numbers."""
    results = asked.results()
    cards.title(
        "Test error against the number of labels",
        "Two nets of one size learn the same labels, each at the best of the same rates. One starts from the weights of RBMs "
        "that have seen all images without labels, the other at random. Bars: one standard deviation over seeds.",
        "how good a random start can be: the recipe, the same for both, is made for few labels"
        + (
            f" (published with all of MNIST's: {PUBLISHED[60_000][1]:.2f} %)."
            if asked.dataset == datasets.MNIST
            else "."
        ),
    )
    if not results:
        st.caption(
            "Nothing is known yet. Press Compare with a random start: points appear as they are found, and are kept."
        )
        return
    left, right = st.columns([7, 5], gap="large", vertical_alignment="center")
    with left:
        st.plotly_chart(
            figures_at_rest.labels_figure(results), key="deep_labels_figure", config={"displayModeBar": False}
        )
    with right:
        moving.facts(moving.table(*figures_at_rest.labels_table(results)), key="deep_labels_table")
