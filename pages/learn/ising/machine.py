"""The Phase transition page's right half: a machine that learns the spins, its couplings, and both beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import ArrayLike

from pages.learn.ising import spins
from pages.ui import cards
from pages.ui.components import chart, moving, wall
from pages.ui.controls import widgets
from pages.ui.draw import figures, frames, theme
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.datasets.entry import LINE
from rbm.jobs.task import Task
from rbm.lessons import finite_lattice

if TYPE_CHECKING:
    from rbm.datasets.ising import IsingLattice
    from rbm.evaluation.lattice import LatticeMeans, WithError
    from rbm.lessons.finite_lattice import ExactLattice
    from rbm.tasks.ising import IsingLook, TemperaturePoint

THROUGH = (1.5, 1.9, 2.1, spins.CRITICAL, 2.5, 3.0, 3.5, 4.5)
RING_THROUGH = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.5, 5.0)  # of the ring: none stands out, its memory is at cold
SHOWN = 12
CHART = 124
# What can be drawn against T: the name of the field, its sign, and its unit for the axis.
QUANTITIES = {
    _("energy e"): ("energy", _("energy per spin")),
    "|m|": ("magnetisation", _("|magnetisation| per spin")),
    _("heat capacity"): ("heat_capacity", _("heat capacity per spin")),
    _("susceptibility"): ("susceptibility", _("susceptibility per spin")),
    _("memory τ"): ("", _("τ of |m| / sweeps")),
}
MEMORY = _("memory τ")
CHAINS = {_("machine"): "gibbs", _("Metropolis"): "metropolis", _("Wolff"): "wolff"}


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
        """What the walk through temperatures has told, the newest of each."""
        return () if self.walk is None else tuple({point.temperature: point for point in self.walk.news}.values())


def held(name: str, side: int) -> Task | None:
    """This tab's job of that name, where it is about a lattice of this size."""
    task = tasks.held(name)
    return task if task is not None and task.arguments["side"] == side else None


def learn() -> None:
    """A new machine in place of the old one, from the data at the temperature that is set."""
    asked = spins.PANEL.now()
    tasks.hold("ising learn", Task("rbm.tasks.ising:learn", side=asked.side, temperature=float(asked.temperature)))


def go_through() -> None:
    """A machine at each of THROUGH, or of RING_THROUGH."""
    side = spins.PANEL.now().side
    stops = RING_THROUGH if side == LINE else THROUGH
    tasks.hold("ising walk", Task("rbm.tasks.ising:through", side=side, temperatures=stops))


def buttons(shown: IsingShown) -> None:
    """Learn; and a machine at each temperature, which may be paused."""
    about = _("A machine of spins learns 10,000 lattices at the temperature that is set, in the background.")
    tasks.buttons(None, tasks.Press("ising_learn", _("Learn"), about, learn, "model_training", primary=True))
    tasks.buttons(
        shown.walk,
        tasks.Press(
            "ising_through",
            walk_named(shown.side),
            _("A machine at each of eight temperatures, one after the other: the points of the chart against T."),
            go_through,
            "timeline",
        ),
        tasks.Press("ising_pause", _("Pause"), _("The walk through temperatures stops where it is.")),
        tasks.Press("ising_on", _("Resume"), _("The walk goes on.")),
        anew=True,
    )


def walk_named(side: int) -> str:
    """What the button is called: a ring has no temperature to go through."""
    return _("Through $T$") if side == LINE else _("Through $T_c$")


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
    exact = [_("unknown") if x is None else figures.number(x, 3) for x in known]
    names = ("e", "|m|", "c", "χ")
    rows = list(zip(names, map(_told, _ordered(means)), exact, made, strict=True))
    machine = _("machine") if shown.look is None else _("machine, {learnt_at:g}").format(learnt_at=shown.learnt_at)
    ring = shown.side == LINE
    about = (
        _(
            "Energy e, from −{ring}, all alike; magnetisation without its sign, 1 where all agree; heat "
            "capacity c and susceptibility χ: how much e and |m| fluctuate. −0.666(6) is −0.666 ± 0.006."
        ).format(ring=1 if ring else 2),
        (
            _("Rings drawn exactly at T = {t:g}.") if ring else _("Lattices drawn by Wolff’s clusters at T = {t:g}.")
        ).format(t=temperature),
        _(
            "Kaufman's partition function; at 4×4 the sum over all states, which knows |m| too; the ring by "
            "its transfer matrix."
        ),
        _("Its own chains, begun at noise; the number is the temperature of what it learnt."),
    )
    return moving.table(
        (_("per spin"), _("data, {temperature:g}").format(temperature=temperature), _("exactly"), machine), rows, about
    )


def _ordered(means: LatticeMeans) -> Sequence[WithError]:
    return means.energy, means.magnetisation, means.heat_capacity, means.susceptibility


