"""What the page of retrieval shows of any load and temperature: the map, the measured overlap and what the chains hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from pages.ui.components import moving, wall
from pages.ui.controls.knobs import Panel
from pages.ui.draw import figures, frames
from pages.ui.server import feed
from rbm.core.language import N_, _
from rbm.lessons import known, retrieval_theory
from rbm.training.config import knob

if TYPE_CHECKING:
    import torch

    from rbm.lessons.hopfield_rbm import RetrievalWalk

SIDE = 28  # of the pictures: N = 784 spins
LOADS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.12, 0.138, 0.16, 0.2, 0.25)
TEMPERATURES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.7)
CHAINS, SWEEPS = 8, 60
DIGIT = 3
PICTURE, NOISE = N_("the picture"), N_("noise")
RETRIEVAL, GLASS = "rgba(42, 157, 147, 0.30)", "rgba(128, 140, 150, 0.20)"
NAMES = {"retrieval": _("it remembers"), "spin glass": _("frozen, but in no memory"), "paramagnet": _("noise")}


@dataclass(frozen=True)
class RetrievalSettings:
    """How many patterns are stored, how warm it is, and where the chains begin."""

    load: float = knob(
        0.03,
        _("Load α = P/N"),
        _("Stored patterns per spin, that is hidden units per visible unit: 0.05 is 39 patterns in 784 spins."),
        stops=LOADS,
    )
    temperature: float = knob(
        0.4, _("Temperature T"), _("The chains sample exp(−E/T). At 0 none ever goes uphill."), stops=TEMPERATURES
    )
    start: str = knob(
        PICTURE,
        _("Chains start at"),
        _("The picture is pattern 1. From noise hardly any chain finds it within 60 sweeps: others lie nearer."),
        choices=(PICTURE, NOISE),
    )


PANEL = Panel("retrieval", RetrievalSettings)


@lru_cache(maxsize=1)
def _patterns() -> torch.Tensor:
    """The picture of a digit and as many random patterns as any load asks for, (P, N) of −1 and +1."""
    import torch

    from rbm.datasets.patterns import SIDE as COARSE
    from rbm.datasets.patterns import digit_patterns
    from rbm.randomness import generator

    coarse, times = digit_patterns()[DIGIT].view(COARSE, COARSE), SIDE // COARSE
    picture = coarse.repeat_interleave(times, 0).repeat_interleave(times, 1).flatten()
    count = round(max(LOADS) * SIDE**2)
    random = torch.randint(0, 2, (count - 1, SIDE**2), generator=generator(1, "patterns")).to(picture)
    return torch.cat([picture[None], 2 * random - 1])


def stored(load: float) -> int:
    """P, the number of patterns at that load."""
    return max(1, round(load * SIDE**2))


@lru_cache(maxsize=256)
def walked(load: float, temperature: float, start: str) -> RetrievalWalk:
    """The machine's own chains at that point, 20 to 90 ms; the same for all who look."""
    import torch

    from rbm.lessons import hopfield_rbm
    from rbm.randomness import generator

    patterns, draw = _patterns()[: stored(load)], generator(1, "retrieval")
    noise = 2.0 * torch.randint(0, 2, (CHAINS, SIDE**2), generator=draw) - 1
    begin = patterns[:1].repeat(CHAINS, 1) if start == PICTURE else noise
    return hopfield_rbm.walk(hopfield_rbm.machine(patterns), patterns[0], temperature, begin, SWEEPS, draw)


def elements(start: str, load: float, temperature: float) -> feed.Elements:
    """All that the two sliders move."""
    load, temperature = float(load), float(temperature)
    found = walked(load, temperature, start)
    theory = retrieval_theory.solve(load, temperature, retrieved=True)
    held = np.concatenate([found.states.numpy(), found.means.numpy()])
    pictures = frames.colour_probabilities((held + 1) / 2, shape=(SIDE, SIDE))
    labels = [
        _("{what}, chain {chain}").format(what=what, chain=chain + 1)
        for what in (_("now"), _("mean"))
        for chain in range(CHAINS)
    ]
    return {
        "retrieval_map": phases(load, temperature),
        "retrieval_m": overlaps(found, float(theory.m)),
        "retrieval_held": wall.pictures(pictures, CHAINS, labels=labels),
        "retrieval_facts": _facts(load, temperature, found, theory),
    }


