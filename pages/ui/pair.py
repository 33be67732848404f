"""The Boltzmann page's parts: two machines side by side, their weights, their samples and what a sweep costs."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.ui import cards, frames, theme
from pages.ui.curves import curves
from pages.ui.figures import Series, curve_option
from pages.ui.wall import wall

if TYPE_CHECKING:
    from rbm.side_by_side import SideBySide

DATA = {"Bars and stripes 2×2": 2, "Bars and stripes 3×3": 3, "Bars and stripes 4×4": 4}
EXACT, GIBBS = "exact", "Gibbs chains"
EXACT_UNITS = 12
SIZES = (8, 16, 32, 64, 128, 256, 512)
BUDGET = 0.12  # seconds of learning a tick


def fresh(data: str, n_hidden: int, method: str) -> SideBySide:
    """Both machines before their first update."""
    from rbm.datasets.toy import bars_and_stripes
    from rbm.side_by_side import SideBySide

    return SideBySide(bars_and_stripes(DATA[data]).train, n_hidden, 1, use_exact=method == EXACT)


def learn(pair: SideBySide, learning_rate: float) -> None:
    """As many updates as fit into a tick."""
    start = time.perf_counter()
    while time.perf_counter() - start < BUDGET:
        pair.advance(20, learning_rate)


def divergences(pair: SideBySide) -> None:
    """KL of both against updates."""
    cards.title(
        "KL divergence from the data",
        "How far p(v) is from the data's distribution, exactly; 0 means equal.",
        "which is better in general: neither is, for as many parameters.",
    )
    steps = [r.step for r in pair.history]
    series = [
        Series("Boltzmann machine", steps, [r.boltzmann_kl for r in pair.history]),
        Series("RBM", steps, [r.rbm_kl for r in pair.history]),
    ]
    option = curve_option(series, x_title="updates", y_title="KL / nats")
    curves(option, height=230, key="boltzmann_kl", alt="KL divergence of both machines against updates")
    if np.isnan(pair.history[-1].boltzmann_kl):
        st.caption("The Boltzmann machine has more than 16 units: too many states to compute its KL.")


def costs(pair: SideBySide) -> None:
    """The measured time of a sweep, of both, and their parameters."""
    recent = pair.history[-20:]
    own, twin = (statistics.median(r[i] for r in recent) * 1e3 for i in (3, 4))
    counts = [sum(p.numel() for p in model.parameters()) for model in (pair.boltzmann, pair.rbm)]
    names = ("Boltzmann machine, unit by unit", "RBM, layer by layer")
    with st.container(horizontal=True):
        for name, ms, count in zip(names, (own, twin), counts, strict=True):
            st.metric(
                name,
                f"{ms:.2f} ms",
                help=f"Measured on this server: one sweep of 100 chains, {count} parameters. Median of the last records.",
            )
        st.metric("Ratio", f"{own / twin:.1f}", help="How many times longer the Boltzmann machine's sweep takes.")


def matrices(pair: SideBySide) -> None:
    """All weights of both, as one matrix over all units each: the RBM's blocks within a layer are empty."""
    rbm = pair.rbm.weight.detach().numpy()
    n_visible, n_hidden = rbm.shape
    full = np.zeros((n_visible + n_hidden,) * 2)
    full[:n_visible, n_visible:], full[n_visible:, :n_visible] = rbm, rbm.T
    own = pair.boltzmann.weight.detach().numpy()
    for column, name, matrix in zip(st.columns(2), ("Boltzmann machine", "RBM"), (own, full), strict=True):
        with column:
            cards.title(
                f"W: {name}",
                "Every unit against every other, visible units first: blue negative, red positive. "
                "In the RBM the blocks within a layer stay empty.",
            )
            coloured = frames.colour_weights(matrix[None], shared=True, lut=theme.diverging(cards.mode()))
            wall(
                frames.grid_png(coloured.pixels, 1),
                n=1,
                columns=1,
                cell=(len(matrix), len(matrix)),
                max_cell=230,
                alt=f"The weights of the {name} as a matrix",
                key=f"boltzmann_w_{name.split()[0].lower()}",
            )


def samples(pair: SideBySide) -> None:
    """What each makes by itself."""
    side = round(pair.rows.shape[1] ** 0.5)
    own = pair.phases.free.v if not pair.use_exact else None
    for column, name in zip(st.columns(2), ("Boltzmann machine", "RBM"), strict=True):
        with column:
            if own is None:
                from rbm.evaluation import exact, exact_boltzmann
                from rbm.randomness import generator

                source = generator(pair.step, "samples", name)
                draw = exact.sample(pair.rbm, 20, source) if name == "RBM" else None
                v = (draw or exact_boltzmann.sample(pair.boltzmann, 20, source)).v
            else:
                v = pair.chains.v if name == "RBM" else own
            cards.picture_wall(
                frames.colour_probabilities(v[:20].numpy(), shape=(side, side)),
                10,
                f"boltzmann_v_{name.split()[0].lower()}",
                f"Twenty samples of the {name}",
                framed=True,
                max_cell=36,
            )
            st.caption(f"Twenty samples of the {name}")


def sweep_chart() -> None:
    """Time per sweep against size, measured when asked."""
    cards.title(
        "Time per sweep against size",
        "Machines of n units, half of them hidden, measured on this server when you press the button.",
        "what a graphics card would do: there the gap is wider still.",
    )
    if st.button("Measure", key="boltzmann_measure", icon=":material/timer:", help="Takes about half a second."):
        from rbm.side_by_side import sweep_times

        st.session_state["boltzmann_times"] = sweep_times(SIZES, 1)
    rows = st.session_state.get("boltzmann_times", [])
    names = ("Boltzmann machine, unit by unit", "RBM, layer by layer")
    series = [Series(name, [r[0] for r in rows], [1e3 * r[i] for r in rows]) for i, name in enumerate(names, 1)]
    option = curve_option(
        series, x_title="units", y_title="ms per sweep of 100 chains", log_x=True, log_y=True, empty="Press Measure"
    )
    curves(option, height=230, key="boltzmann_sizes", alt="Milliseconds per sweep against units")
