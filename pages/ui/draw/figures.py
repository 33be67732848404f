"""Figures as plain values: line charts, bars over states, Plotly figures, and the drawn machine.

No Streamlit here: a test reads what a figure says. Colours are left to the theme, so that light and dark both work.
"""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from html import escape
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from pages.ui.draw.theme import ACCENT, diverging
from rbm.core.curves import Floats as Floats
from rbm.core.curves import decimate
from rbm.core.language import _
from rbm.report.words import number as number

NOTHING_YET = _("No values yet")
LEAST_NATS = 2.0  # what a likelihood's axis spans at least: estimates scatter by tenths of a nat


class Series(NamedTuple):
    """One line of a chart; a y that is not finite breaks the line. ``doubtful``: the x of values that are drawn hollow.

    ``spread``: half the width of the band around each y. ``behind``: the series behind which this one is drawn faintly, as what
    was measured is behind what was made of it.
    """

    name: str
    x: ArrayLike
    y: ArrayLike
    dash: bool = False
    doubtful: Sequence[float] = ()
    colour: int | None = None  # its place in the palette, where several series are of one thing
    spread: ArrayLike | None = None
    behind: str = ""


def curve_option(
    series: Sequence[Series],
    *,
    x_title: str,
    y_title: str,
    band: tuple[str, str] | None = None,
    band_label: str = _("gap"),
    line: tuple[str, float] | None = None,
    log_x: bool = False,
    log_y: bool = False,
    dots: bool = False,
    empty: str = NOTHING_YET,
    x_range: tuple[float, float] | None = None,
    least_y: float = 0.0,
    doubt: str = "",
    note: str | None = None,
) -> dict[str, Any]:
    """A line chart for `ui.components.chart.show`, as JSON values. Titles name the unit: "free energy / nats".

    band: the names of two series; the area between them is shaded and `second - first` is shown as `band_label`.
    line: what a horizontal line shows, and its value. dots: mark every value, where they are few.
    x_range: what the x axis shows at least, so that charts beside each other can share it; least_y: what the y axis spans at
    least, so that noise does not fill the chart. doubt: the word beside a doubtful value. note: a line over the chart, which
    keeps its place where it is empty; None: no such line.
    """
    names = [one.name for one in series]
    if len(set(names)) < len(names):
        raise ValueError(f"two series share a name: {names}")
    if band is not None and not set(band) <= set(names):
        band = None  # one of the two has no values yet
    lines = [_json_series(one, dots) for one in series]
    x_axis = {"type": "log" if log_x else "linear", "range": None if log_x else _span(lines, x_range)}
    least = _at_least(lines, least_y)
    y_axis: dict[str, Any] = {"type": "log" if log_y else "linear", "autorangeoptions": {"include": least}}
    if least and not log_y and len({value for one in lines for value in one["y"]} - {None}) == 1:
        y_axis["range"] = least  # around a single value Plotly itself would show one to either side
    return {
        "series": lines,
        "layout": {
            "xaxis": {"title": {"text": x_title}, "unifiedhovertitle": {"text": f"{x_title}: %{{x:.6~r}}"}, **x_axis},
            "yaxis": {"title": {"text": y_title}, **y_axis},
            "hovermode": "x unified",
            "showlegend": sum(not one.behind for one in series) > 1,
        },
        "band": [names.index(name) for name in band] if band else None,
        "bandLabel": band_label,
        "line": {"label": line[0], "value": float(line[1])} if line and np.isfinite(line[1]) else None,
        "empty": empty,
        "doubt": doubt,
        "note": note,
    }


def option(figure: go.Figure) -> dict[str, Any]:
    """A figure of Plotly's for `ui.components.chart.show`, as JSON values."""
    drawn = _plain(figure.to_plotly_json())
    layout = {name: value for name, value in drawn["layout"].items() if name != "template"}
    return {"series": drawn["data"], "layout": layout, "empty": _("No values yet")}


