"""The page on labels: the machine in training, and how often it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from pages.ui import cards
from pages.ui.components import chart
from pages.ui.components.moving import facts, table
from pages.ui.controls import datasets
from pages.ui.controls.knobs import Panel
from pages.ui.draw import figures
from pages.ui.server import feed
from pages.ui.session import kept, tasks
from rbm import bundled
from rbm.core.language import N_, _
from rbm.datasets import catalog
from rbm.datasets.catalog import DatasetEntry, revision
from rbm.jobs.task import Task
from rbm.tasks.labels import KEPT, SEEN, LabelMachine, News, settings, told
from rbm.training.config import knob

if TYPE_CHECKING:
    import torch

    from rbm.datasets.base import Dataset
    from rbm.models.labelled import LabelledRBM

KINDS = {N_("a digit's name"): "softmax", N_("tags"): "tags"}
DATASET = "labels_dataset"
BUNDLED = "labels"  # the machine that comes with the program
TAG_HELP = _(
    "Even, below 5, with a closed loop (0 6 8 9), of straight strokes only (1 4 7), prime: five units "
    "that are on or off, each by itself."
)


@dataclass(frozen=True)
class LabelsSettings:
    """What stands beside the pixels, what is learnt, how large and how long."""

    kind: str = knob(
        next(iter(KINDS)),
        _("Extra visible units"),
        _("A name: a unit for each class, of which exactly one is on. Tags: {tags}").format(
            tags=TAG_HELP[0].lower() + TAG_HELP[1:]
        ),
        choices=tuple(KINDS),
    )
    objective: str = knob(
        "both",
        _("Learn"),
        _(
            "p(x, y): pictures and labels together. p(y|x): only to name them. Both: log p(x, y) plus "
            "{settings:g} times log p(y|x)."
        ).format(settings=settings("both")[1]),
        choices=("both", "p(x, y)", "p(y|x)"),
    )
    hidden: int = knob(
        200,
        _("Hidden units"),
        _("More units learn more, but more slowly."),
        stops=(1, 2, 3, 5, 10, 20, 50, 100, 200, 300, 500),
    )
    epochs: int = knob(
        10,
        _("Epochs"),
        _("Passes over all training pictures; a few dozen pictures need hundreds."),
        stops=(1, 2, 5, 10, 20, 50, 100, 200, 500),
    )


PANEL = Panel("labels", LabelsSettings)


def kind() -> str:
    """ "softmax" or "tags": what the page is about at present."""
    return KINDS[PANEL.now().kind]


def data() -> datasets.Data:
    """The chosen data set, and why this page cannot use it."""
    return datasets.data(st.session_state.get(DATASET) or datasets.left(DATASET), _why_not)


def _why_not(line: DatasetEntry) -> str:
    if kind() == "tags" and line.class_names != datasets.DIGITS:
        return _(
            "Tags such as even or prime are said of the digits 0 to 9, and {title} has other classes: learn names."
        ).format(title=line.title)
    return datasets.without_classes(line)


def task() -> Task | None:
    """This session's training of the present kind of machine on the chosen data, if there is one."""
    found: Task | None = st.session_state.get(f"labels_task_{kind()}")
    of = st.session_state.get(f"labels_task_{kind()}_of", (datasets.MNIST, ""))
    return found if of == (data().name, revision(data().name)) else None


@lru_cache(maxsize=1)
def _bundled() -> Task:
    return Task.told(told(bundled.load(BUNDLED)), **bundled.load(BUNDLED).about["settings"])


def shown() -> Task | None:
    """The training whose machine the page shows, named in a line: this session's, one of this kind and data set that is kept, or
    that of the one which comes with the program, where it is of use; None where there is none."""
    bundled_as = BUNDLED if kind() == "softmax" and data().name == datasets.MNIST else ""
    return kept.task("labels", task(), _words, bundled_as, _bundled, KEPT, _fits)


def _words(task: Task) -> str:
    words = (
        _("{title} and tags · {n_hidden} hidden · PCD-1")
        if task.arguments.get("labels") == "tags"
        else _("{title} and labels · {n_hidden} hidden · PCD-1")
    )
    title = catalog.title(task.arguments.get("dataset", datasets.MNIST))
    return words.format(title=title, n_hidden=task.arguments["n_hidden"])


def _fits(task: Task) -> bool:
    """Whether it is of the kind and the data set that the page is about at present."""
    return (task.arguments["labels"], task.arguments["dataset"]) == (kind(), data().name)


def whose(newest: LabelMachine) -> object:
    """This session's training, where that has made it; else the machine itself, which stands at rest."""
    current = task()
    own = current is not None and any(one.machine is newest for one in reversed(current.news))
    return current if own else newest


def begin() -> None:
    """Train anew with the settings on the page; the other kind of machine, if it trains, rests."""
    if data().problem:
        return
    chosen, asked = st.session_state, PANEL.now()
    for name in KINDS.values():
        old = chosen.get(f"labels_task_{name}")
        if old is not None:
            old.pause()
            old.release()
    new = Task(
        KEPT.function,
        labels=kind(),
        n_hidden=asked.hidden,
        objective=asked.objective,
        epochs=asked.epochs,
        seed=1,
        dataset=data().name,
    )
    task = f"labels_task_{kind()}"
    tasks.hold_beside(**{task: new, f"{task}_of": (data().name, revision(data().name))})
    kept.mine("labels")
    tasks.hold("labels", new, KEPT)


