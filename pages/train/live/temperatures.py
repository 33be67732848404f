"""The temperatures of Ising spins among the draft's widgets: one as a number, and as many further ones as are typed."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from pages.ui.controls import widgets
from pages.ui.session import state
from rbm.core.language import _
from rbm.datasets.catalog import entry
from rbm.datasets.entry import RING, RING_SPINS
from rbm.datasets.temperatures import COLDEST, HOTTEST


def panel() -> None:
    """The first temperature as a number, the further ones as a list, and what follows of them."""
    data, (first, further) = entry(state.draft()["dataset"]), _temperatures()
    widgets.put("draft_temperature", round(data.usual_temperature, 3) if first is None else float(first))
    widgets.typed(
        _("Temperature"),
        st.session_state["draft_temperature"],
        whole=False,
        step=0.1,
        format="%.3f",
        key="draft_temperature",
        on_change=_changed_temperature,
        args=("temperature",),
        help=_(
            "The temperature at which the spins are drawn, in units of the coupling; on a lattice they line up "
            "below the critical 2.269, on a ring only at 0. The page Phase transition shows what a machine "
            "learns of them."
        ),
    )
    widgets.put("draft_further", ", ".join(str(one).removesuffix(".0") for one in further))
    st.text_input(
        _("Further temperatures"),
        key="draft_further",
        placeholder=_("none; such as 1.8, 3.5"),
        on_change=_changed_temperature,
        args=("further",),
        help=_(
            "Other temperatures to learn from at the same time, separated by commas. Each has an equal share of the "
            "images, and is then their class."
        ),
    )
    if not further and data.name == RING and COLDEST <= st.session_state["draft_temperature"] <= HOTTEST:
        st.caption(_ring(st.session_state["draft_temperature"]))
    if state.draft()["visible"] == "bernoulli":
        st.caption(_("Spins s = ±1 are learnt as pixels v = (s + 1)/2, 0 or 1."))


def _temperatures() -> tuple[Any, tuple[Any, ...]]:
    """The draft's first temperature, None for the usual one, and the further ones as they were typed, words included."""
    chosen = state.draft()["temperature"]
    first, *further = chosen if isinstance(chosen, tuple) else (chosen,)
    return first, tuple(further)


def _changed_temperature(which: str) -> None:
    """Write the first temperature, or the further ones, into the draft; of several the classes are others than before."""
    draft, (first, further) = state.draft(), _temperatures()
    if which == "temperature":
        first = st.session_state["draft_temperature"]
        if first is None:
            return
    else:
        words = re.split(r"[,;\s]+", st.session_state["draft_further"] or "")
        further = tuple(_as_number(word) for word in words if word)
    before, usual = draft["temperature"], entry(draft["dataset"]).usual_temperature
    if further:
        draft["temperature"] = (usual if first is None else first, *further)
    else:
        draft["temperature"] = None if first == usual else first
    if isinstance(before, tuple) or further:
        draft["classes"] = None


def _as_number(word: str) -> float | str:
    """The number that was typed; what is none stays as it is, for the line beside Train to quote."""
    try:
        return float(word)
    except ValueError:
        return word


def _ring(temperature: float) -> str:
    """What is known of the ring, to hold a machine's likelihood to."""
    from rbm.lessons.finite_lattice import ring

    known = ring(RING_SPINS, temperature)
    told = _("energy {energy:.3f} a spin, C(1) = {near:.3f}, C(4) = {far:.3f}").format(
        energy=known.energy, near=known.correlation[1], far=known.correlation[4]
    )
    return (
        _("Exactly: {told}. The best log-likelihood that there is: {entropy:.2f} nats an image.")
        .format(told=told, entropy=-known.entropy)
        .replace(" -", " −")
    )
