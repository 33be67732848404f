"""What a walk looks like: its layers, its past as a film, and its energies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components import chart
from pages.ui.draw import figures, frames
from pages.ui.server import download
from rbm.experiment import cached_dataset
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot

if TYPE_CHECKING:
    from rbm.samplers.stepped_chains import Moment, SteppedChains

FILM_FRAMES = 16
GIF_FRAMES = 100  # 20 seconds at five a second


def layers(now: Moment, shape: tuple[int, int], tick: float) -> None:
    """v, the probabilities it was drawn from, and the hidden layer, every chain one picture."""
    newer = "v" if now.half % 2 else "h"
    st.caption(
        f"Step **{tick:g}**. " + ("Just drawn: h from p(h|v)." if newer == "h" else "Just drawn: v from p(v|h).")
        if now.half
        else "Step **0**: where the chains start. h was drawn from p(h|v)."
    )
    columns = frames.near_square(len(now.v))[1]
    left, middle, right = st.columns(3, gap="medium")
    largest = 168 if len(now.v) <= 4 else 64
    with left, st.container(key="card_v", gap="xsmall"):
        cards.title(
            "v, the sample", "The visible units of every chain: on or off, drawn by chance from the middle picture."
        )
        pixels = frames.colour_probabilities(now.v.numpy(), shape=shape)
        cards.picture_wall(pixels, columns, "wall_v", "The chains' visible units", max_cell=largest)
    with middle, st.container(key="card_mean", gap="xsmall"):
        cards.title(
            "Pixel probabilities p(v|h)",
            "The probability of each pixel given the hidden units: smoother than the sample, and easier on the eye.",
            "the next state by itself. The chain goes on from the sample; going on from these would be another algorithm.",
        )
        pixels = frames.colour_probabilities(now.v_mean.float().numpy(), shape=shape)
        cards.picture_wall(pixels, columns, "wall_mean", "The chains' pixel probabilities", max_cell=largest)
    with right, st.container(key="card_h", gap="xsmall"):
        cards.title(
            "h, the hidden layer",
            "The hidden units of every chain, laid out as a small grid in the order of the filters.",
            "anything about places: neighbours in this grid have nothing to do with each other.",
        )
        pixels = frames.colour_probabilities(frames.layer_pictures(now.h.numpy()))
        cards.picture_wall(pixels, columns, "wall_h", "The chains' hidden units", max_cell=largest)


def film(walk: SteppedChains, shape: tuple[int, int]) -> None:
    """The past of the first chain, oldest first, and all chains' past as a GIF."""
    past = list(walk.past)[-FILM_FRAMES:]
    cards.title(
        "History of chain 1",
        "p(v|h) at the moments remembered, the newest on the right; a long jump leaves a few on the way.",
    )
    rows = np.stack([moment.v_mean[0].float().numpy() for moment in past])
    rows = np.concatenate([np.zeros((FILM_FRAMES - len(rows), rows.shape[1])), rows])  # the newest keeps its place
    names = [""] * (FILM_FRAMES - len(past)) + [f"step {moment.half / 2:g}" for moment in past]
    cards.picture_wall(
        frames.colour_probabilities(rows, shape=shape),
        FILM_FRAMES,
        "wall_film",
        "History of chain 1",
        labels=names,
        max_cell=64,
    )
    download.button(
        "GIF of all chains",
        lambda: film_gif(walk, shape),
        "gibbs.gif",
        key="gif",
        about=f"The last {GIF_FRAMES} moments, five a second.",
    )


def film_gif(walk: SteppedChains, shape: tuple[int, int]) -> bytes:
    """The newest ``GIF_FRAMES`` remembered moments, each a frame of tiled chains."""
    stills = []
    for moment in list(walk.past)[-GIF_FRAMES:]:  # a copy: the walk may be playing while this is drawn
        pictures = frames.colour_probabilities(moment.v_mean.float().numpy(), shape=shape)
        stills.append(frames.grid_pixels(pictures, frames.near_square(len(pictures))[1], background=(64, 64, 64)))
    return frames.gif(stills, 200, scale=2)


def energies(walk: SteppedChains, data_mean: float) -> None:
    """Energy and free energy of the chains against steps, with the data's mean as a line."""
    cards.title(
        "Energy and free energy",
        "Means over the chains, in nats at β = 1. Free energy falls to where the machine finds images likely; the dashed "
        "line is the mean of validation images. After ten steps the plunge of the very first one is left out.",
        "whether the chains have reached all kinds of images: a chain can sit at the right level on one digit for ever.",
    )
    track = list(walk.track)  # a copy: the walk may be playing while this is drawn
    # The first step from noise falls by a thousand nats and would flatten everything that follows.
    track = track[2:] if len(track) > 20 else track
    steps = [reading.half / 2 for reading in track]
    energy = [float(reading.energy.mean()) for reading in track]
    free = [float(reading.free_energy.mean()) for reading in track]
    option = figures.curve_option(
        [figures.Series("energy E(v, h)", steps, energy), figures.Series("free energy F(v)", steps, free)],
        x_title="steps",
        y_title="nats",
        line=("data's mean F(v)", data_mean),
    )
    chart.show(option, height=260, key="chart_energy", alt="Energy and free energy of the chains against steps")


def data_free_energy(current: LiveRun, walk: SteppedChains, past: Snapshot) -> float:
    """The mean free energy of validation images under the walk's machine."""
    key = id(current), past.step
    known = st.session_state.get("data_free_energy")
    if known is None or known[0] != key:
        import torch

        from rbm.datasets.base import binarise

        with torch.no_grad():
            images = binarise(cached_dataset(current.spec.dataset).validation[:1000], "threshold")
            known = key, float(walk.model.free_energy(images).double().mean())
        st.session_state["data_free_energy"] = known
    return float(known[1])
