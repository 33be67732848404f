"""The Markov-chain lesson's chains: a plain and a tempered one that are watched, their visits and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from pages.learn.markov import matrix
from pages.ui import cards
from pages.ui.components import chart
from pages.ui.components.moving import fingerprinted, state_bars
from pages.ui.controls import widgets
from pages.ui.draw import figures, theme
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.core.language import N_, _

if TYPE_CHECKING:
    from rbm.lessons.occupancy import Occupancy

PLAYING = "markov_playing"  # in the session
PLAY_SECONDS, PLAY_SWEEPS = 0.4, 20
MOST_SWEEPS = 20_000


class WatchedChains(NamedTuple):
    """Chains, the machine that they are of, and whether the tempered one is wanted."""

    of: matrix.ChainAsked
    all: dict[str, Occupancy]
    tempered: bool

    @property
    def running(self) -> dict[str, Occupancy]:
        """The chains that are shown: the tempered one once it has moved or is to move."""
        return {name: chain for name, chain in self.all.items() if name == "Gibbs" or chain.distance or self.tempered}


def watched(asked: matrix.ChainAsked) -> dict[str, Occupancy]:
    """This tab's chains, new ones when the machine or its temperature has changed."""
    from rbm.lessons.occupancy import Ladder, Occupancy

    start = (asked, st.session_state.get("markov_seed", 1))
    widgets.remember(markov_seed=start[1])
    if st.session_state.get("markov_start") != start:
        model = matrix.machine(asked.kind, asked.coupling)
        beta, seed = asked.beta, start[1]
        new = {
            "Gibbs": Occupancy(model, beta=beta, seed=seed),
            N_("tempered"): Occupancy(model, beta=beta, seed=seed, ladder=Ladder()),
        }
        tasks.hold_beside(markov_start=start, markov_chains=new)
    chains: dict[str, Occupancy] = st.session_state["markov_chains"]
    return chains


def advance(chains: dict[str, Occupancy], sweeps: int, tempered: bool) -> None:
    """Both chains so much further; the tempered one only where it is wanted."""
    for name, chain in chains.items():
        if (name == "Gibbs" or tempered) and len(chain.distance) < MOST_SWEEPS:
            chain.advance(sweeps)


def _step(chains: dict[str, Occupancy], sweeps: int) -> None:
    with feed.current().turn:  # they may be playing
        advance(chains, sweeps, bool(st.session_state.get("markov_tempered")))


def transport(chains: dict[str, Occupancy]) -> None:
    """Step, 10, 50, Play, Reset, and whether a tempered chain runs too."""
    with st.container(horizontal=True, key="markov_transport", gap="small", vertical_alignment="center"):
        for count in (1, 10, 50):
            st.button(
                _("Step") if count == 1 else f"{count}",
                type="primary" if count == 1 else "secondary",
                icon=":material/skip_next:" if count == 1 else None,
                key=f"markov_{count}",
                on_click=_step,
                args=(chains, count),
                help=_("One sweep: h given v, then v given h.")
                if count == 1
                else _("{count} sweeps at once.").format(count=count),
            )
        widgets.player(
            PLAYING,
            "markov_play",
            shortcut="P",
            help=_("{play_sweeps} sweeps every {play_seconds:g} s.").format(
                play_sweeps=PLAY_SWEEPS, play_seconds=PLAY_SECONDS
            ),
        )
        st.button(
            _("Reset"),
            icon=":material/restart_alt:",
            shortcut="X",
            key="markov_reset",
            on_click=lambda: st.session_state.update(markov_seed=st.session_state.get("markov_seed", 1) + 1),
            help=_("New chains from all pixels off, with new random numbers."),
        )
        widgets.toggle(
            _("Also a tempered chain"),
            value=st.session_state.setdefault("markov_tempered", False),
            key="markov_tempered",
            help=_("Four replicas from β down to a tenth of it, which swap states; only the coldest is counted."),
        )


def elements(kind: str, mode: theme.Mode, chains: WatchedChains, coupling: float, beta: float) -> feed.Elements:
    """The whole page for that machine: with the chains where they are its own, with none that has moved otherwise."""
    asked = matrix.ChainAsked(kind, coupling, beta)
    known = matrix.facts(kind, coupling, beta)
    running = chains.running if chains.of == asked else {}
    return {
        **matrix.elements(known, mode),
        "markov_visits": fingerprinted(_visits(known, running)),
        "markov_distance": _distance(running),
    }


def visits(drawn: feed.Elements) -> None:
    """The shares of visits against the exact bars."""
    cards.title(
        _("Where the chain has been"),
        _(
            "Outlined: the exact p(v). Filled: the share of sweeps that the chain has spent in each state, "
            "from all pixels off; the lit state is where it stands now."
        ),
        _("that it has been everywhere: a chain stuck in one mode draws a calm and wrong histogram."),
    )
    alt = _("Shares of visits of the chains against the exact probabilities")
    state_bars(drawn["markov_visits"], key="markov_visits", alt=alt, height=185)


def _visits(known: matrix.Facts, running: dict[str, Occupancy]) -> dict[str, Any]:
    shown = [figures.Bars(_("exact p(v)"), known.p, outline=True)]
    shown += [figures.Bars(name, chain.share[list(known.order)]) for name, chain in running.items()]
    return figures.state_option(
        shown,
        known.names,
        x_title=_("state v"),
        y_title=_("probability, share of visits"),
        pictures=(matrix.SIDE, matrix.SIDE),
        marked=known.order.index(running["Gibbs"].state) if running else None,
    )


def distance(drawn: feed.Elements) -> None:
    """Total variation against sweeps."""
    cards.title(
        _("Distance to the exact distribution"),
        _(
            "The total variation, half the summed differences between visits and p(v): 0 is exact, ½ is one of "
            "two equal modes missed."
        ),
        _(
            "how to know this of a real machine: there p(v) is not known, and the numbers of a stuck chain look just as calm."
        ),
    )
    alt = _("Total variation between visits and the exact distribution")
    chart.show(drawn["markov_distance"], height=160, key="markov_distance", alt=alt)


def _distance(running: dict[str, Occupancy]) -> dict[str, Any]:
    found = {name: list(chain.distance) for name, chain in running.items()}  # copies: the chains may be playing
    series = [figures.Series(name, np.arange(1, len(values) + 1), values) for name, values in found.items()]
    return figures.curve_option(
        series,
        x_title=_("sweeps"),
        y_title=_("total variation"),
        empty=_("Press Step or Play: the chain has not moved yet"),
    )
