"""The Phase transition page's right half: a machine that learns the spins, its couplings, and both beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from pages.learn.ising import spins
from pages.ui import cards
from pages.ui.components import chart, moving, wall
from pages.ui.controls import widgets
from pages.ui.draw import figures, frames, theme
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.jobs.task import Task
from rbm.lessons import finite_lattice

if TYPE_CHECKING:
    from rbm.datasets.ising import IsingLattice
    from rbm.evaluation.lattice import LatticeMeans, WithError
    from rbm.lessons.finite_lattice import ExactLattice
    from rbm.tasks.ising import IsingLook, TemperaturePoint

THROUGH = (1.5, 1.9, 2.1, spins.CRITICAL, 2.5, 3.0, 3.5, 4.5)
SHOWN = 12
CHART = 124
# What can be drawn against T: the name of the field, its sign, and its unit for the axis.
QUANTITIES = {
    "energy e": ("energy", "energy per spin"),
    "|m|": ("magnetisation", "|magnetisation| per spin"),
    "heat capacity": ("heat_capacity", "heat capacity per spin"),
    "susceptibility": ("susceptibility", "susceptibility per spin"),
    "memory τ": ("", "τ of |m| / sweeps"),
}
MEMORY = "memory τ"
CHAINS = {"machine": "gibbs", "Metropolis": "metropolis", "Wolff": "wolff"}


class IsingShown(NamedTuple):
    """What the page draws for any temperature: its lattice, its two jobs, what is drawn against T, and the theme."""

    side: int
    lattice: IsingLattice
    method: str
    learning: Task | None
    walk: Task | None
    quantity: str
    mode: theme.Mode

    @property
    def look(self) -> IsingLook | None:
        """The machine's newest, where it is of this lattice."""
        return self.learning.news[-1] if self.learning is not None and self.learning.news else None

    @property
    def learnt_at(self) -> float:
        """The temperature of the machine's data."""
        return float(self.learning.arguments["temperature"]) if self.learning is not None else float("nan")

    @property
    def points(self) -> tuple[TemperaturePoint, ...]:
        """What the walk through temperatures has told."""
        return () if self.walk is None else self.walk.news


def held(name: str, side: int) -> Task | None:
    """This tab's job of that name, where it is about a lattice of this size."""
    task = tasks.held(name)
    return task if task is not None and task.arguments["side"] == side else None


def learn() -> None:
    """A new machine in place of the old one, from the data at the temperature that is set."""
    asked = spins.PANEL.now()
    tasks.hold("ising learn", Task("rbm.tasks.ising:learn", side=asked.side, temperature=float(asked.temperature)))


def go_through() -> None:
    """A machine at each of THROUGH."""
    side = spins.PANEL.now().side
    tasks.hold("ising walk", Task("rbm.tasks.ising:through", side=side, temperatures=THROUGH))


def buttons(shown: IsingShown) -> None:
    """Learn; and a machine at each temperature, which may be paused."""
    about = "A machine of spins learns 10,000 lattices at the temperature that is set, in the background."
    tasks.buttons(None, tasks.Press("ising_learn", "Learn", about, learn, "model_training", primary=True))
    tasks.buttons(
        shown.walk,
        tasks.Press(
            "ising_through",
            "Through $T_c$",
            "A machine at each of eight temperatures, one after the other: the points of the chart against T.",
            go_through,
            "timeline",
        ),
        tasks.Press("ising_pause", "Pause", "The walk through temperatures stops where it is."),
        tasks.Press("ising_on", "Go on", "The walk goes on."),
        anew=True,
    )


def elements(shown: IsingShown, temperature: float) -> feed.Elements:
    """All that the temperature, the living lattice and the two jobs move."""
    temperature = float(temperature)
    shown.lattice.temperature = temperature
    spins.advance(shown.lattice, shown.method)
    (means, correlation), truth = (
        spins.measured(shown.side, temperature),
        finite_lattice.exactly(shown.side, temperature),
    )
    return {
        "ising_lattice": spins.picture(shown.lattice),
        "ising_table": _table(shown, temperature, means, truth),
        "ising_c": _correlations(shown, correlation, truth),
        "ising_against": _against(shown),
        "ising_chains": _chains(shown),
        "ising_j": _couplings(shown),
        "ising_words": moving.table((), _words(shown)),
    }


