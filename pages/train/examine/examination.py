"""The examination's cards, each drawn as soon as its finding has come."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, TypeVar

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.ui import cards
from pages.ui.components import chart, wall
from pages.ui.components.moving import table
from pages.ui.draw import figures, frames
from pages.ui.server import feed
from pages.ui.session import live, tasks
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.jobs.task import Task
from rbm.tasks.examine import N_SWEEPS, ChainsFromNoise, Energies, Likeness, Mixed, WeightModes, weight_modes

NAME = "examination"
Found = TypeVar("Found", WeightModes, ChainsFromNoise, Mixed, Energies, Likeness)


def begin(current: LiveRun) -> None:
    """Examine the machine as it stands now."""
    past = current.past[-1]
    tasks.hold(NAME, Task("rbm.tasks.examine:examine", spec=current.spec.to_json(), parameters=past))
    st.session_state["examined"] = current, past


def of(current: LiveRun) -> Task | None:
    """The examination of that machine; None where another was examined, or none."""
    examined, _ = st.session_state.get("examined", (None, None))
    return tasks.held(NAME) if examined is current else None


def elements(task: Task | None) -> Callable[[], feed.Elements]:
    """What moves while it is examined: how far it is, and the chains' way."""
    _, past = st.session_state.get("examined", (None, None))

    def found() -> feed.Elements:
        words = "" if task is None or past is None else _words(task, past)
        way = _last(task, ChainsFromNoise)
        drawn = {"examine_words": table((), [(words,)])}
        return drawn if way is None else {**drawn, "examine_walk": _way(way)}

    return found


def controls(current: LiveRun, task: Task | None, drawn: feed.Elements) -> None:
    """The button, what is being examined and how far it is."""
    label = "Examine" if task is None else "Examine the machine as it is now"
    about = "Spectrum of the weights at once; then 256 chains walk 600 sweeps from noise, which takes some seconds."
    examine = tasks.Press("examine", label, about, partial(begin, current), "troubleshoot", "E", primary=True)
    tasks.panel(task, examine, words=("examine_words", drawn))


def _words(task: Task, past: Snapshot) -> str:
    walk = _last(task, ChainsFromNoise)
    swept = 0 if walk is None else len(walk.free_energy)
    return (
        f"The machine as it was at epoch {past.epoch:.2f} · {f'sweep {swept} of {N_SWEEPS}' if task.active else 'done'}"
    )


def _last(task: Task | None, kind: type[Found]) -> Found | None:
    news = [] if task is None else task.news
    return next((one for one in reversed(news) if isinstance(one, kind)), None)


@lru_cache(maxsize=64)
def _modes(past: Snapshot) -> WeightModes:
    return weight_modes(past.to_model())


def weights(current: LiveRun, task: Task | None, painter: frames.Painter) -> None:
    """The spectrum of W and its strongest modes: of the machine examined, or as it is now, before anybody asks, or was."""
    found = _last(task, WeightModes) or _modes(current.past[-1])
    cards.title(
        "Singular values of the weights",
        "Training lifts modes out of the noise that the weights began as. Dots above the dotted line stand clear of it. "
        "Their participation ratio, the modes over which the strength is spread, stands below.",
        "whether what was learnt is any good.",
        "the machine after some twenty single batches, where the first mode leads, and again after an epoch.",
    )
    past = live.choose_time(current, "examine_time")
    found = (_last(task, WeightModes) if past is current.past[-1] else None) or _modes(past)
    ranks = np.arange(1, len(found.values) + 1)
    option = figures.curve_option(
        [figures.Series("singular value", ranks, found.values)],
        x_title="mode, strongest first",
        y_title="singular value of W",
        line=("edge of the noise", found.noise_edge),
        log_x=True,
        dots=len(ranks) <= 128,
    )
    chart.show(option, key="examine_spectrum", alt="Singular values of the weights", height=190)
    st.caption(
        f"{found.n_modes} modes stand out; the strength is spread over some {found.participation:.0f}. The strongest, sign free:"
    )
    modes = painter.filters(found.pictures.astype(np.float64).T)
    pictures = frames.filter_pictures(
        modes, painter.shape, np.arange(modes.shape[1]), shared=False, limit=None, mode=painter.mode
    )
    labels = [f"mode {i}: {value:.2f}" for i, value in enumerate(found.values[: len(pictures)], 1)]
    shown = wall.pictures(pictures, 10, labels=labels)
    wall.show(shown, alt="The strongest modes of the weights as pictures", key="examine_modes")


def spread(current: LiveRun, task: Task | None) -> None:
    """How the singular values are spread, over the law that those of noise follow."""
    found = _last(task, WeightModes) or _modes(current.past[-1])
    cards.title(
        "Singular values against noise",
        "What share of them lies where; the other line is the law of Marčenko and Pastur, which random weights follow.",
    )
    middles = np.sqrt(found.edges[:-1] * found.edges[1:])
    figure = go.Figure()
    for name, shares in (("weights", found.shares), ("noise, as they began", found.noise)):
        figure.add_scatter(
            x=middles, y=shares, name=name, line_shape="hvh", hovertemplate=f"{name} %{{y:.1%}}<extra></extra>"
        )
    figure.update_xaxes(type="log")
    figure.update_yaxes(tickformat=".0%")
    figures.at_rest(figure, "singular value of W", "share of modes", several=True)
    alt = "How the singular values of the weights and of noise are spread"
    chart.show(figure, height=200, key="examine_noise", alt=alt)
    st.caption(
        "Before training the two agree: random weights follow the law of Marčenko and Pastur. What has left it was learnt."
    )


