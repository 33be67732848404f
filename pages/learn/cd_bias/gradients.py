"""The lesson on what CD follows: mean gradients along a path of exact learning."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock, Thread, main_thread
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.ui import cards
from pages.ui.components import chart, moving
from pages.ui.controls import widgets
from pages.ui.draw import figures
from pages.ui.server import feed

if TYPE_CHECKING:
    import torch

    from rbm.datasets.base import Dataset
    from rbm.lessons.machines import PathMoment

_LEARNING = Lock()
KS = (1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 40, 50)


class GradientLesson(NamedTuple):
    """What is learnt by the exact gradient: a builder of `rbm.datasets.toy` and its argument; hidden units, rate."""

    builder: str
    arguments: tuple[int, ...]
    n_hidden: int
    rate: float

    def patterns(self) -> torch.Tensor:
        """The data, (N, V), every pattern once."""
        from rbm.datasets import toy

        made: Dataset = getattr(toy, self.builder)(*self.arguments)
        return made.train


LESSONS = {
    "2×2 bars and stripes": GradientLesson("bars_and_stripes", (2,), 4, 1.0),
    "3×3 bars and stripes": GradientLesson("bars_and_stripes", (3,), 6, 0.3),
    "shifter": GradientLesson(
        "shifter_shown", (), 8, 0.5
    ),  # at 1.0 exact learning leaps over the valley and falls back
}


class Compass(NamedTuple):
    """At one moment of learning: angles to the exact gradient (degrees) and lengths, for each k of KS."""

    log_likelihood: float
    best: float
    exact_length: float
    cd_angle: tuple[float, ...]
    pcd_angle: tuple[float, ...]
    cd_length: tuple[float, ...]
    pcd_length: tuple[float, ...]


@st.cache_resource(show_spinner="Learning by the exact gradient", max_entries=8)
def path(patterns: str) -> list[PathMoment]:
    """Exact learning of a lesson of LESSONS, moment by moment."""
    return _path(patterns)


def _path(patterns: str) -> list[PathMoment]:
    with _LEARNING:  # whoever else asks meanwhile would learn it too
        return _learnt(patterns)


@lru_cache(maxsize=8)
def _learnt(patterns: str) -> list[PathMoment]:
    from rbm.lessons import machines

    lesson = LESSONS[patterns]
    return machines.path(lesson.patterns(), lesson.n_hidden, rate=lesson.rate)


@lru_cache(maxsize=1)
def prepare() -> None:
    """Have the other lessons learnt while the first is looked at, once a server: each takes seconds."""
    # Not a daemon: Python ends those in the midst of torch's work, which aborts the whole process.
    Thread(target=_prepare, name="rbm-paths", daemon=False).start()


def _prepare() -> None:
    for patterns in LESSONS:
        if main_thread().is_alive():
            _path(patterns)


@lru_cache(maxsize=256)
def compass(patterns: str, place: int) -> Compass:
    """All gradients at one moment of the path, exact each."""
    from rbm.datasets.toy import entropy
    from rbm.evaluation import mean_gradient, transition

    moment = _path(patterns)[place]
    data = LESSONS[patterns].patterns()
    half = transition.halves(moment.model)
    p0 = mean_gradient.distribution(data, half)
    truth = mean_gradient.likelihood(data, half)
    found = []
    for start in (p0, moment.chains):
        gradients = [mean_gradient.contrast(p0, q, half) for q in mean_gradient.after(start, half, KS)]
        found.append(tuple(mean_gradient.angle(g, truth) for g in gradients))
        found.append(tuple(mean_gradient.length(g) for g in gradients))
    cd_angle, cd_length, pcd_angle, pcd_length = found
    log_likelihood = float((p0 * half.visible.clamp(min=1e-300).log()).sum())
    best = -entropy(data)
    return Compass(log_likelihood, best, mean_gradient.length(truth), cd_angle, pcd_angle, cd_length, pcd_length)


def set_moment(patterns: str, share: float, k: int) -> None:
    """Put an experiment into the compass's controls: how far along the path, from 0 to 1."""
    places = len(path(patterns))
    st.session_state.update(follows_patterns=patterns, follows_place=round(share * (places - 1)), follows_k=k)


