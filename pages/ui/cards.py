"""Cards: one visual idea each, with its title and, behind a small ?, what it shows, what it does not, what to try."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.components.wall import Legend, changed, pictures, show
from pages.ui.draw import frames, theme
from rbm.core.language import _
from rbm.experiment import ModelSpec
from rbm.jobs.snapshots import Snapshot
from rbm.jobs.training import SHOWN_IMAGES

Array = npt.NDArray[np.float32]
LONG_SEQUENCE, FEW_SEQUENCES = 25, 3  # places; beside each other, so that letters of so many can be read


def mode() -> theme.Mode:
    """Whether the visitor looks at the light or at the dark theme."""
    return "dark" if st.context.theme.type == "dark" else "light"


def title(text: str, shows: str, does_not: str = "", try_this: str = "") -> None:
    """A card's heading and its ?; the ? alone, where a menu is the heading."""
    parts = (
        shows,
        _("*It does not show:* {does_not}").format(does_not=does_not) if does_not else "",
        _("*Try:* {try_this}").format(try_this=try_this) if try_this else "",
    )
    st.markdown(
        f"**{text}**" if text else "", help="\n\n".join(filter(None, parts)), width="stretch" if text else "content"
    )


def notice(name: str) -> DeltaGenerator:
    """A place for lines that come and go: warnings, errors, and what can be done about them.

    They stand in the bar over the page, beside the menus, so that nothing moves when they come (``assets/stage.css``). Draw it
    whether or not there is something to say, or all that stands below would be drawn twice for a moment. No two of a page
    have one ``name``.
    """
    return st.container(key=f"notice_{name}")


def filter_wall(
    weight: Array,
    shape: tuple[int, int],
    units: npt.NDArray[np.intp],
    *,
    key: str,
    shared: bool = True,
    clickable: bool = False,
    selected: int | None = None,
    labels: list[str] | None = None,
    columns: int = 10,
    max_cell: int = 56,
) -> int | None:
    """The incoming weights of ``units`` as pictures, on one scale or each on its own. Returns the place clicked."""
    drawn = filter_pictures(weight, shape, units, shared=shared, columns=columns, mode=mode())
    drawn |= {"labels": labels or drawn["labels"], "selected": selected}
    return drawn_filters(drawn, key=key, clickable=clickable, max_cell=max_cell)


def drawn_filters(drawn: Mapping[str, Any], *, key: str, clickable: bool = False, max_cell: int = 56) -> int | None:
    """The same wall of ``filter_pictures(...)``."""
    alt = _("Weights of {n_units} hidden units as pictures").format(n_units=drawn["n"])
    max_cell *= 2 if drawn["legend"] is None else 1  # a logo must be read
    return show(drawn, clickable=clickable, max_cell=max_cell, alt=alt, key=key)


def filter_pictures(
    weight: Array,
    shape: tuple[int, int],
    units: npt.NDArray[np.intp],
    *,
    shared: bool = True,
    columns: int = 10,
    mode: theme.Mode,
) -> dict[str, Any]:
    """What ``filter_wall`` shows, for a wall that moves."""
    tiles, legend = _filters(weight, shape, units, shared, mode)
    labels = [_("unit {unit}").format(unit=unit) for unit in units]
    return pictures(tiles, beside(columns, len(units), shape), legend=legend, labels=labels)


def filter_news(
    weight: Array,
    shape: tuple[int, int],
    units: npt.NDArray[np.intp],
    *,
    shared: bool = True,
    columns: int = 10,
    mode: theme.Mode,
    now: str | None = None,
) -> dict[str, Any]:
    """News of a ``filter_wall``."""
    tiles, legend = _filters(weight, shape, units, shared, mode)
    return changed(tiles, beside(columns, len(units), shape), legend=legend, now=now)


def _filters(
    weight: Array,
    shape: tuple[int, int],
    units: npt.NDArray[np.intp],
    shared: bool,
    mode: theme.Mode,
) -> tuple[frames.Tiles | frames.Pixels, Legend | None]:
    """The filters as pictures, and what their colours mean; of logos the heights say it."""
    # One lonely pixel must not wash out all the others: the scale ends where 99.9 % of the weights lie.
    limit = float(np.quantile(np.abs(weight.T[units].astype(np.float64)), 0.999))
    tiles = frames.filter_pictures(weight, shape, units, shared=shared, limit=limit if shared else None, mode=mode)
    lut = tiles.lut if isinstance(tiles, frames.Tiles) else theme.grey()
    if len(weight) not in (math.prod(shape), 3 * math.prod(shape)):
        return tiles, None
    ends = (f"−{limit:.2f}", f"{limit:.2f}") if shared and limit else (_("−max"), _("max"))
    what = _("weight") if isinstance(tiles, frames.Tiles) else _("weight to red, green and blue")
    words = (ends[0], what if shared else _("weight, each its own scale"), ends[1])
    return tiles, Legend(theme.css_gradient(lut), words)


