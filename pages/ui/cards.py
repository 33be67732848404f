"""Cards: one visual idea each, with its title, and behind a small ? what it shows, what it does not, what to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from pages.ui.components.moving import curves
from pages.ui.components.wall import Legend, pictures, show, wall
from pages.ui.draw import frames, theme
from pages.ui.draw.figures import Series, curve_option
from rbm.evaluation import verdict
from rbm.jobs.training import SHOWN_IMAGES, Snapshot
from rbm.training.events import MEASURES
from rbm.training.history import SPEED_SECONDS, History

Array = npt.NDArray[np.float32]
CURVE_HEIGHT = 210
LEAST_NATS = 2.0  # what a likelihood's axis spans at least: estimates scatter by tenths of a nat


def mode() -> theme.Mode:
    """Whether the visitor looks at the light or at the dark theme."""
    return "dark" if st.context.theme.type == "dark" else "light"


def title(text: str, shows: str, does_not: str = "", try_this: str = "") -> None:
    """A card's heading and its ?."""
    parts = (shows, f"*It does not show:* {does_not}" if does_not else "", f"*Try:* {try_this}" if try_this else "")
    st.markdown(f"**{text}**", help="\n\n".join(filter(None, parts)))


def curve(history: History, metric: str, key: str, try_this: str = "") -> None:
    """One number of the event stream against epochs."""
    measure = MEASURES[metric]
    with st.container(key=f"card_{key}", gap="xsmall"):
        title(measure.title, measure.tells, measure.not_tells, try_this)
        alt = f"{measure.title} against epochs"
        curves(measure_option(history, metric), height=CURVE_HEIGHT, key=f"chart_{key}", alt=alt)


def likelihood(history: History, moving: bool, key: str) -> None:
    """The two ends of the log-likelihood's bracket with what lies between them shaded."""
    measure = MEASURES["log_likelihood"]
    with st.container(key=f"card_{key}", gap="xsmall"):
        title(
            measure.title,
            measure.tells,
            measure.not_tells,
            "CD-1 against PCD: PCD's reconstructions are no better, its likelihood is.",
        )
        alt = "Log-likelihood of validation images after some epochs"
        curves(likelihood_option(history, moving), height=CURVE_HEIGHT, key=f"chart_{key}", alt=alt)


def likelihood_option(history: History, moving: bool = False) -> dict[str, Any]:
    """The chart of the bracket, each value at the epoch of the machine that it speaks of; ``moving``: the run trains."""
    found = [e.metrics for e in history.events if "log_likelihood_epoch" in e.metrics]
    epochs = [one["log_likelihood_epoch"] for one in found]
    doubtful = [one["log_likelihood_epoch"] for one in found if verdict.unreliable(_effective(one))]
    ends = {"reverse AIS": "log_likelihood_low", "AIS": "log_likelihood_high"}
    series = [Series(name, epochs, [one[end] for one in found], doubtful=doubtful) for name, end in ends.items()]
    unit = MEASURES["log_likelihood"].unit
    return curve_option(
        series,
        x_title="epochs",
        y_title=unit,
        band=("reverse AIS", "AIS"),
        band_label="bracket",
        dots=True,
        empty="First estimate soon after epoch 1, unless Likelihood after epochs is never",
        x_range=_epochs(history),
        least_y=LEAST_NATS,
        doubt=verdict.UNRELIABLE,
        note=" · ".join(filter(None, (_newest(found), _under_way(history, moving)))),
    )


def _effective(one: Mapping[str, float]) -> float | None:
    """What an estimate rests on: None where it is exact, so both ends are one; NaN where an older run did not keep it."""
    if "log_likelihood_ess" in one:
        return one["log_likelihood_ess"]
    return None if one["log_likelihood_low"] == one["log_likelihood_high"] else np.nan


def _newest(found: Sequence[Mapping[str, float]]) -> str:
    """The newest bracket in words, with its mark: "Epoch 5: −124.10 to −119.03 (unreliable)"."""
    if not found:
        return ""
    one, ess = found[-1], _effective(found[-1])
    low, high = one["log_likelihood_low"], one["log_likelihood_high"]
    epoch = f"Epoch {_short(one['log_likelihood_epoch'])}"
    if ess is None:
        return f"{epoch}: {verdict.quoted(high, ess)}, exact"
    crossed = ", crossed" if verdict.crossed(high - low) else ""
    return f"{epoch}: {verdict.quoted(low, None)} to {verdict.quoted(high, ess)}{crossed}"


def _under_way(history: History, moving: bool) -> str:
    """What is being estimated, if anything is: a share of training's time goes into it, so it rests where training does."""
    epoch = history.events[-1].metrics.get("log_likelihood_estimating") if len(history) else None
    if epoch is None:
        return ""
    words = "estimating epoch {} …" if moving else "the estimate of epoch {} waits for training to go on"
    return words.format(_short(epoch))


def _short(epoch: float) -> str:
    return f"{epoch:.1f}".removesuffix(".0")


def _epochs(history: History) -> tuple[float, float] | None:
    """What every chart of a run shows of its epochs: from the start to the newest event."""
    return (0.0, history.events[-1].epoch) if len(history) else None