def _told(x: WithError) -> str:
    """As physicists write it: −0.666(6) is −0.666 ± 0.006."""
    return f"{figures.number(x.value, 3)}({1000 * x.error:.0f})"


def _correlations(shown: IsingShown, data: Sequence[WithError], truth: ExactLattice) -> dict[str, Any]:
    r = np.arange(len(data))
    series = [_with_errors(_("data"), r, data)]
    if shown.look is not None:
        series.append(_with_errors(_("machine"), r, shown.look.correlation))
    if truth.correlation is not None:
        series.append(figures.Series(_("exactly"), r, truth.correlation, dash=True))
    return figures.curve_option(series, x_title=_("distance r"), y_title="C(r)", dots=True, least_y=0.2)


def _against(shown: IsingShown) -> dict[str, Any]:
    points, (field, unit) = shown.points, QUANTITIES[shown.quantity]
    memory = shown.quantity == MEMORY
    of = CHAINS if memory else {_("data"): "data", _("machine"): "machine"}
    t = [point.temperature for point in points]
    series = []
    for name, part in of.items():
        found = [getattr(point, part) for point in points]
        found = found if memory else [getattr(one, field) for one in found]
        if any(np.isfinite(one.value) for one in found):  # the lattice's memory is measured after all machines
            series.append(_with_errors(name, t, found))
    known = () if memory else [getattr(finite_lattice.exactly(shown.side, x), field) for x in spins.STOPS]
    exact = [x for x in known if x is not None]
    if exact:
        series.append(figures.Series(_("exactly"), spins.STOPS, exact, dash=True))
    ends, walk = (spins.STOPS[0], spins.STOPS[-1]), walk_named(shown.side).replace("$", "").replace("_", "")
    return figures.curve_option(
        series,
        x_title=_("temperature T"),
        y_title=unit,
        log_y=memory,
        dots=True,
        x_range=ends,
        least_y=0.0 if memory else 0.1,
        empty=_("Press {walk}: a machine at each temperature").format(walk=walk),
    )


def _with_errors(name: str, x: ArrayLike, ones: Sequence[WithError]) -> figures.Series:
    """The values with a band of one standard error, which stays above 0 where they do, for an axis in log."""
    values, errors = np.array(ones, dtype=np.float64).T
    errors = np.where(values > 0, np.minimum(errors, 0.9 * values), errors)
    return figures.Series(name, x, values, spread=errors)


def _chains(shown: IsingShown) -> dict[str, Any]:
    shape = (shown.side, shown.lattice.columns)
    rows = np.full((SHOWN, shown.lattice.spins.size), 0.5)
    if shown.look is not None:
        rows = (shown.look.chains.astype(np.float64) + 1) / 2
    return wall.pictures(frames.colour_probabilities(rows, shape=shape), 3 if shown.side == LINE else 4)


