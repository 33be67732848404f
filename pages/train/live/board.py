"""The Train page's board: the line of progress, the curves and the pictures, drawn once and then moved by the feed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st

from pages.train.live import curves, rebuilt
from pages.ui import cards, shell
from pages.ui.components import chart, moving, wall
from pages.ui.controls import widgets
from pages.ui.draw import frames
from pages.ui.server import feed
from pages.ui.session import kept, live, state
from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, cached_dataset
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.jobs.training import shown_images
from rbm.training.events import MEASURES
from rbm.training.history import History

FILTERS_SHOWN, COLUMNS = 100, 10
LOGO_LETTERS, LOGOS_ALONE = 48, 8  # in a row of logos, and how many logos there are where each fills a row
LOGOS_SHOWN, LOGO_COLUMNS = 18, 6  # of sequences, half as many side by side: letters must be read
SMOOTHING = "train_smoothing"  # in the session
CURVE_HEIGHT, CELL = 166, 28  # so that all stands on one screen of 1280 × 720
FIRST = "reconstruction_error"  # falls from the first second on when learning goes well, and is calm enough to see it
FOURTH = "pseudo_log_likelihood"  # the curve that may be another, before that is chosen
_TRY = {
    "reconstruction_error": _("the two presets that compare k = 1 with k = 25."),
    "cd_loss": _("another k: it is another difference then, and its size does not say which machine is better."),
}
_FREE_ENERGY = (
    _("The shaded gap is what matters: it opens when the machine likes images it has seen better than new ones."),
    _("how good the model is. Both curves may rise or fall together, as log Z moves with them."),
    _("the preset that overfits 500 images."),
)
_OTHERS = (
    FOURTH,
    "cd_loss",
    "weight_norm",
    "dead_units",
    "saturated_units",
    "free_energy_gap",
    "learning_rate",
    "samples_per_second",
)


class Shown(NamedTuple):
    """The visitor's run; or one that the address names and that is here to be looked at, and whose, "" for the visitor's own."""

    own: LiveRun | None
    lent: tuple[LiveRun, str] | None = None

    @classmethod
    def now(cls) -> Shown:
        own = state.run()
        return cls(own, kept.lent() if own is None else None)

    @property
    def run(self) -> LiveRun | None:
        return self.own if self.lent is None else self.lent[0]


def progress(shown: Shown, ready: bool) -> None:
    """How far the run is, and how the curves are smoothed: in the bar, beside what moves it. ``ready``: Train can be pressed."""
    with st.container(key="progress"):
        moving.status(moving.run_line(shown.run, ready=ready))
    _smoothing()


def board(shown: Shown, said: str = "") -> None:
    """Everything about the run that is to be seen on one page; before there is one the places that it will fill. ``said``: of
    settings that are no more the run's."""
    current = shown.run
    part = live.watch("board", current)
    live.trouble(shown.own, also=partial(_beside, shown, said))
    try:
        spec = current.spec if current is not None else state.to_spec(state.draft())
        painter = live.painter(spec)
    except ConfigError:
        return  # the transport bar has said what is wrong
    with st.container(key="picture"):
        left, right = st.columns([4, 8], gap="medium")
        with right:
            told = (False, History()) if current is None else (current.active, current.history.now())
            smoothed = float(st.session_state.get(SMOOTHING, 0.0))
            other = _curves(*told, spec, smoothed)
        with left:
            _pictures(painter, current.snapshot if current is not None else None, _waiting(spec))
            drawing = rebuilt.drawing(current, painter)
        with right:
            shell.go_on()
    if current is not None:
        news = partial(elements, current, others=(other,), painter=painter, smoothing=smoothed)
        part.moves(lambda: {**news(), **drawing()})


def _beside(shown: Shown, said: str) -> None:
    """Whose run it is, where it is another's; or what was changed since it began."""
    if shown.lent is not None and shown.lent[1]:
        live.looked_at(shown.lent[1], shown.lent[0])
    elif said:
        st.info(said, icon=":material/edit:")


def elements(run: LiveRun, *, others: Sequence[str], painter: frames.Painter, smoothing: float = 0.0) -> feed.Elements:
    """What is new on the board, by element; nothing before the first numbers are there."""
    if run.active and not len(run.history):
        return {}
    history, snapshot = run.history.now(), run.snapshot
    found = {"status": moving.run_line(run), "chart_free_energy": curves.free_energy(history, smoothing)}
    found["chart_likelihood"] = curves.likelihood(history, run.active, _never(run.spec))
    for metric in (FIRST, *others):
        found[f"chart_{metric}"] = curves.measure(history, metric, run.spec.model, smoothing)
    if snapshot is not None:
        units, columns = _shown(painter)
        weight = painter.filters(snapshot.weight)
        now = _("epoch {epoch:.2f}").format(epoch=run.epoch)
        found["wall_filters"] = cards.filter_news(
            weight, painter.shape, units, columns=columns, mode=painter.mode, now=now
        )
        found["wall_reconstructions"] = wall.changed(
            cards.reconstruction_pixels(snapshot, painter), cards.rebuilt_beside(painter), now=now
        )
    return found