def _plain(value: Any) -> Any:
    """With lists for arrays, which Plotly packs, and None for numbers that JSON does not know."""
    if isinstance(value, Mapping) and "bdata" in value:
        flat = np.frombuffer(b64decode(value["bdata"]), value["dtype"])
        return _plain(flat.reshape([int(n) for n in value.get("shape", "-1").split(",")]).tolist())
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _span(lines: Sequence[dict[str, Any]], least: tuple[float, float] | None) -> list[float] | None:
    """From the first x to the last, and on from an only one; None where there is nothing to span."""
    ends = [end for line in lines if line["x"] for end in (line["x"][0], line["x"][-1])] + list(least or ())
    if not ends:
        return None
    low, high = min(ends), max(ends)
    return [low, high] if low < high else [min(low, 0.0), 2 * high if high > 0 else low + 1.0]


def _at_least(lines: Sequence[dict[str, Any]], least: float) -> list[float]:
    """Values to both sides of the middle that a y axis has to show, so that it spans ``least``; of one value a tenth."""
    known = [value for line in lines for value in line["y"] if value is not None]
    if not known or max(known) - min(known) >= max(least, 1e-300):
        return []
    middle = (max(known) + min(known)) / 2
    least = least or abs(middle) / 10 or 1.0
    return [middle - least / 2, middle + least / 2]


class Bars(NamedTuple):
    """One number a state; an outline is drawn around what the others are to fill."""

    name: str
    y: ArrayLike
    outline: bool = False


def state_option(
    bars: Sequence[Bars],
    labels: Sequence[str],
    *,
    x_title: str,
    y_title: str,
    pictures: tuple[int, int] | None = None,
    top: float | None = None,
    marked: int | None = None,
) -> dict[str, Any]:
    """What `ui.moving.state_bars` draws, as JSON values.

    labels: the states' names; with `pictures` (rows, columns) a name of that many 0 and 1 is drawn as a picture instead.
    top: where the y axis ends, if it must not move, as 1 of probabilities; a higher bar moves it all the same, since no bar
    may leave its plot. marked: the state that is lit.
    """
    for one in bars:
        if len(np.asarray(one.y)) != len(labels):
            raise ValueError(f"{one.name!r} has {len(np.asarray(one.y))} values for {len(labels)} states")
    if top is not None:
        top = max(top, *(float(_finite(np.asarray(one.y, dtype=np.float64)).max(initial=top)) for one in bars))
    glyph = None
    if pictures is not None:
        size = pictures[0] * pictures[1]
        bits = [label if len(label) == size and set(label) <= {"0", "1"} else "" for label in labels]
        glyph = {"rows": pictures[0], "columns": pictures[1], "bits": bits}
    return {
        "series": [
            {"name": one.name, "y": _significant(np.asarray(one.y, dtype=np.float64), 5), "outline": one.outline}
            for one in bars
        ],
        "labels": list(labels),
        "x": x_title,
        "y": y_title,
        "glyph": glyph,
        "top": top,
        "marked": marked,
    }


def histogram(
    values: ArrayLike | Mapping[str, ArrayLike],
    *,
    x_title: str,
    y_title: str,
    bins: int = 40,
    share: bool = False,
) -> go.Figure:
    """How values are spread; several named groups lie over each other, in common bins.

    share: the part of each group instead of the count, so that groups of different sizes can be compared.
    """
    groups = values if isinstance(values, Mapping) else {"": values}
    known = {name: _finite(np.asarray(group, dtype=np.float64).ravel()) for name, group in groups.items()}
    edges = np.histogram_bin_edges(np.concatenate([*known.values(), np.empty(0)]), bins)
    middles = (edges[:-1] + edges[1:]) / 2
    several = len(known) > 1
    figure = go.Figure()
    for name, group in known.items():
        height = np.histogram(group, edges)[0] / (max(1, len(group)) if share else 1)
        hover = f"{escape(name)} %{{x:.4g}}: %{{y{':.1%' if share else ''}}}<extra></extra>"
        figure.add_bar(x=middles, y=height, name=name, hovertemplate=hover, opacity=0.65 if several else 1.0)
    figure.update_layout(barmode="overlay", bargap=0.03)
    figure.update_yaxes(tickformat=".0%" if share else None)
    return at_rest(figure, x_title, y_title, several=several)


