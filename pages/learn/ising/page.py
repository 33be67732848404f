"""Phase transition: an Ising lattice below, at and above its critical temperature, and a machine that learns it."""

from functools import partial

import streamlit as st

from pages.learn.ising import machine, spins
from pages.ui import cards, lesson
from pages.ui.controls import widgets
from pages.ui.server import feed, instant
from pages.ui.session import tasks

lesson.question(
    "Phase transition", "Does a machine that sees nothing but spins find out who is coupled to whom, and how strongly?"
)
lesson.experiments(
    {
        "Below $T_c$": (
            "T = 1.75: nearly all spins agree; up or down, but hardly ever from one to the other.",
            lambda: machine.experiment(1.75),
        ),
        "At $T_c$": (
            "T = 2.269: clusters of every size, and the longest memory.",
            lambda: machine.experiment(spins.CRITICAL),
        ),
        "Above $T_c$": (
            "T = 3.5: neighbours agree a little; here couplings are recovered best.",
            lambda: machine.experiment(3.5),
        ),
    },
    key="ising",
)


@st.fragment
def look() -> None:
    """Lattice and machine; the temperature's slider is answered by the page's own socket."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="ising_controls"):
        asked = spins.controls()
        learning, walk = (machine.held(name, asked.side) for name in ("ising learn", "ising walk"))
        lattice = spins.alive(asked.side, asked.temperature)
        shown = machine.IsingShown(asked.side, lattice, asked.method, learning, walk, machine.quantity(), cards.mode())
        part = feed.watch("ising", learning, walk)
        machine.buttons(shown)
    for job in (learning, walk):
        tasks.trouble(job)
    stops, draw = spins.PANEL.stops("temperature"), partial(machine.elements, shown)
    drawn = instant.respond(stops, draw)
    part.moves(instant.here(stops, draw))
    if widgets.playing(spins.PLAYING):
        part.plays(lambda: None, spins.PLAY_SECONDS)
    above = (spins.show, machine.chains, machine.couplings, machine.numbers)
    below = (machine.words, machine.correlations, machine.against)
    for widths, parts in (([3, 4, 5, 6], above), ([4, 5, 6], below)):
        for place, draw_part in zip(st.columns(widths, gap="small"), parts, strict=True):
            with place:
                draw_part(drawn)


look()
lesson.formula(
    r"E(s) = -\sum_{\langle i j\rangle} s_i s_j, \qquad p(s) = e^{-E(s)/T} / Z",
    r"J_{ij} = 2^{-V} \sum_s s_i s_j \log p^*(s)",
)
lesson.what_to_see("ising")
