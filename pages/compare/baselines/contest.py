"""The competition on the screen: what it starts with, its buttons, and what is seen while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.compare.baselines import told
from pages.ui import cards
from pages.ui.components import chart, moving, wall
from pages.ui.controls import datasets, widgets
from pages.ui.controls.knobs import Panel
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.jobs.task import Task
from rbm.tasks.baselines import comparison
from rbm.tasks.baselines.comparison import KNOWN, MODELS
from rbm.training.config import knob

SECONDS = (5, 10, 20, 60)
DATASET, OF = "rivals_dataset", "rivals_of"
FEW_JUDGED = 100  # test images, under which shares of neighbours are rough
MOST_CLASSES = 30  # to choose from
CELL = 30  # screen pixels a picture, so that all looks stand on one screen


@dataclass(frozen=True)
class ContestSettings:
    """How large all are, and how long each trains."""

    hidden: int = knob(
        128,
        _("Hidden units of the RBM"),
        _("The other models are made just wide enough to have about as many weights as this RBM."),
        choices=(64, 128, 256, 500),
    )
    seconds: int = knob(
        10,
        _("Seconds each"),
        _("Processor time spent on training; making and judging pictures is not counted."),
        choices=SECONDS,
    )


PANEL = Panel("rivals", ContestSettings)


def set_rivals(who: list[str], n_hidden: int, seconds: int, digits: list[int]) -> None:
    """Put an experiment on MNIST into the controls and start it."""
    st.session_state[DATASET] = datasets.MNIST
    st.session_state.update(rivals_who=who, rivals_digits=digits)
    PANEL.put(ContestSettings(n_hidden, seconds))
    start()


def settings() -> None:
    """Who competes, how large, how long, on which digits."""
    if not {"rivals_who", "rivals_digits"} <= st.session_state.keys():
        st.session_state[DATASET] = datasets.left(DATASET)
        _changed()
    task = current()
    busy = task is not None and task.status in ("starting", "running", "paused")
    data = datasets.choose(DATASET, changed=_changed, disabled=busy)
    widgets.pills(
        _("Contenders"),
        _able(data),
        selection_mode="multi",
        format_func=MODELS.__getitem__,
        default=st.session_state["rivals_who"],
        key="rivals_who",
        wrap=True,
        disabled=busy,
        help=_("Which models train; each gets the same number of seconds, in turn."),
    )
    PANEL.draw("hidden", "seconds", off=("hidden", "seconds") if busy else ())
    if 1 < len(data.class_names) <= MOST_CLASSES:
        widgets.pills(
            _("Digits") if data.digits else _("Classes"),
            list(range(len(data.class_names))),
            selection_mode="multi",
            format_func=lambda i: as_typed(data.class_names[i]),
            default=st.session_state["rivals_digits"],
            key="rivals_digits",
            wrap=True,
            disabled=busy,
            help=_("The classes that all of them learn; fewer are learnt faster."),
        )
    if len(_able(data)) < len(MODELS):
        st.caption(
            _(
                ":material/info: The DCGAN is left out: it needs pictures whose sides are multiples of "
                "{quartered}, and these have {height}×{width} pixels."
            ).format(quartered=comparison.QUARTERED, height=data.shape[0], width=data.shape[1])
        )


def _able(data: datasets.Data) -> list[str]:
    """Who can learn these pictures."""
    return [name for name in MODELS if comparison.fits(name, data.shape)]


def _changed() -> None:
    """Another data set: all who can learn it, and all its classes."""
    data = datasets.data(st.session_state[DATASET])
    st.session_state["rivals_who"] = _able(data)
    st.session_state["rivals_digits"] = list(range(len(data.class_names)))


def buttons() -> None:
    """Start, Pause, Resume, Reset."""
    ready = bool(st.session_state["rivals_who"] and st.session_state["rivals_digits"])
    about = (
        _("All contenders start from scratch, in the background.")
        if ready
        else _("Choose at least one contender and one class.")
    )
    tasks.panel(
        current(),
        tasks.Press("rivals_start", _("Start"), about, start, icon="flag", primary=True, off=not ready),
        tasks.Press("rivals_pause", _("Pause"), _("Pauses all models; Resume continues.")),
        tasks.Press("rivals_go_on", _("Resume"), _("Continue where they were paused."), primary=True),
        tasks.Press("rivals_reset", _("Reset"), _("Clear these results, so that the settings can be changed."), reset),
    )


def current() -> Task | None:
    """This session's competition."""
    task: Task | None = st.session_state.get("rivals")
    return task


