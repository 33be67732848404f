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
from rbm.datasets.catalog import revision
from rbm.experiment import DatasetSpec
from rbm.training.config import TrainConfig, knob, knobs

if TYPE_CHECKING:
    from rbm.lessons.slow_motion import Update
    from rbm.models.rbm import RBM

OTHER = "another data set"
SUBJECTS = {
    "an MNIST digit": ("mnist", 36, 20),
    "a tiny machine": ("bars_and_stripes_3x3", 6, 14),
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
        "Learn from",
        "36 hidden units on MNIST or on a set of your choice, or 6 on bars and stripes in 3×3 pixels; all have 400 "
        "updates behind them.",
        choices=tuple(SUBJECTS),
    )
    algorithm: str = knob(
        "CD",
        "Algorithm",
        "CD starts its chain at the picture; PCD goes on from where its chain stood after the last update.",
        choices=("CD", "PCD"),
    )
    image: int = knob(1, "Picture", "Which picture to learn from, by its number in the data set.", low=0, high=9_999)
    k: int = knob(1, "Gibbs steps k", "Sweeps of the chain before its statistics are taken.", low=1, high=4, step=1)
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
    if "slow_subject" not in st.session_state:
        set_controls(next(iter(SUBJECTS)))
    subject = PANEL.draw("subject").subject
    dataset = datasets.choose(DATASET).name if subject == OTHER else SUBJECTS[subject][0]
    with st.container(horizontal=True, gap="medium"):
        PANEL.draw("algorithm")
        PANEL.draw("image", width=110)
    return replace(PANEL.draw("k", *KNOBS, format_func="{:g}".format), dataset=dataset)


@st.cache_resource(show_spinner="Training a machine to look into", max_entries=8)
def prepared(subject: str, dataset: str, revision: str, algorithm: str) -> SlowMachine:
    """A machine WARM_UP updates into training by the very algorithm that is shown; ``revision`` tells own sets apart."""
    from rbm import randomness
    from rbm.experiment import cached_dataset
    from rbm.models.rbm import RBM
    from rbm.training.loop import Trainer

    _, n_hidden, batch = SUBJECTS[subject]
    data = cached_dataset(DatasetSpec(dataset))
    model = RBM(data.n_visible, n_hidden, generator=randomness.generator(1, "slow motion"))
    model.fit_visible_bias(data.train, data.pixel_mean)
    config = TrainConfig(
        algorithm=algorithm.lower(),
        batch_size=batch,
        centred="off",
        epochs=WARM_UP,
        binarise="threshold",
        schedule="constant",
    )
    trainer = Trainer(model, data, config, randomness.generator(1, "slow motion", "training"))
    for _ in range(WARM_UP):
        trainer.step()
    state = trainer.state()
    velocity = {name: state[f"velocity.{name}"] for name, _ in model.named_parameters()}
    chains = state["chains"][:1] if "chains" in state else None
    return SlowMachine(model, velocity, chains, WARM_UP)


def current(asked: UpdateAsked) -> SlowMachine:
    """This tab's machine: as prepared, or some updates on."""
    start = asked.subject, asked.dataset, revision(asked.dataset), asked.algorithm
    if st.session_state.get("slow_start") != start:
        st.session_state["slow_start"], st.session_state["slow_machine"] = start, prepared(*start)
    machine: SlowMachine = st.session_state["slow_machine"]
    return machine


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
    st.session_state["slow_machine"] = SlowMachine(
        update.after,
        update.velocity,
        machine.chains if update.phases.hk is None else update.phases.hk,
        machine.updates + 1,
    )
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
            "Next",
            type="primary",
            icon=":material/skip_next:",
            shortcut="S",
            key="slow_next",
            on_click=go,
            args=(1,),
            disabled=here == last,
            help="The next sub-step.",
        )
        st.button(
            "Back",
            icon=":material/undo:",
            shortcut="B",
            key="slow_back",
            on_click=go,
            args=(-1,),
            disabled=here == 0,
            help="The sub-step before.",
        )
        st.button(
            "Apply, next update",
            icon=":material/fast_forward:",
            key="slow_keep",
            on_click=keep,
            args=(update, machine),
            help="Make the change and start the next update, from the same picture unless you choose another.",
        )
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            shortcut="X",
            key="slow_reset",
            on_click=lambda: st.session_state.update(slow_start=None, slow_stage=0),
            help="The machine as it was when the page opened.",
        )
        st.select_slider(
            "Sub-step",
            range(len(known)),
            format_func=lambda i: known[i].name,
            value=st.session_state["slow_stage"],
            key="slow_stage",
            persist_state="session",
            help="Every sub-step of this update, in order.",
        )
    stage = known[st.session_state["slow_stage"]]
    st.markdown(f"**{stage.name}** · update {machine.updates + 1}. {stage.text}")
    return stage
