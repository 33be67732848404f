"""What the weights say at a moment of training: their singular values, or how they are spread, and their strongest modes.

The slider through training time is answered by the page's own socket, before its script has run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.train.examine import spreads
from pages.ui import cards
from pages.ui.components import chart, moving, wall
from pages.ui.draw import figures, frames
from pages.ui.server import feed, instant
from pages.ui.session import live
from rbm.core.language import _
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.tasks.examine import WeightModes, weight_modes

TIME, SPECTRUM, NOISE = "examine_time", "examine_spectrum", "examine_noise"


@lru_cache(maxsize=64)
def modes(past: Snapshot) -> WeightModes:
    """Those of a moment, found once: of 784 × 500 weights in a thirtieth of a second."""
    return weight_modes(past.to_model())


def card(
    current: LiveRun, examined: WeightModes | None, painter: frames.Painter
) -> tuple[feed.Elements, Callable[[], feed.Elements]]:
    """The weights as they were at the chosen moment; at the newest, where an examination has ``examined`` it, as it found them.
    Returns all that is drawn of that moment, and what moves of it while the run trains."""
    what = spreads.chosen()
    _title(what)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        spreads.choose()
        moments = live.choose_moment(current, TIME)
    stops = {TIME: tuple(moments)}
    drawn = instant.respond(stops, partial(elements, current, moments, examined, painter, what))
    if what == spreads.MODES:
        chart.show(drawn[SPECTRUM], key=SPECTRUM, alt=_("Singular values of the weights"), height=165)
    else:
        spreads.show(drawn[spreads.KEY], what)
    moving.facts(drawn["examine_modes_words"], key="examine_modes_words", look="caption")
    wall.show(drawn["examine_modes"], alt=_("The strongest modes of the weights as pictures"), key="examine_modes")
    newest = st.session_state[TIME] == live.NOW
    return drawn, instant.here(stops, dict, partial(spreads.elements, current, what, newest))


def _title(what: str) -> None:
    if what != spreads.MODES:
        spreads.title(what)
        return
    cards.title(
        _("Singular values of the weights"),
        _(
            "Training lifts modes out of the noise that the weights began as. Dots above the dotted line stand "
            "clear of it. Their participation ratio, the modes over which the strength is spread, stands below."
        ),
        _("whether what was learnt is any good."),
        _(
            "the machine after some twenty single batches, where the first mode leads, and again after an "
            "epoch; then weights, biases and activations in place of singular values."
        ),
    )


def elements(
    current: LiveRun,
    moments: dict[int, Snapshot],
    examined: WeightModes | None,
    painter: frames.Painter,
    what: str,
    step: float,
) -> feed.Elements:
    """All that the choice of a moment changes, by the key of what shows it."""
    newest = step == live.NOW
    past = current.past[-1] if newest else moments[int(step)]
    found = (examined if newest else None) or modes(past)
    words = _(
        "{n_modes} modes stand out of the noise; participation ratio {participation:.0f}. The strongest "
        "modes, each up to its sign:"
    ).format(n_modes=found.n_modes, participation=found.participation)
    values = what == spreads.MODES
    return {
        SPECTRUM if values else spreads.KEY: _spectrum(found) if values else spreads.option(current, past, what),
        "examine_modes_words": moving.table((), [(words,)]),
        "examine_modes": _pictures(found, painter),
        NOISE: _against_noise(found),
    }


def _spectrum(found: WeightModes) -> dict[str, Any]:
    ranks = np.arange(1, len(found.values) + 1)
    return figures.curve_option(
        [figures.Series(_("singular value"), ranks, found.values)],
        x_title=_("mode, strongest first"),
        y_title=_("singular value of W"),
        line=(_("edge of the noise"), found.noise_edge),
        log_x=True,
        dots=len(ranks) <= 128,
    )


def _pictures(found: WeightModes, painter: frames.Painter) -> dict[str, Any]:
    drawn = painter.filters(found.pictures.astype(np.float64).T)
    pictures = frames.filter_pictures(
        drawn, painter.shape, np.arange(drawn.shape[1]), shared=False, limit=None, mode=painter.mode
    )
    labels = [
        _("mode {i}: {value:.2f}").format(i=i, value=value) for i, value in enumerate(found.values[: len(pictures)], 1)
    ]
    legend = None
    if isinstance(pictures, frames.Tiles) and len(drawn) == math.prod(painter.shape):  # logos say it by their heights
        legend = wall.signed(pictures.lut, _("max"), _("each its own scale"))
    return wall.pictures(pictures, cards.beside(10, len(labels), painter.shape), labels=labels, legend=legend)


def against_noise(drawn: feed.Elements) -> None:
    """How the singular values of that moment are spread, over the law that those of noise follow."""
    cards.title(
        _("Singular values against noise"),
        _(
            "What share of them lies where; the other line is the law of Marčenko and Pastur, which random weights "
            "follow. Before training the two agree. What departs from the law was learnt."
        ),
    )
    alt = _("How the singular values of the weights and of noise are spread")
    chart.show(drawn[NOISE], height=150, key=NOISE, alt=alt)


def _against_noise(found: WeightModes) -> dict[str, Any]:
    middles = np.sqrt(found.edges[:-1] * found.edges[1:])
    figure = go.Figure()
    for name, shares in ((_("weights"), found.shares), (_("noise, as they began"), found.noise)):
        figure.add_scatter(
            x=middles, y=shares, name=name, line_shape="hvh", hovertemplate=f"{name} %{{y:.1%}}<extra></extra>"
        )
    figure.update_xaxes(type="log")
    figure.update_yaxes(tickformat=".0%")
    return figures.option(figures.at_rest(figure, _("singular value of W"), _("share of modes"), several=True))
