"""What was measured as text for a person and as plain values for JSON."""

import datetime
import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from rbm.benchmarks.quality import MARKS, JudgedTraining, quickest
from rbm.benchmarks.race import SpeedRace
from rbm.benchmarks.tasks import TimedTask
from rbm.training.precision import has_bfloat16_instructions

PACKAGES = ("torch", "numpy", "scikit-learn", "rbms", "learnergy")


def machine() -> dict[str, Any]:
    """Processor, cores, threads and whether it multiplies bfloat16 itself; when, and with which Python."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bfloat16_instructions": has_bfloat16_instructions(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def versions() -> dict[str, str]:
    """Of every package that takes part, where it is installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def as_values(races: Sequence[SpeedRace], tasks: Sequence[TimedTask], auto: str, products: str) -> dict[str, Any]:
    """The whole report for JSON; speeds in images per second, times in seconds, ratios of medians."""
    return {
        "machine": machine(),
        "versions": versions(),
        "auto_precision": auto,
        "float32_products": products,
        "races": [
            {
                "n_hidden": race.setting.n_hidden,
                "batch_size": race.setting.batch_size,
                "k": race.setting.k,
                "reference": race.reference,
                "results": [
                    {
                        "name": result.name,
                        "samples_per_second": result.median,
                        "runs": list(result.runs),
                        "reference_is_faster_by": race.ratio(result.name),
                    }
                    for result in race.results
                ],
                "skipped": dict(race.skipped),
            }
            for race in races
        ],
        "tasks": [{"name": task.name, "seconds": task.median, "runs": list(task.runs)} for task in tasks],
    }


def as_text(values: dict[str, Any]) -> str:
    """The same as tables of one screen's width."""
    about, lines = values["machine"], []
    lines.append(
        f"{about['processor']}, cores: {about['cores']}, torch threads: {about['threads']}, {about['instructions']}"
    )
    known = ", ".join(f"{name} {version}" for name, version in values["versions"].items())
    lines.append(f"{about['system']}, Python {about['python']}, {known}; {about['date']}")
    lines.append(f"precision auto: {values['auto_precision']}")
    lines.append(f"float32: {values['float32_products']}")
    for race in values["races"]:
        lines += ["", *_table(race)]
    if values["tasks"]:
        lines += ["", f"{'other work':<52}{'seconds':>10}"]
        lines += [f"{task['name']:<52}{task['seconds']:>10.3f}" for task in values["tasks"]]
    return "\n".join(line.rstrip() for line in lines)


def quality_as_values(trainings: Sequence[JudgedTraining], skipped: Mapping[str, str]) -> dict[str, Any]:
    """The race for quality: for each engine and mark the seconds and the settings of its quickest training."""
    engines = dict.fromkeys(t.engine for t in trainings)
    ways = {(e, m): quickest(trainings, e, m) for e in engines for m in MARKS}
    return {
        "machine": machine(),
        "versions": versions(),
        "trainings": [
            {
                "engine": t.engine,
                "settings": t.settings,
                "seconds": t.seconds,
                "forward": t.judgement.forward,
                "reverse": t.judgement.reverse,
                "chains_that_count": t.chains,
            }
            for t in trainings
        ],
        "marks": [
            {"engine": e, "mark": m, "seconds": way.seconds if way else None, "settings": way.settings if way else None}
            for (e, m), way in ways.items()
        ],
        "skipped": dict(skipped),
    }


def quality_as_text(values: dict[str, Any]) -> str:
    """The same as a table: a row an engine, a column a mark."""
    lines = [f"{'seconds of training until':<26}" + "".join(f"{m:>9g}" for m in MARKS) + "   nats an image"]
    for engine in dict.fromkeys(way["engine"] for way in values["marks"]):
        seconds = [way["seconds"] for way in values["marks"] if way["engine"] == engine]
        lines.append(f"{engine:<26}" + "".join(f"{s:>9.1f}" if s is not None else f"{'–':>9}" for s in seconds))
    return "\n".join(lines + [f"{name:<26}  {reason}" for name, reason in values["skipped"].items()])


def _table(race: dict[str, Any]) -> list[str]:
    title = f"784–{race['n_hidden']}, batch {race['batch_size']}, k = {race['k']}"
    lines = [f"{title:<34}{'samples/s':>10}{'slowest':>10}{'fastest':>10}   {race['reference']} is"]
    for result in race["results"]:
        low, high = min(result["runs"]), max(result["runs"])
        ratio = f"{result['reference_is_faster_by']:.2f} ×" if result["name"] != race["reference"] else ""
        lines.append(f"{result['name']:<34}{result['samples_per_second']:>10,.0f}{low:>10,.0f}{high:>10,.0f}   {ratio}")
    return lines + [f"{name:<34}  {reason}" for name, reason in race["skipped"].items()]


def _processor() -> str:
    """The processor's name; Python's own answer is "x86_64" on Linux."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