def try_objective(objective: str) -> None:
    """An experiment: this objective, from the start."""
    PANEL.put(replace(PANEL.now(), objective=objective))
    begin()


def choices() -> None:
    """What is learnt, as which kind of labels, by which objective."""
    datasets.choose(DATASET)
    PANEL.draw("kind", format_func=_called)
    PANEL.draw("objective", "hidden", "epochs")


def buttons() -> None:
    """Train, Pause, Resume; or why not."""
    datasets.explain(data(), "labels")
    current, waits = task(), _("Training waits; what it has learnt so far can be used.")
    tasks.panel(
        current,
        tasks.Press(
            "labels_train",
            _("Train") if current is None else _("Train anew"),
            _("On all training pictures of the data set, in the background."),
            begin,
            primary=current is None,
            off=bool(data().problem),
        ),
        tasks.Press("labels_stop", _("Pause"), waits),
        tasks.Press("labels_go_on", _("Resume"), waits),
        anew=True,
    )


def _called(option: str) -> str:
    """How a kind is spoken of where there are no digits."""
    return _(option) if data().digits or KINDS[option] == "tags" else _("a class's name")


@st.fragment
def progress(current: Task | None) -> None:
    """Errors against epochs, and where training stands."""
    part = feed.watch("labels_learning", current)
    drawn = part.moves(elements(current))
    if current is not None and current is task():
        current.renew()
    softmax, noun = kind() == "softmax", data().noun
    what = _("names") if softmax else _("tags")
    cards.title(
        _("Classification error") if softmax else _("Error of the tags"),
        _(
            "Share of wrong {what} among {seen:,} training and {seen:,} test {noun}s, or as many as there are, "
            "by the free energy: "
        ).format(what=what, seen=SEEN, noun=noun)
        + (
            _("each {noun} is given the label y for which F(x, y) is lowest.").format(noun=noun)
            if softmax
            else _("a tag is said where p(tag | x), over all values of the others, is above a half.")
        ),
        _("how good the pictures are that it makes: a machine that only learns p(y|x) makes none."),
        _("all three objectives, one after the other."),
    )
    chart.show(drawn["labels_errors"], height=260, key="labels_errors", alt=_("Classification error against epochs"))
    facts(drawn["labels_words"], key="labels_words", look="caption")


def elements(current: Task | None) -> Callable[[], feed.Elements]:
    """What training moves: the chart, and the line under it."""
    of = (
        _("{n_test_pictures:,} test {noun}s").format(n_test_pictures=len(test_pictures()[0]), noun=data().noun)
        if current is not None
        else ""
    )

    def found() -> feed.Elements:
        news: list[News] = [] if current is None else list(current.news)
        return {"labels_errors": error_option(news), "labels_words": table((), [(status(current, news, of),)])}

    return found


def error_option(news: list[News]) -> dict[str, Any]:
    """The chart of errors, in percent; the untrained machine's is left out, it would flatten the rest."""
    told = news[1:] if len(news) > 3 else news
    epochs = [one.epoch for one in told]
    parts = {_("training"): [one.training_error for one in told], _("test"): [one.test_error for one in told]}
    series = [figures.Series(name, epochs, [100 * e for e in errors]) for name, errors in parts.items()] if told else []
    above = all(e > 0 for errors in parts.values() for e in errors)  # a few pictures may all be named rightly
    return figures.curve_option(
        series, x_title=_("epochs"), y_title=_("error / %"), log_y=above, empty=_("Press Train: the error falls here")
    )


def status(current: Task | None, news: list[News], all_tested: str) -> str:
    """One line: how far, and the error on ``all_tested`` images at the last full epoch."""
    if current is None:
        return _("No machine yet. **Train** makes one; everything below begins to answer within seconds.")
    if not news:
        return _("The machine is being made …")
    whole = [one for one in news if one.whole_error is not None]
    found = ""
    if whole:
        found = _(" All {all_tested} after epoch {epoch:g}: **{whole_error:.2%}** wrong.").format(
            all_tested=all_tested, epoch=whole[-1].epoch, whole_error=whole[-1].whole_error
        )
    words = {"finished": _("Finished"), "paused": _("Paused"), "failed": _("Stopped")}.get(
        current.status, _("Learning")
    )
    return _("{words}, epoch {epoch:.1f} of {arguments}.{found}").format(
        words=words, epoch=news[-1].epoch, arguments=current.arguments["epochs"], found=found
    )


def newest_of(current: Task | None) -> LabelMachine | None:
    """The newest machine of a training; for threads too."""
    news = () if current is None else current.news
    return next((one.machine for one in reversed(news) if one.machine is not None), None)


def sent(current: Task | None) -> int:
    """How many machines training has sent so far."""
    return 0 if current is None else sum(one.machine is not None for one in current.news)


def model(newest: LabelMachine) -> LabelledRBM:
    """The newest machine as a model; made once, however often the page looks."""
    known = st.session_state.get("labels_model")
    if known is None or known[0] is not newest:
        known = newest, newest.to_model()
        st.session_state["labels_model"] = known
    return cast("LabelledRBM", known[1])


def test_pictures() -> tuple[torch.Tensor, torch.Tensor]:
    """All test images (grey levels) and their classes."""
    found = dataset()
    return found.test, found.test_labels


def dataset() -> Dataset:
    """The chosen data set itself."""
    from rbm.experiment import DatasetSpec, cached_dataset

    return cached_dataset(DatasetSpec(data().name))
