"""The Markov-chain lesson's parts: a tiny machine, its transition matrix and spectrum, and chains that are watched."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from pages.ui import cards, figures, frames, theme
from pages.ui.curves import curves
from pages.ui.statebars import state_bars
from pages.ui.wall import wall

if TYPE_CHECKING:
    from rbm.laboratory.visits import Visits
    from rbm.models.rbm import RBM

SIDE = 2  # of the pictures; 16 states
MACHINES = ("two far modes", "bars and stripes", "random weights")
EIGENVALUES = 8
PLAY_SECONDS, PLAY_SWEEPS = 0.4, 20
MOST_SWEEPS = 20_000


class Facts(NamedTuple):
    """All that is exactly known of one machine at one β; states are ordered by how many pixels are on."""

    order: tuple[int, ...]  # the place in binary counting of each state shown
    names: tuple[str, ...]
    k: figures.Floats  # (S, S)
    p: figures.Floats  # (S,)
    eigenvalues: figures.Floats
    slowest: figures.Floats  # (S,)
    relaxation: float
    mixing: float


class Asked(NamedTuple):
    """What the controls ask for."""

    kind: str
    coupling: float
    beta: float


def set_controls(kind: str, coupling: float = 2.0, beta: float = 1.0, *, tempered: bool = False) -> None:
    """Put an experiment into the controls."""
    st.session_state.update(
        markov_kind=kind, markov_coupling=coupling, markov_beta=beta, markov_tempered=tempered, markov_seed=1
    )


def controls() -> Asked:
    """Which machine, how strong and how cold."""
    if "markov_kind" not in st.session_state:
        set_controls(MACHINES[0])
    kind = st.segmented_control(
        "Machine",
        MACHINES,
        required=True,
        key="markov_kind",
        persist_state="session",
        help="Four visible units, so 16 states. Bars and stripes was learnt by the exact gradient, with four hidden units.",
    )
    left, right = st.columns(2, gap="medium")
    left.slider(
        "Coupling w",
        0.0,
        6.0,
        step=0.1,
        key="markov_coupling",
        persist_state="session",
        disabled=kind == MACHINES[1],
        help="Far modes: every weight is w. Random: the weights' standard deviation. Learnt weights stay as learnt.",
    )
    right.slider(
        "Inverse temperature β",
        0.1,
        3.0,
        step=0.1,
        key="markov_beta",
        persist_state="session",
        help="1 is the machine itself. Below 1 (hot) it mixes fast, above 1 (cold) it hardly leaves a mode.",
    )
    return Asked(str(kind), float(st.session_state["markov_coupling"]), float(st.session_state["markov_beta"]))


@st.cache_resource(show_spinner="Learning the tiny machine", max_entries=256)
def machine(kind: str, coupling: float) -> RBM:
    """The machine that is asked for."""
    from rbm.laboratory import machines

    if kind == MACHINES[1]:
        return machines.learnt_bars(SIDE)
    return machines.two_modes(coupling) if kind == MACHINES[0] else machines.random(coupling)


@st.cache_resource(show_spinner=False, max_entries=512)
def facts(kind: str, coupling: float, beta: float) -> Facts:
    """The exact chain at that β."""
    from rbm.evaluation import transition

    half = transition.halves(machine(kind, coupling), beta)
    k, found = transition.matrix(half), transition.modes(half)
    order = sorted(range(len(half.v)), key=lambda i: (float(half.v[i].sum()), i))
    names = tuple("".join(str(int(x)) for x in half.v[i]) for i in order)
    return Facts(
        tuple(order),
        names,
        k.numpy()[np.ix_(order, order)],
        half.visible.numpy()[order],
        found.eigenvalues.numpy(),
        found.slowest.numpy()[order],
        found.relaxation_time,
        transition.mixing_time(k, half.visible),
    )


def heat_map(known: Facts) -> None:
    """K as a square of colours."""
    cards.title(
        "The transition matrix K",
        "Row: the state now; column: the state after one sweep; the redder, the likelier (on a square-root scale, so "
        "that rare steps show). States are ordered by how many pixels are on. Hover a cell for its two states.",
        "how a particular chain will go: only what each step may be.",
        "a larger coupling: two blocks appear, and between them nothing.",
    )
    size = len(known.p)
    pixels = frames.colour_weights(
        np.sqrt(known.k).reshape(-1, 1, 1), limit=float(np.sqrt(known.k.max())), lut=theme.diverging(cards.mode())
    ).pixels
    labels = [
        f"{now} → {then}: {known.k[i, j]:.3g}"
        for i, now in enumerate(known.names)
        for j, then in enumerate(known.names)
    ]
    wall(
        frames.grid_png(pixels, size, gap=0),
        n=size * size,
        columns=size,
        cell=(1, 1),
        gap=0,
        labels=labels,
        max_cell=22,
        alt="The transition matrix of Gibbs sampling as a heat map",
        key="markov_matrix",
    )
    st.caption("Rows: now, from all off (top) to all on. Columns: one sweep later, from all off (left) to all on.")


def spectrum(known: Facts) -> None:
    """The eigenvalues of K, and what the second one means in sweeps."""
    cards.title(
        "Its eigenvalues",
        "All lie between 0 and 1. The first is 1: p stays as it is. The gap below it is how fast everything else is "
        "forgotten: after t sweeps the slowest memory has faded to λ₂ᵗ.",
        "which states are far apart; the picture below does.",
    )
    shown = known.eigenvalues[:EIGENVALUES]
    option = figures.state_option(
        [figures.Bars("eigenvalue", shown)],
        [f"λ{chr(0x2081 + i)}" for i in range(len(shown))],
        x_title="eigenvalues of K, largest first",
        y_title="eigenvalue",
        top=1.05,
    )
    state_bars(option, key="markov_spectrum", alt="The largest eigenvalues of the transition matrix", height=190)
    with st.container(horizontal=True, gap="medium", key="markov_times"):
        st.metric(
            "λ₂",
            f"{known.eigenvalues[1]:.6g}",
            help="The second largest eigenvalue: what fades slowest.",
            width="content",
        )
        st.metric(
            "Relaxation / sweeps",
            _sweeps(known.relaxation),
            help="1 / (1 − λ₂): how long the slowest observable is remembered.",
            width="content",
        )
        st.metric(
            "Mixing time / sweeps",
            _sweeps(known.mixing),
            help="From the worst start, the sweeps until the total variation from p is at most ¼.",
            width="content",
        )


def _sweeps(x: float) -> str:
    if math.isinf(x):
        return "over 10¹⁵"
    return f"{x:.3g}" if x < 10 else f"{x:,.0f}" if x < 1e5 else f"{x:.1e}".replace("e+", "e")


def bottleneck(known: Facts) -> None:
    """The slowest mode, state by state."""
    cards.title(
        "What it forgets last",
        "The second eigenvector of K. States above and below zero lie on the two sides of the bottleneck that chains "
        "cross least often.",
    )
    option = figures.state_option(
        [figures.Bars("slowest mode", known.slowest)],
        known.names,
        x_title="state v",
        y_title="second eigenvector",
        pictures=(SIDE, SIDE),
    )
    state_bars(option, key="markov_slowest", alt="The second eigenvector of the transition matrix", height=190)


def watched(asked: Asked) -> dict[str, Visits]:
    """This tab's chains, new ones when the machine or its temperature has changed."""
    from rbm.laboratory.visits import Ladder, Visits

    start = (asked, st.session_state.get("markov_seed", 1))
    if st.session_state.get("markov_start") != start:
        st.session_state["markov_start"] = start
        model = machine(asked.kind, asked.coupling)
        beta, seed = asked.beta, start[1]
        st.session_state["markov_chains"] = {
            "Gibbs": Visits(model, beta=beta, seed=seed),
            "tempered": Visits(model, beta=beta, seed=seed, ladder=Ladder()),
        }
    chains: dict[str, Visits] = st.session_state["markov_chains"]
    return chains


