"""The slow-motion lesson's parts: a machine half-way through training, and its next update click by click."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.learn.slow_motion import drawing
from pages.learn.slow_motion.stages import Stage, moved, stages
from pages.ui.controls import datasets, widgets
from pages.ui.controls.knobs import Panel
from pages.ui.draw import theme
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.datasets.catalog import revision
from rbm.experiment import DatasetSpec
from rbm.jobs.task import Task
from rbm.training.config import TrainConfig, knob, knobs

if TYPE_CHECKING:
    from rbm.lessons.slow_motion import Update
    from rbm.models.rbm import RBM
    from rbm.tasks.lessons import WarmedUp

OTHER = _("another data set")
SUBJECTS = {
    _("an MNIST digit"): ("mnist", 36, 20),
    _("a tiny machine"): ("bars_and_stripes_3x3", 6, 14),
    OTHER: ("", 36, 20),
}  # data, hidden, batch
DATASET = "slow_dataset"
WARM_UP = 400  # updates that the machine has behind it
KNOBS = ("learning_rate", "momentum", "weight_decay")


def _trained_with(name: str, default: float) -> Any:
    """The knob of that name in training."""
    known = knobs(TrainConfig)[name]
    return knob(default, known.label, known.help, low=known.low, high=known.high, step=known.step, stops=known.stops)


@dataclass(frozen=True)
class UpdateAsked:
    """What the controls ask for: whose update, by which algorithm, with which knobs."""

    subject: str = knob(
        next(iter(SUBJECTS)),
        _("Learn from"),
        _(
            "36 hidden units on MNIST or on a set of your choice, or 6 on bars and stripes in 3×3 pixels; all "
            "have 400 updates behind them."
        ),
        choices=tuple(SUBJECTS),
    )
    algorithm: str = knob(
        "CD",
        _("Algorithm"),
        _("CD starts its chain at the picture; PCD goes on from where its chain stood after the last update."),
        choices=("CD", "PCD"),
    )
    image: int = knob(
        1, _("Picture"), _("Which picture to learn from, by its number in the data set."), low=0, high=9_999
    )
    k: int = knob(
        1, _("Gibbs steps k"), _("Sweeps of the chain before its statistics are taken."), low=1, high=4, step=1
    )
    learning_rate: float = _trained_with("learning_rate", 0.1)
    momentum: float = _trained_with("momentum", 0.8)
    weight_decay: float = _trained_with("weight_decay", 0.0001)

    dataset: str = ""

    @property
    def config(self) -> TrainConfig:
        """The training step that is slowed down."""
        return TrainConfig(
            algorithm=self.algorithm.lower(),
            k=self.k,
            learning_rate=self.learning_rate,
            schedule="constant",
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            batch_size=1,
            centred="off",
            binarise="threshold",
        )


PANEL = Panel("slow", UpdateAsked)
STOPS = PANEL.stops("k", *KNOBS)


class SlowMachine(NamedTuple):
    """Where training stands: the model, momentum's memory, PCD's chain (1, H), and the updates so far."""

    model: RBM
    velocity: dict[str, Any]
    chains: Any
    updates: int


def set_controls(subject: str, algorithm: str = "CD", k: int = 1, stage: int = 0, **more: Any) -> None:
    """Put an experiment into the controls."""
    image = 1 if subject == next(iter(SUBJECTS)) else 5
    PANEL.put(replace(UpdateAsked(subject, algorithm, image, k), **more))
    st.session_state.update(slow_stage=stage, slow_known=None)


def controls() -> UpdateAsked:
    """Whose update, by which algorithm, with which knobs."""
    st.session_state.setdefault("slow_stage", 0)
    subject = PANEL.draw("subject").subject
    dataset = datasets.choose(DATASET).name if subject == OTHER else SUBJECTS[subject][0]
    with st.container(horizontal=True, gap="medium"):
        PANEL.draw("algorithm")
        PANEL.draw("image", width=110)
    return replace(PANEL.draw("k", *KNOBS, format_func="{:g}".format), dataset=dataset)


def start_of(asked: UpdateAsked) -> Task:
    """The machine WARM_UP updates into training by the very algorithm that is shown."""
    _, n_hidden, batch = SUBJECTS[asked.subject]
    return tasks.made(
        "rbm.tasks.lessons:warm_up",
        revision(asked.dataset),
        dataset=asked.dataset,
        n_hidden=n_hidden,
        batch=batch,
        algorithm=asked.algorithm.lower(),
        updates=WARM_UP,
    )


def current(begun: Task) -> SlowMachine:
    """This tab's machine: as it began, or some updates on."""
    if st.session_state.get("slow_start") is not begun:
        tasks.hold_beside(slow_start=begun, slow_machine=_opened(begun.news[-1]))
    machine: SlowMachine = st.session_state["slow_machine"]
    return machine


