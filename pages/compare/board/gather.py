"""What the class board shows, as plain values: everyone's runs of today, looked up once for all who look. No Streamlit."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from pages.ui.components.wall import cells
from pages.ui.draw import frames
from pages.ui.draw.theme import Mode
from rbm.core import clock
from rbm.core.language import _
from rbm.datasets.catalog import entry
from rbm.errors import RbmError, StoreError
from rbm.evaluation import verdict
from rbm.jobs.job import all_jobs
from rbm.jobs.live import LiveRun
from rbm.models.parameters import Array
from rbm.report.words import called, data_title, shown
from rbm.store import Evaluation, Run, Store, open_store
from rbm.store.likelihoods import Known, of_run
from rbm.tasks.likelihood import RESULT
from rbm.training.config import TrainConfig, knobs

FRESH_SECONDS = 2.0
FILTERS, COLUMNS = 12, 6
MOST = 80  # cards: a class of sixty, and some more
SORTS = ("newest", "likelihood", "name", "epoch")
_LABELS = {
    "dataset": _("Data"),
    "classes": _("Classes"),
    "size": _("Images"),
    "n_hidden": _("Hidden"),
    "seed": _("Seed"),
}


class BoardLook(NamedTuple):
    """The registry at a moment: today's runs, whose they are, their newest checkpoints' steps, computed likelihoods."""

    runs: list[Run]
    names: Mapping[str, str]
    steps: Mapping[str, int]
    evaluations: Mapping[str, Evaluation]
    trouble: str = ""  # why there is no newer one


_lock, _drawing = threading.Lock(), threading.Lock()
_log = logging.getLogger(__name__)
_last: list[tuple[float, str, BoardLook]] = []


def today() -> BoardLook:
    """Everyone's runs of today, never older than FRESH_SECONDS, but where the registry cannot be read: then it says why.

    StoreError where it never could.
    """
    store = open_store()
    with _lock:  # of many who look at once one asks the database
        now, where = time.monotonic(), f"{store.url} {store.folder}"
        if not _last or _last[0][1] != where or now - _last[0][0] > FRESH_SECONDS:
            try:
                look = _look(store)
            except StoreError as error:
                if not _last or _last[0][1] != where:
                    raise
                look = _last[0][2]._replace(trouble=_("The cards are of a moment ago. {error}").format(error=error))
            _last[:] = [(now, where, look)]
        return _last[0][2]


def _look(store: Store) -> BoardLook:
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    runs = store.runs(since=midnight)
    return BoardLook(runs, store.names(), store.newest_steps(), store.newest_evaluations(RESULT))


def troubles() -> dict[str, str]:
    """What is wrong with runs that train on this server, by their ids: with their workers, or with their record."""
    runs = [job for job in all_jobs() if isinstance(job, LiveRun) and job.record is not None]
    told = {run.record.id: run.notice or run.record.problem for run in runs if run.record is not None}
    return {run_id: words for run_id, words in told.items() if words}


def chosen(
    look: BoardLook, *, words: str = "", members: Collection[str] | None = None, sort: str = "newest"
) -> list[Run]:
    """The runs in which every word occurs, of ``members`` alone if given, in the order asked for."""
    wanted = words.lower().split()
    runs = [run for run in look.runs if members is None or run.visitor in members]
    found = [run for run in runs if all(word in _text(run, look) for word in wanted)]
    if sort == "likelihood":
        found.sort(key=lambda run: _rank(likelihood(run, look)))
    elif sort == "name":
        found.sort(key=lambda run: (look.names.get(run.visitor, "").lower(), -run.created_at))
    elif sort == "epoch":
        found.sort(key=lambda run: -run.progress.epoch)
    return found[:MOST]


def _text(run: Run, look: BoardLook) -> str:
    whose = look.names.get(run.visitor, "")
    return " ".join((called(run), run.spec.dataset.name, whose, run.id, *run.tags)).lower()


def likelihood(run: Run, look: BoardLook) -> Known | None:
    """The newest that is known of it."""
    return of_run(run, look.evaluations.get(run.id))


def _rank(known: Known | None) -> tuple[int, float]:
    """The best first, then those that nothing should be ranked by, then those of which none is known."""
    if known is None:
        return 2, 0.0
    return int(bool(known.verdict.mark)), -known.validation


def told(known: Known | None) -> str:
    """The bracket with its mark, in a line: "−124.10 to −119.03 (unreliable)"."""
    if known is None:
        return _("no likelihood yet")
    high = verdict.quoted(known.validation, None)
    if known.exact:
        return _("{high} nats, exact").format(high=high)
    mark = f" ({known.verdict.mark})" if known.verdict.mark else ""
    return _("{reverse} to {high} nats{mark}").format(reverse=verdict.quoted(known.reverse, None), high=high, mark=mark)


def settings(runs: Sequence[Run]) -> dict[str, list[str]]:
    """For every run the settings in which these runs differ: "Hidden 64", by its id."""
    flat = {run.id: _flat(run) for run in runs}
    differ = [key for key in next(iter(flat.values()), {}) if len({str(one[key]) for one in flat.values()}) > 1]
    labels = {key: knob.label for key, knob in knobs(TrainConfig).items()} | _LABELS
    return {i: [f"{labels.get(key, key)} {shown(one[key])}" for key in differ] for i, one in flat.items()}


def _flat(run: Run) -> dict[str, Any]:
    spec = run.spec
    data = {"dataset": data_title(spec), "classes": spec.dataset.classes, "size": spec.dataset.size}
    return {**data, **asdict(spec.model), **asdict(spec.training), **run.progress.knobs, "seed": spec.seed}


def cards(runs: Sequence[Run], look: BoardLook, token: str, own: str, mode: Mode) -> dict[str, Any]:
    """What the element of the board shows to whom looks at a light or at a dark page."""
    differ, wrong = settings(runs), troubles()
    each = [_card(run, look, differ[run.id], own, wrong.get(run.id, run.progress.message)) for run in runs]
    for run, card in zip(runs, each, strict=True):
        step = look.steps.get(run.id)
        card["src"] = "" if step is None else f"picture/{token}/{run.id}/{step}.json?{mode}"
    return {"cards": each, "trouble": look.trouble, "at": clock.now()}


def _card(run: Run, look: BoardLook, differ: list[str], own: str, wrong: str) -> dict[str, Any]:
    at = run.progress
    epochs = at.knobs.get("epochs", run.spec.training.epochs)
    return {
        "id": run.id,
        "who": look.names.get(run.visitor, "nobody's"),
        "mine": run.visitor == own,
        "what": called(run),
        "status": _("{status} · epoch {epoch:.1f} of {epochs:g}").format(
            status=_(run.status), epoch=at.epoch, epochs=epochs
        ),
        "share": at.step / max(at.total_steps, 1),
        "likelihood": told(likelihood(run, look)),
        "differ": differ,
        "trouble": wrong,
    }


@lru_cache(maxsize=4)
def weights(run_id: str, step: int) -> Array:
    """The filters (P, H) of a run's newest checkpoint, which is known by ``step``."""
    from rbm.checkpoint import from_bytes

    saved = from_bytes(open_store().checkpoint(run_id))
    weight: Array = saved.spec.coding.filters(saved.model.weight.detach().float().cpu().numpy())
    return weight


@lru_cache(maxsize=1024)
def filters(run_id: str, step: int, mode: Mode) -> bytes:
    """The strongest filters of that checkpoint as numbers that a browser draws, made once for all who look at a light or a dark
    page."""
    weight, run = weights(run_id, step), open_store().run(run_id)
    strongest = np.argsort(-np.linalg.norm(weight, axis=0), kind="stable")[:FILTERS]
    height, width = entry(run.spec.dataset.name).image_shape[:2]
    pictures = frames.filter_pictures(weight, (height, width), strongest, shared=True, limit=None, mode=mode)
    return json.dumps(cells(pictures, COLUMNS)).encode()


def picture(run_id: str, step: int, *, mode: Mode) -> bytes | None:
    """The filters of a run for a light or a dark page, at its newest checkpoint, also where the page was told of the one before;
    None without any."""
    newest = today().steps.get(run_id)
    if newest is None or step > newest:
        return None
    try:
        with _drawing:  # of many who ask at once one draws
            return filters(run_id, newest, mode)
    except RbmError as error:  # the run was deleted at this moment, or its file is damaged, which its own pages say
        _log.warning("run %s has no picture (%s)", run_id, error)
        return None
