"""A sweep as plain values for its page: the heat map, slices, parallel coordinates, importance. No Streamlit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from pages.ui.draw import figures, theme
from rbm.core.language import _, plural
from rbm.errors import ConfigError
from rbm.sweep import OBJECTIVES, Axis, SweepSpec, Trial
from rbm.sweep.importance import INTERACTION
from rbm.sweep.ledger import as_good, ranked
from rbm.sweep.spec import KNOBS, Value

_FAINT: dict[theme.Mode, str] = {"light": "#B9C4C6", "dark": "#3A444C"}  # the line of the worst run
RANGE = " to "  # between the ends of a range, as ``read_axis`` takes it in every language
UNSURE = " ?"  # after a number that is unreliable, where there is no room for the word
_NUMBER = r"[-+]?[\d.]+(?:e[-+]?\d+)?"


def shown(value: Value) -> str:
    """One value of a setting in few letters."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def words(values: Mapping[str, Value]) -> str:
    """The settings of a trial."""
    return ", ".join(f"{KNOBS[name].label} {shown(value)}" for name, value in values.items())


def read_axis(name: str, text: str) -> Axis:
    """What a person wrote for a setting: "16, 64, 256" or "0.001 to 0.3"; ConfigError when it is neither, or has a gap.

    A range whose ends differ by a factor of ten or more is searched in ratio.
    """
    knob = KNOBS[name]
    parts = [part.strip() for part in text.split(",")]
    if knob.choices:
        if not all(parts):
            wrong = _("{setting} is {text!r}; expected some of: {choices}.")
            raise ConfigError(
                wrong.format(setting=knob.with_code(name), text=text, choices=", ".join(map(str, knob.choices)))
            )
        return Axis(name, tuple(parts))
    found = re.fullmatch(rf"\s*({_NUMBER})\s*to\s*({_NUMBER})\s*", text)
    try:
        if found:
            low, high = float(found[1]), float(found[2])
            return Axis(name, low=low, high=high, log=low > 0 and high >= 10 * low)
        kind = int if Axis(name, (0,)).whole else float
        return Axis(name, tuple(map(kind, parts)))
    except ValueError as error:
        if isinstance(error, ConfigError):
            raise
        wrong = _("{setting} is {text!r}; expected values such as 1, 5, 25 or a range such as 1 to 25.")
        raise ConfigError(wrong.format(setting=knob.with_code(name), text=text)) from None


def written(axis: Axis) -> str:
    """An axis as a person would write it for ``read_axis``."""
    if axis.values:
        return ", ".join(map(shown, axis.values))
    return RANGE.join(map(shown, (axis.low or 0, axis.high or 0)))


def quoted(trial: Trial) -> str:
    """A trial's value with its standard error and mark: "−95.20 ± 0.31 (unreliable)"."""
    if trial.value is None:
        return ""
    error = "" if trial.error is None else f" ± {trial.error:.2f}"
    return f"{figures.number(trial.value)}{error}" + (f" ({trial.mark})" if trial.mark else "")


def ranking(spec: SweepSpec, trials: Sequence[Trial], best: Trial) -> str:
    """The best in a line: its value, its images, its settings, and which others are as good as far as one can tell."""
    told = _("best {best} on {images} with {words}").format(
        best=quoted(best), images=OBJECTIVES[spec.objective].images, words=words(best.values)
    )
    others = len(as_good(trials, best))
    if others:
        told += plural(
            "; {n} other lies within the error of the difference",
            "; {n} others lie within the error of the difference",
            others,
        ).format(n=others)
    return told


def heat_axes(spec: SweepSpec) -> tuple[Axis, Axis] | None:
    """The two settings of the heat map, down and across: the first two with listed values."""
    listed = [axis for axis in spec.axes if axis.values]
    return (listed[0], listed[1]) if len(listed) >= 2 else None


def heat_map(
    spec: SweepSpec, trials: Sequence[Trial], shares: Mapping[int, float], best: Trial | None, mode: theme.Mode
) -> dict[str, Any]:
    """What `wall.heat` draws: a cell for each pair of values, the best of its trials in it, a stronger colour for better."""
    axes = heat_axes(spec)
    assert axes is not None
    down, across = axes
    known = [t.value for t in trials if t.value is not None]
    ends = (min(known), max(known)) if known else (0.0, 0.0)
    cells = []
    for y in down.values:
        for x in across.values:
            here = [t for t in trials if t.values.get(down.name) == y and t.values.get(across.name) == x]
            cells.append(_cell({down.name: y, across.name: x}, _leading(spec, here), shares, ends, spec, best, mode))
    return {
        "x": {"title": KNOBS[across.name].label, "labels": [shown(v) for v in across.values]},
        "y": {"title": KNOBS[down.name].label, "labels": [shown(v) for v in down.values]},
        "cells": cells,
        "alt": _("{title} by {down} and {across}").format(
            title=OBJECTIVES[spec.objective].title, down=KNOBS[down.name].label, across=KNOBS[across.name].label
        ),
    }


def _leading(spec: SweepSpec, trials: Sequence[Trial]) -> Trial | None:
    """The trial that speaks for a cell: the best that is finished, else one under way, else any."""
    finished = [t for t in trials if t.value is not None and t.state == "finished"]
    if finished:
        return ranked(finished, spec.objective)[0]
    order = ("running", "pruned", "failed", "waiting")
    return min(trials, key=lambda t: order.index(t.state), default=None)