def compass_controls() -> tuple[str, dict[str, Sequence[int]]]:
    """Which pictures; how far learnt, and k, with the stops of both sliders."""
    if "follows_patterns" not in st.session_state:
        set_moment("3×3 bars and stripes", 0.85, 1)
    patterns = st.segmented_control(
        "Patterns",
        list(LESSONS),
        required=True,
        default=st.session_state["follows_patterns"],
        key="follows_patterns",
        persist_state="session",
        wrap=True,
        help="All states are visited: 16 of 2×2 pixels, 512 of 3×3. The shifter: a row of three pixels, below it the same "
        "row moved round the end, below that one of three pixels that says how: left, not at all, right.",
    )
    steps = [moment.step for moment in path(str(patterns))]
    widgets.put("follows_place", min(st.session_state["follows_place"], len(steps) - 1))
    st.select_slider(
        "Exact updates so far",
        range(len(steps)),
        format_func=lambda place: f"{steps[place]:,}",
        value=st.session_state["follows_place"],
        key="follows_place",
        persist_state="session",
        help="Where on the way of exact learning (no noise, a small rate) the gradients are compared.",
    )
    st.select_slider(
        "Gibbs steps k",
        KS,
        value=st.session_state["follows_k"],
        key="follows_k",
        persist_state="session",
        help="Sweeps of the negative phase; the charts show all k, the numbers above them this one.",
    )
    return str(patterns), {"follows_place": range(len(steps)), "follows_k": KS}


def elements(patterns: str, place: int, k: int) -> feed.Elements:
    """The chosen k in figures, and both charts over all k."""
    seen = compass(patterns, place)
    return {
        "follows_numbers": _numbers(seen, k),
        "follows_angles": _angles(seen),
        "follows_lengths": _lengths(seen),
    }


def _numbers(seen: Compass, k: int) -> dict[str, Any]:
    at = KS.index(k)
    told = (
        (
            "log-likelihood",
            figures.number(seen.log_likelihood, 3),
            f"Nats per picture, exact; the best there is: {figures.number(seen.best, 3)}.",
        ),
        ("exact gradient", f"{seen.exact_length:.4f}", "Its length: 0 at the top of the likelihood."),
        (
            f"CD-{k} is off by",
            _degrees(seen.cd_angle[at]),
            "The angle between CD's mean gradient and the exact one.",
        ),
        (f"CD-{k}'s length", f"{seen.cd_length[at]:.4f}", "Of its mean gradient."),
        (
            f"PCD-{k} is off by",
            _degrees(seen.pcd_angle[at]),
            "For infinitely many chains that took a sweep at every update so far.",
        ),
    )
    names, values, about = zip(*told, strict=True)
    return moving.table(names, [values], about)


def _degrees(angle: float) -> str:
    return f"{angle:.1f}°" if angle >= 0.05 else "0.0°"


def angles(drawn: feed.Elements) -> None:
    """The angle to the exact gradient against k."""
    cards.title(
        "Angle to the exact gradient",
        "The angle between an algorithm's mean gradient and the likelihood's own, against k. Below 90° a small step "
        "still climbs; above, it goes down.",
        "the noise of a real batch, which comes on top.",
    )
    chart.show(drawn["follows_angles"], height=400, key="follows_angles", alt="Angle to the exact gradient against k")


def _angles(seen: Compass) -> dict[str, Any]:
    return figures.curve_option(
        [figures.Series("CD-k", KS, seen.cd_angle), figures.Series("PCD-k", KS, seen.pcd_angle)],
        x_title="k / sweeps",
        y_title="angle / degrees",
        log_x=True,
    )


def lengths(drawn: feed.Elements) -> None:
    """The length of the mean gradients against k."""
    cards.title(
        "Gradient length",
        "Length of the mean gradients against k; the dotted line is the exact one's. Early on all are equally long; later CD's "
        "may be longer (bars and stripes) or shorter (the shifter, half way).",
        "whether the direction is right. At the top CD's is zero too where the machine can equal its data, elsewhere in general "
        "not.",
    )
    chart.show(
        drawn["follows_lengths"], height=400, key="follows_lengths", alt="Length of the mean gradients against k"
    )


def _lengths(seen: Compass) -> dict[str, Any]:
    return figures.curve_option(
        [figures.Series("CD-k", KS, seen.cd_length), figures.Series("PCD-k", KS, seen.pcd_length)],
        x_title="k / sweeps",
        y_title="length of the gradient",
        log_x=True,
        line=("exact", seen.exact_length),
    )