def measure_option(history: History, metric: str) -> dict[str, Any]:
    """The chart of one number of the event stream."""
    measure, averaged = MEASURES[metric], metric == "samples_per_second"
    found = history.averaged_rate(metric, SPEED_SECONDS) if averaged else history.column(metric)
    return curve_option(
        [Series(measure.title, *found)], x_title="epochs", y_title=measure.unit, x_range=_epochs(history)
    )


def free_energy(history: History, key: str) -> None:
    """Training and validation free energy with the gap between them shaded."""
    with st.container(key=f"card_{key}", gap="xsmall"):
        title(
            "Free energy of training and validation images",
            "The shaded gap is what matters: it opens when the machine likes images it has seen better than new ones.",
            "how good the model is. Both curves may rise or fall together, as log Z moves with them.",
            "the preset that overfits 500 images.",
        )
        alt = "Free energy of training and validation images"
        curves(free_energy_option(history), height=CURVE_HEIGHT, key=f"chart_{key}", alt=alt)


def free_energy_option(history: History) -> dict[str, Any]:
    """The chart of both free energies."""
    parts = ("training", "train"), ("validation", "validation")
    series = [Series(name, *history.column(f"free_energy_{part}")) for name, part in parts]
    return curve_option(
        series,
        x_title="epochs",
        y_title="nats per image",
        band=("training", "validation"),
        x_range=_epochs(history),
    )


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
    shown = filter_pictures(weight, shape, units, shared=shared, columns=columns, mode=mode())
    alt = f"Weights of {len(units)} hidden units as pictures"
    shown |= {"labels": labels or shown["labels"], "selected": selected}
    return show(shown, clickable=clickable, max_cell=max_cell, alt=alt, key=key)


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
    png, legend = filter_picture(weight, shape, units, shared=shared, columns=columns, mode=mode)
    return pictures(
        png,
        legend=legend,
        n=len(units),
        columns=beside(columns, len(units), shape),
        cell=frames.drawn_shape(shape),
        labels=[f"unit {unit}" for unit in units],
    )


def filter_picture(
    weight: Array,
    shape: tuple[int, int],
    units: npt.NDArray[np.intp],
    *,
    shared: bool = True,
    columns: int = 10,
    mode: theme.Mode,
) -> tuple[bytes, Legend]:
    """The wall of filters as a PNG, and what its colours mean."""
    pictures = np.ascontiguousarray(weight.T[units], dtype=np.float64).reshape(-1, *shape)
    # One lonely pixel must not wash out all the others: the scale ends where 99.9 % of the weights lie.
    limit = float(np.quantile(np.abs(pictures), 0.999))
    lut = theme.diverging(mode)
    coloured = frames.colour_weights(pictures, shared=shared, limit=limit if shared else None, lut=lut)
    ends = (f"−{limit:.2f}", f"{limit:.2f}") if shared and limit else ("−max", "max")
    words = (ends[0], "weight" if shared else "weight, each its own scale", ends[1])
    png = frames.grid_png(coloured.pixels, beside(columns, len(units), shape))
    return png, Legend(theme.css_gradient(lut), words)


def beside(columns: int, n: int, shape: tuple[int, int]) -> int:
    """How many of n pictures stand side by side: of ``columns`` half as many where each is a long row of values."""
    height, width = frames.drawn_shape(shape)
    return min(columns if width < frames.LONGEST * height else -(-columns // 2), n)


def reconstructions(snapshot: Snapshot | None, shape: tuple[int, int], key: str) -> None:
    """Ten test images over their one-step reconstructions, before training and now."""
    with st.container(key=f"card_{key}", gap="xsmall"):
        title(
            "Test images and reconstructions",
            "Top: ten test images. Middle: their reconstructions p(v|⟨h⟩) by the untrained machine, the pixels' probabilities "
            "given those of the hidden units. Bottom: by this one, now.",
            "whether the machine can make such images by itself: the page Gibbs sampling shows that.",
        )
        count = len(SHOWN_IMAGES)
        picture_wall(
            reconstruction_pixels(snapshot, shape),
            count,
            f"wall_{key}",
            "Ten test images over their reconstructions before training and now",
            labels=[f"{row} {i + 1}" for row in ("original", "before training", "now") for i in range(count)],
        )


def reconstruction_pixels(snapshot: Snapshot | None, shape: tuple[int, int]) -> frames.Pixels:
    """Three rows of pictures: test images, their reconstructions before training and now; black before there are any."""
    if snapshot is None:
        return np.zeros((3 * len(SHOWN_IMAGES), *frames.drawn_shape(shape), 3), np.uint8)
    rows = np.concatenate([snapshot.originals, snapshot.before, snapshot.now])
    return frames.colour_probabilities(rows, shape=shape)


def picture_wall(
    pixels: frames.Pixels,
    columns: int,
    key: str,
    alt: str,
    *,
    labels: list[str] | None = None,
    framed: bool = False,
    max_cell: int = 56,
) -> None:
    """Pictures (N, h, w, 3) side by side, to look at; framed where they may be as white or black as the page."""
    wall(
        frames.grid_png(pixels, columns),
        n=len(pixels),
        columns=min(columns, len(pixels)),
        cell=(pixels.shape[1], pixels.shape[2]),
        labels=labels,
        framed=framed,
        max_cell=max_cell,
        alt=alt,
        key=key,
    )