def _cell(
    values: Mapping[str, Value],
    trial: Trial | None,
    shares: Mapping[int, float],
    ends: tuple[float, float],
    spec: SweepSpec,
    best: Trial | None,
    mode: theme.Mode,
) -> dict[str, Any]:
    state = "waiting" if trial is None else trial.state
    cell: dict[str, Any] = {"state": state, "text": "", "share": 0.0, "run": "", "colour": "", "ink": ""}
    said = {
        "waiting": _("not tried yet"),
        "running": _("in training"),
        "pruned": _("stopped early"),
        "failed": "failed",
    }.get(state, "")
    if trial is not None and state != "waiting":
        cell["run"] = trial.run_id
        cell["share"] = shares.get(trial.number, 0.0) if state == "running" else 0.0
        cell["text"] = {"pruned": _("stopped"), "failed": _("failed")}.get(state, "")
    if trial is not None and trial.value is not None:
        objective = OBJECTIVES[spec.objective]
        said = _("{title} of {images} {value}").format(
            title=objective.title, images=objective.images, value=quoted(trial)
        )
        cell["text"] = figures.number(trial.value) + (UNSURE if trial.mark else "")
        cell["colour"], cell["ink"] = _colour(trial.value, ends, OBJECTIVES[spec.objective].more_is_better, mode)
        if best is not None and best.number == trial.number:
            cell["state"], said = "best", _("{said}, the best").format(said=said)
    doubt = f". {trial.doubt.removesuffix('.')}" if trial is not None and trial.doubt else ""
    cell["words"] = f"{words(values)}: {said}{doubt}" + (_(". Click to open the run") if cell["run"] else "")
    return cell


def _colour(value: float, ends: tuple[float, float], more: bool, mode: theme.Mode) -> tuple[str, str]:
    """The cell's colour, from a tint for the worst to the accent for the best, and its text's."""
    low, high = ends
    part = (value - low) / (high - low) if high > low else 1.0
    part = 0.08 + 0.92 * (part if more else 1 - part)
    return theme.tint(part, theme.ACCENT[mode], mode)


def slices(spec: SweepSpec, trials: Sequence[Trial], axis: Axis) -> go.Figure:
    """Every finished trial's objective against one of its settings."""
    done = [t for t in trials if t.value is not None]
    figure = go.Figure()
    figure.add_scatter(
        x=[t.values[axis.name] if not axis.values else shown(t.values[axis.name]) for t in done],
        y=[t.value for t in done],
        mode="markers",
        marker={"size": 9, "opacity": 0.8},
        text=[f"{words(t.values)}<br>{quoted(t)}" for t in done],
        hovertemplate="%{text}<extra></extra>",
    )
    objective = OBJECTIVES[spec.objective]
    figure = figures.at_rest(figure, KNOBS[axis.name].label, f"{objective.title}, {objective.unit}", several=False)
    if axis.values:
        figure.update_xaxes(type="category", categoryorder="array", categoryarray=[shown(v) for v in axis.values])
    elif axis.log:
        figure.update_xaxes(type="log")
    return figure


def parallel(spec: SweepSpec, trials: Sequence[Trial], mode: theme.Mode) -> go.Figure:
    """One line a finished trial through all its settings to its objective, the better the stronger its colour."""
    done = [t for t in trials if t.value is not None]
    values = [t.value for t in done]
    dimensions = [_dimension(axis, done) for axis in spec.axes]
    dimensions.append({"label": OBJECTIVES[spec.objective].title, "values": values})
    figure = go.Figure()
    scale = [[0, _FAINT[mode]], [1, theme.CATEGORICAL[mode][0]]]
    line = {"color": values, "colorscale": scale, "reversescale": not OBJECTIVES[spec.objective].more_is_better}
    ink = theme.TEXT[mode]
    figure.add_parcoords(
        dimensions=dimensions,
        line=line,
        labelfont={"size": 14, "color": ink},
        tickfont={"size": 13, "color": ink},
        rangefont={"size": 1, "color": "rgba(0, 0, 0, 0)"},  # the ends of the lines: the ticks say enough
    )
    figure.update_layout(height=320, margin={"l": 70, "r": 80, "t": 50, "b": 20})
    return figure


def _dimension(axis: Axis, done: Sequence[Trial]) -> dict[str, Any]:
    label = KNOBS[axis.name].label
    if not axis.values:
        return {"label": label, "values": [t.values[axis.name] for t in done], "range": [axis.low, axis.high]}
    places = {value: i for i, value in enumerate(axis.values)}  # evenly spread: 16, 64, 256 would crowd at one end
    ticks = {"tickvals": list(places.values()), "ticktext": [shown(v) for v in axis.values]}
    return {
        "label": label,
        "values": [places[t.values[axis.name]] for t in done],
        **ticks,
        "range": [0, len(places) - 1],
    }


def importance(found: Mapping[str, float]) -> go.Figure:
    """What share of the variance between trials each setting explains."""
    labels = [KNOBS[name].label if name in KNOBS else name for name in found]
    figure = figures.bars(labels, {"": list(found.values())}, x_title=_("setting"), y_title=_("share of the variance"))
    return figure.update_layout(bargap=0.6)


def about_importance(found: Mapping[str, float], count: int) -> tuple[str, str]:
    """What the shares are, and what they do not tell; ``count`` finished trials."""
    if INTERACTION in found:
        return (
            _(
                "What share of the variance between the cells of this grid each setting explains by itself; "
                "interaction is what settings do only together."
            ),
            _("anything about other values than these, or other seeds: noise between runs is counted as interaction."),
        )
    return (
        _(
            "What share of the variance each setting explains, as a random forest over {count} runs estimates it (fANOVA)."
        ).format(count=count),
        _(
            "how far to trust it: with few runs it is a guess, and where TPE looked closer it speaks of that region most."
        ),
    )
