"""The features page's parts: which machine, how good its hidden units are as features, and where they put the images."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from pages.compare.features import maps, scatter
from pages.ui import cards
from pages.ui.components import chart
from pages.ui.components.moving import facts, table
from pages.ui.controls import datasets, widgets
from pages.ui.draw import figures, frames, theme
from pages.ui.server import feed
from pages.ui.session import kept, tasks
from rbm.core.language import N_, _
from rbm.core.text import as_typed
from rbm.experiment import DatasetSpec, ModelSpec, cached_dataset
from rbm.jobs.live import LiveRun
from rbm.jobs.task import Task
from rbm.models.parameters import Parameters
from rbm.tasks.features import COMPONENTS, HELD_OUT, MAPS, Map, Score, only_test, planned, shown
from rbm.tasks.features import maps as drawn_maps

if TYPE_CHECKING:
    from rbm.datasets.base import Dataset

FEW_TESTED = 100
WIDTHS = 78, 101  # pixels of the table's columns: numbers, and what was given
SCORES, PLACES = "features_scores", "features_maps"


class JudgedMachine(NamedTuple):
    """The machine that a task is about: a name for people, its data and its parameters."""

    name: str
    dataset: DatasetSpec
    parameters: Parameters


def judged(current: LiveRun) -> JudgedMachine:
    """The machine that the page shows, with its parameters as they are now."""
    now, spec = current.past[-1], current.spec
    whole = now if current.snapshot is None else current.snapshot
    name = _("{name}, epoch {epoch:.1f}").format(name=kept.name(spec), epoch=now.epoch)
    whole = replace(whole, weight=np.asarray(whole.weight, np.float32), pictures=None)
    return JudgedMachine(name, spec.dataset, whole)


def start(which: str, current: LiveRun) -> None:
    """Begin one of the two tasks with the machine as it is now, in place of what was there."""
    machine = judged(current)
    stop(which)
    function = {SCORES: "score", PLACES: "maps"}[which]
    made = Task(f"rbm.tasks.features:{function}", machine=machine.parameters, dataset=machine.dataset)
    tasks.hold_beside(**{which: (made, machine), f"{which}_of": current})
    tasks.hold(which, made)


def stop(which: str) -> None:
    """End a task and forget it."""
    old = st.session_state.get(which)
    tasks.let_go(which)
    if old is not None:
        old[0].pause()
        old[0].release()


def look(which: str, current: LiveRun) -> tuple[Task, JudgedMachine] | None:
    """A task with its machine, its lease renewed; None where it is about another machine than the page shows."""
    found: tuple[Task, JudgedMachine] | None = st.session_state.get(which)
    if st.session_state.get(f"{which}_of", current) is not current:
        return None
    if found is not None:
        found[0].renew()
    return found


def without_classes(learnt: DatasetSpec) -> datasets.Data:
    """The machine's data set, and why its features cannot be judged by names."""
    data = datasets.data(learnt.name, datasets.without_classes)
    if not data.problem and len(learnt.classes or data.class_names) < 2:
        return data._replace(
            problem=_("This machine has learnt one class of {title}: there is nothing to tell apart.").format(
                title=data.title
            )
        )
    return data


def accuracy(current: LiveRun) -> None:
    """Test accuracy against the number of labels, for all three inputs."""
    found = look(SCORES, current)
    part = feed.watch(SCORES, found and found[0], state=lambda: found and len({s.labels for s in found[0].news}))
    cards.title(
        _("How far do a few labels go?"),
        _(
            "Logistic regression, told the class of 100, 1,000 or 10,000 training images, or of all where they "
            "are fewer, on three inputs: raw pixels, the first {components} principal components, the hidden "
            "units' means ⟨h|v⟩. The same images for all three; its penalty is chosen on {held_out:,} "
            "validation images. Dots: means over draws of the labelled images; bars: one standard error of "
            "that mean."
        ).format(components=COMPONENTS, held_out=HELD_OUT),
        _("what a classifier could do that changes the features too."),
        _("a machine after one epoch, and the same after ten."),
    )
    data = without_classes(current.spec.dataset)
    datasets.explain(data, SCORES)
    if data.problem and found is None:
        return
    about, off = _("About a minute, in the background; the machine as it is now is taken."), bool(data.problem)
    judge = partial(start, SCORES, current)
    press = tasks.Press("features_judge", _("Test with few labels"), about, judge, "school", primary=True, off=off)
    tasks.panel(found and found[0], press, anew=True)
    if found is None:
        st.info(_("Press the button: the first numbers come within seconds."), icon=":material/info:")
        return
    task, machine = found
    if task.status == "failed":
        return
    scores: list[Score] = list(task.news)
    learnt = cached_dataset(machine.dataset)
    expected = planned(len(learnt.train), len(learnt.train_labels.unique()))
    drawn = part.moves(partial(_progress, task, expected, machine.name))
    alt = _("Classification accuracy against labelled images")
    chart.show(drawn["features_accuracy"], height=230, key="features_accuracy", alt=alt)
    facts(drawn["features_words"], key="features_words", look="caption")
    if len(learnt.test) < FEW_TESTED:
        one = 100 / len(learnt.test)
        st.caption(
            _(":material/info: Only {n_test} test images: each of them is {one:.0f} per cent.").format(
                n_test=len(learnt.test), one=one
            )
        )
    if scores:
        st.caption(_("The same in per cent, by labelled images:"))
        rows = maps.table(scores)
        widths = {name: st.column_config.Column(width=WIDTHS[name == "input"]) for name in rows[0]}
        st.dataframe(rows, key="features_table", hide_index=True, row_height=30, column_config=widths)


