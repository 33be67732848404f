"""Two runs' filters as a difference: hidden units that do the same stand over each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.session import kept, live
from rbm.core.language import _, plural
from rbm.errors import RbmError
from rbm.evaluation.matching import match
from rbm.report.pictures import strongest
from rbm.store import Run

SHOWN, MOST = 20, 1024  # pairs drawn; units of a machine, beyond which the strongest alone are matched
CLOSE = 0.8  # |cosine| of filters that anybody would call the same


class Pairs(NamedTuple):
    """The weights (P, K) of matched pairs, the strongest of the first run in front, their difference, and the cosines (K,);
    ``by_chance``: the mean |cosine| that random filters of as many pixels and units have."""

    first: np.ndarray
    second: np.ndarray
    difference: np.ndarray
    cosine: np.ndarray
    units: list[tuple[int, int]]
    by_chance: float


def card(runs: Sequence[Run]) -> None:
    """Three walls where two runs are chosen whose filters have as many pixels."""
    if len(runs) != 2 or not all(kept.has_data(run.spec) for run in runs):
        return
    shapes = {live.picture_shape(run.spec) for run in runs}
    if len(shapes) > 1 or runs[0].spec.coding != runs[1].spec.coding:
        return
    try:
        found = _pairs(runs[0].id, runs[0].progress.step, runs[1].id, runs[1].progress.step, runs)
    except RbmError:
        return  # the pictures above have said why there are none
    with st.expander(_("Filters of A and B as a difference"), icon=":material/difference:", key="runs_matched"):
        _draw(found, runs[0])


@st.cache_resource(max_entries=16, show_spinner=False)
def _pairs(first: str, first_step: int, second: str, second_step: int, _runs: Sequence[Run]) -> Pairs:
    """Of two runs as they stand."""
    weights = [run.spec.coding.filters(kept.looks(run.id, run.progress.step, run).weight) for run in _runs]
    return pairs(*weights)


def pairs(first: np.ndarray, second: np.ndarray) -> Pairs:
    """The filters (P, A) and (P, B) matched, the pairs of the strongest filters of the first in front."""
    places = [strongest(weight, MOST) for weight in (first, second)]
    a, b = (weight[:, place].astype(np.float64) for weight, place in zip((first, second), places, strict=True))
    found = match(a, b)
    turned = np.where(found.cosine < 0, -1.0, 1.0) * b[:, found.second]
    units = list(zip(places[0][found.first].tolist(), places[1][found.second].tolist(), strict=True))
    return Pairs(
        a[:, found.first], turned, found.difference(a, b), found.cosine, units, chance(len(a), a.shape[1], b.shape[1])
    )


@lru_cache(maxsize=32)
def chance(pixels: int, first: int, second: int) -> float:
    """The mean |cosine| of matched pairs where there is nothing to match: random directions, drawn once from a fixed seed."""
    draw = np.random.default_rng([pixels, first, second])
    found = match(draw.standard_normal((pixels, first)), draw.standard_normal((pixels, second)))
    return float(np.abs(found.cosine).mean())


def in_words(cosine: np.ndarray, by_chance: float) -> str:
    """How well two machines' filters match, in a sentence."""
    size = np.abs(cosine)
    same, opposite = int((size >= CLOSE).sum()), int((cosine < 0).sum())
    return _(
        "{n_size} pairs: |cosine| {size:.2f} on average (random ones {by_chance:.2f}), median {median:.2f}; "
        "{alike} (at least {close:g}), {opposite} matched with the opposite sign."
    ).format(
        n_size=len(size),
        size=size.mean(),
        by_chance=by_chance,
        median=np.median(size),
        alike=plural("{n} is alike", "{n} are alike", same).format(n=same),
        close=CLOSE,
        opposite=opposite,
    )


def _draw(found: Pairs, run: Run) -> None:
    cards.title(
        _("Matched filters"),
        _(
            "Each hidden unit of A with one of B, so that the sum of their |cosines| is the largest possible; "
            "the {shown} strongest of A are drawn. B's are turned round where their sign is opposite. All "
            "three walls have one colour scale."
        ).format(shown=SHOWN),
        _("whether the machines are equally good: units may divide the work differently."),
        _("two seeds of one run: hardly any unit is the same."),
    )
    count = min(SHOWN, found.first.shape[1])
    walls = np.concatenate([one[:, :count] for one in (found.first, found.second, found.difference)], axis=1)
    labels = [
        _("{words} of the pair A {a}, B {b}: cosine {cosine:.2f}")
        .format(words=words, a=a, b=b, cosine=cosine)
        .replace("-", "−")
        for words in (_("A's filter"), _("B's filter"), "A − B")
        for (a, b), cosine in zip(found.units[:count], found.cosine[:count].tolist(), strict=True)
    ]
    shape, order = live.picture_shape(run.spec), np.arange(walls.shape[1])
    beside = count if cards.beside(2, 2, shape) == 2 else 2 * count  # of long rows half as many are put side by side
    cards.filter_wall(
        walls.astype(np.float32), shape, order, key="wall_matched", labels=labels, columns=beside, max_cell=48
    )
    st.caption(
        _("Top: A. Middle: B. Bottom: A − B. {in_words}").format(in_words=in_words(found.cosine, found.by_chance))
    )
