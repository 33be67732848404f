"""The two-pixel lesson's parts: counts and rate, the bars of four patterns, and the way downhill."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components import chart, moving
from pages.ui.components.moving import fingerprinted, state_bars
from pages.ui.controls import widgets
from pages.ui.draw import figures
from pages.ui.server import feed
from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.lessons import two_pixels
from rbm.lessons.two_pixels import COUNTS, Descent, Pair

NAMES = ("00", "01", "10", "11")  # of the patterns (−1, −1), (−1, 1), (1, −1), (1, 1), as pictures
PATTERNS = ("(−1, −1)", "(−1, 1)", "(1, −1)", "(1, 1)")
MOST_STEPS, MOST_SEEN = 300, 999
RATE = 0.2
DESCENT = 2  # place in the palette of gradient descent, as among the bars: data, Hebb, gradient descent
STOPS = {"pixels_rate": [round(0.05 * i, 2) for i in range(1, 81)], "pixels_step": range(MOST_STEPS + 1)}


class PixelsLesson(NamedTuple):
    """What the controls ask for: the data's P₀ (4,), the whole way downhill and how far along it we are."""

    p0: two_pixels.Floats
    descent: Descent
    step: int


def set_controls(counts: tuple[int, ...] = COUNTS, rate: float = RATE, step: int = 0) -> None:
    """Put an experiment into the controls."""
    for i, count in enumerate(counts):
        st.session_state[f"pixels_count_{i}"] = count
    st.session_state["pixels_rate"], st.session_state["pixels_step"] = rate, step


def controls() -> two_pixels.Floats | None:
    """Counts and rate; returns P₀ (4,), or None, with the reason on the screen, where there is nothing to learn."""
    if "pixels_step" not in st.session_state:
        set_controls()
    for i in range(4):
        if i % 2 == 0:
            pair = st.columns(2, gap="small")
        with pair[i % 2]:
            widgets.typed(
                _("{patterns} seen").format(patterns=PATTERNS[i]),
                st.session_state[f"pixels_count_{i}"],
                key=f"pixels_count_{i}",
                help=_("How many examples showed x = {patterns}.").format(patterns=PATTERNS[i]),
            )
            widgets.told_beyond(_("The count"), st.session_state[f"pixels_count_{i}"], 0, MOST_SEEN)
    widgets.slider(
        _("Learning rate"),
        0.05,
        4.0,
        step=0.05,
        value=st.session_state["pixels_rate"],
        key="pixels_rate",
        help=_("How far each step goes down the gradient; about 0.2 walks calmly, above 2 it overshoots."),
    )
    try:
        counts = [round(widgets.within(st.session_state[f"pixels_count_{i}"] or 0, 0, MOST_SEEN)) for i in range(4)]
        return two_pixels.observed(counts)
    except ConfigError:
        st.info(_("Nothing was seen: give at least one pattern a count above 0."), icon=":material/info:")
        return None


def elements(p0: two_pixels.Floats, rate: float, step: int) -> feed.Elements:
    """What the page shows for counts, rate and step."""
    lesson = PixelsLesson(p0, _descent(tuple(p0), rate), step)
    return {
        "pixels_bars": fingerprinted(_bars(lesson)),
        "pixels_table": _table(lesson),
        "pixels_kl": _divergence(lesson),
        "pixels_correlation": _correlation(lesson),
    }


@lru_cache(maxsize=256)
def _descent(p0: tuple[float, ...], rate: float) -> Descent:
    return two_pixels.descend(np.array(p0), rate, MOST_STEPS)


def transport() -> None:
    """Step, 10, 100, Reset, and the slider over all steps."""

    def go(by: int) -> None:
        st.session_state["pixels_step"] = min(st.session_state["pixels_step"] + by, MOST_STEPS)

    with st.container(horizontal=True, key="pixels_transport", gap="small"):
        st.button(
            _("Step"),
            type="primary",
            icon=":material/skip_next:",
            shortcut="S",
            key="pixels_one",
            on_click=go,
            args=(1,),
            help=_("One step down the gradient."),
        )
        for count in (10, 100):
            st.button(
                f"{count}",
                key=f"pixels_{count}",
                on_click=go,
                args=(count,),
                help=_("{count} steps at once.").format(count=count),
            )
        st.button(
            _("Reset"),
            icon=":material/restart_alt:",
            shortcut="X",
            key="pixels_reset",
            on_click=lambda: st.session_state.update(pixels_step=0),
            help=_("Back to W = b₁ = b₂ = 0."),
        )
        widgets.slider(
            _("Steps taken"),
            0,
            MOST_STEPS,
            value=st.session_state["pixels_step"],
            key="pixels_step",
            help=_("How many steps down the gradient have been taken, from W = b₁ = b₂ = 0."),
        )


