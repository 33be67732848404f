"""The Markov-chain lesson's machine: a tiny one, its whole transition matrix and its spectrum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components import moving as words
from pages.ui.components import wall
from pages.ui.components.moving import fingerprinted, state_bars
from pages.ui.controls.knobs import Panel
from pages.ui.draw import figures, frames, theme
from pages.ui.server import feed
from rbm.core.language import _
from rbm.training.config import knob

if TYPE_CHECKING:
    from rbm.models.rbm import RBM

SIDE = 2  # of the pictures; 16 states
MACHINES = (_("two far modes"), _("bars and stripes"), _("random weights"))
EIGENVALUES = 8


class Facts(NamedTuple):
    """All that is exactly known of one machine at one β; states are ordered by how many pixels are on."""

    order: tuple[int, ...]  # the place in binary counting of each state shown
    names: tuple[str, ...]
    k: figures.Floats  # (S, S)
    p: figures.Floats  # (S,)
    eigenvalues: figures.Floats
    slowest: figures.Floats  # (S,)
    relaxation: float
    mixing: float


@dataclass(frozen=True)
class ChainAsked:
    """What the controls ask for: which machine, how strong and how cold."""

    kind: str = knob(
        MACHINES[0],
        _("Machine"),
        _(
            "Four visible units, so 16 states. Bars and stripes was learnt by the exact gradient, with four hidden units."
        ),
        choices=MACHINES,
    )
    coupling: float = knob(
        2.0,
        _("Coupling w"),
        _("Far modes: every weight is w. Random: the weights' standard deviation. Learnt weights stay as learnt."),
        low=0.0,
        high=6.0,
        step=0.1,
    )
    beta: float = knob(
        1.0,
        _("Inverse temperature β"),
        _("1 is the machine itself. Below 1 (hot) it mixes fast, above 1 (cold) it hardly leaves a mode."),
        low=0.1,
        high=3.0,
        step=0.1,
    )


PANEL = Panel("markov", ChainAsked)
STOPS = PANEL.stops("coupling", "beta")


def set_controls(kind: str, coupling: float = 2.0, beta: float = 1.0, *, tempered: bool = False) -> None:
    """Put an experiment into the controls."""
    PANEL.put(ChainAsked(kind, coupling, beta))
    st.session_state.update(markov_tempered=tempered, markov_seed=1)


def controls() -> ChainAsked:
    """Draw them."""
    kind = PANEL.draw("kind").kind
    return PANEL.draw("coupling", "beta", off=["coupling"] if kind == MACHINES[1] else [])


@lru_cache(maxsize=256)
def machine(kind: str, coupling: float) -> RBM:
    """The machine that is asked for."""
    from rbm.lessons import known, machines

    if kind == MACHINES[1]:
        return known.learnt_bars()
    return machines.two_modes(coupling) if kind == MACHINES[0] else machines.random(coupling)


@lru_cache(maxsize=512)
def facts(kind: str, coupling: float, beta: float) -> Facts:
    """The exact chain at that β."""
    from rbm.evaluation import transition

    half = transition.halves(machine(kind, coupling), beta)
    k, found = transition.matrix(half), transition.modes(half)
    order = sorted(range(len(half.v)), key=lambda i: (float(half.v[i].sum()), i))
    names = tuple("".join(str(int(x)) for x in half.v[i]) for i in order)
    return Facts(
        tuple(order),
        names,
        k.numpy()[np.ix_(order, order)],
        half.visible.numpy()[order],
        found.eigenvalues.numpy(),
        found.slowest.numpy()[order],
        found.relaxation_time,
        transition.mixing_time(k, half.visible),
    )


def elements(known: Facts, mode: theme.Mode) -> feed.Elements:
    """Matrix, eigenvalues, their meaning in sweeps, and the slowest mode."""
    return {
        "markov_matrix": _heat_map(known, mode),
        "markov_spectrum": fingerprinted(_spectrum(known)),
        "markov_times": _times(known),
        "markov_slowest": fingerprinted(_slowest(known)),
    }


def heat_map(drawn: feed.Elements, known: Facts) -> None:
    """K as a square of colours."""
    cards.title(
        _("The transition matrix K"),
        _(
            "Row: the state now; column: the state after one sweep; the redder, the likelier (on a square-root "
            "scale, so that rare steps show). States are ordered by how many pixels are on. Point at a cell "
            "for its two states."
        ),
        _("how a particular chain will go: only what each step may be."),
        _("a larger coupling: two blocks appear, and between them nothing."),
    )
    alt = _("The transition matrix of Gibbs sampling as a heat map")
    numbers = partial(wall.matrix_rows, known.k, known.names, _("now / one sweep later"))
    wall.show(drawn["markov_matrix"], max_cell=20, numbers=numbers, alt=alt, key="markov_matrix")
    st.caption(_("Rows: now, from all off (top) to all on. Columns: one sweep later, from all off (left) to all on."))


def _heat_map(known: Facts, mode: theme.Mode) -> dict[str, Any]:
    size = len(known.p)
    most, lut = float(known.k.max()), theme.diverging(mode)
    tiles = frames.colour_weights(np.sqrt(known.k).reshape(-1, 1, 1), limit=most**0.5, lut=lut).tiles
    labels = [
        f"{now} → {then}: {known.k[i, j]:.3g}"
        for i, now in enumerate(known.names)
        for j, then in enumerate(known.names)
    ]
    reds = theme.css_gradient(lut[theme.ZERO_ROW :].repeat(2, axis=0))
    legend = wall.Legend(reds, ("0", _("probability of the step"), f"{most:.2g}"))
    return wall.pictures(tiles, size, gap=0, labels=labels, legend=legend)


def spectrum(drawn: feed.Elements) -> None:
    """The eigenvalues of K, and what the second one means in sweeps."""
    cards.title(
        _("Eigenvalues of K"),
        _(
            "All lie between 0 and 1. The first is 1: p stays as it is. The gap below it is how fast "
            "everything else is forgotten: after t sweeps the slowest memory has faded to λ₂ᵗ."
        ),
        _("which states are far apart; the picture below does."),
    )
    alt = _("The largest eigenvalues of the transition matrix")
    state_bars(drawn["markov_spectrum"], key="markov_spectrum", alt=alt, height=160)
    words.facts(drawn["markov_times"], key="markov_times", look="figures")


def _spectrum(known: Facts) -> dict[str, Any]:
    shown = known.eigenvalues[:EIGENVALUES]
    return figures.state_option(
        [figures.Bars(_("eigenvalue"), shown)],
        [f"λ{chr(0x2081 + i)}" for i in range(len(shown))],
        x_title=_("eigenvalues of K, largest first"),
        y_title=_("eigenvalue"),
        top=1.05,
    )


def _times(known: Facts) -> dict[str, Any]:
    return words.table(
        ("λ₂", _("Relaxation / sweeps"), _("Mixing time / sweeps")),
        [(f"{known.eigenvalues[1]:.6g}", _sweeps(known.relaxation), _sweeps(known.mixing))],
        (
            _("The second largest eigenvalue: what fades slowest."),
            _("1 / (1 − λ₂): how long the slowest observable is remembered."),
            _("From the worst start, the sweeps until the total variation from p is at most ¼."),
        ),
    )


def _sweeps(x: float) -> str:
    if math.isinf(x):
        return _("over 10¹⁵")
    return f"{x:.3g}" if x < 10 else f"{x:,.0f}" if x < 1e5 else f"{x:.1e}".replace("e+", "e")


def bottleneck(drawn: feed.Elements) -> None:
    """The slowest mode, state by state."""
    cards.title(
        _("Slowest mode (second eigenvector)"),
        _(
            "What the chain forgets last. States above and below zero lie on the two sides of the bottleneck "
            "that chains cross least often."
        ),
    )
    alt = _("The second eigenvector of the transition matrix")
    state_bars(drawn["markov_slowest"], key="markov_slowest", alt=alt, height=150)


def _slowest(known: Facts) -> dict[str, Any]:
    return figures.state_option(
        [figures.Bars(_("slowest mode"), known.slowest)],
        known.names,
        x_title=_("state v"),
        y_title=_("second eigenvector"),
        pictures=(SIDE, SIDE),
    )
