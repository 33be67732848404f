"""Results of the few-labels comparison, kept in the folder of the registry so that none is computed twice."""

import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rbm.core.files import write_atomically
from rbm.core.language import _
from rbm.errors import StoreError
from rbm.store.database import default_folder
from rbm.tasks.deep.plan import LabelsPlan, Result

FILE = "few_labels.json"
_lock = threading.Lock()


def load(plan: LabelsPlan, dataset: str = "mnist") -> list[Result]:
    """What is kept of the plan's recipe, its seeds and numbers of labels only; nothing where the file is not to be read."""
    wanted = {(seed, n) for seed in plan.seeds for n in plan.labels}
    entry = _find(_read(_path()), plan, dataset)
    return [
        r for r in map(_result, entry["results"] if entry else ()) if r is not None and (r.seed, r.labels) in wanted
    ]


def keep(plan: LabelsPlan, results: Iterable[Result], dataset: str = "mnist") -> None:
    """Add results to the file, a newer one in place of an older one of the same seed, labels and start.

    StoreError where it cannot be written.
    """
    with _lock:
        entries = _read(_path())
        entry = _find(entries, plan, dataset)
        if entry is None:
            entry = {"dataset": dataset, "recipe": _plain(plan), "results": []}
            entries.append(entry)
        merged = {r.key: r for r in map(_result, entry["results"]) if r is not None}
        merged.update({r.key: r for r in results})
        entry["results"] = [r._asdict() for r in merged.values()]
        try:
            write_atomically(_path(), json.dumps(entries, indent=1).encode())
        except OSError as error:
            wrong = _("The results cannot be kept in {path} ({strerror}): free some space on that disk.")
            raise StoreError(wrong.format(path=_path(), strerror=error.strerror or error)) from error


def _path() -> Path:
    return default_folder() / FILE


def _plain(plan: LabelsPlan) -> Any:
    return json.loads(json.dumps(plan.recipe()))


def _find(entries: list[Any], plan: LabelsPlan, dataset: str) -> Any:
    return next((e for e in entries if e.get("recipe") == _plain(plan) and e.get("dataset") == dataset), None)


def _read(path: Path) -> list[Any]:
    """The file's entries; a missing or damaged file holds none: it can be computed again."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return (
        [e for e in found if isinstance(e, dict) and isinstance(e.get("results"), list)]
        if isinstance(found, list)
        else []
    )


def _result(raw: Any) -> Result | None:
    try:
        return Result(
            int(raw["seed"]), int(raw["labels"]), bool(raw["pretrained"]), float(raw["error"]), float(raw["seconds"])
        )
    except (KeyError, TypeError, ValueError):
        return None
