"""The Phase transition page's left half: a lattice that lives at a temperature, and what is measured and known of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components import wall
from pages.ui.controls import widgets
from pages.ui.controls.knobs import Panel
from pages.ui.draw import frames
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.datasets.entry import ISING_CRITICAL, LINE, RING_SPINS
from rbm.training.config import knob

if TYPE_CHECKING:
    from rbm.datasets.ising import IsingLattice
    from rbm.evaluation.lattice import LatticeMeans, WithError

SIDES = (LINE, 4, 8, 16)
CRITICAL = round(ISING_CRITICAL, 3)
STOPS = (1.0, 1.25, 1.5, 1.75, 1.9, 2.0, 2.1, 2.2, CRITICAL, 2.35, 2.5, 2.75, 3.0, 3.5, 4.0, 4.5, 5.0)
WOLFF, METROPOLIS = _("Wolff"), _("Metropolis")
PLAYING, PLAY_SECONDS = "ising_playing", 0.4
SAMPLES = {LINE: 2_000, 4: 2_000, 8: 2_000, 16: 800}  # measured within a slider's answer


@dataclass(frozen=True)
class IsingSettings:
    """Which lattice, how warm, and how it moves."""

    side: int = knob(
        8,
        _("Lattice"),
        _(
            "Spins along each side; the lattice is closed in both directions. The ring is one row of 16, whose "
            "last spin is the first one's neighbour. Each size has its own machine."
        ),
        choices=SIDES,
        names={
            side: _("ring of {ring_spins}").format(ring_spins=RING_SPINS) if side == LINE else f"{side}×{side}"
            for side in SIDES
        },
    )
    temperature: float = knob(
        CRITICAL,
        _("Temperature T"),
        _(
            "In units of the coupling. Below T_c = 2.269 the spins of a square line up, above it they do not; "
            "on a ring they never do at T above 0."
        ),
        stops=STOPS,
    )
    method: str = knob(
        WOLFF,
        _("Dynamics"),
        _(
            "Wolff: whole clusters of equal spins turn. Metropolis: one spin after another, which is slow near "
            "T_c, and on a cold ring."
        ),
        choices=(WOLFF, METROPOLIS),
    )


PANEL = Panel("ising", IsingSettings)


def is_ring() -> bool:
    """Whether the lattice that is set is the ring, which has no phase transition."""
    return PANEL.now().side == LINE


def alive(side: int, temperature: float) -> IsingLattice:
    """This tab's lattice, another one when its size has changed; it goes on from where it is at another temperature."""
    from rbm.datasets.ising import IsingLattice

    found: IsingLattice | None = st.session_state.get("ising_lattice_of")
    if found is None or found.side != side:
        found = IsingLattice(side, temperature, seed=1)
        found.settle()
        tasks.hold_beside(ising_lattice_of=found)
    return found


def advance(lattice: IsingLattice, method: str) -> None:
    """About a sweep by either way of moving."""
    if method == METROPOLIS:
        lattice.metropolis(1)
        return
    flipped = 0
    while flipped < lattice.spins.size:
        flipped += lattice.clusters(1)


@lru_cache(maxsize=256)
def measured(side: int, temperature: float) -> tuple[LatticeMeans, tuple[WithError, ...]]:
    """Energy and the rest of fresh samples, and C(r)."""
    from rbm.datasets import ising
    from rbm.evaluation import lattice

    s = lattice.lattices(ising.samples(side, temperature, SAMPLES[side], seed=2), side)
    return lattice.measured(s, temperature), tuple(lattice.blocked(np.mean, at) for at in lattice.correlations(s).T)


def picture(lattice: IsingLattice) -> dict[str, Any]:
    """The lattice as it stands: white is up."""
    pixels = (lattice.spins.astype(np.float64) + 1) / 2
    now = _("T = {t:g}, {up} of {n} spins are up").format(t=lattice.temperature, up=int(pixels.sum()), n=pixels.size)
    return wall.pictures(frames.colour_probabilities(pixels[None], shape=(lattice.side, lattice.columns)), 1, now=now)


def show(drawn: dict[str, Any]) -> None:
    """The living lattice."""
    cards.title(
        _("The lattice"),
        _(
            "Spins that like to agree with their four neighbours, or two on the ring: white up, black down. "
            "The lattice is closed: what leaves at one edge comes in at the other."
        ),
        _("an average: watch it for a while, or read the numbers below, which come from many lattices."),
    )
    wall.show(drawn["ising_lattice"], framed=True, max_cell=148, alt=_("The lattice as it stands"), key="ising_lattice")


def controls() -> IsingSettings:
    """Size, temperature, way of moving, Play."""
    PANEL.draw("side")
    PANEL.draw("temperature", width=190)
    asked = PANEL.draw("method")
    widgets.player(PLAYING, "ising_play", shortcut="P", help=_("Run the lattice, about a sweep at a time."))
    return asked
