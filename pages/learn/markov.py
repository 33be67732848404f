"""Gibbs sampling as a Markov chain: its whole transition matrix, its memory, and a chain that never crosses."""

from functools import partial

import streamlit as st

from pages.ui import cards, instant, lesson, markov, markov_chains, player, widgets

lesson.question("Markov chain", "How long must a Gibbs chain run before where it started no longer matters?")
interval = markov_chains.interval()
act, (modes, bars, _) = markov.set_controls, markov.MACHINES
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


@widgets.every(interval)
def look() -> None:
    """Matrix and spectrum above, watched chains below; a slider or a step draws them again."""
    asked = markov.controls()
    chains = markov_chains.watched(asked)
    player.rerun_if_turned(markov_chains.PLAYING, interval is not None)
    if interval is not None:
        markov_chains.advance(chains, markov_chains.PLAY_SWEEPS)
    shown = markov_chains.Chains(asked, markov_chains.running(chains))
    drawn = instant.respond(markov.STOPS, partial(markov_chains.elements, asked.kind, cards.mode(), shown))
    left, right = st.columns([5, 6], gap="large")
    with left:
        markov.heat_map(drawn)
        lesson.formula(r"\begin{gathered} K(v \to v') = \sum_h p(h \mid v)\, p(v' \mid h) \\ pK = p \end{gathered}")
    with right:
        markov.spectrum(drawn)
        markov.bottleneck(drawn)
    markov_chains.transport(chains)
    left, right = st.columns([6, 5], gap="large")
    with left:
        markov_chains.visits(drawn)
    with right:
        markov_chains.distance(drawn)


look()
lesson.what_to_see("markov")
