"""The colour page's parts: what to learn and with which units, and what has come of it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components import wall
from pages.ui.components.moving import curves
from pages.ui.draw import figures
from pages.ui.draw.frames import Pixels, grid_png
from pages.ui.draw.words import as_typed
from pages.ui.session import tasks
from rbm.jobs.task import Task
from rbm.tasks.colour import FILTERS, KINDS, SIDE, SOURCES, ColourLook, Images

NAME = "colour"
SHORT = {"faces": "drawn faces", "cifar10": "CIFAR-10", "celeba": "CelebA"}


def set_controls(kind: str, n_states: int = 8, n_hidden: int = 150, epochs: int = 30) -> None:
    """Put an experiment into the controls and start it."""
    st.session_state.update(
        colour_source="faces", colour_kind=kind, colour_states=n_states, colour_hidden=n_hidden, colour_epochs=epochs
    )
    begin()


def begin() -> None:
    """Learn what the controls say, from the start."""
    names = {"source": "source", "kind": "kind", "n_states": "states", "n_hidden": "hidden", "epochs": "epochs"}
    chosen = {argument: st.session_state[f"colour_{key}"] for argument, key in names.items()}
    tasks.hold(NAME, Task("rbm.tasks.colour.job:learn", **chosen))


def controls() -> Task | None:
    """Which images, which units, how many; returns the task, None before the first."""
    for key, value in (("source", "faces"), ("kind", "multinary"), ("states", 8), ("hidden", 150), ("epochs", 30)):
        st.session_state.setdefault(f"colour_{key}", value)
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        st.segmented_control(
            "Images",
            list(SOURCES),
            format_func=SHORT.__getitem__,
            required=True,
            default=st.session_state["colour_source"],
            key="colour_source",
            persist_state="session",
            help="Faces are drawn here and need no network. " + "; ".join(list(SOURCES.values())[1:]) + ".",
        )
        kind = st.segmented_control(
            "Visible units",
            list(KINDS),
            required=True,
            default=st.session_state["colour_kind"],
            key="colour_kind",
            persist_state="session",
            help=" ".join(f"{words}." for words in KINDS.values()),
        )
    left, middle, right = st.columns(3, gap="medium")
    left.slider(
        "States M",
        2,
        32,
        value=st.session_state["colour_states"],
        key="colour_states",
        persist_state="session",
        disabled=kind == "gaussian",
        help="Levels of each channel, or colours of the palette; 8 is usual, 2 is on or off.",
    )
    middle.slider(
        "Hidden units",
        10,
        400,
        step=10,
        value=st.session_state["colour_hidden"],
        key="colour_hidden",
        persist_state="session",
        help="Usually 100 to 300.",
    )
    right.slider(
        "Epochs",
        5,
        100,
        step=5,
        value=st.session_state["colour_epochs"],
        key="colour_epochs",
        persist_state="session",
        help="Passes over 3,600 images; 20 to 50.",
    )
    return _transport()


def _transport() -> Task | None:
    task = tasks.held(NAME)
    moving = task is not None and task.active
    with st.container(horizontal=True, key="colour_transport", gap="small", vertical_alignment="center"):
        paused = task is not None and task.status == "paused"
        st.button(
            "Go on" if paused else "Learn",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="T",
            key="colour_learn",
            on_click=task.start if paused and task is not None else begin,
            disabled=moving,
            help="Learn these images, from the start or from where it was paused.",
        )
        st.button(
            "Pause",
            icon=":material/pause:",
            shortcut="P",
            key="colour_pause",
            on_click=task.pause if task is not None else None,
            disabled=not moving,
            help="Stop for now; Go on takes it up again.",
        )
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            shortcut="X",
            key="colour_reset",
            on_click=begin,
            disabled=task is None,
            help="Start anew with the settings above.",
        )
        if task is not None:
            st.markdown(_words(task), width="content")
    if task is not None and task.status == "failed":
        st.error(as_typed(task.message), icon=":material/error:")
    return task


def _words(task: Task) -> str:
    if not task.news:
        return "Getting the images ready" if task.active else ""
    look: ColourLook = task.news[-1]
    state = {"finished": "Finished · e", "paused": "Paused · e"}.get(task.status, "E")
    return f"{state}poch {look.epoch:.1f} of {look.epochs}"


def pictures(task: Task | None) -> None:
    """Images over reconstructions, samples, and filters: their places first, then what comes."""
    look: ColourLook | None = task.news[-1] if task is not None and task.news else None
    blank = np.full((1, SIDE, SIDE, 3), 0.5, np.float32)
    pairs = np.concatenate([look.originals, look.reconstructions]) if look else blank.repeat(20, 0)
    cards.title(
        "Images and reconstructions",
        "Top: ten images that were not learnt. Bottom: their reconstructions, the means ⟨v|⟨h⟩⟩ given those of the hidden units.",
        "whether it can make such images by itself.",
    )
    _wall(pairs, "colour_pairs", "Ten images over their reconstructions")
    cards.title(
        "Samples from noise",
        f"Ten Gibbs chains that began as noise, {look.sweeps if look else 0:,} sweeps ago; their means ⟨v|h⟩ are shown.",
        "all that the machine can make: a chain may stay near one face for long.",
        "Gaussian units: they mix best here. Categorical ones flip a pixel at a time, and stay where they are.",
    )
    _wall(look.samples if look else blank.repeat(10, 0), "colour_samples", "Ten samples of chains from noise")
    cards.title(
        f"Filters in colour: the {FILTERS} strongest",
        "Each hidden unit's weights to red, green and blue; mid grey is none, and each picture has a scale of its own.",
        "which of them are on together.",
    )
    _wall(look.filters if look else blank.repeat(FILTERS, 0), "colour_filters", "The strongest hidden units' filters")


def _wall(images: Images, key: str, alt: str) -> None:
    pixels: Pixels = np.rint(images * 255).astype(np.uint8)
    n, height, width = pixels.shape[:3]
    wall.wall(grid_png(pixels, 10), n=n, columns=10, cell=(height, width), max_cell=64, alt=alt, key=key)


def numbers(task: Task | None) -> None:
    """Reconstruction error and free energies against epochs."""
    looks: tuple[ColourLook, ...] = () if task is None else task.news  # one moment of what still grows
    epochs = [look.epoch for look in looks]
    empty = "Press Learn" if task is None else "The first numbers are on their way"
    cards.title(
        "Reconstruction error",
        "Mean squared difference of a channel, from 0 to 1, between images and their reconstructions.",
        "the likelihood: samples may be poor where reconstructions are good.",
    )
    option = figures.curve_option(
        [figures.Series("error", epochs, [look.reconstruction_error for look in looks])],
        x_title="epochs",
        y_title="mean squared error",
        empty=empty,
    )
    curves(option, key="colour_error", alt="Reconstruction error against epochs", height=200)
    cards.title(
        "Free energy of training and validation images",
        "The shaded gap opens when the machine likes images it has seen better than new ones.",
        "how good it is: log Z moves along with both curves.",
    )
    series = [
        figures.Series("training", epochs, [look.free_energy_train for look in looks]),
        figures.Series("validation", epochs, [look.free_energy_validation for look in looks]),
    ]
    option = figures.curve_option(
        series, x_title="epochs", y_title="nats per image", band=("training", "validation"), empty=empty
    )
    curves(option, key="colour_energy", alt="Free energy of training and validation images", height=220)