def _facts(
    load: float, temperature: float, found: RetrievalWalk, theory: retrieval_theory.OrderParameters
) -> dict[str, Any]:
    phase = retrieval_theory.phase(load, temperature, theory)
    measured = f"{figures.number(found.value, 3)} ± {found.standard_error:.4f}"
    rows = [
        (_("overlap m"), measured, figures.number(abs(float(theory.m)), 3)),
        (_("frozen q"), figures.number(found.frozen, 3), figures.number(float(theory.q), 3)),
    ]
    about = (
        _("{stored} patterns in {side} spins: {phase}, {names}.").format(
            stored=stored(load), side=SIDE**2, phase=_(phase), names=NAMES[phase]
        ),
        _("{chains} chains, the second half of {sweeps} sweeps; the error is over chains.").format(
            chains=CHAINS, sweeps=SWEEPS
        ),
        _("Of infinitely many spins at rest (Amit, Gutfreund & Sompolinsky 1985)."),
    )
    return moving.table((f"{_(phase)}, P = {stored(load)}", _("chains"), _("theory")), rows, about)


def phases(load: float, temperature: float) -> dict[str, Any]:
    """The map with the point that is looked at."""
    drawn = _map()
    marker = {"size": 13, "symbol": "x", "color": "#e76f51"}
    here = {"type": "scatter", "mode": "markers", "name": _("here"), "x": [load], "y": [temperature], "marker": marker}
    return {**drawn, "series": [*drawn["series"], here]}


@lru_cache(maxsize=1)
def _map() -> dict[str, Any]:
    """The map of Amit, Gutfreund and Sompolinsky."""
    lines = known.retrieval()
    figure = go.Figure()
    for name, line, fill in (
        (_("spins freeze below"), lines.glass, GLASS),
        (_("memories last below"), lines.retrieval, RETRIEVAL),
        (_("memories lie lowest below"), lines.ground, RETRIEVAL),
    ):
        there = lines.loads[line > 0]
        falls = [float(there[-1])] if len(there) < len(lines.loads) else []  # to T = 0, where it ends
        figure.add_scatter(
            x=[*there.tolist(), *falls],
            y=[*line[line > 0].tolist(), *(0.0 for _ in falls)],
            name=name,
            mode="lines",
            fill="tozeroy",
            fillcolor=fill,
            hovertemplate=f"{name} T = %{{y:.2f}}<extra></extra>",
        )
    for words, at, height in (
        (_("paramagnet"), 0.125, 1.6),
        (_("spin glass"), 0.18, 0.75),
        (_("retrieval"), 0.085, 0.13),
    ):
        figure.add_scatter(x=[at], y=[height], mode="text", text=[words], hoverinfo="skip", showlegend=False)
    figure.update_xaxes(range=[0, 0.27])
    figure.update_yaxes(range=[0, 1.8])
    figures.at_rest(figure, _("load α = P/N"), _("temperature T"), several=False)
    return figures.option(figure)


def overlaps(found: RetrievalWalk, theory: float) -> dict[str, Any]:
    """m of every chain against sweeps, with the theory's value."""
    each = found.overlap.numpy().T
    series = [
        figures.Series(_("chain {chain}").format(chain=chain), np.arange(len(m)), m) for chain, m in enumerate(each, 1)
    ]
    level = (_("theory {theory:.2f}").format(theory=abs(theory)), abs(theory))
    drawn = figures.curve_option(series, x_title=_("sweeps"), y_title=_("overlap m with the picture"), line=level)
    drawn["layout"] |= {
        "yaxis": {**drawn["layout"]["yaxis"], "range": [min(-0.4, float(each.min()) - 0.05), 1.2]},
        "showlegend": False,
    }
    return drawn