def _progress(task: Task, expected: int, name: str) -> feed.Elements:
    scores: list[Score] = list(task.news)
    words = (
        _("Done")
        if task.status == "finished"
        else _("{n_scores} of {expected} classifiers").format(n_scores=len(scores), expected=expected)
    )
    return {
        "features_accuracy": figures.option(maps.accuracy_figure(scores)),
        "features_words": table((), [(_("{words}. Machine: {name}.").format(words=words, name=name),)]),
    }


def places(current: LiveRun) -> None:
    """The test images in the plane, by codes or by pixels; at first by the codes' two principal components, unasked."""
    found = look(PLACES, current)
    feed.watch(PLACES, found and found[0], state=lambda: found and len(found[0].news))
    cards.title(
        _("A map of the hidden codes"),
        _(
            "A thousand test images, each a point, coloured by its class, which the machine was never told. "
            "PCA keeps the directions of largest spread; t-SNE puts images together whose codes are alike. "
            "Point at one to see it."
        ),
        _("distances between far groups: t-SNE keeps neighbours, not distances."),
        _("pixels beside hidden units; a class's name, to see it alone."),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        about = _("PCA comes within seconds, t-SNE a little later; the machine as it is now is taken.")
        draw = partial(start, PLACES, current)
        press = tasks.Press("features_map", _("Draw the map"), about, draw, "scatter_plot", primary=True)
        tasks.buttons(found and found[0], press, anew=True)
        how = widgets.segmented_control(
            _("Projection"), ("PCA", "t-SNE"), required=True, default="PCA" if found is None else "t-SNE", key="features_how",
            help=_("PCA: a straight projection. t-SNE: neighbours stay neighbours."),
        )  # fmt: skip
        what = widgets.segmented_control(
            _("Input"), (N_("hidden units"), N_("pixels")), required=True, default="hidden units",
            format_func=_, key="features_what",
            help=_("What counts as alike: the codes ⟨h|v⟩, or the images themselves."),
        )  # fmt: skip
    task, machine = found if found is not None else (None, judged(current))
    with cards.notice("features"):
        tasks.trouble(task)
    if task is not None and task.status == "failed":
        return
    made = [_first_map(current, current.past[-1].step)] if task is None else list(task.news)
    one = next((m for m in made if (m.input, m.how) == (what, how)), None)
    late = ""
    if one is None:
        late = _("{n_made} of {n_maps} maps are drawn; the one asked for is on its way").format(
            n_made=len(made), n_maps=len(MAPS)
        )
        if not made:
            st.caption(f"{late} …")
            return
        one = made[0]
        late = _("{late}, meanwhile {how} of the {input}. ").format(late=late, how=one.how, input=_(one.input))
        if task is None:
            late = _("**Draw the map** draws the {how} of the {what} too; meanwhile {first} of the {input}. ").format(
                how=how, what=_(what), first=one.how, input=_(one.input)
            )
    learnt = cached_dataset(machine.dataset)
    pictures, labels = shown(learnt)
    height, width = learnt.image_shape[:2]
    painter = frames.Painter(ModelSpec(), (height, width), colour=learnt.kind == "colour")
    drawn = scatter.points(
        one.points,
        labels,
        learnt.class_names,
        painter.visible(pictures),
        theme.CATEGORICAL[cards.mode()],
    )
    scatter.scatter(
        drawn, alt=_("Test images as points of the plane, coloured by class"), key="features_scatter", height=320
    )
    st.caption(
        _("{late}{alike}{few} Machine: {name}.").format(
            late=late,
            alike=_alike(one, learnt),
            few="" if only_test(learnt) else _(" All its images are shown, since few are kept for testing."),
            name=as_typed(machine.name),
        )
    )


@lru_cache(maxsize=8)
def _first_map(current: LiveRun, step: int) -> Map:
    """The quickest of the maps, of the machine as it is after ``step`` updates."""
    machine = judged(current)
    return next(drawn_maps(machine.parameters, machine.dataset))


def _alike(one: Map, learnt: Dataset) -> str:
    """What the map tells of the classes."""
    if len(learnt.class_names) < 2:
        return _("These images have no classes: labels, where there are any, would colour the points.")
    return _("**{agreement:.0%}** of the points have a nearest neighbour of their own class.").format(
        agreement=one.agreement
    )
