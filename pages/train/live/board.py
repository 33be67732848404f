"""The Train page's board: the line of progress, the curves and the pictures, drawn once and then moved by the feed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components.wall import picture
from pages.ui.draw import frames, theme
from pages.ui.draw.words import as_typed
from pages.ui.server import feed
from pages.ui.session import live, state
from pages.ui.session.status import news as progress
from pages.ui.session.status import status
from rbm.errors import ConfigError
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.jobs.training import SHOWN_IMAGES
from rbm.training.events import MEASURES
from rbm.training.history import History

FILTERS_SHOWN = 100
FIRST = "reconstruction_error"  # falls from the first second on when learning goes well, and is calm enough to see it
_TRY = {
    "reconstruction_error": "the two presets that compare k = 1 with k = 25.",
    "cd_loss": "another k: it is another difference then, and its size does not say which machine is better.",
}
_OTHERS = (
    "pseudo_log_likelihood",
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
    ours = feed.current()
    status(current, ours.address)
    if current is not None and current.status in ("diverged", "failed"):
        st.error(as_typed(current.message), icon=":material/error:")
    if current is not None and current.record is not None and current.record.problem:
        st.warning(f"This run is not being kept: {as_typed(current.record.problem)}", icon=":material/save:")
    try:
        spec = current.spec if current is not None else state.to_spec(state.draft())
        shape = live.picture_shape(spec)
    except ConfigError:
        return  # the transport bar has said what is wrong
    pictures, curves = st.columns([5, 7], gap="large")
    with curves:
        others = _curves(*((False, History()) if current is None else (current.active, current.history.now())))
    with pictures:
        _pictures(spec.model.n_hidden, shape, current.snapshot if current is not None else None)
    ours.show(current, partial(elements, others=others, mode=cards.mode()))


def elements(run: LiveRun, *, others: Sequence[str], mode: theme.Mode) -> feed.Elements:
    """What is new on the board, by element."""
    history, snapshot, shape = run.history.now(), run.snapshot, live.picture_shape(run.spec)
    found = {"status": progress(run), "chart_free_energy": cards.free_energy_option(history)}
    found["chart_likelihood"] = cards.likelihood_option(history, run.active)
    for metric in (FIRST, *others):
        found[f"chart_{metric}"] = cards.measure_option(history, metric)
    if snapshot is not None:
        units = np.arange(min(snapshot.weight.shape[1], FILTERS_SHOWN))
        found["wall_filters"] = picture(*cards.filter_picture(snapshot.weight, shape, units, mode=mode))
        pixels = cards.reconstruction_pixels(snapshot, shape)
        found["wall_reconstructions"] = picture(frames.grid_png(pixels, len(SHOWN_IMAGES)))
    return found


def _curves(moving: bool, history: History) -> list[str]:
    """The curves; returns the names of those that were chosen besides."""
    cards.curve(history, FIRST, FIRST, _TRY[FIRST])
    cards.likelihood(history, moving, "likelihood")
    cards.free_energy(history, "free_energy")
    others: list[str] = st.pills(
        "More curves",
        _OTHERS,
        selection_mode="multi",
        format_func=lambda name: MEASURES[name].title,
        key="other_curves",
        wrap=True,
        persist_state="session",
    )
    for other in others:
        cards.curve(history, other, other, _TRY.get(other, ""))
    return others


def _pictures(n_hidden: int, shape: tuple[int, int], snapshot: Snapshot | None) -> None:
    count = min(n_hidden, FILTERS_SHOWN)
    weight = np.zeros((shape[0] * shape[1], n_hidden), np.float32) if snapshot is None else snapshot.weight
    with st.container(key="card_filters", gap="xsmall"):
        cards.title(
            f"Filters: the weights of {'all' if count == n_hidden else 'the first'} {count} hidden units",
            "Each picture holds one hidden unit's weights to all pixels: red pixels excite it, blue ones silence it.",
            "which units matter: sort them and look closer on the page Filters.",
            "batches of one image, then of a hundred.",
        )
        cards.filter_wall(weight, shape, np.arange(count), key="wall_filters")
    cards.reconstructions(snapshot, shape, "reconstructions")
