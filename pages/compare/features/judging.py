"""The features page's parts: which machine, how good its hidden units are as features, and where they put the images."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from pages.compare.features import maps, scatter
from pages.ui import cards
from pages.ui.components import chart
from pages.ui.components.moving import facts, table
from pages.ui.controls import datasets
from pages.ui.draw import figures, frames, theme
from pages.ui.draw.words import as_typed
from pages.ui.server import feed
from pages.ui.session import state, tasks
from rbm.datasets.catalog import entry, is_available
from rbm.errors import CheckpointError, StoreError
from rbm.experiment import DatasetSpec, cached_dataset
from rbm.jobs.task import Task
from rbm.models.parameters import Array
from rbm.store import Run, open_store
from rbm.tasks.features import COMPONENTS, HELD_OUT, MAPS, Map, Score, only_test, planned, shown

if TYPE_CHECKING:
    from rbm.datasets.base import Dataset

NOW = "now"
MOST_KEPT = 20  # runs to choose from
FEW_TESTED = 100
SCORES, PLACES = "features_scores", "features_maps"


class JudgedMachine(NamedTuple):
    """The machine that a task is about: a name for people, its data, W (V, H) and c (H,)."""

    name: str
    dataset: DatasetSpec
    weight: Array
    hidden_bias: Array


def choose() -> JudgedMachine | None:
    """A machine to judge: this session's run, or one of those that are kept; None where there is neither."""
    kept = {run.id: run for run in _kept()}
    current = state.run()
    options = [NOW, *kept] if current is not None and current.snapshot is not None else list(kept)
    if not options:
        return None
    if st.session_state.get("features_run") not in options:
        st.session_state["features_run"] = options[0]
    st.selectbox(
        "Machine",
        options,
        format_func=lambda key: "This session's run, as it is now" if key == NOW else _name(kept[key]),
        index=options.index(st.session_state["features_run"]),
        key="features_run",
        persist_state="session",
        width=480,
        help="Whose hidden units are judged: of the run in training here, or of a run kept earlier.",
    )
    return machine()


def _kept() -> list[Run]:
    """The newest kept runs of Bernoulli machines that have learnt something."""
    try:
        runs = open_store().runs()
    except StoreError:  # the page of runs says it; this one can do without
        return []
    plain = [run for run in runs if (run.spec.model.visible, run.spec.model.hidden) == ("bernoulli", "bernoulli")]
    return [run for run in plain if run.progress.step and is_available(run.spec.dataset.name)][:MOST_KEPT]


def _name(run: Run) -> str:
    title = entry(run.spec.dataset.name).title
    algorithm = f"{run.spec.training.algorithm.upper()}-{run.spec.training.k}"
    return (
        f"{title}, {algorithm}, {run.spec.model.n_hidden} hidden units, epoch {run.progress.epoch:.1f} ({run.id[:6]})"
    )


def machine() -> JudgedMachine | None:
    """The chosen machine with its parameters as they are now."""
    chosen = st.session_state.get("features_run", NOW)
    if chosen != NOW:
        return _opened(str(chosen))
    current = state.run()
    if current is None or current.snapshot is None:
        return None
    now, spec = current.snapshot, current.spec
    name = f"{entry(spec.dataset.name).title}, {now.weight.shape[1]} hidden units, epoch {now.epoch:.1f}"
    return JudgedMachine(
        name, spec.dataset, np.asarray(now.weight, np.float32), np.asarray(now.hidden_bias, np.float32)
    )


def _opened(run_id: str) -> JudgedMachine | None:
    """A kept run's newest checkpoint; None, with the reason on the screen, where there is none."""
    from rbm.checkpoint import from_bytes

    try:
        run, saved = open_store().run(run_id), from_bytes(open_store().checkpoint(run_id))
    except (StoreError, CheckpointError) as error:
        st.error(as_typed(error), icon=":material/error:")
        return None
    weight, bias = (p.detach().float().numpy() for p in (saved.model.weight, saved.model.hidden_bias))
    return JudgedMachine(_name(run), run.spec.dataset, weight, bias)


def start(which: str) -> None:
    """Begin one of the two tasks with the machine as it is now, in place of what was there."""
    judged = machine()
    if judged is None:
        return
    stop(which)
    function = {SCORES: "score", PLACES: "maps"}[which]
    made = Task(
        f"rbm.tasks.features:{function}",
        weight=judged.weight,
        hidden_bias=judged.hidden_bias,
        dataset=judged.dataset,
    )
    st.session_state[which] = made, judged
    tasks.mind(which, made)
    made.start()


def stop(which: str) -> None:
    """End a task and forget it."""
    old = st.session_state.pop(which, None)
    if old is not None:
        old[0].pause()
        old[0].release()


def look(which: str) -> tuple[Task, JudgedMachine] | None:
    """A task with its machine, its lease renewed."""
    found: tuple[Task, JudgedMachine] | None = st.session_state.get(which)
    if found is not None:
        found[0].renew()
    return found


def without_classes(chosen: JudgedMachine) -> datasets.Data:
    """The machine's data set, and why its features cannot be judged by names."""
    data = datasets.data(chosen.dataset.name, datasets.without_classes)
    if not data.problem and len(chosen.dataset.classes or data.class_names) < 2:
        return data._replace(
            problem=f"This machine has learnt one class of {data.title}: there is nothing to tell apart."
        )
    return data


