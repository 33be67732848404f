"""Gibbs sampling as a Markov chain: its whole transition matrix, its memory, and a chain that never crosses."""

from functools import partial

import streamlit as st

from pages.learn.markov import matrix, occupancy
from pages.ui import cards, lesson
from pages.ui.controls import widgets
from pages.ui.server import feed, instant
from rbm.core.language import _

lesson.question(_("Markov chain"), _("How long must a Gibbs chain run before where it started no longer matters?"))
act, (modes, bars, __) = matrix.set_controls, matrix.MACHINES
EXPERIMENTS: lesson.Experiments = {
    _("Mixes at once"): (_("Weak couplings: a few sweeps forget the start."), lambda: act(modes, 0.5)),
    _("Two far modes"): (
        _("w = 5: a chain from all off stays there, and its histogram looks settled."),
        lambda: act(modes, 5.0),
    ),
    _("Tempering crosses"): (
        _("The same machine, with hotter copies that carry it over."),
        lambda: act(modes, 5.0, tempered=True),
    ),
    _("Cold bars and stripes"): (
        _("A learnt machine at β = 2: six modes, and few ways between them."),
        lambda: act(bars, beta=2.0),
    ),
}


@st.fragment
def look() -> None:
    """The matrix, and beside it the watched chains or the spectrum; a slider or a step draws them again."""
    with lesson.stage(EXPERIMENTS, key="markov", text="markov") as beside:
        with beside:
            asked = matrix.controls()
            lesson.formula(r"K(v \to v') = \sum_h p(h \mid v)\, p(v' \mid h) \qquad pK = p")
        chains = occupancy.watched(asked)
        part = feed.watch("markov")
        tempered = bool(st.session_state.get("markov_tempered"))
        shown = occupancy.WatchedChains(asked, chains, tempered)
        draw = partial(occupancy.elements, asked.kind, cards.mode(), shown)
        drawn = instant.respond(matrix.STOPS, draw)
        if widgets.playing(occupancy.PLAYING):
            part.plays(partial(occupancy.advance, chains, occupancy.PLAY_SWEEPS, tempered), occupancy.PLAY_SECONDS)
            part.moves(instant.here(matrix.STOPS, draw))
        occupancy.transport(chains)
        with st.container(key="picture"):
            left, right = st.columns([5, 8], gap="medium")
            with left:
                matrix.heat_map(drawn, matrix.facts(asked.kind, asked.coupling, asked.beta))
            with right:
                visits, spectrum = lesson.views(_("Visits"), _("Eigenvalues"), key="markov_view")
                with visits:
                    occupancy.visits(drawn)
                    occupancy.distance(drawn)
                with spectrum:
                    matrix.spectrum(drawn)
                    matrix.bottleneck(drawn)


look()