def _opened(kept: WarmedUp) -> SlowMachine:
    import torch

    velocity = {name: torch.from_numpy(array.copy()) for name, array in (kept.velocity or {}).items()}
    chains = None if kept.chains is None else torch.from_numpy(kept.chains.copy())
    return SlowMachine(kept.to_model(), velocity, chains, WARM_UP)


def pictures(dataset: str) -> Any:
    """What can be learnt from, zeros and ones (N, V), and the shape of one."""
    from rbm.experiment import cached_dataset

    found = cached_dataset(DatasetSpec(dataset))
    return found.test, (int(found.image_shape[0]), int(found.image_shape[1]))


def elements(
    asked: UpdateAsked, machine: SlowMachine, unit: int | None, stage: int, mode: theme.Mode, *values: float
) -> feed.Elements:
    """The update and its pictures for k, learning rate, momentum and decay."""
    k, rate, momentum, decay = values
    before = stages(asked.k, asked.algorithm == "PCD")
    asked = replace(asked, k=int(k), learning_rate=rate, momentum=momentum, weight_decay=decay)
    update, shape = slow_update(asked, machine)
    known = stages(asked.k, asked.algorithm == "PCD")
    here = known[moved(stage, before, known)]
    return {
        **drawing.layers(update, shape, here, known, mode),
        "slow_hidden": drawing.hidden(update, here, known),
        **drawing.parts(update, machine, drawing.unit(update, unit), shape, here, mode),
    }


def slow_update(asked: UpdateAsked, machine: SlowMachine) -> tuple[Update, tuple[int, int]]:
    """The next update, and the shape of its pictures; the same luck each time, so that only a control changes it."""
    from rbm import randomness
    from rbm.datasets.base import binarise
    from rbm.lessons import slow_motion

    images, shape = pictures(asked.dataset)
    row = asked.image % len(images)
    v0 = binarise(images[row : row + 1], "threshold")
    coins = randomness.Coins(randomness.generator(machine.updates, "slow motion", "update"))
    update = slow_motion.update(
        machine.model, v0, asked.config, coins, velocity=machine.velocity, chains=machine.chains
    )
    return update, shape


def keep(update: Update, machine: SlowMachine) -> None:
    """Make the change and go on to the next update."""
    chains = machine.chains if update.phases.hk is None else update.phases.hk
    tasks.hold_beside(slow_machine=SlowMachine(update.after, update.velocity, chains, machine.updates + 1))
    st.session_state["slow_stage"] = 0


def transport(known: list[Stage], update: Update, machine: SlowMachine) -> Stage:
    """Back, Next, the slider over all clicks, and on to the next update; returns the stage that is shown."""
    last = len(known) - 1
    before = st.session_state.get("slow_known") or known
    widgets.put("slow_stage", moved(min(st.session_state["slow_stage"], len(before) - 1), before, known))
    st.session_state["slow_known"] = known

    def go(by: int) -> None:
        st.session_state["slow_stage"] = min(max(st.session_state["slow_stage"] + by, 0), last)

    here = st.session_state["slow_stage"]
    with st.container(horizontal=True, key="slow_transport", gap="small"):
        st.button(
            _("Next"),
            type="primary",
            icon=":material/skip_next:",
            shortcut="S",
            key="slow_next",
            on_click=go,
            args=(1,),
            disabled=here == last,
            help=_("The next sub-step."),
        )
        st.button(
            _("Back"),
            icon=":material/undo:",
            shortcut="B",
            key="slow_back",
            on_click=go,
            args=(-1,),
            disabled=here == 0,
            help=_("The sub-step before."),
        )
        st.button(
            _("Apply, next update"),
            icon=":material/fast_forward:",
            key="slow_keep",
            on_click=keep,
            args=(update, machine),
            help=_("Make the change and start the next update, from the same picture unless you choose another."),
        )
        st.button(
            _("Reset"),
            icon=":material/restart_alt:",
            shortcut="X",
            key="slow_reset",
            on_click=lambda: st.session_state.update(slow_start=None, slow_stage=0),
            help=_("The machine as it was when the page opened."),
        )
        widgets.select_slider(
            _("Sub-step"),
            range(len(known)),
            format_func=lambda i: known[i].name,
            value=st.session_state["slow_stage"],
            key="slow_stage",
            help=_("Every sub-step of this update, in order."),
        )
    stage = known[st.session_state["slow_stage"]]
    st.markdown(
        _("**{name}** · update {updates}. {text}").format(name=stage.name, updates=machine.updates + 1, text=stage.text)
    )
    return stage