def accuracy(chosen: JudgedMachine) -> None:
    """Test accuracy against the number of labels, for all three inputs."""
    found = look(SCORES)
    part = feed.watch(SCORES, found and found[0], state=lambda: found and len({s.labels for s in found[0].news}))
    cards.title(
        "How far do a few labels reach?",
        "Logistic regression, told the class of 100, 1,000 or 10,000 training images, or of all where they are fewer, on "
        f"three inputs: raw pixels, the first {COMPONENTS} principal components, the hidden units' probabilities "
        "p(h|v). The same images for all three; its penalty is chosen on"
        f" {HELD_OUT:,} validation images. Dots: means over draws of the labelled images; bars: "
        "one standard error of that mean.",
        "what a classifier could do that changes the features too.",
        "a machine after one epoch, and the same after ten.",
    )
    data = without_classes(chosen)
    datasets.explain(data, SCORES)
    if data.problem and found is None:
        return
    about, off = "About a minute, in the background; the machine as it is now is taken.", bool(data.problem)
    judge = partial(start, SCORES)
    press = tasks.Press("features_judge", "Test with few labels", about, judge, "school", primary=True, off=off)
    tasks.panel(found and found[0], press, anew=True)
    if found is None:
        st.info("Press the button: the first numbers come within seconds.", icon=":material/info:")
        return
    task, judged = found
    if task.status == "failed":
        return
    scores: list[Score] = list(task.news)
    learnt = cached_dataset(judged.dataset)
    expected = planned(len(learnt.train), len(learnt.train_labels.unique()))
    drawn = part.moves(partial(_progress, task, expected, judged.name))
    alt = "Test images named right against labelled images"
    chart.show(drawn["features_accuracy"], height=340, key="features_accuracy", alt=alt)
    facts(drawn["features_words"], key="features_words", look="caption")
    if len(learnt.test) < FEW_TESTED:
        one = 100 / len(learnt.test)
        st.caption(f":material/info: Only {len(learnt.test)} test images: each of them is {one:.0f} per cent.")
    if scores:
        st.dataframe(maps.table(scores), key="features_table", hide_index=True)


def _progress(task: Task, expected: int, name: str) -> feed.Elements:
    scores: list[Score] = list(task.news)
    words = "Done" if task.status == "finished" else f"{len(scores)} of {expected} classifiers"
    return {
        "features_accuracy": figures.option(maps.accuracy_figure(scores)),
        "features_words": table((), [(f"{words}. Machine: {name}.",)]),
    }


def places() -> None:
    """The test images in the plane, by codes or by pixels."""
    found = look(PLACES)
    feed.watch(PLACES, found and found[0], state=lambda: found and len(found[0].news))
    cards.title(
        "A map of the hidden codes",
        "A thousand test images, each a point, coloured by its class, which the machine was never told. PCA keeps the "
        "directions of largest spread; t-SNE puts images together whose codes are alike. Point at one to see it.",
        "distances between far groups: t-SNE keeps neighbours, not distances.",
        "pixels beside hidden units; a class's name, to see it alone.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        about = "PCA comes within seconds, t-SNE a little later; the machine as it is now is taken."
        draw = partial(start, PLACES)
        press = tasks.Press("features_map", "Draw the map", about, draw, "scatter_plot", primary=True)
        tasks.buttons(found and found[0], press, anew=True)
        how = st.segmented_control(
            "Projection", ("PCA", "t-SNE"), required=True, default="t-SNE", key="features_how",
            help="PCA: a straight projection. t-SNE: neighbours stay neighbours.",
        )  # fmt: skip
        what = st.segmented_control(
            "Input", ("hidden units", "pixels"), required=True, default="hidden units", key="features_what",
            help="What counts as alike: the codes p(h|v), or the images themselves.",
        )  # fmt: skip
    if found is None:
        st.info("Press the button: the points appear here.", icon=":material/info:")
        return
    task, judged = found
    tasks.trouble(task)
    if task.status == "failed":
        return
    made: list[Map] = list(task.news)
    one = next((m for m in made if (m.input, m.how) == (what, how)), None)
    late = ""
    if one is None:
        late = f"{len(made)} of {len(MAPS)} maps are drawn; the one asked for is on its way"
        if not made:
            st.caption(f"{late} …")
            return
        one = made[0]
        late = f"{late}, meanwhile {one.how} of the {one.input}. "
    learnt = cached_dataset(judged.dataset)
    pictures, labels = shown(learnt)
    height, width = learnt.image_shape
    drawn = scatter.points(
        one.points,
        labels,
        learnt.class_names,
        frames.colour_probabilities(pictures, shape=(height, width)),
        theme.CATEGORICAL[cards.mode()],
    )
    scatter.scatter(drawn, alt="Test images as points of the plane, coloured by class", key="features_scatter")
    st.caption(
        f"{late}{_alike(one, learnt)}{'' if only_test(learnt) else ' All its images are shown, as few are for test.'} "
        f"Machine: {as_typed(judged.name)}."
    )


def _alike(one: Map, learnt: Dataset) -> str:
    """What the map tells of the classes."""
    if len(learnt.class_names) < 2:
        return "These images have no classes: labels, where there are any, would colour the points."
    return f"**{one.agreement:.0%}** of the points have a nearest neighbour of their own class."
