"""What the charts of a run say: pure functions of its history, without Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pages.ui.draw.figures import LEAST_NATS, NOTHING_YET, Series, curve_option
from rbm.evaluation import verdict
from rbm.experiment import UNBOUNDED, ModelSpec
from rbm.training.events import MEASURES
from rbm.training.history import SPEED_SECONDS, History

PLAIN = ModelSpec()


def measure(history: History, metric: str, model: ModelSpec = PLAIN) -> dict[str, Any]:
    """The chart of one number of the event stream; where it has no meaning for the machine's units, a sentence that says so."""
    measure, averaged = MEASURES[metric], metric == "samples_per_second"
    found = history.averaged_rate(metric, SPEED_SECONDS) if averaged else history.column(metric)
    return curve_option(
        [Series(measure.title, *found)],
        x_title="epochs",
        y_title=measure.unit,
        x_range=_epochs(history),
        empty=_without(metric, model) or NOTHING_YET,
    )


def _without(metric: str, model: ModelSpec) -> str:
    """Why a machine of these units does not tell a number; "" where it does."""
    if metric == "pseudo_log_likelihood" and model.visible != "bernoulli":
        return "It flips pixels, which only bernoulli visible units have"
    if metric in ("dead_units", "saturated_units") and model.hidden in UNBOUNDED:
        return f"A {model.hidden} unit is never simply on or off"
    return ""


def free_energy(history: History) -> dict[str, Any]:
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


def likelihood(history: History, moving: bool = False) -> dict[str, Any]:
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