def _table(shown: IsingShown, temperature: float, means: LatticeMeans, truth: ExactLattice) -> dict[str, Any]:
    known = (truth.energy, truth.magnetisation, truth.heat_capacity, truth.susceptibility)
    made = [""] * len(known) if shown.look is None else [_told(x) for x in _ordered(shown.look.means)]
    exact = ["unknown" if x is None else figures.number(x, 3) for x in known]
    names = ("e", "|m|", "c", "χ")
    rows = list(zip(names, map(_told, _ordered(means)), exact, made, strict=True))
    machine = "machine" if shown.look is None else f"machine, {shown.learnt_at:g}"
    about = (
        "Energy e, from −2, all alike; magnetisation without its sign, 1 where all agree; heat capacity c and susceptibility χ: "
        "how much e and |m| fluctuate. −0.666(6) is −0.666 ± 0.006.",
        f"Lattices drawn by Wolff's clusters at T = {temperature:g}.",
        "Kaufman's partition function; at 4×4 the sum over all states, which knows |m| too.",
        "Its own chains, begun at noise; the number is the temperature of what it learnt.",
    )
    return moving.table(("per spin", f"data, {temperature:g}", "exactly", machine), rows, about)


def _ordered(means: LatticeMeans) -> Sequence[WithError]:
    return means.energy, means.magnetisation, means.heat_capacity, means.susceptibility


def _told(x: WithError) -> str:
    """As physicists write it: −0.666(6) is −0.666 ± 0.006."""
    return f"{figures.number(x.value, 3)}({1000 * x.error:.0f})"


def _correlations(shown: IsingShown, data: Sequence[WithError], truth: ExactLattice) -> dict[str, Any]:
    r = np.arange(len(data))
    series = [figures.Series("data", r, [one.value for one in data])]
    if shown.look is not None:
        values = [one.value for one in shown.look.correlation]
        series.append(figures.Series("machine", r, values))
    if truth.correlation is not None:
        series.append(figures.Series("exactly", r, truth.correlation, dash=True))
    return figures.curve_option(series, x_title="distance r", y_title="C(r)", dots=True, least_y=0.2)


def _against(shown: IsingShown) -> dict[str, Any]:
    points, (field, unit) = shown.points, QUANTITIES[shown.quantity]
    memory = shown.quantity == MEMORY
    of = CHAINS if memory else {"data": "data", "machine": "machine"}
    t = [point.temperature for point in points]
    values = {name: [getattr(point, part) for point in points] for name, part in of.items()}
    series = [
        figures.Series(name, t, [(one if memory else getattr(one, field)).value for one in ones])
        for name, ones in values.items()
        if points
    ]
    known = () if memory else [getattr(finite_lattice.exactly(shown.side, x), field) for x in spins.STOPS]
    exact = [x for x in known if x is not None]
    if exact:
        series.append(figures.Series("exactly", spins.STOPS, exact, dash=True))
    ends = (spins.STOPS[0], spins.STOPS[-1])
    return figures.curve_option(
        series,
        x_title="temperature T",
        y_title=unit,
        log_y=memory,
        dots=True,
        x_range=ends,
        least_y=0.0 if memory else 0.1,
        empty=_EMPTY,
    )


_EMPTY = "Press Through T_c: a machine at each temperature"


def _chains(shown: IsingShown) -> dict[str, Any]:
    shape = (shown.side, shown.side)
    rows = np.full((SHOWN, shown.side**2), 0.5)
    if shown.look is not None:
        rows = (shown.look.chains.astype(np.float64) + 1) / 2
    return wall.pictures(frames.colour_probabilities(rows, shape=shape), 4)


def _couplings(shown: IsingShown) -> dict[str, Any]:
    """Two pictures of one scale: the bonds of the lattice, and the mean coupling by distance."""
    beta = 1 / shown.learnt_at if shown.look is not None else 1.0
    both = np.zeros((2, 2 * shown.side, 2 * shown.side))
    if shown.look is not None:
        both = np.stack([shown.look.bonds, np.kron(shown.look.away, np.ones((2, 2)))])
    lut = theme.diverging(shown.mode)
    coloured = frames.colour_weights(both, shared=True, limit=1.5 * beta, lut=lut)
    end = figures.number(1.5 * beta)
    legend = wall.Legend(theme.css_gradient(lut), (f"−{end}", "coupling J", end))
    names = [
        "every bond of the lattice; between four spins the two diagonals",
        "from the spin in the middle, on average",
    ]
    return wall.pictures(coloured.tiles, 2, legend=legend, labels=names)