def advance(chains: dict[str, Visits], sweeps: int) -> None:
    """Both chains so much further; the tempered one only where it is wanted."""
    for name, chain in chains.items():
        if (name == "Gibbs" or st.session_state.get("markov_tempered")) and len(chain.distance) < MOST_SWEEPS:
            chain.advance(sweeps)


def transport(chains: dict[str, Visits]) -> None:
    """Step, 10, 50, Play, Reset, and whether a tempered chain runs too."""
    with st.container(horizontal=True, key="markov_transport", gap="small", vertical_alignment="center"):
        for count in (1, 10, 50):
            st.button(
                "Step" if count == 1 else f"{count}",
                type="primary" if count == 1 else "secondary",
                icon=":material/skip_next:" if count == 1 else None,
                key=f"markov_{count}",
                on_click=advance,
                args=(chains, count),
                help="One sweep: h given v, then v given h." if count == 1 else f"{count} sweeps at once.",
            )
        playing = st.session_state.get("markov_playing", False)
        if st.button(
            "Pause" if playing else "Play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            shortcut="P",
            key="markov_play",
            help=f"{PLAY_SWEEPS} sweeps every {PLAY_SECONDS:g} s.",
        ):
            st.session_state["markov_playing"] = not playing
            st.rerun()
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            shortcut="X",
            key="markov_reset",
            on_click=lambda: st.session_state.update(markov_seed=st.session_state.get("markov_seed", 1) + 1),
            help="New chains from all pixels off, with new luck.",
        )
        st.toggle(
            "Also a tempered chain",
            key="markov_tempered",
            persist_state="session",
            help="Four replicas from β down to a tenth of it, which swap states; only the coldest is counted.",
        )


