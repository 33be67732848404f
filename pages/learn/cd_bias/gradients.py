"""The lesson on what CD follows: mean gradients along a path of exact learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.ui import cards
from pages.ui.components import chart, moving
from pages.ui.controls import widgets
from pages.ui.draw import figures
from pages.ui.server import feed
from rbm.core.language import _
from rbm.lessons import known
from rbm.lessons.known import KS

LESSONS = tuple(known.GRADIENTS)


def compass(patterns: str, place: int) -> known.Compass:
    """All gradients at one moment of the path, exact each."""
    return known.compass(patterns)[place]


def set_moment(patterns: str, share: float, k: int) -> None:
    """Put an experiment into the compass's controls: how far along the path, from 0 to 1."""
    places = len(known.compass(patterns))
    st.session_state.update(follows_patterns=patterns, follows_place=round(share * (places - 1)), follows_k=k)


def compass_controls() -> tuple[str, dict[str, Sequence[int]]]:
    """Which pictures; how far learnt, and k, with the stops of both sliders."""
    if "follows_patterns" not in st.session_state:
        set_moment("3×3 bars and stripes", 0.85, 1)
    patterns = widgets.segmented_control(
        _("Patterns"),
        LESSONS,
        required=True,
        default=st.session_state["follows_patterns"],
        format_func=_,
        key="follows_patterns",
        wrap=True,
        help=_(
            "All states are visited: 16 of 2×2 pixels, 512 of 3×3. The shifter: a row of three pixels, below "
            "it the same row moved round the end, below that one of three pixels that says how: left, not at "
            "all, right."
        ),
    )
    steps = [moment.step for moment in known.compass(str(patterns))]
    widgets.put("follows_place", min(st.session_state["follows_place"], len(steps) - 1))
    widgets.select_slider(
        _("Exact updates"),
        range(len(steps)),
        format_func=lambda place: f"{steps[place]:,}",
        value=st.session_state["follows_place"],
        key="follows_place",
        help=_("Where on the way of exact learning (no noise, a small rate) the gradients are compared."),
    )
    widgets.select_slider(
        _("Gibbs steps k"),
        KS,
        value=st.session_state["follows_k"],
        key="follows_k",
        help=_("Sweeps of the negative phase; the charts show all k, the numbers above them this one."),
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


def _numbers(seen: known.Compass, k: int) -> dict[str, Any]:
    at = KS.index(k)
    told = (
        (
            _("log-likelihood"),
            figures.number(seen.log_likelihood, 3),
            _("Nats per picture, exact; the best there is: {best}.").format(best=figures.number(seen.best, 3)),
        ),
        (_("exact gradient"), f"{seen.exact_length:.4f}", _("Its length: 0 at the top of the likelihood.")),
        (
            _("CD-{k}: angle").format(k=k),
            _degrees(seen.cd_angle[at]),
            _("The angle between CD's mean gradient and the exact one."),
        ),
        (_("CD-{k}: length").format(k=k), f"{seen.cd_length[at]:.4f}", _("Of its mean gradient.")),
        (
            _("PCD-{k}: angle").format(k=k),
            _degrees(seen.pcd_angle[at]),
            _("For infinitely many chains that took a sweep at every update so far."),
        ),
    )
    names, values, about = zip(*told, strict=True)
    return moving.table(names, [values], about)


def _degrees(angle: float) -> str:
    return f"{angle:.1f}°" if angle >= 0.05 else "0.0°"


def angles(drawn: feed.Elements) -> None:
    """The angle to the exact gradient against k."""
    cards.title(
        _("Angle to the exact gradient"),
        _(
            "The angle between an algorithm's mean gradient and the likelihood's own, against k. Below 90° a "
            "small step still climbs; above, it goes down."
        ),
        _("the noise of a real batch, which comes on top."),
    )
    chart.show(
        drawn["follows_angles"], height=340, key="follows_angles", alt=_("Angle to the exact gradient against k")
    )


def _angles(seen: known.Compass) -> dict[str, Any]:
    return figures.curve_option(
        [figures.Series("CD-k", KS, seen.cd_angle), figures.Series("PCD-k", KS, seen.pcd_angle)],
        x_title=_("k / sweeps"),
        y_title=_("angle / degrees"),
        log_x=True,
    )


def lengths(drawn: feed.Elements) -> None:
    """The length of the mean gradients against k."""
    cards.title(
        _("Gradient length"),
        _(
            "Length of the mean gradients against k; the dotted line is the exact one's. Early on all are "
            "equally long; later CD's may be longer (bars and stripes) or shorter (the shifter, half way)."
        ),
        _(
            "whether the direction is right. At the top CD's is zero too where the machine can equal its data, "
            "elsewhere in general not."
        ),
    )
    chart.show(
        drawn["follows_lengths"], height=340, key="follows_lengths", alt=_("Length of the mean gradients against k")
    )


def _lengths(seen: known.Compass) -> dict[str, Any]:
    return figures.curve_option(
        [figures.Series("CD-k", KS, seen.cd_length), figures.Series("PCD-k", KS, seen.pcd_length)],
        x_title=_("k / sweeps"),
        y_title=_("length of the gradient"),
        log_x=True,
        line=(_("exact"), seen.exact_length),
    )
