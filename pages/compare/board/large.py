"""One run of the board, large: for a projector."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from pages.compare.board import gather
from pages.ui import cards
from pages.ui.components import chart
from pages.ui.controls import widgets
from pages.ui.draw import theme
from pages.ui.draw.figures import LEAST_NATS, Series, curve_option
from pages.ui.server import feed
from pages.ui.session import kept, live
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.errors import RbmError
from rbm.evaluation.verdict import UNRELIABLE
from rbm.report.words import called
from rbm.store import Run, open_store
from rbm.store.likelihoods import along

SHOWN = "board_shown"
FILTERS = 100


def shown() -> None:
    """The run that was clicked last, its filters and its likelihood, and the way back."""
    run_id = st.session_state.get(SHOWN)
    widgets.remember(**{SHOWN: run_id})
    look = gather.today()
    run = next((one for one in look.runs if one.id == run_id), None)
    if run is None:
        return
    with st.container(key="board_large", border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(
                f"{as_typed(look.names.get(run.visitor, _('Nobody')))}: {as_typed(called(run))}",
                anchor=False,
                width="content",
            )
            st.button(_("Close"), icon=":material/close:", type="tertiary", key="board_close", on_click=_close)
        left, right = st.columns([5, 7], gap="large")
        mode = cards.mode()
        part = feed.watch("board_large", state=partial(_has_checkpoint, run.id))
        drawn = part.moves(partial(_elements, run, mode))
        part.plays(lambda: None, gather.FRESH_SECONDS)
        with left:
            step = look.steps.get(run.id)
            if step is None:
                st.caption(_("This run has no checkpoint yet."))
            else:
                _filters(run, step)
        with right:
            chart.show(
                drawn["chart_board"],
                height=280,
                key="chart_board",
                alt=_("Log-likelihood of the run's validation images"),
            )


def _close() -> None:
    st.session_state.pop(SHOWN, None)


def _has_checkpoint(run_id: str) -> bool:
    return run_id in gather.today().steps


def _filters(run: Run, step: int) -> None:
    try:
        weight, shape = gather.weights(run.id, step), live.picture_shape(run.spec)
    except RbmError as error:
        st.caption(as_typed(error))
        return
    cards.filter_wall(weight, shape, np.arange(min(weight.shape[1], FILTERS)), key="wall_board")


def _elements(run: Run, mode: theme.Mode) -> feed.Elements:
    """What moves of it, in a thread."""
    estimates = along(open_store().history(run.id))
    doubtful = [x for x, bad in zip(estimates.x, estimates.unreliable, strict=True) if bad]
    ends = (_("reverse AIS"), estimates.reverse), ("AIS", estimates.ais)
    option = curve_option(
        [Series(name, estimates.x, values, doubtful=doubtful) for name, values in ends],
        x_title=_("epochs"),
        y_title=_("nats per validation image"),
        band=(_("reverse AIS"), "AIS"),
        band_label=_("bracket"),
        dots=True,
        empty=_("First estimate soon after epoch 1"),
        least_y=LEAST_NATS,
        doubt=UNRELIABLE,
    )
    found: feed.Elements = {"chart_board": option}
    step = gather.today().steps.get(run.id)
    if step is not None and kept.has_data(run.spec):
        weight = gather.weights(run.id, step)
        units = np.arange(min(weight.shape[1], FILTERS))
        found["wall_board"] = cards.filter_news(weight, live.picture_shape(run.spec), units, mode=mode)
    return found
