"""Sample quality against steps from noise: where a machine makes its best samples, and whether they stay as good."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.ui import cards
from pages.ui.components import chart
from pages.ui.controls import widgets
from pages.ui.draw import figures
from pages.ui.server import feed
from rbm.core.language import _
from rbm.jobs.live import LiveRun
from rbm.jobs.task import Task
from rbm.models.parameters import Array
from rbm.tasks.examine import ChainsFromNoise, StepQuality

KEY = "examine_quality"
SURE = 2.0  # standard errors of a difference, beyond which it is not taken for noise
GAP, AATS = _("second moments"), _("neighbours")
UNITS = {GAP: _("squared difference per pair of pixels"), AATS: "AATS"}


def card(current: LiveRun, task: Task | None) -> None:
    """The plot, once the chains of an examination have begun."""
    if not elements(current, task, GAP):
        return
    cards.title(
        _("Quality against steps from noise"),
        _(
            "How far 256 chains are from the data after so many sweeps. Second moments: the mean of (⟨vᵢvⱼ⟩ of "
            "samples − that of images)²; the dotted line is what as many test images reach. Neighbours: AATS, "
            "½ at best. Bars: one standard error."
        ),
        _("whether the best of it is good: look at the samples too."),
        _(
            "the preset Out of equilibrium: a machine trained by 10 steps from noise is best at 10 and worse "
            "ever after (Decelle, Furtlehner & Seoane 2021); then PCD, which only gets better."
        ),
    )
    widgets.segmented_control(
        _("Judged by"), list(UNITS), default=GAP, required=True, key="examine_judge", label_visibility="collapsed"
    )
    for key, drawn in elements(current, task, chosen()).items():
        chart.show(drawn, key=key, alt=_("Quality of samples against sweeps from noise"), height=190)


def chosen() -> str:
    """By what the reader wants the samples judged."""
    by: str = st.session_state.get("examine_judge", GAP)
    return by


def elements(current: LiveRun, task: Task | None, by: str) -> feed.Elements:
    """What is new of it while the machine is examined."""
    found = next((one for one in reversed(task.news) if isinstance(one, ChainsFromNoise)), None) if task else None
    return {} if found is None else {KEY: option(found.quality, by, trained_for(current))}


def trained_for(current: LiveRun) -> int | None:
    """The sweeps from noise by which the machine learnt; None where its chains began elsewhere."""
    return int(current.knobs["k"]) if current.spec.training.algorithm == "rdm" else None


def option(found: StepQuality, by: str, k: int | None) -> dict[str, Any]:
    """The chart: quality with its errors, where the best is, what images reach, and the k of the training."""
    gaps = by == GAP
    values, errors = (found.gap, found.gap_error) if gaps else (found.aats, np.full_like(found.aats, found.aats_error))
    figure = go.Figure()
    figure.add_scatter(
        x=found.steps.tolist(),
        y=values.tolist(),
        error_y={"type": "data", "array": errors.tolist(), "thickness": 1, "width": 2},
        mode="lines+markers",
        name=_("samples"),
        hovertemplate=_("after {x} sweeps {y}").format(x="%{x:.0f}", y="%{y:.3g}") + "<extra></extra>",
    )
    if k is not None:
        ends = [float(values.min()), float(values.max())]
        figure.add_scatter(
            x=[k, k],
            y=ends,
            mode="lines",
            line={"dash": "dash"},
            name=_("trained by {k} steps").format(k=k),
            hoverinfo="skip",
        )
    figure.update_xaxes(type="log")
    if gaps:
        figure.update_yaxes(type="log", exponentformat="power")
    figures.at_rest(figure, _("sweeps from noise"), UNITS[by], several=k is not None)
    level = {"label": _("as many images"), "value": found.gap_of_data} if gaps else {"label": _("ideal"), "value": 0.5}
    return {
        **figures.option(figure),
        "line": level,
        "note": best(found.steps, values if gaps else np.abs(values - 0.5), errors),
    }


def best(steps: Array, badness: Array, errors: Array) -> str:
    """After how many sweeps samples are best, where that is more than noise: every other is worse by two standard errors of
    the difference; else that no number of sweeps is better than another, or which are not to be told apart."""
    i, last = int(np.argmin(badness)), int(steps[-1])
    alike = steps[badness - badness[i] <= SURE * np.hypot(errors, errors[i])]
    if len(alike) == len(steps):
        return _("No number of sweeps is better than another, within its errors.")
    if len(alike) == 1:
        return _("Best after {steps} of {last} sweeps.").format(steps=int(steps[i]), last=last)
    return _(
        "Best somewhere from {first} to {last} of {all} sweeps: which of them is not known within the errors."
    ).format(first=int(alike[0]), last=int(alike[-1]), all=last)