def start() -> None:
    """A new competition in place of the old one."""
    reset()
    asked = st.session_state
    data = datasets.data(asked[DATASET])
    digits = tuple(sorted(asked["rivals_digits"]))
    task = Task(
        "rbm.tasks.baselines.comparison:compare",
        models=tuple(name for name in _able(data) if name in asked["rivals_who"]),
        n_hidden=PANEL.now().hidden,
        classes=None if len(digits) in (0, len(data.class_names)) else digits,
        seconds=float(PANEL.now().seconds),
        dataset=data.name,
    )
    tasks.hold_beside(**{OF: data, "rivals": task})
    tasks.hold("rivals", task)


def reset() -> None:
    """Forget it."""
    if (task := current()) is not None:
        task.pause()
        task.release()
    tasks.let_go("rivals")


def learnt() -> datasets.Data:
    """What the competition on the screen is about, or is going to be: its pictures keep their shape whatever comes."""
    asked = st.session_state
    found: datasets.Data = datasets.data(asked[DATASET]) if current() is None else asked[OF]
    return found


def stage(task: Task | None) -> object:
    """What the script draws beside what moves: who has been judged to the end, and how many images judge them."""
    seen = told.told(() if task is None else list(task.news))
    return sorted(seen.verdicts), None if seen.opening is None else seen.opening.judged


def elements(task: Task | None, who: tuple[str, ...], seconds: float) -> Callable[[], feed.Elements]:
    """All that moves while they comparison."""
    shape, known = learnt().shape, learnt().name in KNOWN

    def found() -> feed.Elements:
        seen = told.told(() if task is None else list(task.news))
        drawn: feed.Elements = {
            "rivals_aats": told.aats_option(seen, who),
            "rivals_table": told.table(seen, who, known),
        }
        drawn["rivals_progress"] = moving.work_line(_words(task, seen), seen.done)
        if known:
            drawn["rivals_frechet"] = told.frechet_option(seen, who)
        for name in who:
            tiles, labels = told.wall_tiles(seen.looks.get(name, ()), seconds, shape)
            drawn[f"rivals_wall_{name}"] = wall.pictures(tiles, comparison.SHOWN, labels=labels)
            drawn[f"rivals_caption_{name}"] = moving.table((), [(told.caption(seen, name),)])
        return drawn

    return found


def shown() -> tuple[tuple[str, ...], float, told.Told]:
    """Who is on the screen, for how many seconds each, and what has been told of them."""
    task = current()
    if task is None:
        who = tuple(name for name in _able(learnt()) if name in st.session_state["rivals_who"])
        return who, float(PANEL.now().seconds), told.told(())
    task.renew()
    return task.arguments["models"], task.arguments["seconds"], told.told(list(task.news))


def progress(drawn: feed.Elements) -> None:
    """How far all are, or how to begin; why they are no further stands above."""
    task = current()
    if task is None or task.status != "failed":
        moving.status(drawn["rivals_progress"], key="rivals_progress")


def _words(task: Task | None, seen: told.Told) -> str:
    if task is None:
        return _("Press Start: the first pictures come within seconds.")
    title = MODELS.get(seen.busy, "")
    return {"paused": _("Paused"), "finished": _("Finished")}.get(task.status) or (
        _("The contenders are being made")
        if not title
        else f"{title} {('trains' if seen.done < 1 else _('is judged'))}"
    )


def walls(who: tuple[str, ...], seconds: float, drawn: feed.Elements) -> None:
    """Everybody's pictures side by side, a row for each look."""
    cards.title(
        _("Pictures after so many seconds"),
        _(
            "One row for each look. Within a column GAN, DCGAN, autoencoder and VAE draw from the same noise, and the "
            "RBM's chains go on. Grey is the probability of white."
        ),
        _(
            "anything about an autoencoder as such: it has no way of its own to make pictures. Here a Gaussian "
            "is fitted to the codes of training images, and its draws are decoded."
        ),
    )
    marks = ", ".join(f"{mark:g}" for mark in comparison.marks(seconds))
    st.caption(_("Rows, from the top: after {marks} seconds").format(marks=marks))
    for place, name in zip(st.columns(max(len(who), 1), gap="small"), who, strict=False):
        with place, st.container(key=f"rivals_card_{name}", gap="xsmall"):
            st.markdown(f"**{MODELS[name]}**")
            key, alt = (
                f"rivals_wall_{name}",
                _("Pictures by the {models}, a row for each look").format(models=MODELS[name]),
            )
            wall.show(drawn[key], alt=alt, key=key, max_cell=CELL)
            moving.facts(drawn[f"rivals_caption_{name}"], key=f"rivals_caption_{name}", look="caption")


