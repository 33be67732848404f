"""The Train page's board: the line of progress, the curves and the pictures, drawn once and then moved by the feed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from pages.train.live import curves, rebuilt
from pages.ui import cards, shell
from pages.ui.components import chart, moving, wall
from pages.ui.draw import frames
from pages.ui.server import feed
from pages.ui.session import live, state
from rbm.errors import ConfigError
from rbm.experiment import ModelSpec
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.jobs.training import SHOWN_IMAGES
from rbm.training.events import MEASURES
from rbm.training.history import History

FILTERS_SHOWN = 100
CURVE_HEIGHT, CELL = 160, 26  # so that all stands on one screen of 1280 × 720
FIRST = "reconstruction_error"  # falls from the first second on when learning goes well, and is calm enough to see it
FOURTH = "pseudo_log_likelihood"  # the one more curve that is there before another is chosen
_TRY = {
    "reconstruction_error": "the two presets that compare k = 1 with k = 25.",
    "cd_loss": "another k: it is another difference then, and its size does not say which machine is better.",
}
_FREE_ENERGY = (
    "The shaded gap is what matters: it opens when the machine likes images it has seen better than new ones.",
    "how good the model is. Both curves may rise or fall together, as log Z moves with them.",
    "the preset that overfits 500 images.",
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


def board(current: LiveRun | None) -> None:
    """Everything about the run that is to be seen on one page; before the first run the places that it will fill."""
    part = live.watch("board", current)
    with st.container(horizontal=True, vertical_alignment="center", key="progress"):
        moving.status(moving.run_line(current))
        shell.go_on()
    live.trouble(current)
    try:
        spec = current.spec if current is not None else state.to_spec(state.draft())
        painter = live.painter(spec)
    except ConfigError:
        return  # the transport bar has said what is wrong
    with st.container(key="picture"):
        left, right = st.columns([4, 8], gap="medium")
        with right:
            told = (False, History()) if current is None else (current.active, current.history.now())
            others = _curves(*told, spec.model)
        with left:
            _pictures(painter, current.snapshot if current is not None else None)
            own = rebuilt.drawing(current, painter)
    if current is not None:
        news = partial(elements, current, others=others, painter=painter)
        part.moves(lambda: {**news(), **own()})


def elements(run: LiveRun, *, others: Sequence[str], painter: frames.Painter) -> feed.Elements:
    """What is new on the board, by element; nothing before the first numbers are there."""
    if run.active and not len(run.history):
        return {}
    history, snapshot = run.history.now(), run.snapshot
    found = {"status": moving.run_line(run), "chart_free_energy": curves.free_energy(history)}
    found["chart_likelihood"] = curves.likelihood(history, run.active)
    for metric in (FIRST, *others):
        found[f"chart_{metric}"] = curves.measure(history, metric, run.spec.model)
    if snapshot is not None:
        units = np.arange(min(snapshot.weight.shape[1], FILTERS_SHOWN))
        weight = painter.filters(snapshot.weight)
        found["wall_filters"] = cards.filter_news(weight, painter.shape, units, mode=painter.mode)
        found["wall_reconstructions"] = wall.changed(cards.reconstruction_pixels(snapshot, painter), len(SHOWN_IMAGES))
    return found


def _curves(moving: bool, history: History, model: ModelSpec) -> list[str]:
    """The curves, two beside each other; returns the names of those that were chosen besides."""
    rows = st.container(gap=None)
    st.session_state.setdefault("other_curves", [FOURTH])
    others: list[str] = st.pills(
        "More curves",
        _OTHERS,
        selection_mode="multi",
        default=st.session_state["other_curves"],
        format_func=lambda name: MEASURES[name].title,
        key="other_curves",
        wrap=True,
        persist_state="session",
    )
    measure, title = MEASURES["log_likelihood"], "Free energy of training and validation images"
    told = measure.tells, measure.not_tells, "CD-1 against PCD: PCD's reconstructions are no better, its likelihood is."
    alt = "Log-likelihood of validation images after some epochs"
    drawn: list[Callable[[], None]] = [
        partial(_curve, history, FIRST, model),
        partial(_card, "likelihood", curves.likelihood(history, moving), alt, measure.title, *told),
        partial(_card, "free_energy", curves.free_energy(history), title, "Free energy of images", *_FREE_ENERGY),
        *(partial(_curve, history, other, model) for other in others),
    ]
    with rows:
        for first in range(0, len(drawn), 2):
            for place, draw in zip(st.columns(2, gap="medium"), drawn[first : first + 2], strict=False):
                with place:
                    draw()
    return others


def _curve(history: History, metric: str, model: ModelSpec) -> None:
    """One number of the event stream against epochs."""
    measure = MEASURES[metric]
    told = measure.tells, measure.not_tells, _TRY.get(metric, "")
    _card(metric, curves.measure(history, metric, model), f"{measure.title} against epochs", measure.title, *told)


def _card(key: str, option: Mapping[str, Any], alt: str, *told: str) -> None:
    with st.container(key=f"card_{key}", gap="xsmall"):
        cards.title(*told)
        chart.show(option, height=CURVE_HEIGHT, key=f"chart_{key}", alt=alt)


def _pictures(painter: frames.Painter, snapshot: Snapshot | None) -> None:
    model = painter.model
    count = min(model.hidden_columns, FILTERS_SHOWN)
    empty = np.zeros((math.prod(painter.shape) * (3 if painter.colour else 1), count), np.float32)
    weight = empty if snapshot is None else painter.filters(snapshot.weight)
    units, what = np.arange(count), "states of hidden units" if model.hidden == "categorical" else "hidden units"
    with st.container(key="card_filters", gap="xsmall"):
        cards.title(
            f"Filters of {'all' if count == model.hidden_columns else 'the first'} {count} {what}",
            painter.filters_told,
            "which units matter: sort them and look closer on the page Filters.",
            "batches of one image, then of a hundred.",
        )
        names = cards.unit_names(model, units)
        cards.filter_wall(weight, painter.shape, units, key="wall_filters", labels=names, max_cell=CELL)
    cards.reconstructions(snapshot, painter, "reconstructions", CELL)
