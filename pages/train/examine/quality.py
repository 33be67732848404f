"""Sample quality against steps from noise: where a machine makes its best samples, and whether they stay as good."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.ui import cards
from pages.ui.components import chart
from pages.ui.draw import figures
from pages.ui.server import feed
from rbm.jobs.live import LiveRun
from rbm.jobs.task import Task
from rbm.tasks.examine import ChainsFromNoise, StepQuality

KEY = "examine_quality"
GAP, AATS = "second moments", "neighbours"
UNITS = {GAP: "squared difference per pair of pixels", AATS: "AATS"}


def card(current: LiveRun, task: Task | None) -> None:
    """The plot, once the chains of an examination have begun."""
    if not elements(current, task, GAP):
        return
    cards.title(
        "Quality against steps from noise",
        "How far 256 chains are from the data after so many sweeps. Second moments: the mean of (⟨vᵢvⱼ⟩ of samples − that of "
        "images)²; the dotted line is what as many test images reach. Neighbours: AATS, ½ at best. Bars: one standard error.",
        "whether the best of it is good: look at the samples too.",
        "the preset Out of equilibrium: a machine trained by 10 steps from noise is best at 10 and worse ever after "
        "(Decelle, Furtlehner & Seoane 2021); then PCD, which only gets better.",
    )
    st.segmented_control(
        "Judged by", list(UNITS), default=GAP, required=True, key="examine_judge", label_visibility="collapsed"
    )
    for key, drawn in elements(current, task, chosen()).items():
        chart.show(drawn, key=key, alt="Quality of samples against sweeps from noise", height=200)


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
        name="samples",
        hovertemplate="after %{x:.0f} sweeps %{y:.3g}<extra></extra>",
    )
    if k is not None:
        ends = [float(values.min()), float(values.max())]
        figure.add_scatter(
            x=[k, k], y=ends, mode="lines", line={"dash": "dash"}, name=f"trained by {k} steps", hoverinfo="skip"
        )
    figure.update_xaxes(type="log")
    if gaps:
        figure.update_yaxes(type="log", exponentformat="power")
    figures.at_rest(figure, "sweeps from noise", UNITS[by], several=k is not None)
    best = int(found.steps[np.argmin(values if gaps else np.abs(values - 0.5))])
    level = {"label": "as many images", "value": found.gap_of_data} if gaps else {"label": "ideal", "value": 0.5}
    return {
        **figures.option(figure),
        "line": level,
        "note": f"Best after {best} of {int(found.steps[-1])} sweeps.",
    }
