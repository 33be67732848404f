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
from rbm.datasets.catalog import revision
from rbm.experiment import DatasetSpec
from rbm.training.config import knob

if TYPE_CHECKING:
    import torch

    from rbm.models.hopfield import DenseHopfield, Hopfield

DATASET = "hopfield_dataset"
DENSE = "modern"
RULES = ("hebbian", "storkey", "pseudo-inverse", DENSE)
LOADS = (0.02, 0.06, 0.1, 0.138, 0.18, 0.24, 0.32, 0.45, 0.6, 0.8)
CAPACITY_UNITS = 100
ENDS = {
    "stored": "a stored pattern",
    "negative": "the negative of a stored pattern",
    "mixture": "a mixture of three patterns: a spurious state that nobody stored",
    "other": "a spurious state that nobody stored",
}


@dataclass(frozen=True)
class HopfieldSettings:
    """How pictures become an energy."""

    rule: str = knob(
        "hebbian",
        "Rule",
        "How pictures become an energy. The first three set the weights; the modern one keeps the pictures.",
        choices=RULES,
        names={rule: rule.capitalize() for rule in RULES},
    )
    beta: float = knob(
        0.1,
        "β",
        "How sharply the modern network picks the nearest.",
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
    from rbm.models.hopfield import DenseHopfield, Hopfield

    patterns = spins(stored)
    return DenseHopfield(patterns, beta) if rule == DENSE else Hopfield.store(patterns, rule)


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
    verdict = f"It ended in {ENDS[kinds(found.end[None], patterns)[0]]}" if found.settled else "It has not settled"
    verdict += f"; overlap {number(float(near[best]))} with pattern {best + 1}."
    return pad.path_of(found, start, verdict, (rule, beta, seed, tuple(stored)))


def stored_wall(stored: list[pad.Pixels], shape: tuple[int, int]) -> int | None:
    """What is stored; returns the picture clicked."""
    labels = [f"pattern {i + 1}: click to put it on the pad" for i in range(len(stored))]
    return wall.show(
        wall.pictures(frames.colour_probabilities(np.array(stored), shape=shape), 5, labels=labels),
        clickable=True,
        max_cell=70,
        alt=f"{len(stored)} stored patterns",
        key="hopfield_stored",
    )


def spurious(
    stored: list[pad.Pixels], shape: tuple[int, int], rule: str, beta: float, seed: int, starts: int = 100
) -> None:
    """Where recalls from random states end."""
    found = _basins(tuple(stored), rule, beta, seed, starts)
    counts = {name: sum(n for _, kind, n, _ in found if kind == name) for name in ENDS}
    words = {
        "stored": "a stored pattern",
        "negative": "a negative",
        "mixture": "a mixture of three",
        "other": "another spurious state",
    }
    told = [f"{counts[k]} ended in {words[k]}" for k in ENDS if counts[k]]
    st.caption(f"Of {starts} random starts, {' and '.join(filter(None, (', '.join(told[:-1]), told[-1])))}.")
    shown = found[:20]
    cards.picture_wall(
        frames.colour_probabilities(np.array([s for s, *_ in shown]), shape=shape),
        min(10, len(shown)),
        "hopfield_basins",
        "The states in which most recalls ended",
        labels=[f"{kind}: {n} of {starts} starts, E = {number(e, 1)}" for _, kind, n, e in shown],
        framed=True,
        max_cell=70,
    )


@st.cache_data(show_spinner=False, max_entries=200)
def _basins(
    stored: tuple[pad.Pixels, ...], rule: str, beta: float, seed: int, starts: int
) -> list[tuple[pad.Pixels, str, int, float]]:
    from rbm.evaluation.associative_memory import basins
    from rbm.randomness import generator

    patterns = spins(stored)
    found = basins(network(stored, rule, beta), patterns, starts, generator(seed, "basins"))
    return [(tuple(int(x > 0) for x in b.state.tolist()), b.kind, b.visits, b.energy) for b in found]


@st.cache_data(show_spinner="Storing and recalling random patterns")
def capacities(seed: int) -> dict[str, list[float]]:
    """Overlap after recall against the load, for every rule."""
    from rbm.evaluation.associative_memory import capacity

    return {rule: capacity("dense" if rule == DENSE else rule, CAPACITY_UNITS, LOADS, seed, trials=1) for rule in RULES}


def capacity_figure(overlap: dict[str, list[float]], stored: float) -> go.Figure:
    """Overlap against load, with the line where the Hebbian rule gives way and the load on the page."""
    figure = go.Figure()
    for rule, values in overlap.items():
        figure.add_scatter(x=LOADS, y=values, name=rule, mode="lines+markers")
    figure.add_vline(x=0.138, line_dash="dash", annotation_text="0.138", annotation_position="top")
    figure.add_vline(x=stored, line_dash="dot", annotation_text="stored now", annotation_position="bottom right")
    figure.update_layout(height=320, margin={"l": 8, "r": 8, "t": 24, "b": 8})
    figure.update_xaxes(title_text="random patterns stored / units", automargin=True)
    figure.update_yaxes(title_text="overlap after recall (1 = perfect)", automargin=True, range=[0, 1.05])
    return figure
