"""What a walk looks like: its layers, its past as a film, and its energies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.generate.gibbs.stepping import states
from pages.ui import cards
from pages.ui.components import chart, wall
from pages.ui.components.moving import facts, table
from pages.ui.draw import figures, frames
from pages.ui.server import download, feed
from rbm.core.language import _, plural
from rbm.experiment import cached_dataset
from rbm.jobs.live import LiveRun

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.samplers.stepped_chains import Moment, SteppedChains

FILM_FRAMES, FILM_COLUMNS = 16, 8
GIF_FRAMES = 100  # 20 seconds at five a second
CHART, CELL, LARGE_CELL = 114, 50, 108  # pixels, so that pictures and charts stand on a screen of 720
LEGENDS = 40  # pixels that the lines over the other chart take
BESIDE_PAD = 36  # a cell where three pictures share their row with a pad
LEAST = 20  # settled steps of which an autocorrelation is shown
STATES = {
    "bernoulli": _("on or off"),
    "spin": "−1 or +1",
    "gaussian": _("any value"),
    "relu": _("any value from 0 up"),
    "drelu": _("any value"),
    "categorical": _("one of M states"),
    "multinary": _("one of M levels"),
}
HIDDEN_SCALES = {
    "spin": _(": black is −1, white +1"),
    "gaussian": _(": red above zero, blue below, on a scale of its own"),
    "drelu": _(": red above zero, blue below, on a scale of its own"),
    "relu": _(": the brighter the larger, on a scale of its own"),
    "categorical": _(": each takes M places beside each other, of which one is on"),
    "multinary": _(": the brighter the higher its level"),
}


def elements(walk: SteppedChains, painter: frames.Painter, data_mean: DataMean) -> feed.Elements:
    """All that a step changes, by the key of what shows it."""
    past, now = list(walk.past), walk.now
    columns = frames.near_square(len(now.v))[1]
    newer = "v" if now.half % 2 else "h"
    words = _("Step **{half:g}**. ").format(half=now.half / 2) + (
        _("Just drawn: h from p(h|v).") if newer == "h" else _("Just drawn: v from p(v|h).")
    )
    if not now.half:
        words = _("Step **0**: where the chains start. h was drawn from p(h|v).")
    step = _("step {half:g}").format(half=now.half / 2)
    return {
        "gibbs_words": table((), [(words,)]),
        "wall_v": wall.pictures(painter.visible(now.v.numpy(), told=True), columns, now=step),
        "wall_mean": wall.pictures(painter.visible(now.v_mean.float().numpy(), told=True), columns, now=step),
        "wall_h": wall.pictures(painter.hidden(now.h.numpy()), columns, now=step),
        "wall_film": _film(past, painter),
        "chart_energy": _energies(walk, data_mean(walk)),
        "chart_memory": memory_option([free_energies for _, free_energies in list(walk.free_energies)]),
    }


def words(drawn: feed.Elements) -> None:
    """Which step, and which layer was drawn in it."""
    facts(drawn["gibbs_words"], key="gibbs_words", look="caption")


def layers(drawn: feed.Elements, painter: frames.Painter, cell: int = CELL) -> None:
    """v, the means of what it was drawn from, and the hidden layer, every chain one picture, of 4 × 4 ``cell`` pixels wide."""
    left, middle, right = st.columns(3, gap="medium")
    largest = LARGE_CELL if drawn["wall_v"]["n"] <= 4 else 4 * cell // drawn["wall_v"]["columns"]
    model, framed = painter.model, painter.framed
    with left, st.container(key="card_v", gap="xsmall"):
        cards.title(
            _("v, the sample"),
            _("The visible units of every chain: each {states}, drawn by chance around the middle picture.").format(
                states=STATES[model.visible]
            ),
        )
        wall.show(drawn["wall_v"], framed=framed, max_cell=largest, alt=_("The chains' visible units"), key="wall_v")
    with middle, st.container(key="card_mean", gap="xsmall"):
        binary = model.visible == "bernoulli"
        cards.title(
            _("Pixel probabilities p(v|h)") if binary else _("Pixel means ⟨v|h⟩"),
            _("The probability of each pixel given the hidden units: smoother than the sample, and easier on the eye.")
            if binary
            else _("The mean of each pixel given the hidden units: smoother than the sample, and easier on the eye."),
            _(
                "the next state by itself. The chain goes on from the sample; going on from these would be another algorithm."
            ),
        )
        alt = _("The chains' pixel probabilities") if binary else _("The chains' pixel means")
        wall.show(drawn["wall_mean"], framed=framed, max_cell=largest, alt=alt, key="wall_mean")
    with right, st.container(key="card_h", gap="xsmall"):
        cards.title(
            _("h, the hidden layer"),
            _(
                "The hidden units of every chain, laid out as a small grid in the order of the filters{hidden_scales}."
            ).format(hidden_scales=HIDDEN_SCALES.get(model.hidden, "")),
            _("anything about places: neighbours in this grid have nothing to do with each other."),
        )
        wall.show(drawn["wall_h"], max_cell=largest, alt=_("The chains' hidden units"), key="wall_h")


def film(drawn: feed.Elements, walk: SteppedChains, painter: frames.Painter) -> None:
    """The past of the first chain, oldest first, and all chains' past as a GIF."""
    with st.container(key="card_film", gap="xsmall"):
        cards.title(
            _("History of chain 1"),
            _(
                "{mean_of} at the moments remembered, the newest on the right; a long jump leaves a few on the way."
            ).format(mean_of=cards.mean_of(painter.model)),
        )
        wall.show(drawn["wall_film"], framed=painter.framed, max_cell=44, alt=_("History of chain 1"), key="wall_film")
        download.button(
            _("GIF of all chains"),
            lambda: film_gif(walk, painter),
            "gibbs.gif",
            key="gif",
            about=_("The last {gif_frames} moments, five a second.").format(gif_frames=GIF_FRAMES),
        )


