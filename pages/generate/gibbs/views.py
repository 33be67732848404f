"""What a walk looks like: its layers, its past as a film, and its energies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.generate.gibbs.stepping import states
from pages.ui import cards
from pages.ui.components import chart, wall
from pages.ui.components.moving import facts, table
from pages.ui.draw import figures, frames
from pages.ui.server import download, feed
from rbm.experiment import cached_dataset
from rbm.jobs.live import LiveRun

if TYPE_CHECKING:
    from rbm.samplers.stepped_chains import Moment, SteppedChains

FILM_FRAMES, FILM_COLUMNS = 16, 8
GIF_FRAMES = 100  # 20 seconds at five a second
STATES = {
    "bernoulli": "on or off",
    "spin": "−1 or +1",
    "gaussian": "any value",
    "relu": "any value from 0 up",
    "categorical": "one of M states",
    "multinary": "one of M levels",
}
HIDDEN_SCALES = {
    "spin": ": black is −1, white +1",
    "gaussian": ": red above zero, blue below, on a scale of its own",
    "relu": ": the brighter the larger, on a scale of its own",
    "categorical": ": each takes M places beside each other, of which one is on",
    "multinary": ": the brighter the higher its level",
}


def elements(walk: SteppedChains, painter: frames.Painter, data_mean: DataMean) -> feed.Elements:
    """All that a step changes, by the key of what shows it."""
    past, now = list(walk.past), walk.now
    columns = frames.near_square(len(now.v))[1]
    newer = "v" if now.half % 2 else "h"
    words = f"Step **{now.half / 2:g}**. " + (
        "Just drawn: h from p(h|v)." if newer == "h" else "Just drawn: v from p(v|h)."
    )
    if not now.half:
        words = "Step **0**: where the chains start. h was drawn from p(h|v)."
    return {
        "gibbs_words": table((), [(words,)]),
        "wall_v": wall.pictures(painter.visible(now.v.numpy(), told=True), columns),
        "wall_mean": wall.pictures(painter.visible(now.v_mean.float().numpy(), told=True), columns),
        "wall_h": wall.pictures(painter.hidden(now.h.numpy()), columns),
        "wall_film": _film(past, painter),
        "chart_energy": _energies(walk, data_mean(walk)),
    }


def layers(drawn: feed.Elements, painter: frames.Painter) -> None:
    """v, the means of what it was drawn from, and the hidden layer, every chain one picture."""
    facts(drawn["gibbs_words"], key="gibbs_words", look="caption")
    left, middle, right = st.columns(3, gap="medium")
    largest = 108 if drawn["wall_v"]["n"] <= 4 else 48
    model, framed = painter.model, painter.framed
    with left, st.container(key="card_v", gap="xsmall"):
        cards.title(
            "v, the sample",
            f"The visible units of every chain: each {STATES[model.visible]}, drawn by chance around the middle picture.",
        )
        wall.show(drawn["wall_v"], framed=framed, max_cell=largest, alt="The chains' visible units", key="wall_v")
    with middle, st.container(key="card_mean", gap="xsmall"):
        binary = model.visible == "bernoulli"
        cards.title(
            "Pixel probabilities p(v|h)" if binary else "Pixel means ⟨v|h⟩",
            f"The {'probability' if binary else 'mean'} of each pixel given the hidden units: smoother than the sample, and "
            "easier on the eye.",
            "the next state by itself. The chain goes on from the sample; going on from these would be another algorithm.",
        )
        alt = f"The chains' pixel {'probabilities' if binary else 'means'}"
        wall.show(drawn["wall_mean"], framed=framed, max_cell=largest, alt=alt, key="wall_mean")
    with right, st.container(key="card_h", gap="xsmall"):
        cards.title(
            "h, the hidden layer",
            "The hidden units of every chain, laid out as a small grid in the order of the filters"
            f"{HIDDEN_SCALES.get(model.hidden, '')}.",
            "anything about places: neighbours in this grid have nothing to do with each other.",
        )
        wall.show(drawn["wall_h"], max_cell=largest, alt="The chains' hidden units", key="wall_h")


def film(drawn: feed.Elements, walk: SteppedChains, painter: frames.Painter) -> None:
    """The past of the first chain, oldest first, and all chains' past as a GIF."""
    cards.title(
        "History of chain 1",
        f"{cards.mean_of(painter.model)} at the moments remembered, the newest on the right; a long jump leaves a few on the "
        "way.",
    )
    wall.show(drawn["wall_film"], framed=painter.framed, max_cell=44, alt="History of chain 1", key="wall_film")
    download.button(
        "GIF of all chains",
        lambda: film_gif(walk, painter),
        "gibbs.gif",
        key="gif",
        about=f"The last {GIF_FRAMES} moments, five a second.",
    )


