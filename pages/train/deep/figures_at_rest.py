"""What the page on deep nets shows, from what its tasks told: pure functions, without Streamlit."""

from collections.abc import Iterable, Sequence
from statistics import mean, stdev
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pages.ui.draw.figures import Series, at_rest
from rbm.core.language import _
from rbm.evaluation.verdict import FEWEST_EFFECTIVE
from rbm.tasks.deep.plan import KINDS, Bounded, Curve, DeepSpec, FilterLook, Learned, Result, Working

PERCENT = (0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100)  # where the error's axis has marks
STARTS = {True: _("pre-trained"), False: _("random start")}


def series(news: Iterable[Any], spec: DeepSpec, metric: str) -> list[Series]:
    """One line a stage of learning, against its own epochs."""
    lines = []
    points = [one for one in news if isinstance(one, Curve) and metric in one.values]
    for stage, name in enumerate(spec.stages):
        found = [(p.epoch, p.values[metric]) for p in points if p.stage == stage]
        if found:
            lines.append(Series(_(name), [x for x, __ in found], [y for __, y in found]))
    return lines


def where(news: Sequence[Any], spec: DeepSpec, status: str) -> str:
    """Where learning stands, in words."""
    last = next((one for one in reversed(news) if isinstance(one, Curve)), None)
    if status == "starting" or last is None:
        return _("Starting")
    epochs = spec.together if spec.stages[last.stage] == "together" else spec.epochs
    stage = spec.stages[last.stage]
    told = _("{stage} · epoch {epoch:.1f} of {epochs}").format(
        stage=_("all layers together") if stage == "together" else stage, epoch=last.epoch, epochs=epochs
    )
    ends = {"paused": _("Paused"), "finished": _("Finished"), "failed": _("Stopped")}
    return f"{ends[status]} · {told}" if status in ends else told[:1].upper() + told[1:]


def share(news: Sequence[Any], spec: DeepSpec) -> float:
    """How much of all epochs is done, 0 to 1."""
    last = next((one for one in reversed(news) if isinstance(one, Curve)), None)
    lengths = [spec.together if stage == "together" else spec.epochs for stage in spec.stages]
    return 0.0 if last is None else min((sum(lengths[: last.stage]) + last.epoch) / sum(lengths), 1.0)


def filters(news: Sequence[Any], layer: int) -> np.ndarray | None:
    """The newest look at a layer's filters, (V, n), None before the first."""
    look = next((one for one in reversed(news) if isinstance(one, FilterLook) and one.layer == layer), None)
    return None if look is None else look.filters.astype(np.float32)


def bound(news: Iterable[Any]) -> str:
    """What is known of the likelihood, in a sentence; empty before the end."""
    found = next((one for one in news if isinstance(one, Bounded)), None)
    if found is None:
        return ""
    told = f"{found.nats:.1f} ± {found.error:.1f}".replace("-", "−")
    log_z = _("log Z exact")
    if found.effective is not None:
        doubt = _(", unreliable") if found.effective < FEWEST_EFFECTIVE else ""
        log_z = _("log Z by AIS, {effective:.0f} of {n_chains} chains count{doubt}").format(
            effective=found.effective, n_chains=found.n_chains, doubt=doubt
        )
    return _("Log-likelihood of {n_images:,} test images: at least {told} nats per image ({log_z}).").format(
        n_images=found.n_images, told=told, log_z=log_z
    )


def dreamer(news: Iterable[Any], spec: DeepSpec) -> list[Learned]:
    """The layers that fantasies can come from: a belief net's that are over, a Boltzmann machine's once all are."""
    found = [one for one in news if isinstance(one, Learned)]
    if spec.kind == KINDS[0]:
        return found
    return found[2:] if len(found) == 4 else []


def working(news: Sequence[Any]) -> str:
    """What the comparison is doing."""
    last = next((one for one in reversed(news) if isinstance(one, Working)), None)
    return _("Starting") if last is None else f"{last.what[:1].upper()}{last.what[1:]} · {last.how_far}"


def errors(results: Iterable[Result], pretrained: bool) -> dict[int, list[float]]:
    """Test errors in percent by the number of labels, ascending."""
    found: dict[int, list[float]] = {}
    for one in sorted(results, key=lambda r: (r.labels, r.seed)):
        if one.pretrained == pretrained:
            found.setdefault(one.labels, []).append(100 * one.error)
    return found


def labels_figure(results: Sequence[Result]) -> go.Figure:
    """Mean test error over seeds against the number of labels, a bar of one standard deviation where there are several."""
    figure = go.Figure()
    for pretrained, name in STARTS.items():
        found = errors(results, pretrained)
        spread = [stdev(values) if len(values) > 1 else 0.0 for values in found.values()]
        figure.add_scatter(
            x=list(found),
            y=[mean(values) for values in found.values()],
            error_y={"type": "data", "array": spread, "visible": any(spread), "width": 7},
            name=name,
            mode="lines+markers",
            marker={"size": 7},
            customdata=[len(values) for values in found.values()],
            hovertemplate=_("{x} labels: {y} % ({n} seeds)").format(x="%{x:,}", y="%{y:.2f}", n="%{customdata}")
            + f"<extra>{name}</extra>",
        )
    ticks = sorted({one.labels for one in results})
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{n:,}" for n in ticks])
    if all(one.error > 0 for one in results):  # few test pictures may all be named rightly, and 0 has no logarithm
        figure.update_yaxes(type="log", tickvals=PERCENT, ticktext=[f"{p:g}" for p in PERCENT])
    return at_rest(figure, _("labels"), _("test error / %"), several=True)


def labels_table(results: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    """The same in figures: head and rows."""
    sides = [errors(results, pretrained) for pretrained in STARTS]
    rows = [
        [f"{n:,}", *(_told(side.get(n, [])) for side in sides)] for n in sorted({n for side in sides for n in side})
    ]
    return ["labels", *(f"{name}, %" for name in STARTS.values())], rows


def _told(values: Sequence[float]) -> str:
    if not values:
        return "–"
    return f"{mean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")
