"""A run in words: its name, its settings, what was turned while it trained, and what is known of its likelihood. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from rbm.core.language import _
from rbm.datasets import catalog
from rbm.datasets.catalog import CATALOG
from rbm.datasets.entry import ISING_CRITICAL, RING, Temperature
from rbm.evaluation import verdict
from rbm.experiment import RunSpec
from rbm.store import Run, likelihoods
from rbm.training import changes as turning
from rbm.training.config import Knob, knobs

PARTS = ((_("Data"), "dataset"), (_("Machine"), "model"), (_("Training"), "training"))
NAMES = {"name": _("Data set"), "classes": _("Classes"), "size": _("Training images"), "temperature": _("Temperature")}
MOST_NAMED = 4  # temperatures that a run's name lists


class ToldSetting(NamedTuple):
    """One setting of a run: the part it belongs to, its label, its value and, where that is another, the usual one."""

    part: str
    label: str
    value: str
    usual: str = ""


class SaidOfLikelihood(NamedTuple):
    """What is known of a log-likelihood in a sentence that names the images, its ``mark`` if it needs one, and why."""

    said: str
    mark: str
    why: str


def name(spec: RunSpec, turned: Mapping[str, Any] = MappingProxyType({})) -> str:
    """A run in a few words: what is learnt, how, and how large. ``turned``: the knobs as they stand by now."""
    units = "" if spec.model.plain else f" · {spec.model.visible} × {spec.model.hidden}"
    hidden = _("{n} hidden").format(n=spec.model.n_hidden)
    return f"{data_title(spec)} · {hidden} · {algorithm(spec, turned)}{units}"


def called(run: Run) -> str:
    """A run as people speak of it: by the name that somebody gave it, if anybody did, and by what it is."""
    what = name(run.spec, run.progress.knobs)
    return f"{run.name}: {what}" if run.name else what


def data_title(spec: RunSpec) -> str:
    """What is learnt, with its temperature where one was chosen."""
    title, t = catalog.title(spec.dataset.name), spec.dataset.temperature
    if isinstance(t, tuple) and len(t) > MOST_NAMED:
        words = _("{title} at {n} temperatures, T = {low:g} to {high:g}")
        return words.format(title=title, n=len(t), low=min(t), high=max(t))
    return title if t is None else _("{title} at T = {t}").format(title=title, t=_listed(t))


def temperature(spec: RunSpec) -> str:
    """The temperature at which the data are made, chosen or usual: "2.269, critical"; "" of data that have none."""
    entry = CATALOG.get(spec.dataset.name)
    if entry is None or not entry.thermal:
        return ""
    t = entry.usual_temperature if spec.dataset.temperature is None else spec.dataset.temperature
    if isinstance(t, tuple):
        return _listed(t)
    critical = entry.name != RING and abs(t - ISING_CRITICAL) < 5e-4
    return (_("{t:.4g}, critical") if critical else "{t:.4g}").format(t=t)


def _listed(t: Temperature) -> str:
    """One or several temperatures as numbers."""
    return ", ".join(f"{one:g}" for one in (t if isinstance(t, tuple) else (t,)))


def algorithm(spec: RunSpec, turned: Mapping[str, Any] = MappingProxyType({})) -> str:
    return f"{spec.training.algorithm.upper()}-{turned.get('k', spec.training.k)}"


def turned(run: Run) -> str:
    """What was changed while the run trained, and when; empty if nothing was."""
    at, config = run.progress, run.spec.training
    if at.changes is not None:
        return turning.in_words(at.changes, config)
    moved = {name: value for name, value in at.knobs.items() if value != getattr(config, name)}
    return _("{turned}, not recorded when").format(turned=turning.moved_in_words(moved, config))


def settings(spec: RunSpec) -> Iterator[ToldSetting]:
    """All settings that do something in this run."""
    usual, beside = RunSpec(), {**asdict(spec.model), **asdict(spec.training)}
    yield ToldSetting(_("Data"), NAMES["name"], data_title(spec))
    for title, part in PARTS:
        given = getattr(spec, part)
        labels: Mapping[str, Knob] = knobs(type(given))
        for f in fields(given):
            if f.name == "name" or (f.name in labels and not labels[f.name].acts(beside)):
                continue
            value, default = shown(getattr(given, f.name)), shown(getattr(getattr(usual, part), f.name))
            if f.name == "temperature":
                usually = replace(spec, dataset=replace(spec.dataset, temperature=None))
                value, default = temperature(spec), temperature(usually)
            if value:
                label = labels[f.name].label if f.name in labels else NAMES[f.name]
                yield ToldSetting(title, label, value, default if value != default else "")
    yield ToldSetting(_("Chance"), _("Seed"), str(spec.seed))


def shown(value: Any) -> str:
    """A setting's value."""
    if value is None:
        return _("all")
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else _(str(value))


def likelihood(numbers: Mapping[str, float], result: Mapping[str, Any] | None) -> list[SaidOfLikelihood]:
    """What was computed of a checkpoint (``rbm.tasks.likelihood.summary``), then the newest of a run's ``numbers``."""
    found = [] if result is None else [_computed(result)]
    live = likelihoods.of_numbers(numbers)
    if live is not None:
        how = _("exact") if live.exact else _("reverse AIS {reverse}").format(reverse=number(live.reverse))
        said = _(
            "while it trained, after epoch {epoch:.4g}, a sample of validation images {validation}, {how}."
        ).format(epoch=live.epoch, validation=number(live.validation), how=how)
        found.append(SaidOfLikelihood(said, live.verdict.mark, " ".join(live.verdict.sentences)))
    return found


def _computed(result: Mapping[str, Any]) -> SaidOfLikelihood:
    doubt = verdict.of_result(result)
    test, low, high = (number(result[f"test{end}"]) for end in ("", "_low", "_high"))
    other = _("validation images {result}").format(result=number(result["validation"]))
    if result["method"] == "exact":
        return SaidOfLikelihood(
            _("test images {test} ± {result:.2f}, {other}: exact.").format(
                test=test, result=result["test_error"], other=other
            ),
            doubt.mark,
            "",
        )
    said = _("test images {test}, between {low} and {high} in expectation; {other}.").format(
        test=test, low=low, high=high, other=other
    )
    return SaidOfLikelihood(said, doubt.mark, " ".join(doubt.sentences) or str(result["reason"]))


def number(value: float, digits: int = 2) -> str:
    """A number for people to read, with a true minus sign."""
    return f"{value:,.{digits}f}".replace("-", "−")