def bars(
    labels: Sequence[str],
    groups: Mapping[str, ArrayLike],
    *,
    x_title: str,
    y_title: str,
    errors: Mapping[str, ArrayLike] | None = None,
) -> go.Figure:
    """One bar per label and group, with error bars (one standard error) where they are known."""
    figure = go.Figure()
    for name, values in groups.items():
        spread = None if errors is None or name not in errors else {"type": "data", "array": np.asarray(errors[name])}
        figure.add_bar(x=list(labels), y=np.asarray(values, dtype=np.float64), name=name, error_y=spread)
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_xaxes(type="category")  # labels such as "0" ... "9" are names, not numbers
    return at_rest(figure, x_title, y_title, several=len(groups) > 1)


def intervals(
    labels: Sequence[str], values: ArrayLike, low: ArrayLike, high: ArrayLike, *, x_title: str, y_title: str
) -> go.Figure:
    """One dot per label with a bar from its lowest to its highest credible value."""
    y = np.asarray(values, dtype=np.float64)
    spread = {
        "type": "data",
        "symmetric": False,
        "array": np.asarray(high, dtype=np.float64) - y,
        "arrayminus": y - np.asarray(low, dtype=np.float64),
        "thickness": 2,
        "width": 8,
    }
    between = _("between {low} and {high}").format(low="%{customdata[0]:.2f}", high="%{customdata[1]:.2f}")
    hover = f"%{{x}}: %{{y:.2f}}<br>{between}<extra></extra>"
    ends = np.stack([np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)], axis=-1)
    figure = go.Figure()
    figure.add_scatter(
        x=list(labels),
        y=y,
        error_y=spread,
        mode="markers",
        marker={"size": 10},
        customdata=ends,
        hovertemplate=hover,
    )
    figure.update_xaxes(type="category", range=[-0.5, len(labels) - 0.5])
    return at_rest(figure, x_title, y_title, several=False)


def bipartite(n_visible: int = 6, n_hidden: int = 4) -> str:
    """The machine as SVG: hidden layer above, visible below, an edge across for every pair, none within a layer.

    To be shown by `st.markdown(..., unsafe_allow_html=True)`: `st.html` removes SVG, and in `st.image` the text could not
    take the colour of the page. The edges show a made-up W, blue below zero and red above, as on the filter wall.
    """
    width, top, bottom = 500, 86, 236
    visible = [width * (i + 0.5) / n_visible for i in range(n_visible)]
    hidden = [width * (j + 0.5) / n_hidden for j in range(n_hidden)]
    weights = np.random.default_rng(3).normal(size=(n_visible, n_hidden)).clip(-1.8, 1.8)
    parts = []
    for i, j in product(range(n_visible), range(n_hidden)):
        colour = diverging("light")[192 if weights[i, j] > 0 else 64].tobytes().hex()
        pen = f'stroke="#{colour}" stroke-width="{0.9 + 1.6 * abs(weights[i, j]):.1f}"'
        parts.append(f'<line x1="{visible[i]:.0f}" y1="{bottom}" x2="{hidden[j]:.0f}" y2="{top}" {pen}/>')
    for j, x in enumerate(hidden, 1):
        circle = f'<circle cx="{x:.0f}" cy="{top}" r="23" fill="{ACCENT["light"]}"/>'
        parts += [_stub(x, top, -54), circle, _symbol(x, top + 6, "h", j, "#fff"), _symbol(x, top - 58, "c", j)]
    for i, x in enumerate(visible, 1):
        square = f'<rect x="{x - 21:.0f}" y="{bottom - 21}" width="42" height="42" rx="7" fill="#1f4e79"/>'
        parts += [_stub(x, bottom, 52), square, _symbol(x, bottom + 6, "v", i, "#fff"), _symbol(x, bottom + 68, "b", i)]
    parts.append(f'<text x="{width - 12}" y="{(top + bottom) / 2 + 6}" font-style="italic" font-weight="700">W</text>')
    told = _(
        "A restricted Boltzmann machine: {n_hidden} hidden units above, {n_visible} visible units below, every "
        "visible unit joined to every hidden one, no edges within a layer."
    )
    return (
        f'<svg viewBox="0 0 {width} 318" role="img" style="width:100%;max-width:{width * 1.15:.0f}px;height:auto" '
        'fill="currentColor" stroke-linecap="round" font-size="18" text-anchor="middle">'
        f"<title>{told.format(n_hidden=n_hidden, n_visible=n_visible)}</title>{''.join(parts)}</svg>"
    )


