"""A run as something to hand on: short query parameters for a link, and the lines of Python that do the same run.

A run whose knobs were turned while it trained is its start and those turns. The code does both; a link opens the start and
says what was turned when, since the reader turns the knobs while training from it.

A link names its version and holds only what differs from *that version's* defaults, which therefore stay as written
below whatever the program's defaults become; links of older versions are read for ever.
Reading needs no torch and trusts nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from rbm.core.language import _
from rbm.datasets.catalog import entry, names
from rbm.datasets.temperatures import COLDEST, HOTTEST, checked_temperature
from rbm.errors import ConfigError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.training.changes import TURNS, Change, in_words, noted
from rbm.training.config import TrainConfig, knobs

VERSION = "3"
LARGEST_SEED = 2**31 - 1
LARGEST_SIZE = 10**7

# What older versions left out, where it was another value. Version 1's rate of 0.1 left far modes to CD-1 that no estimate
# of its likelihood could be trusted with.
# Version 2's constant rate was more than persistent chains keep up with.
_OLDER: dict[str, dict[str, Any]] = {"1": {"lr": 0.1, "sh": "constant"}, "2": {"sh": "constant"}}

# Parameter -> part of the spec, field, and the value that this version leaves out. Never change a line; for another
# default make another version, and for a new field a new line with the value that old links stand for.
_FIELDS: dict[str, tuple[str, str, Any]] = {
    "d": ("dataset", "name", "mnist"),
    "te": ("dataset", "temperature", None),  # before the classes, which they may be
    "c": ("dataset", "classes", None),
    "n": ("dataset", "size", None),
    "h": ("model", "n_hidden", 100),
    "vb": ("model", "visible_bias", "data"),
    "ws": ("model", "start", "noise"),
    "vu": ("model", "visible", "bernoulli"),
    "hu": ("model", "hidden", "bernoulli"),
    "m": ("model", "n_states", 2),
    "a": ("training", "algorithm", "cd"),
    "k": ("training", "k", 1),
    "nc": ("training", "n_chains", 0),
    "nr": ("training", "n_replicas", 10),
    "lr": ("training", "learning_rate", 0.05),
    "b": ("training", "batch_size", 64),
    "e": ("training", "epochs", 20),
    "o": ("training", "optimizer", "sgd"),
    "ce": ("training", "centred", "on"),
    "mo": ("training", "momentum", 0.8),
    "wd": ("training", "weight_decay", 0.0001),
    "l1": ("training", "l1", 0.0),
    "mn": ("training", "max_norm", 0.0),
    "st": ("training", "sparsity_target", 0.1),
    "sc": ("training", "sparsity_cost", 0.0),
    "gc": ("training", "gradient_clip", 0.0),
    "sh": ("training", "schedule", "linear"),
    "rw": ("training", "weighting", "alike"),
    "bi": ("training", "binarise", "stochastic"),
    "ll": ("training", "likelihood", "1-2-5"),
    "pr": ("training", "precision", "auto"),
    "dv": ("training", "device", "auto"),
    "s": ("run", "seed", 1),
}
_TURNED = "t"  # parameter -> updates~knob~value, one after the other with _ between them
_MOST_TURNED = 40  # of those that a link names: an address stays short enough to be sent
_LIVE = {name: field for name, (_, field, _) in _FIELDS.items() if field in TURNS}
_KINDS = {"dataset": DatasetSpec, "model": ModelSpec, "training": TrainConfig}


class Opened(NamedTuple):
    """What a link asks for, and a sentence for each thing in it that had to be changed."""

    spec: RunSpec
    notes: list[str]


def to_query(spec: RunSpec, changes: Sequence[Change] = ()) -> dict[str, str]:
    """The spec as query parameters, its version first: ``{"v": "1", "h": "200"}``; ``changes``: what was turned when."""
    query = {"v": VERSION}
    for name, (part, field, default) in _FIELDS.items():
        value = getattr(spec if part == "run" else getattr(spec, part), field)
        if value != default:
            between = "_" if name == "te" else "."
            query[name] = between.join(map(str, value)) if isinstance(value, tuple) else str(value)
    short = {field: name for name, field in _LIVE.items()}
    turned = [f"{one.step}~{short[field]}~{value}" for one in changes for field, value in one.knobs.items()]
    if turned:
        query[_TURNED] = "_".join(turned[:_MOST_TURNED])
    return query


def to_url(base: str, spec: RunSpec, changes: Sequence[Change] = ()) -> str:
    """The link itself; ``base`` is the address of the page that trains."""
    return f"{base}?{urlencode(to_query(spec, changes))}"


def from_query(query: Mapping[str, str]) -> Opened:
    """The spec of a link. What is out of range is brought into it and what makes no sense left out, each with a note.

    ConfigError only when the whole link is of a version that this program does not know.
    """
    version = query.get("v", "none")
    if version not in (*_OLDER, VERSION):
        wrong = _("The link is of version {version!r}; this program reads versions up to {newest}: ask for a new one.")
        raise ConfigError(wrong.format(version=version, newest=VERSION))
    older = _OLDER.get(version, {})
    parts: dict[str, dict[str, Any]] = {"dataset": {}, "model": {}, "training": {}, "run": {}}
    notes: list[str] = []
    for name, (part, field, newest) in _FIELDS.items():
        value = default = older.get(name, newest)
        if name in query:
            try:
                value = _read(part, field, default, query[name], notes, parts["dataset"])
            except ValueError:
                notes.append(
                    _("The link's {setting} is {query!r}, which is no such value: {default} is taken.").format(
                        setting=_called(field),
                        query=query[name][:40],
                        default=_("the usual one") if default is None else default,
                    )
                )
        parts[part][field] = value
    if unknown := sorted(query.keys() - {"v", _TURNED, *_FIELDS}):
        names = ", ".join(name[:40] for name in unknown)
        notes.append(_("The link names what this program does not know and leaves out: {names}.").format(names=names))
    spec = RunSpec(
        DatasetSpec(**parts["dataset"]), ModelSpec(**parts["model"]), TrainConfig(**parts["training"]), **parts["run"]
    )
    if _TURNED in query:
        notes.append(_what_was_turned(query[_TURNED], spec.training))
    return Opened(spec, notes)


def _what_was_turned(text: str, config: TrainConfig) -> str:
    """The sentence about knobs that were turned in the run behind the link."""
    changes: list[Change] = []
    try:
        for part in text.split("_")[:_MOST_TURNED]:
            step, name, value = part.split("~")
            field = _LIVE[name]
            number = _whole(value) if isinstance(getattr(config, field), int) else float(value)
            replace(config, **{field: number})  # type: ignore[arg-type]
            if _whole(step) < 0:
                raise ValueError
            changes = noted(changes, _whole(step), {field: number})
    except (KeyError, ValueError):
        return _("The link says that its run was changed during training, but the changes cannot be read.")
    return _(
        "The run behind this link was changed during training: {in_words}. These are the settings at its "
        "start: make the same changes, or use its code, for the same numbers."
    ).format(in_words=in_words(changes, config))


def _read(part: str, field: str, default: Any, text: str, notes: list[str], dataset: dict[str, Any]) -> Any:
    """One value; ValueError where there is nothing to bring into range."""
    if field == "name":
        if text not in names():
            raise ValueError
        return text
    if field == "classes":
        classes = tuple(sorted({_whole(number) for number in text.split(".")}))
        if not 0 <= classes[0] <= classes[-1] < len(entry(dataset["name"]).classes_at(dataset["temperature"])):
            raise ValueError
        return classes
    if field == "temperature":
        if not entry(dataset["name"]).thermal:
            raise ValueError
        inside = [_clamped(field, float(one), COLDEST, HOTTEST, notes) for one in text.split("_")]
        return checked_temperature(inside)
    if field in ("size", "seed"):
        return _clamped(field, _whole(text), *((1, LARGEST_SIZE) if field == "size" else (0, LARGEST_SEED)), notes)
    knob = knobs(_KINDS[part])[field]
    if knob.choices:
        if text not in knob.choices:
            raise ValueError
        return text
    number = _whole(text) if isinstance(default, int) else float(text)
    assert knob.low is not None
    assert knob.high is not None
    return _clamped(field, number, type(number)(knob.low), type(number)(knob.high), notes)


def _called(field: str) -> str:
    """A setting's name on the screen, and in code where it is a knob."""
    for kind in _KINDS.values():
        if field in knobs(kind):
            return knobs(kind)[field].with_code(field)
    return _("data set") if field == "name" else field


