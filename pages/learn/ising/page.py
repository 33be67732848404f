"""Phase transition: an Ising lattice below, at and above its critical temperature, and a machine that learns it."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages.learn.ising import machine, spins
from pages.ui import cards, lesson
from pages.ui.controls import widgets
from pages.ui.server import feed, instant
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.datasets.entry import LINE

lesson.question(
    _("Phase transition"),
    _("Does a machine that sees nothing but spins find out who is coupled to whom, and how strongly?"),
    see="ising",
)
EXPERIMENTS: lesson.Experiments = {
    _("Below $T_c$"): (
        _("T = 1.75: nearly all spins agree; up or down, but hardly ever from one to the other."),
        lambda: machine.experiment(1.75),
    ),
    _("At $T_c$"): (
        _("T = 2.269: clusters of every size, and the longest memory."),
        lambda: machine.experiment(spins.CRITICAL),
    ),
    _("Above $T_c$"): (
        _("T = 3.5: neighbours agree a little; here couplings are recovered best."),
        lambda: machine.experiment(3.5),
    ),
    _("A ring"): (
        _("T = 1: long stretches agree, and nothing else happens at any T above 0; everything about it is known."),
        lambda: machine.experiment(1.0, LINE),
    ),
}


@st.fragment
def look() -> None:
    """Lattice and machine; the temperature's slider is answered by the page's own socket."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="ising_controls"):
        asked = spins.controls()
        learning, walk = (machine.held(name, asked.side) for name in ("ising learn", "ising walk"))
        lattice = spins.alive(asked.side, asked.temperature)
        shown = machine.IsingShown(asked.side, lattice, asked.method, learning, walk, machine.quantity(), cards.mode())
        part = feed.watch("ising", learning, walk)
        with st.container(horizontal=True, vertical_alignment="bottom", key="ising_transport", width="content"):
            machine.buttons(shown)
    with cards.notice("lattice"):
        for job in (learning, walk):
            tasks.trouble(job)
    stops, draw = spins.PANEL.stops("temperature"), partial(machine.elements, shown)
    drawn = instant.respond(stops, draw)
    part.moves(instant.here(stops, draw))
    if widgets.playing(spins.PLAYING):
        part.plays(lambda: None, spins.PLAY_SECONDS)
    above: tuple[Callable[[feed.Elements], None], ...] = (
        spins.show,
        machine.chains,
        partial(machine.couplings, shown),
        machine.numbers,
    )
    below = (machine.words, machine.correlations, machine.against)
    with st.container(key="picture"):
        for widths, parts in (([3, 4, 5, 6], above), ([4, 5, 6], below)):
            for place, draw_part in zip(st.columns(widths, gap="small"), parts, strict=True):
                with place:
                    draw_part(drawn)


with st.container(key="stage_ising"):
    lesson.experiments(EXPERIMENTS, key="ising")
    look()
st.caption(_("It makes its own data: lattices at a temperature. Your own data are learnt on the page Train a machine."))
