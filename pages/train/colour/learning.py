"""The colour page's parts: what to learn and with which units, and what has come of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components import chart, wall
from pages.ui.components.moving import facts, table
from pages.ui.draw import figures
from pages.ui.draw.frames import Pixels, grid_png
from pages.ui.server import feed
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


def controls(drawn: feed.Elements) -> None:
    """Which images, which units, how many; and the buttons."""
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
    _transport(drawn)


def _transport(drawn: feed.Elements) -> None:
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
        facts(drawn["colour_words"], key="colour_words", look="caption")
    tasks.trouble(task)


def _words(task: Task | None) -> str:
    if task is None:
        return ""
    if not task.news:
        return "Getting the images ready" if task.active else ""
    look: ColourLook = task.news[-1]
    state = {"finished": "Finished · e", "paused": "Paused · e"}.get(task.status, "E")
    return f"{state}poch {look.epoch:.1f} of {look.epochs} · chains of {look.sweeps:,} sweeps"


def elements(task: Task | None) -> feed.Elements:
    """All that learning moves: pictures have their places first, then what comes."""
    looks: tuple[ColourLook, ...] = () if task is None else task.news  # one moment of what still grows
    look = looks[-1] if looks else None
    blank = np.full((1, SIDE, SIDE, 3), 0.5, np.float32)
    walls = {
        "colour_pairs": np.concatenate([look.originals, look.reconstructions]) if look else blank.repeat(20, 0),
        "colour_samples": look.samples if look else blank.repeat(10, 0),
        "colour_filters": look.filters if look else blank.repeat(FILTERS, 0),
    }
    return {
        "colour_words": table((), [(_words(task),)]),
        **{key: _wall(images) for key, images in walls.items()},
        **_curves(looks, "Press Learn" if task is None else "The first numbers are on their way"),
    }


def pictures(drawn: feed.Elements) -> None:
    """Images over reconstructions, samples, and filters."""
    cards.title(
        "Images and reconstructions",
        "Top: ten images that were not learnt. Bottom: their reconstructions, the means ⟨v|⟨h⟩⟩ given those of the hidden units.",
        "whether it can make such images by itself.",
    )
    wall.show(drawn["colour_pairs"], max_cell=64, alt="Ten images over their reconstructions", key="colour_pairs")
    cards.title(
        "Samples from noise",
        "Ten Gibbs chains that began as noise and go on while it learns; their means ⟨v|h⟩ are shown.",
        "all that the machine can make: a chain may stay near one face for long.",
        "Gaussian units: they mix best here. Categorical ones flip a pixel at a time, and stay where they are.",
    )
    wall.show(drawn["colour_samples"], max_cell=64, alt="Ten samples of chains from noise", key="colour_samples")
    cards.title(
        f"Filters in colour: the {FILTERS} strongest",
        "Each hidden unit's weights to red, green and blue; mid grey is none, and each picture has a scale of its own.",
        "which of them are on together.",
    )
    wall.show(drawn["colour_filters"], max_cell=64, alt="The strongest hidden units' filters", key="colour_filters")


def _wall(images: Images) -> dict[str, Any]:
    pixels: Pixels = np.rint(images * 255).astype(np.uint8)
    n, height, width = pixels.shape[:3]
    return wall.pictures(grid_png(pixels, 10), n=n, columns=10, cell=(height, width))


def _curves(looks: tuple[ColourLook, ...], empty: str) -> feed.Elements:
    """Reconstruction error and free energies against epochs."""
    epochs = [look.epoch for look in looks]
    error = [figures.Series("error", epochs, [look.reconstruction_error for look in looks])]
    energy = [
        figures.Series("training", epochs, [look.free_energy_train for look in looks]),
        figures.Series("validation", epochs, [look.free_energy_validation for look in looks]),
    ]
    band = ("training", "validation")
    return {
        "colour_error": figures.curve_option(error, x_title="epochs", y_title="mean squared error", empty=empty),
        "colour_energy": figures.curve_option(
            energy, x_title="epochs", y_title="nats per image", band=band, empty=empty
        ),
    }


def numbers(drawn: feed.Elements) -> None:
    """Both curves."""
    cards.title(
        "Reconstruction error",
        "Mean squared difference of a channel, from 0 to 1, between images and their reconstructions.",
        "the likelihood: samples may be poor where reconstructions are good.",
    )
    chart.show(drawn["colour_error"], key="colour_error", alt="Reconstruction error against epochs", height=200)
    cards.title(
        "Free energy of training and validation images",
        "The shaded gap opens when the machine likes images it has seen better than new ones.",
        "how good it is: log Z moves along with both curves.",
    )
    alt = "Free energy of training and validation images"
    chart.show(drawn["colour_energy"], key="colour_energy", alt=alt, height=220)