def _film(past: list[Moment], painter: frames.Painter) -> dict[str, Any]:
    past = past[-FILM_FRAMES:]
    rows = np.stack([moment.v_mean[0].float().numpy() for moment in past])
    empty = np.full((FILM_FRAMES - len(rows), rows.shape[1]), painter.model.coding.lowest)
    rows = np.concatenate([empty, rows])  # the newest keeps its place
    names = [""] * (FILM_FRAMES - len(past)) + [f"step {moment.half / 2:g}" for moment in past]
    return wall.pictures(painter.visible(rows), FILM_COLUMNS, labels=names)


def film_gif(walk: SteppedChains, painter: frames.Painter) -> bytes:
    """The newest ``GIF_FRAMES`` remembered moments, each a frame of tiled chains."""
    stills = []
    for moment in list(walk.past)[-GIF_FRAMES:]:  # a copy: the walk may be playing while this is drawn
        pictures = frames.rgb(painter.visible(moment.v_mean.float().numpy()))
        stills.append(frames.grid_pixels(pictures, frames.near_square(len(pictures))[1], background=(64, 64, 64)))
    return frames.gif(stills, 200, scale=2)


def energies(drawn: feed.Elements) -> None:
    """Energy and free energy of the chains against steps, with the data's mean as a line."""
    cards.title(
        "Energy and free energy",
        "Means over the chains, in nats at β = 1. Free energy falls to where the machine finds images likely; the dashed "
        "line is the mean of validation images. After ten steps the plunge of the very first one is left out.",
        "whether the chains have reached all kinds of images: a chain can sit at the right level on one digit for ever.",
    )
    alt = "Energy and free energy of the chains against steps"
    chart.show(drawn["chart_energy"], height=150, key="chart_energy", alt=alt)


def _energies(walk: SteppedChains, data_mean: float) -> dict[str, Any]:
    track = list(walk.track)  # a copy: the walk may be playing while this is drawn
    # The first step from noise falls by a thousand nats and would flatten everything that follows.
    track = track[2:] if len(track) > 20 else track
    steps = [reading.half / 2 for reading in track]
    energy = [reading.energy for reading in track]
    free = [reading.free_energy for reading in track]
    return figures.curve_option(
        [figures.Series("energy E(v, h)", steps, energy), figures.Series("free energy F(v)", steps, free)],
        x_title="steps",
        y_title="nats",
        line=("data's mean F(v)", data_mean),
    )


class DataMean:
    """The mean free energy of a run's validation images under a walk's machine, computed once for each machine."""

    def __init__(self, current: LiveRun) -> None:
        self.run = current
        self._known: tuple[object, float] = (None, 0.0)

    def __call__(self, walk: SteppedChains) -> float:
        model = walk.model
        if self._known[0] is not model:
            import torch

            spec = self.run.spec
            with torch.no_grad():
                images = states(spec, cached_dataset(spec.dataset, spec.model).validation[:1000])
                self._known = model, float(model.free_energy(images).double().mean())
        return self._known[1]


def data_mean(current: LiveRun) -> DataMean:
    """This session's, for that run."""
    known: DataMean | None = st.session_state.get("data_free_energy")
    if known is None or known.run is not current:
        known = st.session_state["data_free_energy"] = DataMean(current)
    return known
