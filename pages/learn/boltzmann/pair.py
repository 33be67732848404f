"""The Boltzmann page's parts: two machines side by side, their weights, their samples and what a sweep costs."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.ui import cards
from pages.ui.components import chart, moving, wall
from pages.ui.controls.knobs import Panel
from pages.ui.draw import frames, theme
from pages.ui.draw.figures import Series, curve_option, number
from pages.ui.server import feed
from pages.ui.server.turnstile import again
from pages.ui.session import tasks
from rbm.core.language import N_, _
from rbm.training.config import knob

if TYPE_CHECKING:
    from rbm.lessons.boltzmann_vs_rbm import BoltzmannVsRbm

DATA = {_("Bars and stripes 2×2"): 2, _("Bars and stripes 3×3"): 3, _("Bars and stripes 4×4"): 4}
EXACT, GIBBS = N_("exact"), N_("Gibbs chains")
EXACT_UNITS = 12
SIZES = (8, 16, 32, 64, 128, 256, 512)
NAMES = {"boltzmann": _("Boltzmann machine"), "rbm": "RBM"}
CHART, SIZES_CHART = 188, 146  # pixels high, so that both stand on a screen of 720
SAMPLES, CELL = 20, 16  # of each machine; dots on a side of one weight
TOO_LARGE = _("The Boltzmann machine has more than 16 units: too many states to compute its KL.")
PLAY_SECONDS, BUDGET = 0.4, 0.12  # between ticks, and of learning in each


@dataclass(frozen=True)
class BoltzmannSettings:
    """What both learn, and how."""

    data: str = knob(next(iter(DATA)), _("Data"), _("All bars and stripes, each equally often."), choices=tuple(DATA))
    hidden: int = knob(2, _("Hidden units"), _("Of the Boltzmann machine."), low=0, high=8, step=1)
    method: str = knob(
        EXACT,
        _("Learn by"),
        _("Exact: every state is visited, up to 12 units. Gibbs chains: both phases are sampled."),
        choices=(EXACT, GIBBS),
    )
    rate: float = knob(0.5, _("Learning rate"), _("Takes effect at once."), stops=(0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0))


PANEL = Panel("boltzmann", BoltzmannSettings)


def fresh(data: str, n_hidden: int, method: str) -> BoltzmannVsRbm:
    """Both machines before their first update."""
    from rbm.datasets.toy import bars_and_stripes
    from rbm.lessons.boltzmann_vs_rbm import BoltzmannVsRbm

    return BoltzmannVsRbm(bars_and_stripes(DATA[data]).train, n_hidden, 1, use_exact=method == EXACT)


def learn(pair: BoltzmannVsRbm, learning_rate: float) -> None:
    """As many updates as fit into a tick."""
    again(partial(pair.go_on, learning_rate), BUDGET)


def anew(data: str, method: str, mode: theme.Mode, n_hidden: int) -> feed.Elements:
    """What both show before their first update, with another number of hidden units."""
    return elements(fresh(data, n_hidden, possible(data, n_hidden, method)), mode)


def possible(data: str, n_hidden: int, method: str) -> str:
    """The chosen method, or chains where there are too many states to visit."""
    return method if DATA[data] ** 2 + n_hidden <= EXACT_UNITS else GIBBS


def elements(pair: BoltzmannVsRbm, mode: theme.Mode) -> feed.Elements:
    """All that learning moves, by the key of what shows it."""
    history = pair.history  # one moment of what another run of this script may be adding to
    recent = history[-20:]
    own, twin = (statistics.median(r[i] for r in recent) * 1e3 for i in (3, 4))
    counts = [sum(p.numel() for p in model.parameters()) for model in (pair.boltzmann, pair.rbm)]
    steps = [r.step for r in history]
    series = [
        Series(_("Boltzmann machine"), steps, [r.boltzmann_kl for r in history]),
        Series("RBM", steps, [r.rbm_kl for r in history]),
    ]
    large = np.isnan(history[-1].boltzmann_kl)
    return {
        "boltzmann_kl": curve_option(series, x_title=_("updates"), y_title=_("KL / nats")),
        "boltzmann_note": moving.table((), [(TOO_LARGE if large else "",)]),
        "boltzmann_costs": moving.table(
            (_("Boltzmann machine, unit by unit"), _("RBM, layer by layer"), _("Ratio")),
            [(f"{own:.2f} ms", f"{twin:.2f} ms", f"{own / twin:.1f}")],
            [
                *(
                    _("Measured on this server: one sweep of 100 chains, {n} parameters. Median of the last.").format(
                        n=n
                    )
                    for n in counts
                ),
                _("How many times longer the Boltzmann machine's sweep takes."),
            ],
        ),
        **_matrices(pair, mode),
        **_samples(pair),
    }


def _matrices(pair: BoltzmannVsRbm, mode: theme.Mode) -> feed.Elements:
    """All weights of both, as one matrix over all units each, a line where the hidden layer begins: the RBM's blocks within a
    layer are empty."""
    n_visible, n_hidden = pair.rbm.weight.shape
    found = {}
    for name, matrix in _weights(pair).items():
        coloured = frames.colour_weights(matrix[None], shared=True, lut=theme.diverging(mode))
        what = _("weight · v, then h") if n_hidden else _("weight")
        legend = wall.signed(coloured.tiles.lut, number(float(coloured.limit[0])), what)
        now = _("after {n} updates").format(n=pair.step)
        found[f"boltzmann_w_{name}"] = wall.pictures(
            _parted(coloured.tiles, n_visible, mode), 1, legend=legend, now=now
        )
    return found


def _weights(pair: BoltzmannVsRbm) -> dict[str, NDArray[np.float32]]:
    """Both machines' weights between all their units, visible ones first: (V + H, V + H) each."""
    rbm = pair.rbm.weight.detach().numpy()
    n_visible, n_hidden = rbm.shape
    full = np.zeros((n_visible + n_hidden,) * 2, rbm.dtype)
    full[:n_visible, n_visible:], full[n_visible:, :n_visible] = rbm, rbm.T
    return {"boltzmann": pair.boltzmann.weight.detach().numpy(), "rbm": full}


