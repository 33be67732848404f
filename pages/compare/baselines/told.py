"""What a competition has told so far, as charts, walls and a table: plain values, no Streamlit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from pages.ui.components import moving
from pages.ui.draw import figures, frames
from rbm.core.language import N_, _
from rbm.tasks.baselines.comparison import MODELS, SHOWN, BaselineLook, BaselineVerdict, Opening, Pace, Pictures, marks

Shape = tuple[int, int]
READABLE = N_("a tenth flipped")  # the yardstick from which on pictures count as readable
NONE = "–"
HEAD = (
    "", _("weights"), _("epochs"), "Fréchet", "AATS", _("images"), _("pictures"), _("recognised"), _("readable after"),
    _("log-likelihood"),
)  # fmt: skip
DIGITS_ONLY = ("Fréchet", _("recognised"), _("readable after"))  # columns that the classifier of digits fills
ABOUT = (
    "",
    _("Numbers that are learnt; of a GAN, generator and discriminator together."),
    _("Passes over the training images in its seconds."),
    _(
        "Distance from test images in a classifier's features: 0 is the same, 100 as far as digits differ among themselves."
    ),
    _("Nearest-neighbour accuracy, the mean of the next two: one half is ideal, 0 copies, 1 nothing alike."),
    _("AATS, images' side: how many images have no picture nearest. High: parts of the data are missed."),
    _("AATS, pictures' side: how many pictures have another picture nearest. High: they crowd; low: copies."),
    _("The share of pictures in which a classifier sees one digit with at least 90 %."),
    _("The first look at a Fréchet distance below that of real digits with a tenth of their pixels flipped."),
    _(
        "Nats per test image, black-and-white draws. An RBM's is bracketed by two estimates, on average; a "
        "VAE's is above its bound."
    ),
)


class Told(NamedTuple):
    """The news sorted: ``looks`` and ``verdicts`` by contender, how far all are, and who is busy."""

    opening: Opening | None
    looks: dict[str, list[BaselineLook]]
    verdicts: dict[str, BaselineVerdict]
    done: float
    busy: str


def told(news: Iterable[Any]) -> Told:
    """Sort the news. By the names of their classes: what outlives a reload of the code is of another class."""
    opening, done, busy = None, 0.0, ""
    looks: dict[str, list[BaselineLook]] = {}
    verdicts: dict[str, BaselineVerdict] = {}
    for one in news:
        kind = type(one).__name__
        if kind == Pace.__name__:
            done, busy = one.done, one.model
        elif kind == BaselineLook.__name__:
            looks.setdefault(one.model, []).append(one)
        elif kind == BaselineVerdict.__name__:
            verdicts[one.model] = one
        elif kind == Opening.__name__:
            opening = one
    return Told(opening, looks, verdicts, done, busy)


def wall_tiles(looks: Sequence[BaselineLook], seconds: float, shape: Shape) -> tuple[frames.Tiles, list[str]]:
    """A row of SHOWN pictures for each look, from the first on, black for those to come; a label for each picture."""
    times = marks(seconds)
    pictures = np.zeros((len(times) * SHOWN, shape[0] * shape[1]), np.float64)
    for row, look in enumerate(looks):
        pictures[row * SHOWN : (row + 1) * SHOWN] = look.pictures / 255
    labels = [_("after {mark:g} s").format(mark=mark) for mark in times for __ in range(SHOWN)]
    return frames.colour_probabilities(pictures, shape=shape), labels


def nearest_tiles(pictures: Pictures, verdict: BaselineVerdict, shape: Shape) -> frames.Tiles:
    """Pictures over the training images nearest to them."""
    return frames.colour_probabilities(np.concatenate([pictures, verdict.nearest]) / 255, shape=shape)


def frechet_option(seen: Told, contenders: Sequence[str]) -> dict[str, Any]:
    """Fréchet distance against seconds of training."""
    line = None
    if seen.opening is not None and READABLE in seen.opening.yardsticks:
        line = (_("a tenth of pixels flipped"), seen.opening.yardsticks[READABLE])
    return _option(seen, contenders, "frechet", _("Fréchet distance / % of the digits' variance"), line, log_y=True)


def aats_option(seen: Told, contenders: Sequence[str]) -> dict[str, Any]:
    """How far AATS's two sides are from one half, against seconds of training."""
    return _option(seen, contenders, "aats_error", _("distance from one half"), None)