def _smoothing() -> None:
    """The button behind which stands how much the curves are smoothed: at the top, so that they are seen while it is set."""
    about = _(
        "Each curve is drawn as an exponential moving average, s ← a s + (1 − a) x, of about its last 1/(1 "
        "− a) values; what was measured stays faintly behind it. The likelihood is never smoothed. Log "
        "axes stand over each chart."
    )
    with (
        st.popover(_("Smoothing"), icon=":material/show_chart:", key="smoothing", help=_("Curves as moving averages.")),
        st.container(width=270),  # narrow, so that curves are seen beside it
    ):
        widgets.slider(_("Share a of the average that is kept"), 0.0, 0.95, 0.0, 0.05, key=SMOOTHING)
        st.caption(about)


def _never(spec: RunSpec) -> bool:
    """Whether no log-likelihood is estimated while it trains."""
    return spec.training.likelihood == "never"


def _curves(moving: bool, history: History, spec: RunSpec, smoothing: float) -> str:
    """The curves, two beside each other; returns the name of the fourth, which is chosen in its heading."""
    measure, title = MEASURES["log_likelihood"], _("Free energy of training and validation images")
    told = (
        measure.tells,
        measure.not_tells,
        _("CD-1 against PCD: PCD's reconstructions are no better, its likelihood is."),
    )
    alt, both = _("Log-likelihood of validation images after some epochs"), curves.free_energy(history, smoothing)
    drawn: list[Callable[[], None]] = [
        partial(_curve, history, FIRST, spec.model, smoothing),
        partial(_card, "likelihood", curves.likelihood(history, moving, _never(spec)), alt, measure.title, *told),
        partial(_card, "free_energy", both, title, _("Free energy of images"), *_FREE_ENERGY),
    ]
    with st.container(gap=None):
        for row in (drawn[:2], drawn[2:]):
            left, right = st.columns(2, gap="medium")
            for place, draw in zip((left, right), row, strict=False):
                with place:
                    draw()
    with right:
        return _chosen(history, spec.model, smoothing)


def _chosen(history: History, model: ModelSpec, smoothing: float) -> str:
    """The fourth curve, with a menu of all others as its heading."""
    with st.container(key="card_other", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="other_curve_heading"):
            other: str = widgets.selectbox(
                _("One more curve"),
                _OTHERS,
                index=_OTHERS.index(st.session_state.setdefault("other_curve", FOURTH)),
                format_func=lambda name: MEASURES[name].title,
                key="other_curve",
                label_visibility="collapsed",
            )
            measure = MEASURES[other]
            cards.title("", measure.tells, measure.not_tells, _TRY.get(other, ""))
        option = curves.measure(history, other, model, smoothing)
        alt = _("{title} against epochs").format(title=measure.title)
        chart.show(option, height=CURVE_HEIGHT, key=f"chart_{other}", alt=alt)
    return other


def _curve(history: History, metric: str, model: ModelSpec, smoothing: float) -> None:
    """One number of the event stream against epochs."""
    measure = MEASURES[metric]
    told = measure.tells, measure.not_tells, _TRY.get(metric, "")
    option = curves.measure(history, metric, model, smoothing)
    _card(metric, option, _("{title} against epochs").format(title=measure.title), measure.title, *told)


def _card(key: str, option: Mapping[str, Any], alt: str, *told: str) -> None:
    with st.container(key=f"card_{key}", gap="xsmall"):
        cards.title(*told)
        chart.show(option, height=CURVE_HEIGHT, key=f"chart_{key}", alt=alt)


def _shown(painter: frames.Painter) -> tuple[npt.NDArray[np.intp], int]:
    """The hidden columns whose filters are drawn, and in how many columns of the wall."""
    most, columns = FILTERS_SHOWN, COLUMNS
    if painter.coding.letters:
        columns = max(1, min(LOGO_COLUMNS, LOGO_LETTERS // painter.shape[1]))
        most = LOGOS_SHOWN if columns > 1 else LOGOS_ALONE
    return np.arange(min(painter.model.hidden_columns, most)), columns


def _waiting(spec: RunSpec) -> npt.NDArray[np.float32] | None:
    """The images that will be reconstructed, of the data set that every server has read before anybody came; None of another."""
    if (spec.dataset, spec.model.visible) != (DatasetSpec(), ModelSpec().visible):
        return None
    return shown_images(cached_dataset(spec.dataset)).numpy()


def _pictures(painter: frames.Painter, snapshot: Snapshot | None, waiting: npt.NDArray[np.float32] | None) -> None:
    model = painter.model
    units, columns = _shown(painter)
    count = len(units)
    each = 3 if painter.colour else model.n_states if painter.coding.letters else 1
    empty = np.zeros((math.prod(painter.shape) * each, count), np.float32)
    weight = empty if snapshot is None else painter.filters(snapshot.weight)
    what = _("states of hidden units") if model.hidden == "categorical" else _("hidden units")
    with st.container(key="card_filters", gap="xsmall"):
        cards.title(
            (
                _("Filters of all {count} {what}")
                if count == model.hidden_columns
                else _("Filters of the first {count} {what}")
            ).format(count=count, what=what),
            painter.filters_told,
            _("which units matter: sort them and look closer on the page Filters."),
            _("batches of one image, then of a hundred."),
        )
        names = cards.unit_names(model, units)
        cards.filter_wall(
            weight, painter.shape, units, key="wall_filters", labels=names, columns=columns, max_cell=CELL
        )
    cards.reconstructions(snapshot, painter, "reconstructions", CELL, waiting)
