"""The Hopfield page's parts: what is stored, one recall, where random starts end, and how much can be stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.learn.hopfield import pad
from pages.ui import cards
from pages.ui.components import wall
from pages.ui.controls import datasets
from pages.ui.controls.knobs import Panel
from pages.ui.draw import frames
from pages.ui.draw.figures import number
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.datasets.catalog import revision
from rbm.experiment import DatasetSpec
from rbm.lessons import known
from rbm.training.config import knob

if TYPE_CHECKING:
    import torch

    from rbm.models.hopfield import DenseHopfield, Hopfield
    from rbm.tasks.lessons import Ending

DATASET = "hopfield_dataset"
DENSE = "modern"
RULES = {"hebbian": _("Hebbian"), "storkey": _("Storkey"), "pseudo-inverse": _("Pseudo-inverse"), DENSE: _("Modern")}
CAPACITY = 236  # pixels high, so that the chart stands below ten stored digits on a screen of 720
STARTS = 100  # recalls from random states
ENDS = {
    "stored": _("a stored pattern"),
    "negative": _("the negative of a stored pattern"),
    "mixture": _("a mixture of three patterns: a spurious state that nobody stored"),
    "other": _("a spurious state that nobody stored"),
}


@dataclass(frozen=True)
class HopfieldSettings:
    """How pictures become an energy."""

    rule: str = knob(
        "hebbian",
        _("Rule"),
        _("How pictures become an energy. The first three set the weights; the modern one keeps the pictures."),
        choices=tuple(RULES),
        names=RULES,
    )
    beta: float = knob(
        0.1,
        "β",
        _("How sharply the modern network picks the nearest."),
        stops=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
        acts=lambda settings: settings["rule"] == DENSE,
    )


PANEL = Panel("hopfield", HopfieldSettings)


class Shelf(NamedTuple):
    """What a data set has to be stored: pictures of 0 and 1, their shape and names."""

    pictures: list[pad.Pixels]
    shape: tuple[int, int]
    names: tuple[str, ...]


def shelf(name: str) -> Shelf:
    """The pictures of a data set that can be stored."""
    return _shelf(name, revision(name))


@st.cache_data(show_spinner=False, max_entries=50)
def _shelf(name: str, revision: str) -> Shelf:
    from rbm.datasets import patterns

    if name == datasets.MNIST:
        known = patterns.Memories(patterns.digit_patterns(), (patterns.SIDE, patterns.SIDE), datasets.DIGITS)
    else:
        from rbm.experiment import cached_dataset

        known = patterns.memories(cached_dataset(DatasetSpec(name)))
    return Shelf([tuple(int(x > 0) for x in row) for row in known.patterns.tolist()], known.shape, known.names)


@lru_cache(maxsize=64)
def network(stored: tuple[pad.Pixels, ...], rule: str, beta: float) -> Hopfield | DenseHopfield:
    """The network that keeps them by the chosen rule."""
    from rbm.models.hopfield import remember

    return remember(spins(stored), rule, beta)


def spins(rows: Sequence[pad.Pixels]) -> torch.Tensor:
    """0 and 1 as −1 and +1, (P, n), float64."""
    import torch

    return 2 * torch.tensor(rows, dtype=torch.float64) - 1


def played(stored: list[pad.Pixels], rule: str, start: pad.Pixels, seed: int, beta: float) -> feed.Elements:
    """The pad with a recall from what is drawn; with none where nothing is stored."""
    return {"hopfield_pad": {"path": one_recall(stored, rule, beta, start, seed) if stored else None}}


def one_recall(stored: list[pad.Pixels], rule: str, beta: float, start: pad.Pixels, seed: int) -> dict[str, object]:
    """A recall from what is drawn, as the pad plays it."""
    from rbm.evaluation.associative_memory import kinds, overlaps
    from rbm.randomness import generator
    from rbm.samplers.recall import recall

    found = recall(network(tuple(stored), rule, beta), spins([start])[0], generator(seed, "recall"), max_sweeps=10)
    patterns = spins(stored)
    near = overlaps(found.end[None], patterns)[0]
    best = int(near.argmax())
    verdict = (
        _("It ended in {ends}").format(ends=ENDS[kinds(found.end[None], patterns)[0]])
        if found.settled
        else _("It has not settled")
    )
    verdict += _("; overlap {near} with pattern {best}.").format(near=number(float(near[best])), best=best + 1)
    return pad.path_of(found, start, verdict, (rule, beta, seed, tuple(stored)))


def stored_wall(stored: list[pad.Pixels], shape: tuple[int, int]) -> int | None:
    """What is stored; returns the picture clicked."""
    labels = [_("pattern {i}: click to put it on the pad").format(i=i + 1) for i in range(len(stored))]
    return wall.show(
        wall.pictures(frames.colour_probabilities(np.array(stored), shape=shape), 5, labels=labels),
        clickable=True,
        max_cell=70,
        alt=_("{n_stored} stored patterns").format(n_stored=len(stored)),
        key="hopfield_stored",
    )


@st.fragment
def spurious(stored: list[pad.Pixels], shape: tuple[int, int], rule: str, beta: float) -> None:
    """Where recalls from random states end; until a worker has found it, a line that says so."""
    asked = beta if rule == DENSE else 1.0
    task = tasks.made("rbm.tasks.lessons:basins", stored=tuple(stored), rule=rule, beta=asked, seed=1, starts=STARTS)
    feed.watch("basins", task)
    if not tasks.ready(task, _("A hundred recalls are under way.")):
        return
    found: list[Ending] = task.news[-1]
    counts = {name: sum(one.visits for one in found if one.kind == name) for name in ENDS}
    words = {
        "stored": _("a stored pattern"),
        "negative": _("a negative"),
        "mixture": _("a mixture of three"),
        "other": _("another spurious state"),
    }
    told = [_("{counts} ended in {words}").format(counts=counts[k], words=words[k]) for k in ENDS if counts[k]]
    st.caption(
        _("Of {starts} random starts, {filter}.").format(
            starts=STARTS, filter=_(" and ").join(filter(None, (", ".join(told[:-1]), told[-1])))
        )
    )
    shown = found[:20]
    cards.picture_wall(
        frames.colour_probabilities(np.array([one.state for one in shown]), shape=shape),
        min(10, len(shown)),
        "hopfield_basins",
        _("The states in which most recalls ended"),
        labels=[
            _("{kind}: {visits} of {starts} starts, E = {energy}").format(
                kind=one.kind, visits=one.visits, starts=STARTS, energy=number(one.energy, 1)
            )
            for one in shown
        ],
        framed=True,
        max_cell=54,
    )


@lru_cache(maxsize=64)  # it stands beside the pad, whose every stroke draws the page again
def capacity_figure(stored: float) -> go.Figure:
    """For every rule overlap against load, with the line where the Hebbian rule gives way and the load on the page."""
    figure = go.Figure()
    for name, values in zip(RULES.values(), known.capacities().values(), strict=True):
        figure.add_scatter(x=known.LOADS, y=values, name=name, mode="lines+markers")
    figure.add_vline(x=0.138, line_dash="dash", annotation_text="0.138", annotation_position="top")
    figure.add_vline(x=stored, line_dash="dot")
    figure.update_layout(height=CAPACITY, margin={"l": 8, "r": 8, "t": 24, "b": 8})
    figure.update_xaxes(title_text=_("random patterns stored / units (dotted: stored now)"), automargin=True)
    figure.update_yaxes(title_text=_("overlap after recall (1 = perfect)"), automargin=True, range=[0, 1.05])
    return figure
