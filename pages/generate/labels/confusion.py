"""Which classes a machine of pictures and names takes for which: all test pictures by what they are and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st

from pages.generate.labels import learning
from pages.ui import cards
from pages.ui.components import wall
from pages.ui.controls import widgets
from pages.ui.draw import frames, theme
from rbm.core.language import _
from rbm.core.text import as_typed

if TYPE_CHECKING:
    from rbm.tasks.labels import LabelMachine

MOST = 20  # classes that the matrix has room for: of more, those that are misread most often
SHOWN = 20  # pictures of one confusion


class Confusion(NamedTuple):
    """For every test picture p(y|x), (N, K), what it is and what it is called, (N,), and how many of each, (K, K)."""

    p: npt.NDArray[np.float32]
    truth: npt.NDArray[np.intp]
    said: npt.NDArray[np.intp]
    counts: npt.NDArray[np.intp]


def confuse(newest: LabelMachine) -> None:
    """The matrix, and the pictures behind one of its cells."""
    found, data = _confusion(newest), learning.data()
    true, said = st.session_state.get("labels_confused", worst(found.counts))
    chosen = true, said
    if max(chosen) >= len(found.counts):  # of another data set
        chosen = worst(found.counts)
    cards.title(
        _("True class and answer of each {noun}").format(noun=data.noun),
        _(
            "All {n_truth:,} test {noun}s, counted. Row: what they are; column: the likeliest label, by the "
            "exact p(y|x). The colour is the share of the row: green what is right, orange what is not, up to "
            "the largest share of all, on a square-root scale, so that rare mistakes show. Click on a cell for "
            "its {noun}s."
        ).format(n_truth=len(found.truth), noun=data.noun),
        _("how sure the machine was: the pictures below have their p(y|x)."),
        _("the {noun}s that are confused most: would you have read them?").format(noun=data.noun),
    )
    left, right = st.columns([2, 1], gap="small")
    with left:
        drawn = matrix(found.counts, data.class_names, chosen, data.noun, cards.mode())
        clicked = wall.heat(drawn, key="labels_confusion")
        if clicked is not None and (pair := _pair(clicked)) != chosen:
            st.session_state["labels_confused"] = pair
            widgets.remember(labels_confused=[*pair])
            st.rerun()
        _scale(found.counts)
    with right:
        _pictures(found, chosen)


def worst(counts: npt.NDArray[np.intp]) -> tuple[int, int]:
    """The confusion that happens most often: (class, what it is taken for)."""
    wrong = counts * ~np.eye(len(counts), dtype=bool)
    row, column = divmod(int(wrong.argmax()), len(counts))
    return row, column


def matrix(
    counts: npt.NDArray[np.intp], names: tuple[str, ...], chosen: tuple[int, int], noun: str, mode: theme.Mode
) -> dict[str, Any]:
    """What ``wall.heat`` draws: a row for each class, a column for each answer, coloured by the share of the row."""
    wrong, share, most = counts.sum(1) - counts.diagonal(), shares(counts), _largest(counts)
    classes = sorted(np.argsort(-wrong, kind="stable")[:MOST].tolist())
    labels = [names[k] for k in classes]
    return {
        "x": {"title": _("the machine says"), "labels": labels},
        "y": {"title": _("the {noun} is").format(noun=noun), "labels": labels},
        "cells": [
            {
                "run": f"{i},{j}",
                "text": f"{counts[i, j]}" if counts[i, j] else "",
                "value": int(counts[i, j]),
                "words": _("{truth}, called {said}: {n} of {all:,}, {share:.1%}").format(
                    truth=names[i], said=names[j], n=counts[i, j], all=counts[i].sum(), share=share[i, j]
                ),
                "state": "best" if (i, j) == chosen else "",
                "share": 0.0,
                **_colour(share[i, j] / (1.0 if i == j else most), i == j, mode),
            }
            for i in classes
            for j in classes
        ],
        "alt": _("How many test {noun}s of each class are given each label").format(noun=noun),
    }


def shares(counts: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Of each class, which share is called what: rows that sum to 1, (K, K)."""
    found: npt.NDArray[np.float64] = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    return found


def _largest(counts: npt.NDArray[np.intp]) -> float:
    """The largest share of a class that is called by another name; 1 where nothing is misread."""
    return float((shares(counts) * ~np.eye(len(counts), dtype=bool)).max()) or 1.0


def _colour(share: float, right: bool, mode: theme.Mode) -> dict[str, str]:
    colour, ink = theme.tint(share**0.5, _end(right, mode), mode)
    return {"colour": colour, "ink": ink}


def _end(right: bool, mode: theme.Mode) -> str:
    return theme.CATEGORICAL[mode][0 if right else 1]


def _scale(counts: npt.NDArray[np.intp]) -> None:
    """What the two colours mean at their ends."""
    mode, bars = cards.mode(), []
    for right, to in ((True, "left"), (False, "right")):
        none, all_of_it = (theme.tint(part, _end(right, mode), mode)[0] for part in (0.0, 1.0))
        bars.append(f'<span style="background: linear-gradient(to {to}, {none}, {all_of_it})"></span>')
    ends = _("100 % right"), _("{share:.1%} wrong").format(share=_largest(counts))
    st.html(f'<div class="two-scales">{ends[0]}{"".join(bars)}{ends[1]}</div>')


def _pair(words: str) -> tuple[int, int]:
    row, column = map(int, words.split(","))
    return row, column


def _pictures(found: Confusion, chosen: tuple[int, int]) -> None:
    """Those of the chosen cell, the surest answers first."""
    data, (row, column) = learning.data(), chosen
    there = np.flatnonzero((found.truth == row) & (found.said == column))
    there = there[np.argsort(-found.p[there, column], kind="stable")][:SHOWN]
    names = data.class_names
    of = _("{n} of {all:,}").format(n=found.counts[row, column], all=found.counts[row].sum())
    st.caption(
        as_typed(
            _("“{truth}”, called “{said}”: {n} test {noun}s, the surest first.").format(
                truth=names[row], said=names[column], n=of, noun=data.noun
            )
        )
    )
    if len(there):
        x = learning.test_pictures()[0][there].numpy()
        labels = [f"p({names[column]}|x) = {p[column]:.2f}, p({names[row]}|x) = {p[row]:.2f}" for p in found.p[there]]
        pixels = frames.colour_probabilities(x, shape=data.shape)
        alt = _("Test {noun}s of the chosen cell").format(noun=data.noun)
        columns = cards.beside(4, SHOWN, data.shape)
        cards.picture_wall(pixels, columns, "labels_confused_wall", alt, labels=labels, max_cell=40)


def _confusion(newest: LabelMachine) -> Confusion:
    """What it says of all test pictures; computed once for a machine."""
    import torch

    known = st.session_state.get("labels_confusion_of")
    if known is None or known[0] is not newest:
        x, classes = learning.test_pictures()
        with torch.no_grad():
            p = learning.model(newest).label_probability(x).numpy()
        truth, said, k = classes.numpy(), p.argmax(1), p.shape[1]
        counts = np.bincount(truth * k + said, minlength=k * k).reshape(k, k)
        known = newest, Confusion(p, truth, said, counts)
        st.session_state["labels_confusion_of"] = known
    found: Confusion = known[1]
    return found