def _stub(x: float, y: float, length: float) -> str:
    """The dotted line on which a unit's bias hangs."""
    pen = 'stroke="currentColor" stroke-width="1.5" stroke-dasharray="1 4" opacity=".8"'
    return f'<line x1="{x:.0f}" y1="{y}" x2="{x:.0f}" y2="{y + length:.0f}" {pen}/>'


def _symbol(x: float, y: float, letter: str, index: int, colour: str = "currentColor") -> str:
    number = f'<tspan dy="4" font-size="12" font-style="normal">{index}</tspan>'
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" font-style="italic">{letter}{number}</text>'


def at_rest(figure: go.Figure, x_title: str, y_title: str, *, several: bool) -> go.Figure:
    """Titles and room; the browser gives it the fonts and colours of the theme."""
    figure.update_layout(height=300, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=several)
    figure.update_xaxes(title_text=x_title, automargin=True)
    figure.update_yaxes(title_text=y_title, automargin=True)
    return figure


def option_of(series: Sequence[dict[str, Any]], x_title: str, y_title: str, *, several: bool) -> dict[str, Any]:
    """``option(at_rest(...))`` of series that are JSON values already: a figure of Plotly's checks each of them, which takes
    10 to 20 ms, and what follows a slider is drawn anew at each of its moves."""
    layout = {"height": 300, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "showlegend": several}
    axes = {
        name: {"title": {"text": title}, "automargin": True} for name, title in (("xaxis", x_title), ("yaxis", y_title))
    }
    return {"series": list(series), "layout": {**layout, **axes}, "empty": _("No values yet")}


def _json_series(one: Series, dots: bool) -> dict[str, Any]:
    """What can be drawn of a series is drawn, whatever it holds: a page must not end because of a curve.

    One column may be a moment newer than the other, and a file's x may be missing or go back.
    """
    x, y = decimate(*_ascending(one.x, one.y))
    drawn: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers" if dots or _lonely(y) else "lines",
        "name": one.name,
        "x": _significant(x, 9),
        "y": _significant(y, 6),
        "line": {"dash": "dash" if one.dash else "solid"},
        "hollow": np.flatnonzero(np.isin(x, np.asarray(one.doubtful, dtype=np.float64))).tolist(),
    }
    if drawn["mode"] != "lines":
        drawn["cliponaxis"] = False  # a point at the very edge is shown whole
    if one.colour is not None:
        drawn["colour"] = one.colour
    if one.behind:
        drawn |= {"behind": one.behind, "opacity": 0.3, "hoverinfo": "skip"}
    if one.spread is not None:
        around = np.interp(x, *_ascending(one.x, one.spread))
        drawn |= {"low": _significant(y - around, 6), "high": _significant(y + around, 6)}
    return drawn


def _ascending(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Both as far as both go, where x is finite, by ascending x."""
    xs, ys = (np.asarray(values, dtype=np.float64) for values in (x, y))
    xs, ys = xs[: len(ys)], ys[: len(xs)]
    xs, ys = xs[np.isfinite(xs)], ys[np.isfinite(xs)]
    order = np.argsort(xs, kind="stable")
    return xs[order], ys[order]


def _lonely(y: Floats) -> bool:
    """Whether some value has no neighbour, so that a line would not show it."""
    known = np.concatenate([[False], np.isfinite(y), [False]])
    return bool((known[1:-1] & ~known[:-2] & ~known[2:]).any())


def _significant(values: Floats, digits: int) -> list[float | None]:
    """Rounded to what a chart can show, a third of the bytes; JSON knows no NaN, so a missing value is None."""
    size = np.abs(np.where(np.isfinite(values) & (values != 0), values, 1.0))
    power = 10.0 ** np.clip(digits - 1 - np.floor(np.log10(size)), -300, 300)
    rounded = np.rint(values * power) / power
    return [value if np.isfinite(value) else None for value in rounded.tolist()]


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]