def beside(columns: int, n: int, shape: tuple[int, int]) -> int:
    """How many of n pictures stand side by side: of ``columns`` half as many where each is a long row of values."""
    height, width = frames.drawn_shape(shape)
    return min(columns if width < frames.LONGEST * height else -(-columns // 2), n)


def reconstructions(
    snapshot: Snapshot | None, painter: frames.Painter, key: str, max_cell: int = 56, waiting: Array | None = None
) -> None:
    """Test images over their one-step reconstructions, before training and now; before there are any, the images that are
    ``waiting`` (N, V), if they are at hand."""
    with st.container(key=f"card_{key}", gap="xsmall"):
        title(
            _("Test images and reconstructions"),
            _(
                "Top: test images. Middle: their reconstructions {mean_of} by the untrained machine, given the "
                "means of the hidden units. Bottom: by this one, now. {scale}"
            )
            .format(mean_of=mean_of(painter.model, "⟨h⟩"), scale=painter.scale)
            .strip(),
            _("whether the machine can make such images by itself: the page Gibbs sampling shows that."),
        )
        count, shown = rebuilt_beside(painter), reconstruction_pixels(snapshot, painter, waiting)
        picture_wall(
            shown,
            count,
            f"wall_{key}",
            _("Test images over their reconstructions before training and now"),
            labels=getattr(shown, "read", None) or _told(count),
            framed=painter.framed,
            max_cell=max_cell * len(SHOWN_IMAGES) // count,
            rows=(_("images"), _("untrained"), _("now")),
        )


def rebuilt_beside(painter: frames.Painter) -> int:
    """How many test images stand beside each other over their reconstructions: few long sequences, to be readable."""
    return FEW_SEQUENCES if long_sequences(painter) else len(SHOWN_IMAGES)


def long_sequences(painter: frames.Painter) -> bool:
    """Whether its images are sequences whose letters cannot be read ten beside each other."""
    return painter.letters and math.prod(painter.shape) > LONG_SEQUENCE


def reconstruction_pixels(
    snapshot: Snapshot | None, painter: frames.Painter, waiting: Array | None = None
) -> frames.Tiles | frames.Pixels:
    """Three rows of ``rebuilt_beside`` pictures: test images, their reconstructions before training and now; black before there
    are any, but for the images that are ``waiting``."""
    count = rebuilt_beside(painter)
    if snapshot is None or snapshot.pictures is None:
        if painter.letters:
            blank = painter.visible(np.zeros((3 * count, painter.coding.columns(math.prod(painter.shape)))))
            return (
                replace(blank, rows=np.zeros_like(blank.rows), read=None) if isinstance(blank, frames.Tiles) else blank
            )
        pixels = np.zeros((3 * count, math.prod(painter.shape)))
        if waiting is not None:
            pixels[: len(waiting)] = waiting
        return frames.colour_probabilities(pixels.reshape(-1, *painter.shape))
    rows = snapshot.pictures[:, :count]
    shown = painter.visible(rows.reshape(-1, rows.shape[2]))
    if isinstance(shown, frames.Tiles) and shown.read is not None:
        return replace(
            shown, read=tuple(f"{where}: {word}" for where, word in zip(_told(count), shown.read, strict=True))
        )
    return shown


def _told(count: int) -> list[str]:
    return [f"{row} {i + 1}" for row in (_("original"), _("before training"), _("now")) for i in range(count)]


def mean_of(model: ModelSpec, h: str = "h") -> str:
    """What a picture of the visible layer's means shows: the probability that a pixel is on, or its mean."""
    return f"p(v|{h})" if model.visible == "bernoulli" else f"⟨v|{h}⟩"


def unit_names(model: ModelSpec, units: npt.NDArray[np.intp]) -> list[str]:
    """What the hidden columns are called: a categorical unit has one for each of its states."""
    if model.hidden != "categorical":
        return [_("unit {unit}").format(unit=unit) for unit in units]
    return [
        _("unit {unit}, state {state}").format(unit=unit // model.n_states, state=unit % model.n_states)
        for unit in units
    ]


def picture_wall(
    pixels: frames.Tiles | frames.Pixels,
    columns: int,
    key: str,
    alt: str,
    *,
    labels: list[str] | None = None,
    framed: bool = False,
    max_cell: int = 56,
    rows: Sequence[str] = (),
) -> None:
    """Pictures side by side, to look at; framed where they may be as white or black as the page. ``rows``: what each row is."""
    show(pictures(pixels, columns, labels=labels), framed=framed, max_cell=max_cell, rows=rows, alt=alt, key=key)