def _option(
    seen: Told,
    contenders: Sequence[str],
    column: str,
    unit: str,
    line: tuple[str, float] | None,
    *,
    log_y: bool = False,
) -> dict[str, Any]:
    """The untrained look is left out: at 0 seconds it has no place on a logarithmic axis."""
    series = []
    for name in contenders:
        looks = [look for look in seen.looks.get(name, ()) if look.mark > 0]
        x, y = [look.seconds for look in looks], [getattr(look, column) for look in looks]
        series.append(figures.Series(MODELS[name], x, y))
    return figures.curve_option(
        series,
        x_title=_("seconds of training, each"),
        y_title=unit,
        line=line,
        log_x=True,
        log_y=log_y,
        dots=True,
        empty=_("No looks yet"),
    )


def readable_after(seen: Told, name: str) -> BaselineLook | None:
    """The first look at readable pictures."""
    if seen.opening is None or READABLE not in seen.opening.yardsticks:
        return None
    limit = seen.opening.yardsticks[READABLE]
    return next((look for look in seen.looks.get(name, ()) if look.frechet <= limit), None)


def caption(seen: Told, name: str) -> str:
    """A contender's state in a few words."""
    looks = seen.looks.get(name)
    if seen.opening is None or name not in seen.opening.weights:
        return NONE
    weights = _("{weights:,} weights").format(weights=seen.opening.weights[name])
    if not looks:
        return weights
    distance = "" if math.isnan(looks[-1].frechet) else _(" · Fréchet {frechet:.1f}").format(frechet=looks[-1].frechet)
    return _("{weights} · {epoch:.1f} epochs{distance}").format(
        weights=weights, epoch=looks[-1].epoch, distance=distance
    )


def table(seen: Told, contenders: Sequence[str], digits: bool = True) -> dict[str, Any]:
    """All that is known of every contender, and under them real digits as the yardstick; without ``digits``, less."""
    rows = [_row(seen, name) for name in contenders]
    if not digits:
        kept = [i for i, name in enumerate(HEAD) if name not in DIGITS_ONLY]
        return moving.table([HEAD[i] for i in kept], [[row[i] for i in kept] for row in rows], [ABOUT[i] for i in kept])
    if seen.opening is not None:
        for name in (N_("real digits"), READABLE, N_("noise")):
            empty = [NONE] * (len(HEAD) - 4)
            rows.append([_(name), NONE, NONE, f"{seen.opening.yardsticks[name]:.1f}", *empty])
    return moving.table(HEAD, rows, ABOUT)


def _row(seen: Told, name: str) -> list[str]:
    looks = seen.looks.get(name)
    title = f"**{MODELS[name]}**"
    if seen.opening is None or not looks:
        return [title, *[NONE] * (len(HEAD) - 1)]
    last, first = looks[-1], readable_after(seen, name)
    return [
        title,
        f"{seen.opening.weights[name]:,}",
        f"{last.epoch:.1f}",
        f"{last.frechet:.1f}",
        f"{last.aats:.2f}",
        f"{last.data_side:.2f}",
        f"{last.sample_side:.2f}",
        f"{last.sure:.0%}",
        _("{mark:g} s, {epoch:.1f} epochs").format(mark=first.mark, epoch=first.epoch) if first else _("not yet"),
        likelihood(name, seen.verdicts.get(name)),
    ]


def likelihood(name: str, verdict: BaselineVerdict | None) -> str:
    """The log-likelihood as far as it is known."""
    if name not in ("rbm", "vae"):
        return _("has none")
    if verdict is None:
        return _("at the end")
    low = figures.number(verdict.low, 1)
    if math.isinf(verdict.high):
        return f"≥ {low}"
    told = _("{low} to {high}").format(low=low, high=figures.number(verdict.high, 1))
    return f"{told} ({verdict.mark})" if verdict.mark else told


def distances(verdict: BaselineVerdict) -> str:
    """How near the nearest training images are."""
    mean = float(np.mean(verdict.distances))
    return _("{mean:.0f} on average (a test image: {ordinary:.0f})").format(mean=mean, ordinary=verdict.ordinary)
