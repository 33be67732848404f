"""The Boltzmann page's other picture: a spin glass, its valleys, and chains with and without hotter replicas beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.ui import cards, lesson
from pages.ui.components import chart, moving, wall
from pages.ui.controls import widgets
from pages.ui.controls.knobs import Panel
from pages.ui.draw import figures, frames, theme
from pages.ui.server import feed, instant
from pages.ui.server.turnstile import again
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.training.config import knob

if TYPE_CHECKING:
    from rbm.lessons.spin_glass import GlassChains, SpinGlass

PLAYING, PLAY_SECONDS, BUDGET = "glass_playing", 0.4, 0.12  # between ticks, and of sweeps in each
LONGEST = 20_000  # sweeps of all spins, after which both rest
SHOWN = 10  # valleys, the deepest
ALONE, TEMPERED = _("single chains"), _("tempered chains")


@dataclass(frozen=True)
class GlassSettings:
    """Which glass, and how cold."""

    n: int = knob(14, _("Spins"), _("How many spins; all their states are visited."), choices=(8, 10, 12, 14))
    kind: str = knob(
        "Gaussian", _("Couplings"), _("Of each pair, at random: ±1/√n, or normal."), choices=("two values", "Gaussian")
    )
    seed: int = knob(4, _("Seed of the couplings"), _("Another seed draws other couplings."), low=1, high=30, step=1)
    temperature: float = knob(
        0.2,
        _("Temperature T"),
        _("Of very many spins, below 1 is the spin glass."),
        stops=(0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0),
    )


PANEL = Panel("glass", GlassSettings)
EXPERIMENTS: lesson.Experiments = {
    _("A cold glass"): (
        _("T = 0.2: single chains stay in the valleys that they fell into."),
        lambda: play(GlassSettings()),
    ),
    _("A warm one"): (
        _("T = 1: all chains soon get everywhere, and replicas cost more than they gain."),
        lambda: play(GlassSettings(temperature=1.0)),
    ),
    _("Two values"): (
        _("±1/√n: many valleys are equally deep."),
        lambda: play(GlassSettings(12, "two values", 2)),
    ),
}


class GlassRace:
    """Chains without and with replicas in one glass, with the same number of sweeps; ``history`` of work and both distances."""

    def __init__(self, asked: GlassSettings) -> None:
        from rbm.lessons.spin_glass import REPLICAS, GlassChains

        self.asked, self.glass = asked, glass(asked.n, asked.kind, asked.seed)
        self.exact = self.glass.shares(asked.temperature)
        self.alone: GlassChains = GlassChains(self.glass, asked.temperature, 1, 1)
        self.tempered: GlassChains = GlassChains(self.glass, asked.temperature, REPLICAS, 1)
        self.history: tuple[tuple[int, float, float], ...] = ()  # replaced, never changed: a page may be drawing it

    def learn(self) -> None:
        """As many sweeps of both as fit into a tick."""
        again(self._go_on, BUDGET)

    def _go_on(self) -> bool:
        """A sweep of all replicas, and as many of the chain alone; False once they have gone far enough."""
        if self.tempered.work < LONGEST:
            self.tempered.advance()
            while self.alone.work < self.tempered.work:
                self.alone.advance()
            self._note()
        return self.tempered.work < LONGEST

    def _note(self) -> None:
        from rbm.lessons.spin_glass import distance

        work = self.tempered.work
        if not self.history or work >= 1.08 * self.history[-1][0]:
            alone, tempered = (distance(chains.shares(), self.exact) for chains in (self.alone, self.tempered))
            self.history = (*self.history, (work, alone, tempered))


@lru_cache(maxsize=16)
def glass(n: int, kind: str, seed: int) -> SpinGlass:
    """The glass with its states and valleys: a twentieth of a second."""
    from rbm.lessons.spin_glass import SpinGlass

    return SpinGlass(n, kind, seed)


def reset() -> None:
    """Both from noise again, in the glass that is set."""
    tasks.hold_beside(glass_race=GlassRace(PANEL.now()))
    widgets.put(PLAYING, False)


def play(asked: GlassSettings) -> None:
    """An experiment, running."""
    PANEL.put(asked)
    reset()
    widgets.put(PLAYING, True)


def elements(race: GlassRace, mode: theme.Mode) -> feed.Elements:
    """All that moves, by the key of what shows it."""
    lut = theme.diverging(mode)
    coupled = frames.colour_weights(race.glass.couplings.numpy()[None], shared=True, lut=lut)
    return {  # drawn in this order: last what a slider hardly moves
        "glass_shares": _shares(race),
        "glass_floor": _floor(race),
        "glass_way": _way(race),
        "glass_j": wall.pictures(
            coupled.tiles, 1, legend=wall.signed(lut, figures.number(float(coupled.limit[0])), _("coupling J"))
        ),
        "glass_words": moving.table((), [(_words(race),)]),
    }


def anew(n: int, kind: str, mode: theme.Mode, seed: int, temperature: float) -> feed.Elements:
    """What both show before their first sweep."""
    return elements(GlassRace(GlassSettings(n, kind, int(seed), float(temperature))), mode)


def _floor(race: GlassRace) -> dict[str, Any]:
    q, low = race.glass.floor()
    minima = race.glass.energies[race.glass.valleys.minima]
    size = 6 + 26 * race.exact.sqrt()
    lowest = {
        "type": "scatter", "mode": "lines", "name": _("lowest energy there"), "line": {"dash": "dot"},
        "x": q.tolist(), "y": low.tolist(),
    }  # fmt: skip
    valleys = {
        "type": "scatter", "mode": "markers", "name": _("valleys"),
        "marker": {"size": size.tolist(), "opacity": 0.7},
        "x": race.glass.overlaps().tolist(), "y": minima.tolist(),
        "text": [f"{100 * p:.1f} %" for p in race.exact.tolist()],
        "hovertemplate": "E = %{y:.3f}, p = %{text}<extra></extra>",
    }  # fmt: skip
    drawn = figures.option_of([lowest, valleys], _("overlap q with the deepest state"), _("energy E"), several=True)
    drawn["layout"]["hovermode"] = "closest"
    return drawn


def _way(race: GlassRace) -> dict[str, Any]:
    from rbm.lessons.spin_glass import chance

    work = [one[0] for one in race.history]
    series = [
        figures.Series(name, work, [one[i] for one in race.history]) for i, name in enumerate((ALONE, TEMPERED), 1)
    ]
    return figures.curve_option(
        series,
        x_title=_("sweeps of all spins, of all replicas together"),
        y_title=_("distance from the exact shares"),
        line=(_("500 exact draws"), chance(race.exact)),
        log_x=True,
        least_y=0.2,
        empty=_("Press Sweep"),
    )


def _shares(race: GlassRace) -> dict[str, Any]:
    rank = np.arange(1, len(race.exact) + 1)[:SHOWN]
    found = {_("exactly"): race.exact, ALONE: race.alone.shares(), TEMPERED: race.tempered.shares()}
    bars = [
        {"type": "bar", "name": name, "x": rank.tolist(), "y": shares[:SHOWN].tolist()}
        for name, shares in found.items()
    ]
    few = _("valley, deepest first")
    which = (
        few if len(race.exact) <= SHOWN else _("the {n} deepest of {all} valleys").format(n=SHOWN, all=len(race.exact))
    )
    drawn = figures.option_of(bars, which, _("share of chains"), several=True)
    drawn["layout"]["barmode"] = "group"
    drawn["layout"]["yaxis"]["tickformat"] = ".0%"
    return drawn


def _words(race: GlassRace) -> str:
    swaps = race.tempered.accepted
    told = _("{n_exact} valleys among {n_states:,} states").format(
        n_exact=len(race.exact), n_states=len(race.glass.states)
    )
    return (
        told
        if np.isnan(swaps)
        else _("{told} · {work:,} sweeps · {swaps:.0f} % of the swaps accepted").format(
            told=told, work=race.tempered.work, swaps=100 * swaps
        )
    )


@st.fragment
def moving_parts() -> None:
    """Everything that sweeps change."""
    race, mode, asked = st.session_state["glass_race"], cards.mode(), PANEL.now()
    sliders = PANEL.stops("seed", "temperature")
    part = feed.watch("glass")
    fresh = partial(anew, asked.n, asked.kind, mode)
    now = partial(elements, race, mode)
    drawn = instant.respond(sliders, fresh, now)
    if widgets.playing(PLAYING):
        part.plays(race.learn, PLAY_SECONDS)
        part.moves(instant.here(sliders, fresh, now))
    left, right = st.columns(2, gap="medium")
    with left:
        cards.title(
            _("The landscape"),
            _(
                "All states, by their overlap q = Σ sᵢsᵢ⁰/n with the deepest: the line is the lowest energy at "
                "each, the dots are valleys, states that no single flip lowers, the larger the likelier. Turning "
                "all spins costs nothing."
            ),
            _("how many flips lead from one valley to another: between two dots the way may be higher than the line."),
        )
        chart.show(
            drawn["glass_floor"], key="glass_floor", height=190, alt=_("Energies of valleys against their overlap")
        )
        cards.title(
            _("Shares of the valleys"),
            _("The share of 500 chains in each valley, and what it should be."),
        )
        chart.show(
            drawn["glass_shares"], key="glass_shares", height=190, alt=_("Shares of the valleys, exactly and of chains")
        )
    with right:
        cards.title(
            _("How far from the exact distribution"),
            _(
                "½ Σ |share − p| over all valleys. Both have made as many sweeps: six replicas cost six. All spins "
                "began at random."
            ),
            _("glasses of a thousand spins, where nobody knows the shares and tempering too needs very long."),
        )
        chart.show(
            drawn["glass_way"], key="glass_way", height=230, alt=_("Distance from the exact shares against sweeps")
        )
        picture, words = st.columns([2, 3])
        with picture:
            couplings = race.glass.couplings.numpy()
            spins = [str(i + 1) for i in range(len(couplings))]
            wall.show(
                drawn["glass_j"],
                max_cell=170,
                numbers=partial(wall.matrix_rows, couplings, spins, _("spin")),
                alt=_("The couplings of all pairs"),
                key="glass_j",
            )
        with words:
            st.caption(_("Its couplings: each spin against every other, red alike, blue opposite."))
            moving.facts(drawn["glass_words"], key="glass_words", look="caption")


def show(view: Callable[[], None]) -> None:
    """The whole picture with its guide; ``view`` draws the choice between the page's two."""
    if "glass_race" not in st.session_state:
        reset()
    with lesson.stage(EXPERIMENTS, key="glass", text="glass") as beside:
        with beside:
            view()
            PANEL.draw("n", "kind", "seed", "temperature", on_change=reset)
            lesson.formula(r"E(s) = -\sum_{i<j} J_{ij}\, s_i s_j", r"p(s) = e^{-E(s)/T} / Z")
        with st.container(horizontal=True, key="glass_transport", gap="small"):
            widgets.player(
                PLAYING,
                "glass_play",
                play=_("Sweep"),
                type="primary",
                help=_("Both kinds of chains, with as many sweeps each."),
            )
            st.button(_("Reset"), key="glass_reset", on_click=reset, help=_("All spins at random again."))
        moving_parts()
