"""From Hopfield to RBM: the same energy, sampled, and the map of what it remembers."""

from functools import partial

import streamlit as st

from pages.learn.retrieval import memory
from pages.ui import cards, lesson
from pages.ui.components import chart, moving, wall
from pages.ui.server import instant
from rbm.core.language import _


def at(load: float, temperature: float, start: str = memory.PICTURE) -> None:
    """Set the controls."""
    memory.PANEL.put(memory.RetrievalSettings(load, temperature, start))


EXPERIMENTS: lesson.Experiments = {
    _("Remember"): (
        _("24 patterns, cold: the chains stay at the picture, whose pixels hardly ever flicker."),
        lambda: at(0.03, 0.4),
    ),
    _("Melted by heat"): (_("The same patterns at T = 1.5: within two sweeps nothing is left."), lambda: at(0.03, 1.5)),
    _("Too many"): (
        _("157 patterns: the picture dissolves, yet spins stay frozen (lower row): a spin glass."),
        lambda: at(0.2, 0.4),
    ),
    _("From noise"): (
        _("Few patterns, from noise: chains find some pattern or a mixture, rarely this picture."),
        lambda: at(0.005, 0.4, memory.NOISE),
    ),
}

lesson.question(_("Hopfield as an RBM"), _("What are the hidden units of a memory, and when does it forget?"))


@st.fragment
def look() -> None:
    """The map beside the machine's own chains; the sliders are answered by the page's own socket."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="retrieval_controls"):
        memory.PANEL.draw("load", width=230)
        memory.PANEL.draw("temperature", width=230)
        asked = memory.PANEL.draw("start")
    drawn = instant.respond(memory.PANEL.stops("load", "temperature"), partial(memory.elements, asked.start))
    with st.container(key="picture"):
        left, right = st.columns(2, gap="medium")
        with left:
            cards.title(
                _("Retrieval, spin glass, paramagnet"),
                _(
                    "By load and temperature, for infinitely many spins. Below the middle line a memory is a state "
                    "that lasts, below the lowest it is the lowest state of all; the cross is where the chains are."
                ),
                _("what happens in 784 spins near a line: there every machine is a little different."),
            )
            chart.show(drawn["retrieval_map"], key="retrieval_map", alt=_("Phases by load and temperature"), height=300)
            moving.facts(drawn["retrieval_facts"], key="retrieval_facts")
        with right:
            cards.title(
                _("Overlap with the picture"),
                _(
                    "m = (1/N) Σ ξᵢsᵢ of eight chains of the RBM's own block Gibbs sampling, sweep by sweep; dotted: "
                    "the theory."
                ),
                _("how long a state lasts: close to T = 0 a layer that is drawn at once hardly moves at all."),
            )
            chart.show(
                drawn["retrieval_m"], key="retrieval_m", alt=_("Overlap with the picture against sweeps"), height=232
            )
            cards.title(
                _("What the chains hold"),
                _(
                    "Above: each chain after 60 sweeps. Below: each pixel's mean over the last 30; grey flickers, "
                    "black and white are frozen."
                ),
            )
            wall.show(
                drawn["retrieval_held"],
                framed=True,
                max_cell=48,
                rows=(_("states"), _("means")),
                alt=_("The chains' states and their means"),
                key="retrieval_held",
            )


with lesson.stage(EXPERIMENTS, key="retrieval", text="retrieval") as beside:
    with beside:
        lesson.formula(
            r"E(s,h) = \tfrac12 \sum_\mu h_\mu^2 - \sum_{i\mu} s_i \tfrac{\xi_i^\mu}{\sqrt N} h_\mu",
            r"\int\! dh\, e^{-\beta E(s,h)} \propto e^{\frac{\beta}{2N} \sum_\mu (\xi^\mu \cdot s)^2}",
        )
        st.caption(
            _(
                "It makes its own data: a digit and random patterns, of which the theory speaks. Your own data are learnt on "
                "the page Train a machine."
            )
        )
    look()