def _words(shown: IsingShown) -> list[tuple[str]]:
    look = shown.look
    if look is None:
        begun = shown.learning is not None and shown.learning.active
        words = (
            "The first look is on its way." if begun else "Press Learn: couplings of neighbours appear, and no others."
        )
        return [(words,)]
    told = [
        (f"neighbours J = **{_told(look.neighbours)}**",),
        (f"the data's, 1/T = **{figures.number(1 / shown.learnt_at, 3)}**",),
        (f"other pairs, mean |J| = **{look.rest:.3f}**",),
        (f"{100 * look.share:.0f} % learnt in {look.seconds:.0f} s at T = {shown.learnt_at:g}",),
    ]
    if look.memory is not None:
        told.append((f"its chains remember |m| for τ = **{figures.number(look.memory.value, 1)}** sweeps",))
    return told


def chains(drawn: feed.Elements) -> None:
    """What the machine makes."""
    cards.title(
        "The machine's spins",
        "Twelve of 400 Gibbs chains of the machine that learns, begun at noise.",
        "that they are right: compare energy, |m| and C(r) with the data's.",
    )
    wall.show(drawn["ising_chains"], framed=True, max_cell=46, alt="Twelve chains of the machine", key="ising_chains")


def couplings(drawn: feed.Elements) -> None:
    """Who is coupled to whom."""
    cards.title(
        "Couplings of p(v)",
        "Who is coupled to whom once the hidden units are summed out. Left: the lattice, a site in every other row and "
        "column, and between two sites their coupling J; where two diagonals cross, their mean. Right: the mean coupling of a "
        "spin in the middle to all others. Exact: an integral for each hidden unit. The data's are 1/T between neighbours "
        "and 0 elsewhere.",
        "the couplings of three and more spins, which the data do not have, but a machine may. Below T_c the data hardly tell: "
        "nearly all spins agree, whoever is coupled.",
    )
    wall.show(drawn["ising_j"], max_cell=118, alt="Couplings of the machine on the lattice", key="ising_j")


def words(drawn: feed.Elements) -> None:
    """What the machine has found, and how far it is."""
    cards.title("What it has found", "The couplings of the machine against those that made its data, in numbers.")
    moving.facts(drawn["ising_words"], key="ising_words", look="caption")


def numbers(drawn: feed.Elements) -> None:
    """The table of both."""
    moving.facts(drawn["ising_table"], key="ising_table")


def correlations(drawn: feed.Elements) -> None:
    """C(r) of both."""
    cards.title(
        "Correlation C(r)",
        "⟨s_i s_j⟩ of spins r apart along rows and columns: it falls at once when hot, stays high when cold, and at T_c falls "
        "slowly, at all distances.",
    )
    chart.show(drawn["ising_c"], height=CHART, key="ising_c", alt="Correlation against distance of data and machine")


def against(drawn: feed.Elements) -> None:
    """A quantity against T, and which."""
    with st.container(horizontal=True, vertical_alignment="center"):
        cards.title(
            "Against T",
            "Data and a machine at each temperature, or how many sweeps three chains remember |m|: near T_c the single spins of "
            "Metropolis and the layers of Gibbs sampling slow down, Wolff's clusters hardly.",
        )
        st.selectbox(
            "Against T",
            list(QUANTITIES),
            list(QUANTITIES).index(quantity()),
            key="ising_quantity",
            persist_state="session",
            label_visibility="collapsed",
            width=170,
        )
    chart.show(
        drawn["ising_against"], height=CHART - 14, key="ising_against", alt="Data and machines against temperature"
    )


def quantity() -> str:
    """What is drawn against T."""
    return str(st.session_state.setdefault("ising_quantity", "|m|"))


def experiment(temperature: float, side: int = 8) -> None:
    """Put a temperature into the controls, let the lattice live and the machine learn."""
    spins.PANEL.put(spins.IsingSettings(side, temperature))
    widgets.put(spins.PLAYING, True)
    learn()