def _whole(text: str) -> int:
    """Digits and at most a sign: Python itself would also read '1_0' and other scripts' digits."""
    if not text.isascii() or "_" in text or len(text) > 20:
        raise ValueError
    return int(text)


def _clamped(field: str, value: Any, low: Any, high: Any, notes: list[str]) -> Any:
    if math.isnan(value):
        raise ValueError
    inside = min(max(value, low), high)
    if inside != value:
        notes.append(
            _("The link's {setting} is {value:g}; {inside:g} is as far as it goes.").format(
                setting=_called(field), value=value, inside=inside
            )
        )
    return inside


def code(spec: RunSpec, changes: Sequence[Change] = ()) -> str:
    """A short program that does the run with ``rbm`` and saves it: the same parameters bit for bit on one machine.

    ``changes``: where knobs were turned while it trained; the program turns them there too.
    """
    model = spec.model if spec.model.knob_acts("n_states") else replace(spec.model, n_states=ModelSpec().n_states)
    parts = [
        _call("DatasetSpec", spec.dataset, DatasetSpec()),
        _call("ModelSpec", model, ModelSpec()),
        _call("TrainConfig", spec.training, TrainConfig()),
        f"seed={spec.seed}",
    ]
    body = "".join(f"    {part},\n" for part in parts)
    turned = "".join(f"    {one.step}: dict({_arguments(one.knobs)}),\n" for one in changes)
    table = f"turned = {{  # after so many updates, while it trained\n{turned}}}\n" if turned else ""
    loop = _TURNING if turned else _PLAIN
    return f"""import torch

from rbm import DatasetSpec, ModelSpec, RunSpec, TrainConfig, save_checkpoint
from rbm.experiment import make_dataset, make_trainer

torch.set_num_threads(1)  # as the app's workers: another number rounds sums differently
spec = RunSpec(
{body})
{table}trainer = make_trainer(spec, make_dataset(spec.dataset, spec.model))
{loop}    if event := trainer.step():
        print(f"epoch {{event.epoch:.2f}}", dict(event.metrics))
save_checkpoint("run.safetensors", trainer.model, spec, state=trainer.state())
"""


_PLAIN = "while not trainer.finished:\n"
_TURNING = """while True:
    now = turned.get(trainer.step_number, {})
    trainer.lengthen(now.pop("epochs", 0))  # a finished run may have been trained further
    trainer.change(**now)
    if trainer.finished:
        break
"""


def _arguments(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def _call(name: str, value: Any, default: Any) -> str:
    given = [(f.name, getattr(value, f.name), getattr(default, f.name)) for f in fields(value)]
    return f"{name}({', '.join(f'{field}={now!r}' for field, now, usual in given if now != usual)})"
