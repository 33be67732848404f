"""How the modes of W grew through training: the leading singular values against updates, over the band of noise."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pages.ui import cards
from pages.ui.components import chart
from pages.ui.draw import figures
from pages.ui.server import feed
from rbm.core.language import _, plural
from rbm.evaluation import mode_growth
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot

BAND = "rgba(128, 140, 150, 0.22)"


def card(current: LiveRun) -> None:
    """The modes of that run; where its history holds none, those of the moments that are still there."""
    cards.title(
        _("Modes that grow"),
        _(
            "The eight largest singular values of W against updates; the band is the law of Marčenko and "
            "Pastur, σ(√V − √H) to σ(√V + √H), for weights of noise. A dot marks the update by which a mode "
            "has left it for good, beyond what noise reaches once in a thousand machines."
        ),
        _("updates between two measurements, which are at 1, 2, 4, 8 … and then three a doubling."),
        _("a rate of a tenth: the same modes leave in the same order, ten times as late."),
    )
    shown = option(current)
    chart.show(shown, height=150, key="examine_growth", alt=_("The leading singular values against updates"))


def elements(current: LiveRun) -> feed.Elements:
    """What is new of it while the run trains."""
    return {"examine_growth": option(current)}


def option(current: LiveRun) -> dict[str, Any]:
    """The chart of a run's modes."""
    sizes = current.past[-1].weight.shape if current.past else (0, 0)
    events = ((event.step, event.metrics) for event in current.history.events)
    found = mode_growth.told(events, *sizes) if current.past else None
    if found is not None:
        return figure(found, _note(found))
    moments = [(past.step, _leading(past)) for past in current.past]
    found = mode_growth.growth([m[0] for m in moments], [m[1] for m in moments], *sizes)
    unknown = found._replace(left=np.full_like(found.left, np.nan))
    return figure(unknown, _("Trained before modes were noted: what was kept is here."))


@lru_cache(maxsize=64)
def _leading(past: Snapshot) -> list[float]:
    found = mode_growth.leading(past.to_model())
    return [found.get(name, np.nan) for name in mode_growth.NAMES]


def figure(found: mode_growth.Growth, note: str) -> dict[str, Any]:
    """Lines over the band, on two logarithmic axes: update 0 stands at the first one's left, at a half."""
    steps = np.maximum(found.steps, 0.5)
    drawn = go.Figure()
    ends = [steps.min(initial=0.5), steps.max(initial=1.0)]
    low = max(found.low, found.high / 30)  # a square W's noise begins at 0, which has no logarithm
    drawn.add_scatter(x=ends, y=[low, low], line={"width": 0}, mode="lines", hoverinfo="skip")
    drawn.add_scatter(
        x=ends, y=[found.high] * 2, line={"width": 0}, mode="lines", fill="tonexty", fillcolor=BAND, hoverinfo="skip"
    )
    for mode, values in enumerate(found.values.T):
        name = _("mode {mode}").format(mode=mode + 1)
        known = np.isfinite(values) & (values > 0)
        drawn.add_scatter(
            x=steps[known].tolist(),
            y=values[known].tolist(),
            name=name,
            mode="lines" if known.sum() > 1 else "markers",
            hovertemplate=f"{name} %{{y:.3g}}<extra></extra>",
        )
    gone = np.isfinite(found.left)
    places = [int(np.flatnonzero(found.steps == step)[0]) for step in found.left[gone]]
    drawn.add_scatter(
        x=steps[places].tolist(),
        y=found.values[places, np.flatnonzero(gone)].tolist(),
        mode="markers",
        marker={"size": 8},
        name=_("leaves the noise"),
        hoverinfo="skip",
    )
    drawn.update_xaxes(type="log")
    drawn.update_yaxes(type="log")
    figures.at_rest(drawn, _("updates"), _("singular value of W"), several=False)
    return {**figures.option(drawn), "note": note, "line": {"label": _("edge of the noise"), "value": found.high}}


def _note(found: mode_growth.Growth) -> str:
    """ "Left the noise: modes 1–3 by update 8; mode 4 by update 16. Still in it: 2 modes." """
    by: dict[int, list[int]] = {}
    for mode, step in enumerate(found.left, 1):
        if np.isfinite(step):
            by.setdefault(int(step), []).append(mode)
    inside = int((~np.isfinite(found.left) & np.isfinite(found.values[-1])).sum())
    if not by:
        return _("None has left the noise yet.") if inside else ""
    parts = [
        plural("mode {modes} by update {step:,}", "modes {modes} by update {step:,}", len(modes)).format(
            modes=_modes(modes), step=step
        )
        for step, modes in by.items()
    ]
    words = _("Left the noise: {modes}.").format(modes="; ".join(parts))
    rest = plural("Still in it: {n} mode.", "Still in it: {n} modes.", inside).format(n=inside) if inside else ""
    return " ".join(filter(None, (words, rest)))


def _modes(modes: list[int]) -> str:
    whole = len(modes) > 2 and modes == list(range(modes[0], modes[-1] + 1))
    return f"{modes[0]}–{modes[-1]}" if whole else ", ".join(map(str, modes))
