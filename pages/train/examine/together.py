"""Do the chains vary together as the images do: connected correlations of pairs and of triples, each a dot."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.train.examine import examination
from pages.ui import cards
from pages.ui.components import chart, wall
from pages.ui.draw import figures, frames, theme
from rbm.core.colours import BACKGROUND, rgb
from rbm.core.language import _
from rbm.jobs.task import Task
from rbm.models.parameters import Array
from rbm.tasks.examine import Group, Together

MACHINE, MADE = _("found in p(v)"), _("what made the data")  # above the two maps
CELLS = 25  # places at most, that have a cell for each pair
NEIGHBOURS, STRONGEST = 5, 10  # places so near touch in any chain; pairs that are named
NUMBERED = 10  # places at most, whose cells have room for a number
NAMES = {"pairs": _("⟨uᵢuⱼ⟩"), "triples": _("⟨uᵢuⱼuₖ⟩")}


def card(task: Task | None) -> None:
    """Both charts, once the chains of an examination have ended; beside them the contacts of a sequence."""
    found = next((one for one in reversed(task.news) if isinstance(one, Together)), None) if task else None
    if found is None:
        examination.waits(task)
        return
    if found.contacts is None:
        _correlations(found, 2)
        return
    left, right = st.columns([3, 7], gap="medium")
    with left:
        _correlations(found, 1)
    with right:
        _contacts(found, cards.mode())


def _correlations(found: Together, beside: int) -> None:
    """Pairs and triples, so many ``beside`` each other."""
    cards.title(
        _("Correlations of pairs and triples"),
        _(
            "How pixels vary together beyond their means, u = v − ⟨v⟩: across in training images, upwards in "
            "the chains. Pairs and triples of the 40 pixels that vary most, 800 at most of each. On the line "
            "both are equal. Bars: one standard error."
        ),
        _("that all of the distribution is right: two machines may share all pairs and triples."),
        _("spins at a temperature, or a machine of Gaussian hidden units, which couples in pairs only."),
    )
    columns = st.columns(beside)
    for number, (name, sign) in enumerate(NAMES.items()):
        with columns[number % beside]:
            group: Group = getattr(found, name)
            chart.show(
                option(group, sign),
                key=f"examine_{name}",
                alt=_("Correlations of {name}, images against chains").format(name=name),
                height=260 if beside > 1 else 140,
            )
    st.caption(words(found))


def _contacts(found: Together, mode: theme.Mode) -> None:
    """Which places of a sequence are coupled: in the machine's p(v), and in what made the data."""
    cards.title(
        _("Contacts"),
        _(
            "How strongly p(v) couples two places of a sequence once the hidden units are summed out, ‖J_ij‖: "
            "every place against every other. Of sequences that are made here, what they were made with stands "
            "beside it."
        ),
        _("couplings of three and more places."),
    )
    maps = {of: one for of, one in ((MACHINE, found.contacts), (MADE, found.truth)) if one is not None}
    most = max(float(one.max(initial=0.0)) for one in maps.values())
    for column, (of, strength) in zip(st.columns(2), maps.items(), strict=False):
        with column:
            st.markdown(of)
            key = "examine_contacts" if of == MACHINE else "examine_made"
            if len(strength) <= CELLS:
                wall.heat(contact_map(strength, of, most, mode), key=key)
            else:
                _as_picture(strength, of, most, mode, key)
    none, all_of_it = (theme.tint(part, theme.CATEGORICAL[mode][0], mode)[0] for part in (0.0, 1.0))
    bar = f'<span style="background: linear-gradient(to right, {none}, {all_of_it})"></span>'
    st.html(f'<div class="two-scales">‖J_ij‖: 0{bar}{most:.2f}</div>')


