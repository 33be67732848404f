"""Settings as a person writes them on the command line: ``--set epochs=5``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rbm.datasets.temperatures import checked_temperature
from rbm.errors import ConfigError
from rbm.experiment import DatasetSpec, RunSpec
from rbm.sweep.spec import KNOBS, Axis, Value

SET: Mapping[str, Any] = MappingProxyType(
    {
        "action": "append",
        "default": [],
        "metavar": "SETTING=VALUE",
        "help": "another value than those, such as epochs=5; may be given several times",
    }
)


def described(path: Path) -> RunSpec:
    """The run that a file describes as JSON; ConfigError where it cannot be read."""
    try:
        return RunSpec.from_json(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"The description {str(path)!r} cannot be read: it is no text in UTF-8.") from error
    except OSError as error:
        raise ConfigError(f"The description {str(path)!r} cannot be read: {error.strerror or error}.") from error


def with_settings(spec: RunSpec, given: Sequence[str]) -> RunSpec:
    """The run with other values of its settings, each written as ``SETTING=VALUE``; ConfigError for what is none.

    The data set comes first: a size and a temperature are of it, wherever they stand.
    """
    for one in sorted(given, key=lambda one: not one.startswith("dataset=")):
        spec = _changed(spec, *split(one))
    return spec


def _changed(spec: RunSpec, name: str, text: str) -> RunSpec:
    if name == "seed":
        return replace(spec, seed=number(name, text, whole=True))
    if name == "dataset":
        return replace(spec, dataset=DatasetSpec(text))
    if name == "size":
        return replace(spec, dataset=replace(spec.dataset, size=number(name, text, whole=True)))
    if name == "temperature":
        several = checked_temperature([number(name, one) for one in text.split(",")])
        return replace(spec, dataset=replace(spec.dataset, temperature=several))
    value: Any = value_of(name, text)
    part = "model" if name in {f.name for f in fields(spec.model)} else "training"
    return replace(spec, **{part: replace(getattr(spec, part), **{name: value})})


def split(given: str) -> tuple[str, str]:
    """The name of a setting, and what it is to be."""
    name, sign, text = given.partition("=")
    if not sign or not text:
        raise ConfigError(f"{given!r} is no setting with its value; expected such as k=5.")
    return name.strip(), text.strip()


def value_of(name: str, text: str) -> Value:
    """One value of a setting, of the setting's own kind."""
    if name not in KNOBS:
        raise ConfigError(f"There is no setting {name!r}; known are: {', '.join(KNOBS)}.")
    if KNOBS[name].choices:
        return text
    return number(name, text, whole=Axis(name, (0,)).whole)


def number(name: str, text: str, *, whole: bool = False) -> Any:
    """A setting's number as it was typed; ConfigError where it is none."""
    try:
        return int(text) if whole else float(text)
    except ValueError:
        raise ConfigError(f"{name} is {text!r}; expected {'a whole number' if whole else 'a number'}.") from None
