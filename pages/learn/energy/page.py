"""From energy to probability, in a machine small enough to write out every state."""

import csv
import io
from functools import partial
from itertools import product

import streamlit as st

from pages.learn.energy.graph import (
    ALL,
    RBM,
    DrawnMachine,
    described,
    graph,
    left,
    likeliest,
    lowest,
    machine,
    resized,
    stops,
)
from pages.ui import lesson
from pages.ui.controls import widgets
from pages.ui.server import download, instant
from rbm.core.language import _


def show(drawn: DrawnMachine) -> None:
    """Put a machine on the page and its size on the controls."""
    serial = st.session_state.get("energy_serial", 0) + 1
    st.session_state["energy_serial"] = serial
    st.session_state["energy_machine"] = st.session_state["energy_now"] = drawn._replace(serial=serial)
    st.session_state["energy_shape"] = drawn.shape
    st.session_state["energy_visible"] = drawn.n_visible
    if drawn.shape == RBM:
        st.session_state["energy_hidden"] = drawn.n_hidden


def heat(beta: float) -> None:
    """The same machine at another β."""
    show(st.session_state["energy_now"]._replace(beta=beta))


def resize() -> None:
    """A new machine of the chosen size."""
    chosen = st.session_state
    sizes = stops(chosen["energy_shape"])["energy_visible"]
    widgets.put("energy_visible", min(max(chosen["energy_visible"], sizes[0]), sizes[-1]))
    chosen["energy_machine"] = machine(chosen["energy_shape"], chosen["energy_visible"], chosen.get("energy_hidden", 2))


def every_state(now: DrawnMachine) -> str:
    """All states with their energies and probabilities by the engine, as CSV."""
    from rbm.evaluation.exact_boltzmann import thermodynamics

    energies = now.energies()
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow([*(f"v{i + 1}" for i in range(now.n_visible)), *(f"h{j + 1}" for j in range(now.n_hidden)), "E", "p"])
    states = product((0, 1), repeat=now.n_units)
    for s, e, p in zip(states, energies.tolist(), thermodynamics(energies, now.beta).p.tolist(), strict=True):
        rows.writerow([*s, e, p])
    return table.getvalue()


# The browser draws the graph anew: at the first visit, and when one comes back from another page or by a reload.
if "energy_graph" not in st.session_state:
    kept = widgets.remembered("energy_left")
    show(left(kept) if kept else machine(RBM, 3, 2, [0.5, 0, -0.5, 0, 0, 2, -1, 1, 1, -2, 1.5]))
AGREE = machine(ALL, 2, 0, [-1, -1, 2])
FRUSTRATED = machine(ALL, 3, 0, [1.0, 1.0, 1.0, -2.0, -2.0, -2.0], 2.0)
EXPERIMENTS: lesson.Experiments = {
    _("Two units that agree"): (
        _("One weight: {likeliest}, and heat makes all four alike.").format(likeliest=likeliest(AGREE)),
        lambda: show(AGREE),
    ),
    _("Freeze it"): (
        _("β = 10: nearly all probability in the states of lowest energy."),
        lambda: heat(10.0),
    ),
    _("Melt it"): (
        _("β = 0.1: nearly every state equally likely."),
        lambda: heat(0.1),
    ),
    _("Frustration"): (
        _(
            "Three units that all want to differ: no state pleases every edge, so {n_lowest} share the lowest energy."
        ).format(n_lowest=len(lowest(FRUSTRATED))),
        lambda: show(FRUSTRATED),
    ),
    _("A feature detector"): (
        _("One hidden unit that wants the first two pixels on: look at the visible patterns only."),
        lambda: show(machine(RBM, 4, 1, [0, 0, 0, 0, -4, 3, 3, 0, 0])),
    ),
    _("Twelve units"): (_("4,096 states, every one drawn."), lambda: show(machine(ALL, 12, 0))),
}


@st.fragment
def picture(shape: str) -> None:
    """The machine in the browser, which answers by itself; what comes back is only kept for the download."""
    drawn = st.session_state["energy_machine"]
    news = instant.respond(stops(shape), partial(resized, shape), lambda: {"energy_graph": described(drawn)})
    st.session_state["energy_now"] = now = graph(drawn, news["energy_graph"], key="energy_graph")
    widgets.remember(energy_left=[*now])
    download.button(
        _("Every state as CSV"),
        partial(every_state, now),
        "states.csv",
        key="energy_csv",
        about=_("All states with the energies and probabilities that the engine computes."),
    )


lesson.question(
    _("Energy and probability"), _("How do a few weights decide which states a machine likes, and how much?")
)
with lesson.stage(EXPERIMENTS, key="energy", text="energy") as beside:
    with beside:
        shape = str(
            widgets.segmented_control(
                _("Shape"),
                (RBM, ALL),
                required=True,
                default=st.session_state["energy_shape"],
                key="energy_shape",
                on_change=resize,
                help=_("RBM: only visible and hidden units are joined. All to all: every unit with every other."),
            )
        )
        widgets.slider(
            _("Visible units") if shape == RBM else _("Units"),
            stops(shape)["energy_visible"][0],
            stops(shape)["energy_visible"][-1],
            value=st.session_state["energy_visible"],
            key="energy_visible",
            on_change=resize,
            help=_("How many units v; each doubles the number of states."),
        )
        if shape == RBM:
            widgets.slider(
                _("Hidden units"),
                1,
                6,
                value=st.session_state.get("energy_hidden", 2),
                key="energy_hidden",
                on_change=resize,
                help=_("How many hidden units h."),
            )
        lesson.formula(
            r"E(s) = -\sum_{i<j} W_{ij}\, s_i s_j - \sum_i b_i s_i",
            r"p(s) = e^{-\beta E(s)} / Z \qquad Z = \sum_s e^{-\beta E(s)}",
            r"F = -\tfrac{1}{\beta}\ln Z = \langle E\rangle - \tfrac{1}{\beta} S",
        )
    picture(shape)