def _as_picture(strength: Array, of: str, most: float, mode: theme.Mode, key: str) -> None:
    """The same of so many places that each has a dot and no more; below it the pairs that are coupled most."""
    none, all_of_it = (np.array(rgb(colour)) for colour in (BACKGROUND[mode], theme.CATEGORICAL[mode][0]))
    lut = np.rint(none + np.linspace(0, 1, 256)[:, None] * (all_of_it - none)).astype(np.uint8)
    dots = np.rint(255 * strength / (most or 1.0)).astype(np.uint8)
    i, j = np.triu_indices(len(strength), NEIGHBOURS)
    first = np.argsort(-strength[i, j], kind="stable")[:STRONGEST]
    pairs = " · ".join(f"{i[k] + 1}–{j[k] + 1}" for k in first)
    wall.show(
        wall.pictures(frames.Tiles(dots[None], lut), 1, now=_("strongest {pairs}").format(pairs=pairs)),
        framed=True,
        max_cell=300,
        numbers=lambda: [
            [_("place"), *range(1, len(strength) + 1)],
            *([n + 1, *row] for n, row in enumerate(strength.tolist())),
        ],
        alt=_("How strongly every place is coupled with every other, {of}").format(of=of),
        key=key,
    )
    st.caption(_("Strongest, of places {apart} or more apart: {pairs}").format(apart=NEIGHBOURS, pairs=pairs))


def contact_map(strength: Array, of: str, most: float, mode: theme.Mode) -> dict[str, Any]:
    """What ``wall.heat`` draws: a row and a column for each place, numbered, coloured up to ``most``, which both maps share."""
    n = len(strength)
    labels = [str(place) for place in range(1, n + 1)]
    cells = []
    for i in range(n):
        for j in range(n):
            value = float(strength[i, j])
            colour, ink = theme.tint(value / (most or 1.0), theme.CATEGORICAL[mode][0], mode)
            text = f"{value:.1f}" if n <= NUMBERED and value >= 0.05 else ""
            words = (
                _("place {i} with itself").format(i=i + 1)
                if i == j
                else _("places {i} and {j}, {of}: {value:.2f}").format(i=i + 1, j=j + 1, of=of, value=value)
            )
            cells.append(
                {
                    "run": "",
                    "text": text,
                    "value": round(value, 4),
                    "words": words,
                    "state": "told",
                    "share": 0.0,
                    "colour": colour,
                    "ink": ink,
                }
            )
    places = {"title": "place", "labels": labels}
    return {"x": places, "y": places, "cells": cells, "alt": _("How strongly places are coupled, {of}").format(of=of)}


def option(group: Group, sign: str) -> dict[str, Any]:
    """The dots with their errors over the line on which both are equal."""
    figure = go.Figure()
    ends = [float(min(group.images.min(initial=0), group.chains.min(initial=0)))]
    ends.append(float(max(group.images.max(initial=0), group.chains.max(initial=0))))
    figure.add_scatter(
        x=group.images.tolist(),
        y=group.chains.tolist(),
        error_y={"type": "data", "array": group.error.tolist(), "thickness": 0.5, "width": 0},
        mode="markers",
        marker={"size": 4},
        name=_("groups"),
        hovertemplate=_("images {x}, chains {y}").format(x="%{x:.3g}", y="%{y:.3g}") + "<extra></extra>",
    )
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"dash": "dash", "width": 1}, name=_("equal"), hoverinfo="skip"
    )
    figure.update_layout(hovermode="closest")
    figures.at_rest(figure, _("{sign} of images").format(sign=sign), _("of chains"), several=False)
    return figures.option(figure)


def words(found: Together) -> str:
    """How well both agree, what images reach, and the couplings behind it."""
    told = [
        _("{name}: r = {chains}, of as many test images {images}").format(
            name=name, chains=_number(group.agreement), images=_number(group.of_images)
        )
        for name, group in zip(NAMES, (found.pairs, found.triples), strict=True)
    ]
    if not math.isnan(found.pairs.coupling):
        told.append(
            _("mean |J| in p(v) {pair} a pair, {triple} a triple").format(
                pair=_small(found.pairs.coupling), triple=_small(found.triples.coupling)
            )
        )
    return " · ".join(told)


def _number(value: float) -> str:
    return _("unknown") if math.isnan(value) else f"{value:.3f}".replace("-", "−")


def _small(value: float) -> str:
    return f"{value:.3f}" if value >= 0.0005 or value == 0 else _("below 0.001")