def walk(task: Task | None) -> None:
    """The chains' way from noise, and whether they mix."""
    found = _last(task, ChainsFromNoise)
    if found is None:
        return
    cards.title(
        "Do its chains reach the data, and mix?",
        "The mean free energy of 256 chains from noise, sweep by sweep; the dotted line is that of test images. A good "
        "machine's chains come to rest there; far below, they sit in a mode that the data does not have.",
        "what all the chains miss: only the histogram of samples below shows a little of that.",
    )
    chart.show(_way(found), key="examine_walk", alt="Mean free energy of chains from noise against sweeps", height=220)
    mixed = _last(task, Mixed)
    if mixed is None:
        return
    with st.container(horizontal=True, gap="medium", key="examine_mixing"):
        for name, value, about in (
            (
                "Autocorrelation / sweeps",
                mixed.autocorrelation_time,
                "How long the free energy is remembered: so many sweeps for one new sample.",
            ),
            ("Independent samples", mixed.ess, "What all the sweeps of all the chains are worth."),
            ("R-hat", mixed.r_hat, "1 where chains that started apart have come together; above 1.01 they have not."),
        ):
            st.metric(name, _number(value), help=about, width="content")
    st.caption(mixed.verdict)


def _way(found: ChainsFromNoise) -> dict[str, Any]:
    return figures.curve_option(
        [figures.Series("chains", np.arange(1, len(found.free_energy) + 1), found.free_energy)],
        x_title="sweeps",
        y_title="free energy / nats",
        line=("test images", found.data_free_energy),
        log_x=True,
    )


def _number(value: float) -> str:
    if math.isnan(value):
        return "not known"
    return (f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}").replace("-", "−")


def energies(task: Task | None) -> None:
    """How free energies are spread."""
    found = _last(task, Energies)
    if found is None:
        return
    cards.title(
        "Free energies of images and samples",
        "The lower, the likelier. Training and test images should lie together (apart: it overfits), and samples with them.",
        "the likelihood, which needs log Z as well.",
    )
    middles = (found.edges[:-1] + found.edges[1:]) / 2
    figure = go.Figure()
    for name, counts in found.counts.items():
        share = counts / max(1.0, float(counts.sum()))
        figure.add_scatter(
            x=middles, y=share, name=name, line_shape="hvh", hovertemplate=f"{name} %{{y:.1%}}<extra></extra>"
        )
    figure.update_yaxes(tickformat=".0%")
    figures.at_rest(figure, "free energy / nats", "share of pictures", several=True)
    chart.show(figure, height=260, key="examine_energies", alt="How free energies are spread")
    st.caption(f"Noise, every state of a pixel equally likely: {_number(found.noise)} nats on average.")


def _apart(distance: float, visible: str) -> str:
    """A squared distance in words: each pixel that differs counts 1, 4 between spins, 2 between one-hot states."""
    each = {"bernoulli": 1, "spin": 4, "categorical": 2}.get(visible)
    return f"a distance of {math.sqrt(distance):.3g}" if each is None else f"{distance / each:.0f} pixels differ"


def likeness(task: Task | None, painter: frames.Painter) -> None:
    """Samples over the training images nearest to them, and AATS."""
    found = _last(task, Likeness)
    if found is None:
        return
    cards.title(
        "Are its samples like the data, and not copies?",
        "Top: ten samples. Bottom: the training image nearest to each. Were they the same, the machine would have learnt them by "
        "heart.",
        "whether all kinds of images are among the samples: the first number below does.",
    )
    rows = np.concatenate([found.samples, found.nearest])
    pixels = painter.visible(rows, told=True)
    labels = [f"sample {i + 1}" for i in range(len(found.samples))]
    labels += [f"nearest training image: {_apart(d, painter.model.visible)}" for d in found.differ]
    alt = "Samples over their nearest training images"
    columns, key = len(found.samples), "examine_nearest"
    cards.picture_wall(pixels, columns, key, alt, labels=labels, framed=painter.framed)
    with st.container(horizontal=True, gap="medium", key="examine_aats"):
        for name, value, about in (
            (
                "Images: nearest is real",
                found.data_side,
                "Share of images whose nearest neighbour is another image, not a sample: 0.5 is ideal. One equally far from both "
                "counts a half; published code counts it as 0, and so finds lower values.",
            ),
            (
                "Samples: nearest is generated",
                found.sample_side,
                "Share of samples whose nearest neighbour is another sample, not an image: 0.5 is ideal. Ties count as on the "
                "left.",
            ),
            (
                "Memorisation",
                found.privacy_loss,
                "AATS of test images minus AATS of training images: 0 is ideal, above 0 the samples resemble what was learnt "
                "more than what was not.",
            ),
        ):
            st.metric(name, f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−"), help=about, width="content")
    st.caption(found.verdict)
