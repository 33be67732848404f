"""How weights, biases and activations are spread at a moment of training, over how they were at its start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.ui import cards
from pages.ui.components import chart
from pages.ui.controls import widgets
from pages.ui.draw import figures
from pages.ui.server import feed
from rbm.core.language import _
from rbm.experiment import RunSpec, cached_dataset
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.models.parameters import Array

KEY, CHOICE = "examine_spread", "examine_show"
MODES, ACTIVATIONS = _("singular values"), _("activations")
X_TITLES = {
    _("weights"): _("weight"),
    _("visible biases"): _("visible bias"),
    _("hidden biases"): _("hidden bias"),
    ACTIVATIONS: _("mean of a hidden unit, given an image"),
}
BINS, IMAGES = 50, 256


def chosen() -> str:
    """What the chart beside the slider shows."""
    return str(st.session_state.get(CHOICE, MODES))


def choose() -> None:
    """The menu of it."""
    words = _("What the chart shows: singular values of the weights, or how weights, biases or activations are spread.")
    widgets.selectbox(_("Show"), [MODES, *X_TITLES], key=CHOICE, width=170, label_visibility="collapsed", help=words)


def title(what: str) -> None:
    """The card's heading."""
    of = _("of all hidden units, by {images} validation images, ").format(images=IMAGES) if what == ACTIVATIONS else ""
    cards.title(
        _("How {what} are spread").format(what=what),
        _(
            "The share of all {what} {of}that lie in each of {bins} bins, at the time of training that is "
            "chosen; dotted, at its start. Weights begin as noise and grow tails as strokes are learnt; good "
            "features are mostly off and sometimes on."
        ).format(what=what, of=of, bins=BINS),
        _("which unit or pixel they belong to: the page Filters does."),
        _("a rate of 1, and the activations: all units end at 0 or 1, and learning stops."),
    )


def show(drawn: Mapping[str, Any], what: str) -> None:
    """The histogram of a moment, as ``option`` gives it."""
    alt = _("How the {what} are spread, over how they were at the start").format(what=what)
    chart.show(drawn, height=165, key=KEY, alt=alt)


def elements(current: LiveRun, what: str, newest: bool) -> feed.Elements:
    """What is new of it while the run trains, where the slider stands at now."""
    return {KEY: option(current, current.past[-1], what)} if newest and what in X_TITLES and current.past else {}


def option(current: LiveRun, past: Snapshot, what: str) -> dict[str, Any]:
    """The chart: the same bins for both, so that what has moved is seen."""
    start = current.past[0]
    groups = {_("epoch {epoch:.2f}").format(epoch=past.epoch): values(past, what, current.spec)}
    if start.step != past.step:
        groups = {_("at epoch {epoch:.2f}").format(epoch=start.epoch): values(start, what, current.spec), **groups}
    return figures.option(histogram(groups, X_TITLES[what]))


def values(past: Snapshot, what: str, spec: RunSpec) -> Array:
    """All numbers of that kind at a moment, flat."""
    if what == ACTIVATIONS:
        return _activations(past, spec)
    found = {_("weights"): past.weight, _("visible biases"): past.visible_bias, _("hidden biases"): past.hidden_bias}[
        what
    ]
    return found.astype(np.float32).ravel()


@lru_cache(maxsize=16)
def _activations(past: Snapshot, spec: RunSpec) -> Array:
    import torch

    images = cached_dataset(spec.dataset, spec.model).validation[:IMAGES]
    with torch.no_grad():
        found: Array = past.to_model().hidden_mean(images).numpy().ravel()
    return found


def histogram(groups: dict[str, Array], x_title: str) -> go.Figure:
    """The share of each group's finite numbers in common bins, as steps."""
    known = {name: group[np.isfinite(group)].astype(np.float64) for name, group in groups.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(known.values())), BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure()
    for name, group in known.items():
        share = np.histogram(group, edges)[0] / max(1, len(group))
        figure.add_scatter(
            x=middles,
            y=share,
            name=name,
            line={"shape": "hvh", "dash": "dot" if name.startswith("at") else "solid"},
            hovertemplate=f"{name} %{{y:.1%}}<extra></extra>",
        )
    figure.update_yaxes(tickformat=".0%")
    return figures.at_rest(figure, x_title, _("share"), several=len(known) > 1)