def _numbers(pair: BoltzmannVsRbm, name: str) -> list[list[object]]:
    """The weights of one of them as rows, each unit by its name."""
    n_visible, n_hidden = pair.rbm.weight.shape
    units = [f"v{i + 1}" for i in range(n_visible)] + [f"h{j + 1}" for j in range(n_hidden)]
    return wall.matrix_rows(_weights(pair)[name], units, _("unit"))


def _parted(matrix: frames.Tiles, at: int, mode: theme.Mode) -> frames.Tiles:
    """The matrix with a line across and down before that unit, in a colour that no weight has."""
    rows, lut = matrix.rows.repeat(CELL, axis=1).repeat(CELL, axis=2), matrix.lut.copy()
    lut[0] = (0, 0, 0) if mode == "light" else (255, 255, 255)  # the first colour of the scale stands for no weight
    if CELL * at < rows.shape[1]:
        rows[:, CELL * at, :] = rows[:, :, CELL * at] = 0
    return frames.Tiles(rows, lut)


def _samples(pair: BoltzmannVsRbm) -> feed.Elements:
    """What each makes by itself: exact draws, or where its chains are."""
    from rbm.evaluation import exact, exact_boltzmann
    from rbm.randomness import generator

    if pair.use_exact:
        made = {
            "boltzmann": exact_boltzmann.sample(
                pair.boltzmann, SAMPLES, generator(pair.step, "samples", "boltzmann")
            ).v,
            "rbm": exact.sample(pair.rbm, SAMPLES, generator(pair.step, "samples", "rbm")).v,
        }
    else:
        made = {"boltzmann": pair.phases.free.v[:SAMPLES], "rbm": pair.chains.v[:SAMPLES]}
    side = round(pair.rows.shape[1] ** 0.5)
    return {
        f"boltzmann_v_{name}": wall.pictures(
            frames.colour_probabilities(v.numpy(), shape=(side, side)),
            10,
            now=_("after {n} updates").format(n=pair.step),
        )
        for name, v in made.items()
    }


def divergences(drawn: feed.Elements) -> None:
    """KL of both against updates."""
    cards.title(
        _("KL divergence from the data"),
        _("How far p(v) is from the data's distribution, exactly; 0 means equal."),
        _("which is better in general: neither is, for as many parameters."),
    )
    alt = _("KL divergence of both machines against updates")
    chart.show(drawn["boltzmann_kl"], height=CHART, key="boltzmann_kl", alt=alt)
    moving.facts(drawn["boltzmann_note"], key="boltzmann_note", look="caption")


def costs(drawn: feed.Elements) -> None:
    """The measured time of a sweep, of both."""
    cards.title(
        _("Time of a sweep"), _("Of 100 chains, measured here while both learn; point at a number for its parameters.")
    )
    moving.facts(drawn["boltzmann_costs"], key="boltzmann_costs", look="figures")


def matrices(drawn: feed.Elements, both: BoltzmannVsRbm) -> None:
    """All weights of both, as one matrix each."""
    for column, (key, name) in zip(st.columns(2), NAMES.items(), strict=True):
        with column:
            cards.title(
                _("W: Boltzmann")
                if key == "boltzmann"
                else _("W: RBM"),  # one line each, so the matrices stand side by side
                _(
                    "Every unit against every other, visible units first: blue negative, red positive. In the RBM the "
                    "blocks within a layer stay empty."
                ),
            )
            place, alt = f"boltzmann_w_{key}", _("The weights of the {name} as a matrix").format(name=name)
            wall.show(drawn[place], max_cell=230, numbers=partial(_numbers, both, key), alt=alt, key=place)


def samples(drawn: feed.Elements) -> None:
    """What each makes by itself."""
    for column, (key, name) in zip(st.columns(2), NAMES.items(), strict=True):
        with column:
            place = f"boltzmann_v_{key}"
            wall.show(
                drawn[place],
                framed=True,
                max_cell=36,
                alt=_("Twenty samples of the {name}").format(name=name),
                key=place,
            )
    st.caption(_("Twenty samples of each"))


def sweep_chart() -> None:
    """Time per sweep against size, measured when asked."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="boltzmann_controls"):
        cards.title(
            _("Time per sweep against size"),
            _("Machines of n units, half of them hidden, measured on this server when you press the button."),
            _("what a graphics card would do: there the gap is wider still."),
        )
        st.button(
            _("Measure"),
            key="boltzmann_measure",
            icon=":material/timer:",
            on_click=_measure,
            help=_("Takes about half a second."),
        )
    rows = st.session_state.get("boltzmann_times", [])
    names = (_("Boltzmann machine, unit by unit"), _("RBM, layer by layer"))
    series = [Series(name, [r[0] for r in rows], [1e3 * r[i] for r in rows]) for i, name in enumerate(names, 1)]
    option = curve_option(
        series,
        x_title=_("units"),
        y_title=_("ms per sweep of 100 chains"),
        log_x=True,
        log_y=True,
        empty=_("Press Measure"),
    )
    chart.show(option, height=SIZES_CHART, key="boltzmann_sizes", alt=_("Milliseconds per sweep against units"))


def _measure() -> None:
    from rbm.lessons.boltzmann_vs_rbm import sweep_times

    tasks.hold_beside(boltzmann_times=sweep_times(SIZES, 1))
