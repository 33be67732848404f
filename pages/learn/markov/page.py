"""Gibbs sampling as a Markov chain: its whole transition matrix, its memory, and a chain that never crosses."""

from functools import partial

import streamlit as st

from pages.learn.markov import matrix, occupancy
from pages.ui import cards, lesson
from pages.ui.controls import widgets
from pages.ui.server import feed, instant

lesson.question("Markov chain", "How long must a Gibbs chain run before where it started no longer matters?")
act, (modes, bars, _) = matrix.set_controls, matrix.MACHINES
lesson.experiments(
    {
        "Mixes at once": ("Weak couplings: a few sweeps forget the start.", lambda: act(modes, 0.5)),
        "Two far modes": (
            "w = 5: a chain from all off stays there, and its histogram looks settled.",
            lambda: act(modes, 5.0),
        ),
        "Tempering crosses": (
            "The same machine, with hotter copies that carry it over.",
            lambda: act(modes, 5.0, tempered=True),
        ),
        "Cold bars and stripes": (
            "A learnt machine at β = 2: six modes, and few ways between them.",
            lambda: act(bars, beta=2.0),
        ),
    },
    key="markov",
)


@st.fragment
def look() -> None:
    """Matrix and spectrum above, watched chains below; a slider or a step draws them again."""
    asked = matrix.controls()
    chains = occupancy.watched(asked)
    part = feed.watch("markov")
    tempered = bool(st.session_state.get("markov_tempered"))
    shown = occupancy.WatchedChains(asked, chains, tempered)
    draw = partial(occupancy.elements, asked.kind, cards.mode(), shown)
    drawn = instant.respond(matrix.STOPS, draw)
    if widgets.playing(occupancy.PLAYING):
        part.plays(partial(occupancy.advance, chains, occupancy.PLAY_SWEEPS, tempered), occupancy.PLAY_SECONDS)
        part.moves(instant.here(matrix.STOPS, draw))
    left, right = st.columns([5, 6], gap="large")
    with left:
        matrix.heat_map(drawn)
        lesson.formula(r"\begin{gathered} K(v \to v') = \sum_h p(h \mid v)\, p(v' \mid h) \\ pK = p \end{gathered}")
    with right:
        matrix.spectrum(drawn)
        matrix.bottleneck(drawn)
    occupancy.transport(chains)
    left, right = st.columns([6, 5], gap="large")
    with left:
        occupancy.visits(drawn)
    with right:
        occupancy.distance(drawn)


look()
lesson.what_to_see("markov")
