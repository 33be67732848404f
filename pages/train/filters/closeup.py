"""The Filters page's parts: which filters, at what time, in what order, and one of them close up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import cards
from pages.ui.components import chart
from pages.ui.controls import widgets
from pages.ui.draw import figures, frames
from pages.ui.server import download, feed
from pages.ui.session import live
from rbm.core.language import N_, _
from rbm.experiment import cached_dataset
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.models.parameters import Array

TIME, WALL = "filters_time", "wall_all_filters"  # keys
PER_PAGE, COLUMNS, LOGOS, CELL = 100, 10, 10, 41  # so that all of a page of filters is seen on a screen of 720 pixels
# Of the chosen unit: its filter and what excites it most beside each other, the chart of its activity below.
LARGE, BEST, CHART = 170, 62, 92
ORDERS = (N_("index"), N_("norm"), N_("mean activation"))
SCALES = (N_("one for all"), N_("each its own"))


class View(NamedTuple):
    """What is looked at: the parameters at one time, the units of this page in order, the colour scale, whether that
    time is now and stays so, which page it is of which order, and all the times that can be chosen."""

    past: Snapshot
    units: npt.NDArray[np.intp]
    shared: bool
    newest: bool
    page: int
    by: str
    moments: Mapping[int, Snapshot]

    def at(self, past: Snapshot, painter: frames.Painter) -> View:
        """The same page at another time, where the order may be another."""
        most, __ = on_a_page(painter)
        return self._replace(past=past, units=order(past, self.by)[(self.page - 1) * most : self.page * most])


def order(past: Snapshot, by: str) -> npt.NDArray[np.intp]:
    """All units, the strongest or most active first; by index as they are."""
    if by == "norm":
        return np.argsort(-np.linalg.norm(past.weight.astype(np.float32), axis=0), kind="stable")
    if by == "mean activation":
        return np.argsort(-past.activity, kind="stable")
    return np.arange(past.weight.shape[1])


def choose_view(current: LiveRun, below: DeltaGenerator) -> View:
    """The controls beside the wall, and the choice of a page of filters ``below`` it."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="filters_controls"):
        by = widgets.segmented_control(
            _("Sort by"),
            ORDERS,
            default=ORDERS[0],
            required=True,
            format_func=_,
            key="filters_order",
            help=_("Norm: strongest weights first. Mean activation: most often on for validation images first."),
        )
        scale = widgets.segmented_control(
            _("Colour scale"),
            SCALES,
            default=SCALES[0],
            required=True,
            format_func=_,
            key="filters_scale",
            help=_("One scale lets filters be compared; each its own shows the shape of weak ones."),
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="filters_line"):
        moments = live.choose_moment(current, TIME)
        past = moments[st.session_state[TIME]]
        health(past, moves=current.active and st.session_state[TIME] == live.NOW)
    painter = live.painter(current.spec)
    pages = -(-past.weight.shape[1] // on_a_page(painter)[0])
    with below:
        page = widgets.pagination(pages, key="filters_page") if pages > 1 else 1
    page, newest, nothing = min(max(page, 1), pages), st.session_state[TIME] == live.NOW, np.arange(0)
    return View(past, nothing, scale != SCALES[1], newest, page, by or ORDERS[0], moments).at(past, painter)


def health(past: Snapshot, *, moves: bool = False) -> None:
    """Badges for units that do nothing or everything, at the time that they name; ``moves``: the pictures go on from there."""
    share = past.on
    with st.container(horizontal=True, gap="small", key="filters_health"):
        when = _("judged at epoch {epoch:.2f}") if moves else _("epoch {epoch:.2f}")
        st.badge(when.format(epoch=past.epoch), icon=":material/schedule:", color="gray")
        if share is None:
            about = _("A {hidden} unit takes any value{range}: none is simply on.").format(
                hidden=past.hidden, range=_(" from 0 up") if past.hidden == "relu" else ""
            )
            st.badge(_("neither dead nor always on"), color="gray", help=about)
            return
        spin = past.hidden == "spin"
        low, high = (_("always −1"), _("always +1")) if spin else (_("dead"), _("always on"))
        at = _("At +1") if spin else _("On")
        dead, on = int((share < 0.01).sum()), int((share > 0.99).sum())
        st.badge(
            f"{dead} {low}",
            color="orange" if dead else "green",
            help=_(
                "{state} in fewer than 1 % of validation images. Remedies: a lower rate, less decay, visible "
                "biases from the data."
            ).format(state=at),
        )
        st.badge(
            f"{on} {high}",
            color="orange" if on else "green",
            help=_(
                "{state} in more than 99 % of validation images: they act as a bias. Remedies: a lower rate, more decay."
            ).format(state=at),
        )


def on_a_page(painter: frames.Painter) -> tuple[int, int]:
    """How many filters stand on a page of the wall, and in how many columns: logos of long sequences a row each, to be read."""
    logos = painter.coding.letters and cards.long_sequences(painter)
    return (LOGOS, 1) if logos else (PER_PAGE, COLUMNS)


def grid(drawn: Mapping[str, Any], view: View, painter: frames.Painter) -> int | None:
    """The wall of this page's filters, as ``moment`` draws it; returns the unit that was clicked."""
    __, columns = on_a_page(painter)
    place = cards.drawn_filters(drawn, key=WALL, clickable=True, max_cell=CELL * COLUMNS // columns)
    return None if place is None else int(view.units[place])


def moment(current: LiveRun, view: View, unit: int | None, painter: frames.Painter, step: float) -> feed.Elements:
    """The filters of this page at another moment, and the chosen unit's, by the key of what shows them."""
    then = view.at(current.past[-1] if step == live.NOW else view.moments[int(step)], painter)
    weight: Array = painter.filters(then.past.weight.astype(np.float32))
    draw = partial(cards.filter_pictures, weight, painter.shape, mode=painter.mode)
    wall = draw(then.units, shared=view.shared, columns=on_a_page(painter)[1])
    places = np.flatnonzero(then.units == (-1 if unit is None else unit))
    selected = int(places[0]) if len(places) else None
    found = {WALL: {**wall, "labels": _labels(then.past, then, painter), "selected": selected}}
    if unit is not None and unit < weight.shape[1]:
        found["wall_unit"] = draw(np.array([unit]))
    return found


def take_grid(current: LiveRun, view: View) -> None:
    """The button that brings the wall as a file."""
    name, painter = f"filters-epoch-{view.past.epoch:.2f}.png", live.painter(current.spec)
    download.button(_("PNG of this grid"), lambda: grid_picture(view, painter), name, key="filters_png")


def elements(current: LiveRun, view: View, unit: int | None, painter: frames.Painter) -> feed.Elements:
    """What moves with the run, while the page shows it as it is now: the same units in the same places."""
    if not view.newest:
        return {}
    past, shape, mode = current.past[-1], painter.shape, painter.mode
    weight: Array = painter.filters(past.weight.astype(np.float32))
    news = cards.filter_news(weight, shape, view.units, shared=view.shared, columns=on_a_page(painter)[1], mode=mode)
    found = {WALL: {**news, "labels": _labels(past, view, painter)}}
    if unit is not None and unit < weight.shape[1]:
        found["wall_unit"] = cards.filter_news(weight, shape, np.array([unit]), mode=mode)
    return found


def _labels(past: Snapshot, view: View, painter: frames.Painter) -> list[str]:
    if past.hidden in ("bernoulli", "categorical"):
        said = [_("on {share:.0%}").format(share=past.activity[u]) for u in view.units]
    else:
        said = [_("mean {activity:.2f}").format(activity=past.activity[u]).replace("-", "−") for u in view.units]
    return [f"{name} · {words}" for name, words in zip(cards.unit_names(painter.model, view.units), said, strict=True)]


def grid_picture(view: View, painter: frames.Painter) -> bytes:
    """The grid as a PNG large enough for a slide."""
    weight = painter.filters(view.past.weight.astype(np.float64))
    mode, shared = painter.mode, view.shared
    pictures = frames.filter_pictures(weight, painter.shape, view.units, shared=shared, limit=None, mode=mode)
    return frames.grid_png(pictures, on_a_page(painter)[1], gap=2, background=(255, 255, 255, 255), scale=4)


def close_up(current: LiveRun, past: Snapshot, unit: int, drawn: Mapping[str, Any]) -> None:
    """One filter large, as ``moment`` draws it, how often it is on, and the images that excite it most."""
    from rbm.evaluation.features import response

    painter, binary = live.painter(current.spec), past.hidden in ("bernoulli", "categorical")
    with st.spinner(_("Reading the validation images"), show_time=False):
        images = cached_dataset(current.spec.dataset, current.spec.model).validation
    answer = response(past.to_model(), images, unit)
    (name,) = cards.unit_names(painter.model, np.array([unit]))
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(key="card_unit", gap="xsmall"):
        cards.title(
            f"{name[0].upper()}{name[1:]}",
            _("On a scale of its own. {filters_told}").format(filters_told=painter.filters_told),
            _("what it does together with others; units work as a team."),
        )
        cards.drawn_filters(drawn, key="wall_unit", max_cell=LARGE)
    with right, st.container(key="card_best", gap="xsmall"):
        cards.title(
            _("The {n_best} validation images that excite it most").format(n_best=len(answer.best)),
            _("Strongest first. A useful detector answers to images that share a stroke."),
        )
        pixels = painter.visible(images[answer.best].numpy())
        alt = _("The validation images that excite this unit most")
        cards.picture_wall(pixels, 5, "wall_best", alt, framed=painter.framed, max_cell=BEST)
    mean = "p(h = 1|v)" if binary else "⟨h|v⟩"
    with st.container(key="card_histogram", gap="xsmall"):
        cards.title(
            _("How active is it?"),
            _("{mean} over all {n_images:,} validation images. ").format(mean=mean, n_images=len(images))
            + (
                _("A good detector is mostly off, and sure when it is on.")
                if binary
                else _("Values far from the middle are the ones that say something.")
            ),
            _("whether the feature is useful for anything."),
        )
        histogram = figures.histogram(answer.activation.numpy(), x_title=mean, y_title=_("validation images"))
        alt = _("How active the unit is over the validation images")
        chart.show(histogram, height=CHART, key="histogram_unit", alt=alt)