def _couplings(shown: IsingShown) -> dict[str, Any]:
    """Two pictures of one scale: the bonds of the lattice, and the mean coupling by distance; of the ring every pair."""
    beta = 1 / shown.learnt_at if shown.look is not None else 1.0
    across = shown.lattice.columns if shown.side == LINE else 2 * shown.side
    both = np.zeros((2, across, across))
    if shown.look is not None:
        both = np.stack([shown.look.bonds, np.kron(shown.look.away, np.ones((across // len(shown.look.away),) * 2))])
    coloured = frames.colour_weights(both, shared=True, limit=1.5 * beta, lut=theme.diverging(shown.mode))
    legend = wall.signed(coloured.tiles.lut, figures.number(1.5 * beta), _("coupling J"))
    names = [
        _("every bond of the lattice; between four spins the two diagonals"),
        _("from the spin in the middle, on average"),
    ]
    if shown.side == LINE:
        names = [_("every spin with every other"), _("their mean at each distance around the ring")]
    return wall.pictures(coloured.tiles, 2, legend=legend, labels=names)


def _coupling_rows(shown: IsingShown) -> list[list[object]]:
    """The numbers of both pictures, row by row."""
    both = () if shown.look is None else (shown.look.bonds, shown.look.away)
    rows = [[part, i, *row] for part, one in enumerate(both, 1) for i, row in enumerate(one.tolist(), 1)]
    return [[_("picture"), _("row"), "J"], *rows]


def _words(shown: IsingShown) -> list[tuple[str]]:
    """What it has found; of the ring first that nothing happens at a T_c."""
    return [(SMOOTH,), *_found(shown)] if shown.side == LINE else _found(shown)


SMOOTH = _("A ring has **no phase transition**: all is smooth at every T above 0.")


def _found(shown: IsingShown) -> list[tuple[str]]:
    look = shown.look
    if look is None:
        begun = shown.learning is not None and shown.learning.active
        words = (
            _("The first look is on its way.")
            if begun
            else _("Press Learn: couplings of neighbours appear, and no others.")
        )
        return [(words,)]
    told = [
        (_("neighbours J = **{told}**").format(told=_told(look.neighbours)),),
        (_("the data's, 1/T = **{learnt_at}**").format(learnt_at=figures.number(1 / shown.learnt_at, 3)),),
        (
            _("other pairs, mean |J| = **{rest:.3f}**, triples **{triples:.3f}**").format(
                rest=look.rest, triples=look.triples
            ),
        ),
        (
            _("{share:.0f} % learnt in {seconds:.0f} s at T = {learnt_at:g}").format(
                share=100 * look.share, seconds=look.seconds, learnt_at=shown.learnt_at
            ),
        ),
    ]
    if look.memory is not None:
        told.append(
            (
                _("its chains remember |m| for τ = **{sweeps}** sweeps").format(
                    sweeps=figures.number(look.memory.value, 1)
                ),
            )
        )
    return told


def chains(drawn: feed.Elements) -> None:
    """What the machine makes."""
    cards.title(
        _("The machine's spins"),
        _("Twelve of 400 Gibbs chains of the machine that learns, begun at noise."),
        _("that they are right: compare energy, |m| and C(r) with the data's."),
    )
    wall.show(
        drawn["ising_chains"], framed=True, max_cell=46, alt=_("Twelve chains of the machine"), key="ising_chains"
    )


def couplings(shown: IsingShown, drawn: feed.Elements) -> None:
    """Who is coupled to whom."""
    cards.title(
        _("Couplings of p(v)"),
        _(
            "Who is coupled to whom once the hidden units are summed out. Left: the lattice, a site in every "
            "other row and column, and between two sites their coupling J; where two diagonals cross, their "
            "mean. Right: the mean coupling of a spin in the middle to all others. Of the ring every spin with "
            "every other, and their mean at each distance. Exact: an integral for each hidden unit. The data's "
            "are 1/T between neighbours and 0 elsewhere."
        ),
        _(
            "the couplings of three spins (their mean |J| stands below) and more, which the data lack. The colder it "
            "is, the less the data tell: nearly all spins agree, whoever is coupled."
        )
        if spins.is_ring()
        else _(
            "the couplings of three spins (their mean |J| stands below) and more, which the data lack. Below T_c the "
            "data hardly tell: nearly all spins agree, whoever is coupled."
        ),
    )
    alt = _("Couplings of the machine on the lattice")
    wall.show(drawn["ising_j"], max_cell=118, numbers=partial(_coupling_rows, shown), alt=alt, key="ising_j")


def words(drawn: feed.Elements) -> None:
    """What the machine has found, and how far it is."""
    cards.title(
        _("Couplings in numbers"), _("The couplings of the machine against those that made its data, in numbers.")
    )
    moving.facts(drawn["ising_words"], key="ising_words", look="caption")


def numbers(drawn: feed.Elements) -> None:
    """The table of both."""
    moving.facts(drawn["ising_table"], key="ising_table")


def correlations(drawn: feed.Elements) -> None:
    """C(r) of both."""
    cards.title(
        _("Correlation C(r)"),
        _(
            "⟨s_i s_j⟩ of spins r apart along the ring: about (tanh 1/T)^r, which falls at every temperature, "
            "the slower the colder."
        )
        if spins.is_ring()
        else _(
            "⟨s_i s_j⟩ of spins r apart along rows and columns: it falls at once when hot, stays high when "
            "cold, and at T_c falls slowly, at all distances."
        ),
    )
    chart.show(drawn["ising_c"], height=CHART, key="ising_c", alt=_("Correlation against distance of data and machine"))


def against(drawn: feed.Elements) -> None:
    """A quantity against T, and which."""
    with st.container(horizontal=True, vertical_alignment="center"):
        cards.title(
            _("Against T"),
            _(
                "Data and a machine at each temperature, or for how many sweeps three chains remember |m|. The colder "
                "it is, the longer Metropolis (single spins) and Gibbs sampling (layers) remember; Wolff's clusters "
                "soon forget."
            )
            if spins.is_ring()
            else _(
                "Data and a machine at each temperature, or for how many sweeps three chains remember |m|. Metropolis "
                "(single spins) and Gibbs sampling (layers) slow down near T_c, Wolff's clusters hardly."
            ),
        )
        widgets.selectbox(
            _("Against T"),
            list(QUANTITIES),
            list(QUANTITIES).index(quantity()),
            key="ising_quantity",
            label_visibility="collapsed",
            width=170,
        )
    chart.show(
        drawn["ising_against"], height=CHART - 14, key="ising_against", alt=_("Data and machines against temperature")
    )


def quantity() -> str:
    """What is drawn against T."""
    return str(st.session_state.setdefault("ising_quantity", "|m|"))


def experiment(temperature: float, side: int = 8) -> None:
    """Put a temperature into the controls, let the lattice live and the machine learn."""
    spins.PANEL.put(spins.IsingSettings(side, temperature))
    widgets.put(spins.PLAYING, True)
    learn()