def bars(drawn: feed.Elements) -> None:
    """Data, Hebb's machine and the learner's, pattern by pattern."""
    cards.title(
        _("The four patterns"),
        _(
            "Outlined: how often the data showed each. Filled: what Hebb's machine and the one that is learning give it."
        ),
        _("how sure one can be of the data: ten examples are few."),
    )
    alt = _("Probability of the four patterns under data, Hebb and descent")
    state_bars(drawn["pixels_bars"], key="pixels_bars", alt=alt, height=200)


def _bars(lesson: PixelsLesson) -> dict[str, Any]:
    hebb = two_pixels.distribution(two_pixels.hebb(lesson.p0))
    return figures.state_option(
        [
            figures.Bars(_("data P₀"), lesson.p0, outline=True),
            figures.Bars(_("Hebb"), hebb),
            figures.Bars(_("gradient descent"), lesson.descent.p[lesson.step]),
        ],
        NAMES,
        x_title=_("pattern x (black −1, white +1)"),
        y_title=_("probability"),
        pictures=(1, 2),
        top=1.0,
    )


def _table(lesson: PixelsLesson) -> dict[str, Any]:
    """The three numbers of each machine, its correlation and what it lacks."""
    machines = {
        _("Hebb"): two_pixels.hebb(lesson.p0),
        _("step {step}").format(step=lesson.step): Pair(*(float(x) for x in lesson.descent.theta[lesson.step])),
        _("optimum"): two_pixels.solution(lesson.p0),
    }
    columns = [_column(lesson.p0, pair) for pair in machines.values()]
    names = ("W", "b₁", "b₂", _("⟨x₁x₂⟩"), _("KL / nats"))
    return moving.table(["", *machines], [(name, *row) for name, *row in zip(names, *columns, strict=True)])


def _column(p0: two_pixels.Floats, pair: Pair | None) -> list[str]:
    """W, b₁, b₂, ⟨x₁x₂⟩ and KL of a machine; of the best one where it is at infinity, the limits."""
    if pair is None:
        return [_("no"), _("finite"), _("values"), figures.number(two_pixels.means(p0).coupling, 3), "0"]
    p = two_pixels.distribution(pair)
    numbers = [figures.number(x, 3) for x in (*pair, two_pixels.means(p).coupling)]
    return [*numbers, _small(two_pixels.divergence(p0, p))]


def _small(x: float) -> str:
    return "0" if x < 1e-12 else f"{x:.4f}" if x >= 1e-3 else f"{x:.1e}".replace("-", "−")


def divergence(drawn: feed.Elements) -> None:
    """KL(P₀‖P) against steps."""
    cards.title(
        _("KL divergence to the data"),
        _(
            "KL(P₀‖P) of the machine that is learning: what is left to learn, on a logarithmic scale; the dotted line is Hebb's."
        ),
        _("anything about patterns that were not counted."),
    )
    chart.show(drawn["pixels_kl"], height=178, key="pixels_kl", alt=_("KL divergence against steps"))


def _divergence(lesson: PixelsLesson) -> dict[str, Any]:
    # A straight line on a logarithmic scale ends where float64 does.
    kl = np.maximum(lesson.descent.kl, 1e-12)
    hebb = two_pixels.divergence(lesson.p0, two_pixels.distribution(two_pixels.hebb(lesson.p0)))
    return figures.curve_option(
        _so_far("KL", kl, lesson.step),
        x_title=_("steps"),
        y_title=_("KL / nats"),
        log_y=True,
        line=(_("Hebb"), hebb) if hebb > 1e-12 else None,
    )


def correlation(drawn: feed.Elements) -> None:
    """⟨x₁x₂⟩ of the machine that is learning, and the data's."""
    cards.title(
        _("Correlation: data and model"),
        _(
            "⟨x₁x₂⟩ of the machine against steps; the dotted line is the data's. Their difference is the "
            "gradient by W: when they are equal, W is learnt."
        ),
        _("whether the means ⟨x₁⟩ and ⟨x₂⟩ agree, which the biases see to."),
    )
    alt = _("Correlation of the two pixels against steps")
    chart.show(drawn["pixels_correlation"], height=178, key="pixels_correlation", alt=alt)


def _correlation(lesson: PixelsLesson) -> dict[str, Any]:
    return figures.curve_option(
        _so_far(_("machine"), lesson.descent.correlation, lesson.step),
        x_title=_("steps"),
        y_title=_("⟨x₁x₂⟩"),
        line=(_("data"), two_pixels.means(lesson.p0).coupling),
    )


def _so_far(name: str, values: two_pixels.Floats, step: int) -> list[figures.Series]:
    steps = np.arange(len(values))
    return [
        figures.Series(_("{name} so far").format(name=name), steps[: step + 1], values[: step + 1], colour=DESCENT),
        figures.Series(_("remaining path"), steps[step:], values[step:], dash=True, colour=DESCENT),
    ]
