"""How good features are, as a figure and as a table: pure values of what the task has told."""

import math

import numpy as np
import plotly.graph_objects as go

from pages.ui.draw.figures import at_rest
from rbm.core.language import _
from rbm.tasks.features import DRAWS, INPUTS, Score


def accuracy_figure(scores: list[Score]) -> go.Figure:
    """Dots with error bars, one colour an input, against the number of labels."""
    figure = go.Figure()
    for name in INPUTS:
        rows = [(count, *mean_error(scores, name, count)) for count in counts(scores)]
        rows = [row for row in rows if not math.isnan(row[1])]
        figure.add_scatter(
            x=[f"{count:,}" for count, *_ in rows],
            y=[100 * mean for _, mean, _ in rows],
            error_y={"type": "data", "array": [0 if math.isnan(e) else 100 * e for *_, e in rows]},
            name=name,
            mode="lines+markers",
            marker={"size": 9},
            hovertemplate=_("{name}, {x} labels: {y} %").format(name=name, x="%{x}", y="%{y:.1f}") + "<extra></extra>",
        )
    labels = [f"{count:,}" for count in counts(scores)]
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=labels, range=[-0.3, len(labels) - 0.7])
    at_rest(figure, _("labelled images"), _("classification accuracy / %"), several=True)
    if not scores:
        figure.update_yaxes(range=[0, 100])
    return figure


def counts(scores: list[Score]) -> list[int]:
    """The numbers of labels that belong on the axis: those of DRAWS, or the one that a small set has."""
    found = {s.labels for s in scores}
    return list(DRAWS) if found <= set(DRAWS) else sorted(found)


def mean_error(scores: list[Score], name: str, count: int) -> tuple[float, float]:
    """Mean accuracy over draws and its standard error; NaN where there is none yet."""
    found = [s.accuracy for s in scores if s.input == name and s.labels == count]
    if not found:
        return math.nan, math.nan
    error = float(np.std(found, ddof=1) / math.sqrt(len(found))) if len(found) > 1 else math.nan
    return float(np.mean(found)), error


def table(scores: list[Score]) -> list[dict[str, str]]:
    """The same in figures, per cent, a row an input."""
    rows = []
    for name in INPUTS:
        row = {"input": name}
        for count in counts(scores):
            mean, error = mean_error(scores, name, count)
            spread = "" if math.isnan(error) else f"±{100 * error:.1f}"
            row[f"{count:,}"] = "" if math.isnan(mean) else f"{100 * mean:.1f}{spread}"
        rows.append(row)
    return rows