def _film(past: list[Moment], painter: frames.Painter) -> dict[str, Any]:
    past = past[-FILM_FRAMES:]
    rows = np.stack([moment.v_mean[0].float().numpy() for moment in past])
    blank = FILM_FRAMES - len(rows)
    rows = np.concatenate([np.full((blank, rows.shape[1]), painter.coding.lowest), rows])  # the newest keeps its place
    names = [""] * blank + [_("step {half:g}").format(half=moment.half / 2) for moment in past]
    return wall.pictures(painter.visible(rows), FILM_COLUMNS, labels=names, blank=blank, now=names[-1])


def film_gif(walk: SteppedChains, painter: frames.Painter) -> bytes:
    """The newest ``GIF_FRAMES`` remembered moments, each a frame of tiled chains."""
    stills = []
    for moment in list(walk.past)[-GIF_FRAMES:]:  # a copy: the walk may be playing while this is drawn
        pictures = frames.rgb(painter.visible(moment.v_mean.float().numpy()))
        stills.append(frames.grid_pixels(pictures, frames.near_square(len(pictures))[1], background=(64, 64, 64)))
    return frames.gif(stills, 200, scale=2)


def energies(drawn: feed.Elements) -> None:
    """Energy and free energy of the chains against steps, with the data's mean as a line."""
    with st.container(key="card_energy", gap="xsmall"):
        cards.title(
            _("Energy and free energy"),
            _(
                "Means over the chains, in nats at β = 1. Free energy falls to where the machine finds images "
                "likely; the dashed line is the mean of validation images. After ten steps the plunge of the very "
                "first one is left out."
            ),
            _(
                "whether the chains have reached all kinds of images: a chain can sit at the right level on one digit for ever."
            ),
        )
        alt = _("Energy and free energy of the chains against steps")
        chart.show(drawn["chart_energy"], height=CHART + LEGENDS, key="chart_energy", alt=alt)


def _energies(walk: SteppedChains, data_mean: float) -> dict[str, Any]:
    track = list(walk.track)  # a copy: the walk may be playing while this is drawn
    # The first step from noise falls by a thousand nats and would flatten everything that follows.
    track = track[2:] if len(track) > 20 else track
    steps = [reading.half / 2 for reading in track]
    energy = [reading.energy for reading in track]
    free = [reading.free_energy for reading in track]
    return figures.curve_option(
        [figures.Series(_("E(v, h)"), steps, energy), figures.Series(_("F(v)"), steps, free)],
        x_title=_("steps"),
        y_title=_("nats"),
        line=(_("data's mean F"), data_mean),
    )


def memory(drawn: feed.Elements) -> None:
    """How long the chains remember, and what the steps so far are worth."""
    with st.container(key="card_memory", gap="xsmall"):
        cards.title(
            _("Memory of the chains"),
            _(
                "The autocorrelation of the chains' free energies: how much a chain still tells, so many steps "
                "later, of where it was. Of the steps by one machine at one β with the same pixels held, the "
                "newest half. A chain has forgotten its start where the curve falls below the dotted line, 0.05. "
                "Samples: how many independent ones all these steps are worth."
            ),
            _("what all the chains miss: chains that all sit in one mode may forget quickly within it."),
            _("a cold β, or the machine before training; then the page Diagnostics, where 256 chains are judged."),
        )
        st.caption(_("1: unchanged. Near 0: it has forgotten where it was."))
        alt = _("Autocorrelation of the chains' free energies against the steps between")
        chart.show(drawn["chart_memory"], height=CHART, key="chart_memory", alt=alt)


def memory_option(seen: Sequence[Tensor]) -> dict[str, Any]:
    """The chart of what F of each chain (N,) after each of so many steps tells: the first half is not counted."""
    settled = seen[len(seen) // 2 :]
    titles: dict[str, Any] = {"x_title": _("steps between"), "y_title": _("autocorrelation of F")}
    if len(settled) < LEAST:
        left = 2 * LEAST - 1 - len(seen)
        waits = plural("{n} more step, and it begins", "{n} more steps, and it begins", left).format(n=left)
        return figures.curve_option([figures.Series(_("memory"), [], [])], **titles, empty=waits, note="")
    import torch

    from rbm.evaluation import mixing

    x = torch.stack(list(settled))
    rho = mixing.autocorrelation(x)[: len(x) // 2 + 1]
    tau, forgotten = mixing.autocorrelation_time(x), mixing.forgotten_after(x)
    if not math.isfinite(tau):
        words = _("The chains do not move: nothing can be told.")
    else:
        start = (
            _("not forgotten yet")
            if math.isnan(forgotten)
            else _("forgotten in {steps}").format(steps=_steps(forgotten))
        )
        words = _("Start {start} · worth {numel:,.0f} samples").format(start=start, numel=x.numel() / tau)
    return figures.curve_option(
        [figures.Series(_("memory"), np.arange(len(rho)), rho.numpy())],
        **titles,
        line=("forgotten", mixing.FORGOTTEN),
        empty=_("The chains do not move"),
        note=words,
    )


def _steps(count: float) -> str:
    return plural("{n:g} step", "{n:g} steps", 1 if count == 1 else 2).format(n=count)


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