def quality(who: tuple[str, ...], seen: told.Told, drawn: feed.Elements) -> None:
    """Two numbers against the clock."""
    left, right = st.columns(2, gap="large")
    with left:
        if learnt().name in KNOWN:
            _frechet(drawn)
        else:
            st.info(
                _(
                    "There is no Fréchet distance here: its features are those of a classifier of MNIST's digits, "
                    "which knows nothing of other pictures. Neighbours and likelihoods judge any."
                ),
                icon=":material/info:",
            )
    with right:
        few = seen.opening is not None and seen.opening.judged < FEW_JUDGED
        cards.title(
            _("Can neighbours tell samples from data? (AATS)"),
            _(
                "Pictures and test images, all as black-and-white draws, look for their nearest neighbour: how "
                "often is it of their own kind? One half of the images and one half of the pictures would be "
                "ideal; drawn is how far these two shares lie from one half on average: 0 cannot be told apart, "
                "0.5 always. One equally far from both counts a half, which published code counts as 0."
            ),
            _("what is wrong: the table has both shares, missed images and crowding pictures."),
        )
        chart.show(
            drawn["rivals_aats"],
            height=300,
            key="rivals_aats",
            alt=_("How far AATS is from ideal against seconds of training"),
        )
        if few and seen.opening is not None:
            st.caption(
                _(":material/info: Only {judged} test images judge them: differences may be chance.").format(
                    judged=seen.opening.judged
                )
            )


def _frechet(drawn: feed.Elements) -> None:
    cards.title(
        _("Fréchet distance"),
        _(
            "How far the pictures' mean and spread lie from those of test images, in the features of a small "
            "classifier of digits that was trained once and comes with this app. Lower is better; the dotted "
            "line is that of real digits with a tenth of their pixels flipped, which are still easy to read."
        ),
        _(
            "sharpness, or copying: a model that repeats the training images scores well. Compare these values "
            "with each other only, not with published FIDs."
        ),
    )
    chart.show(
        drawn["rivals_frechet"], height=300, key="rivals_frechet", alt=_("Fréchet distance against seconds of training")
    )


def numbers(drawn: feed.Elements) -> None:
    """The table."""
    cards.title(
        _("In numbers"),
        _(
            "The last look at each. The RBM's log-likelihood is bracketed by annealed importance sampling from "
            "both sides; the VAE's bound lies below its own; a GAN and an autoencoder give no probability to a "
            "picture at all. Point at a column's name."
        ),
    )
    moving.facts(drawn["rivals_table"], key="rivals_table")


def neighbours(who: tuple[str, ...], seen: told.Told) -> None:
    """The training images nearest to the last pictures, once all has been judged."""
    ready = [name for name in who if name in seen.verdicts]
    if not ready:
        st.caption(_("What each has learnt is compared with its training images once all seconds are over."))
        return
    cards.title(
        _("Are they copies?"),
        _(
            "Top: the last pictures. Bottom: the training image nearest to each, and its squared distance, "
            "pixel by pixel. Nearer than a test image's: suspicious."
        ),
    )
    st.caption(_("Top row: its pictures · bottom row: the nearest training images"))
    for place, name in zip(st.columns(len(ready), gap="small"), ready, strict=True):
        with place, st.container(gap="xsmall"):
            st.markdown(f"**{MODELS[name]}**")
            pixels = told.nearest_tiles(seen.looks[name][-1].pictures, seen.verdicts[name], learnt().shape)
            alt = _("Last pictures by the {models} over the nearest training images").format(models=MODELS[name])
            cards.picture_wall(pixels, comparison.SHOWN, f"rivals_nearest_{name}", alt)
            st.caption(told.distances(seen.verdicts[name]))