def interval() -> float | None:
    """Seconds between looks while the chain plays."""
    return PLAY_SECONDS if st.session_state.get("markov_playing") else None


def visits(known: Facts, chains: dict[str, Visits]) -> None:
    """The shares of visits against the exact bars."""
    plain = chains["Gibbs"]
    cards.title(
        "Where the chain has been",
        "Outlined: the exact p(v). Filled: the share of sweeps that the chain has spent in each state, from all pixels "
        "off; the lit state is where it stands now.",
        "that it has been everywhere: a chain stuck in one mode draws a calm and wrong histogram.",
    )
    shown = [figures.Bars("exact p(v)", known.p, outline=True)]
    shown += [figures.Bars(name, chain.share[list(known.order)]) for name, chain in _running(chains).items()]
    option = figures.state_option(
        shown,
        known.names,
        x_title="state v",
        y_title="probability, share of visits",
        pictures=(SIDE, SIDE),
        marked=known.order.index(plain.state),
    )
    state_bars(
        option, key="markov_visits", alt="Shares of visits of the chains against the exact probabilities", height=260
    )


def distance(chains: dict[str, Visits]) -> None:
    """Total variation against sweeps."""
    cards.title(
        "How wrong the histogram still is",
        "The total variation, half the summed differences between visits and p(v): 0 is exact, ½ is one of two equal "
        "modes missed.",
        "anything, on a real machine: there p(v) is not known, and a flat curve of the chain's own numbers looks the same.",
    )
    series = [
        figures.Series(name, np.arange(1, len(chain.distance) + 1), chain.distance)
        for name, chain in _running(chains).items()
    ]
    option = figures.curve_option(
        series, x_title="sweeps", y_title="total variation", empty="Press Step or Play: the chain has not moved yet"
    )
    curves(option, height=260, key="markov_distance", alt="Total variation between visits and the exact distribution")


def _running(chains: dict[str, Visits]) -> dict[str, Visits]:
    """The chains that are shown: the tempered one once it has moved or is to move."""
    return {
        name: chain
        for name, chain in chains.items()
        if name == "Gibbs" or chain.distance or st.session_state.get("markov_tempered")
    }
