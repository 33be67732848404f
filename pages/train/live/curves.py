"""What the charts of a run say: pure functions of its history, without Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.ui.draw.figures import LEAST_NATS, NOTHING_YET, Series, curve_option
from rbm.core.curves import smooth
from rbm.core.language import _
from rbm.evaluation import verdict
from rbm.experiment import UNBOUNDED, ModelSpec
from rbm.store import likelihoods
from rbm.training.events import MEASURES
from rbm.training.history import SPEED_SECONDS, History

PLAIN = ModelSpec()


def measure(history: History, metric: str, model: ModelSpec = PLAIN, smoothing: float = 0.0) -> dict[str, Any]:
    """The chart of one number of the event stream; where it has no meaning for the machine's units, a sentence that says so."""
    measure, averaged = MEASURES[metric], metric == "samples_per_second"
    found = history.averaged_rate(metric, SPEED_SECONDS) if averaged else history.column(metric)
    return curve_option(
        _smoothed([Series(measure.title, *found)], smoothing),
        x_title=_("epochs"),
        y_title=measure.unit,
        x_range=_epochs(history),
        empty=_without(metric, model) or NOTHING_YET,
    )


def _smoothed(series: Sequence[Series], amount: float) -> list[Series]:
    """Each series as its moving average, and behind them, faintly, what was measured."""
    if not amount:
        return list(series)
    smoothed = [one._replace(y=smooth(list(one.y), amount), colour=n) for n, one in enumerate(series)]  # type: ignore[arg-type]
    raw = [
        one._replace(name=_("{name}, as measured").format(name=one.name), colour=n, behind=one.name)
        for n, one in enumerate(series)
    ]
    return [*smoothed, *raw]


def _without(metric: str, model: ModelSpec) -> str:
    """Why a machine of these units does not tell a number; "" where it does."""
    if metric in ("dead_units", "saturated_units") and model.hidden in UNBOUNDED:
        return _("A {hidden} unit is never simply on or off").format(hidden=model.hidden)
    return ""


def free_energy(history: History, smoothing: float = 0.0) -> dict[str, Any]:
    """The chart of both free energies."""
    parts = (_("training"), "train"), (_("validation"), "validation")
    series = [Series(name, *history.column(f"free_energy_{part}")) for name, part in parts]
    return curve_option(
        _smoothed(series, smoothing),
        x_title=_("epochs"),
        y_title=_("nats per image"),
        band=(_("training"), _("validation")),
        x_range=_epochs(history),
    )


def likelihood(history: History, moving: bool = False, never: bool = False) -> dict[str, Any]:
    """The chart of the bracket, each value at the epoch of the machine that it speaks of.

    ``moving``: the run trains. ``never``: it is set to estimate none.
    """
    found = [e.metrics for e in history.events if "log_likelihood_epoch" in e.metrics]
    epochs = [one["log_likelihood_epoch"] for one in found]
    doubtful = [one["log_likelihood_epoch"] for one in found if verdict.unreliable(likelihoods.effective(one))]
    ends = {_("reverse AIS"): "log_likelihood_low", "AIS": "log_likelihood_high"}
    series = [Series(name, epochs, [one[end] for one in found], doubtful=doubtful) for name, end in ends.items()]
    unit = MEASURES["log_likelihood"].unit
    return curve_option(
        series,
        x_title=_("epochs"),
        y_title=unit,
        band=(_("reverse AIS"), "AIS"),
        band_label=_("bracket"),
        dots=True,
        empty=_("No estimate: Likelihood after epochs is “never”") if never else _("First estimate soon after epoch 1"),
        x_range=_epochs(history),
        least_y=LEAST_NATS,
        doubt=verdict.UNRELIABLE,
        note=" · ".join(filter(None, (_newest(found), _under_way(history, moving)))),
    )


def _newest(found: Sequence[Mapping[str, float]]) -> str:
    """The newest bracket in words, with its mark: "Epoch 5: −124.10 to −119.03 (unreliable)"."""
    if not found:
        return ""
    one, ess = found[-1], likelihoods.effective(found[-1])
    low, high = one["log_likelihood_low"], one["log_likelihood_high"]
    epoch = _("Epoch {short}").format(short=_short(one["log_likelihood_epoch"]))
    if ess is None:
        return _("{epoch}: {high}, exact").format(epoch=epoch, high=verdict.quoted(high, ess))
    crossed = _(", crossed") if verdict.crossed(high - low) else ""
    return _("{epoch}: {low} to {high}{crossed}").format(
        epoch=epoch, low=verdict.quoted(low, None), high=verdict.quoted(high, ess), crossed=crossed
    )


def _under_way(history: History, moving: bool) -> str:
    """What is being estimated, if anything is: a share of training's time goes into it, so it rests where training does."""
    epoch = history.events[-1].metrics.get("log_likelihood_estimating") if len(history) else None
    if epoch is None:
        return ""
    words = _("estimating epoch {} …") if moving else _("epoch {}: once training goes on")
    return words.format(_short(epoch))


def _short(epoch: float) -> str:
    return f"{epoch:.1f}".removesuffix(".0")


def _epochs(history: History) -> tuple[float, float] | None:
    """What every chart of a run shows of its epochs: from the start to the newest event."""
    return (0.0, history.events[-1].epoch) if len(history) else None
