"""Runs as plain values for the page that compares them: table rows, differences, smooth curves, CSV. No Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from rbm.core.language import _
from rbm.datasets import catalog
from rbm.report.words import NAMES, PARTS, algorithm, called, data_title, shown, temperature, turned
from rbm.store import Evaluation, Run
from rbm.store import likelihoods as known
from rbm.training import changes as turning
from rbm.training.config import Knob, knobs

LETTERS = "ABCD"
EMPTY: tuple[object, ...] = (None, "", [])


def matching(
    runs: Iterable[Run], words: str, tags: Sequence[str], owners: Mapping[str, str] = MappingProxyType({})
) -> list[Run]:
    """The runs in which every word occurs somewhere and that carry one of the tags, if any are asked for."""
    wanted = words.lower().split()
    said = ((run, f"{_text(run)} {owners.get(run.visitor, '').lower()}") for run in runs)
    return [run for run, text in said if all(w in text for w in wanted) and (not tags or set(tags) & set(run.tags))]


def _text(run: Run) -> str:
    spec = run.spec
    parts = (run.id, called(run), spec.dataset.name, spec.training.optimizer, run.status, run.note, *run.tags)
    return " ".join((*parts, _("seed {seed}").format(seed=spec.seed))).lower()


def columns(
    runs: Sequence[Run], likelihoods: Mapping[str, Evaluation], owners: Mapping[str, str] = MappingProxyType({})
) -> dict[str, list[Any]]:
    """The table, column by column; missing numbers are None. ``likelihoods``: those computed of checkpoints, by run;
    ``owners``: the names of visitors, by id."""
    found = [known.of_run(run, likelihoods.get(run.id)) for run in runs]
    table: dict[str, list[Any]] = {
        "name": [run.name for run in runs],
        "data": [data_title(run.spec) for run in runs],
        "hidden": [run.spec.model.n_hidden for run in runs],
        "algorithm": [algorithm(run.spec) for run in runs],
        "units": [
            "" if run.spec.model.plain else f"{run.spec.model.visible} × {run.spec.model.hidden}" for run in runs
        ],
        "owner": [owners.get(run.visitor, "") for run in runs],
        "tags": [list(run.tags) for run in runs],
        "status": [_(run.status) for run in runs],
        "changed": [turned(run) for run in runs],
        "epoch": [run.progress.epoch for run in runs],
        "validation": [one.validation if one else None for one in found],
        "estimate": [one.source if one else "" for one in found],
        "test": [one.test if one else None for one in found],
        "pseudo-ll": [run.metrics.get("pseudo_log_likelihood") for run in runs],
        "pseudo-error": [run.metrics.get("pseudo_log_likelihood_error") for run in runs],
        "gap": [run.metrics.get("free_energy_gap") for run in runs],
        "error": [run.metrics.get("reconstruction_error") for run in runs],
        "rate": [run.spec.training.learning_rate for run in runs],
        "seed": [run.spec.seed for run in runs],
        "seconds": [run.progress.seconds for run in runs],
        "started": [datetime.fromtimestamp(run.created_at, UTC) for run in runs],
        "note": [run.note for run in runs],
        "id": [run.id for run in runs],
    }
    always = (
        "data",
        "hidden",
        "algorithm",
        "status",
        "epoch",
        "started",
        "id",
    )  # of others no column where no run has it
    return {name: column for name, column in table.items() if name in always or any(one not in EMPTY for one in column)}


def differences(runs: Sequence[Run]) -> list[list[str]]:
    """A row for every setting in which the runs differ, at their start or later: its part, its label, each run's value."""
    rows, specs = [], [run.spec for run in runs]
    for title, part in PARTS:
        settings = [getattr(spec, part) for spec in specs]
        labels: Mapping[str, Knob] = knobs(type(settings[0]))
        for f in fields(settings[0]):
            values = [getattr(one, f.name) for one in settings]
            told = [_later(run, f.name) if part == "training" else "" for run in runs]
            if len(set(zip(values, told, strict=True))) > 1:
                label = labels[f.name].label if f.name in labels else NAMES[f.name]
                if f.name == "temperature":
                    values = [temperature(spec) or "–" for spec in specs]
                if f.name == "name":
                    values = [catalog.title(v) for v in values]
                rows.append([title, label, *(shown(v) + more for v, more in zip(values, told, strict=True))])
    if len({spec.seed for spec in specs}) > 1:
        rows.append([_("Chance"), _("Seed"), *(str(spec.seed) for spec in specs)])
    return rows


def _later(run: Run, name: str) -> str:
    """What became of a setting while the run trained: ", 0.01 after update 1,200"."""
    at, start = run.progress, getattr(run.spec.training, name)
    if at.changes is None:
        return _(", later {knobs}").format(knobs=shown(at.knobs[name])) if at.knobs.get(name, start) != start else ""
    __, *later = turning.values_of(at.changes, run.spec.training, name)
    return "".join(_(", {value} after update {step:,}").format(value=shown(value), step=step) for step, value in later)
