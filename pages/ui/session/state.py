"""What one browser tab holds: the draft that widgets edit, and the run that it became."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, NamedTuple, TypeGuard

import streamlit as st

from pages.ui.controls import widgets
from pages.ui.server import feed
from pages.ui.session import tasks, visitor
from rbm import bundled
from rbm.core.language import _
from rbm.core.limits import SCREEN
from rbm.core.text import as_typed
from rbm.errors import ConfigError, DeletedRunError, HeldError, NotYoursError, RbmError, StoreError, UnknownRunError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, check_limits, check_units
from rbm.jobs import recording
from rbm.jobs import room as rooms
from rbm.jobs.job import ACTIVE, Job, all_jobs
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.link import from_query
from rbm.presets import PRESETS
from rbm.store import Run, open_store
from rbm.store.owners import NOBODY
from rbm.training.config import LIVE, TrainConfig, knobs

ROOM = "room"  # the query parameter that holds the code of the teacher's room
ADDRESS = "run"  # the one that holds the run's id ...
LOOK = "look"  # ... and the one beside it that holds the machine which is looked at instead
LOOKED = "looked_at"  # that machine, in the session
Draft = dict[str, Any]
_MODEL = tuple(f.name for f in fields(ModelSpec))
_TRAINING = tuple(f.name for f in fields(TrainConfig))
KNOBS = {**knobs(ModelSpec), **knobs(TrainConfig)}
LABELS = {
    **{name: k.label for name, k in KNOBS.items()},
    "dataset": _("Data set"),
    "classes": _("Classes"),
    "size": _("Training images"),
    "seed": _("Seed"),
}


def draft() -> Draft:
    """The settings being edited, by field name; at first those that the last visit left, or else the default run's."""
    if "draft" not in st.session_state:
        st.session_state["draft"] = to_draft(_left() or RunSpec())
    value: Draft = st.session_state["draft"]
    return value


def set_draft(spec: RunSpec) -> None:
    """Put a whole run's settings into the draft."""
    st.session_state["draft"] = to_draft(spec)


def keep_draft() -> None:
    """Keep the draft for the visitor's next visit, where it makes a run, with the run beside which it stood."""
    try:
        spec = to_spec(draft())
    except ConfigError:
        return  # the page says what is wrong
    current: LiveRun | None = st.session_state.get("run")
    run_id = current.record.id if current is not None and current.record is not None else ""
    values = {"spec": spec.to_json(), "run": run_id} if run_id or spec != RunSpec() else {}
    widgets.keep("draft", values, {})


def _left(beside: str | None = None) -> RunSpec | None:
    """The draft that the visitor's last visit left, if any, and ``beside`` that run."""
    left = widgets.kept("draft")
    if "spec" not in left or beside not in (None, left.get("run")):
        return None
    try:
        spec = RunSpec.from_json(left["spec"])
        to_spec(to_draft(spec))
    except RbmError:  # an older program's, which this one does not take
        return None
    return spec


def to_draft(spec: RunSpec) -> Draft:
    """A spec as one flat dict."""
    return {
        "dataset": spec.dataset.name,
        "classes": spec.dataset.classes,
        "size": spec.dataset.size,
        "temperature": spec.dataset.temperature,
        **{name: getattr(spec.model, name) for name in _MODEL},
        "start": spec.model.start if spec.model.knob_acts("start") else "noise",  # which an old run had without a word
        **{name: getattr(spec.training, name) for name in _TRAINING},
        "seed": spec.seed,
    }


def to_spec(draft: Draft) -> RunSpec:
    """The run that a draft describes; ConfigError when a value is out of range, the run larger than a class bears, or its units
    do not fit."""
    spec = RunSpec(
        DatasetSpec(draft["dataset"], draft["classes"], draft["size"], draft["temperature"]),
        ModelSpec(**{name: draft[name] for name in _MODEL}),
        TrainConfig(**{name: draft[name] for name in _TRAINING}),
        draft["seed"],
    )
    check_limits(spec, SCREEN)
    check_units(spec)
    return spec


def roll_seed() -> None:
    """The dice: another seed, so another start and another order of images."""
    draft()["seed"] = random.randrange(1, 10_000)


def run() -> LiveRun | None:
    """This tab's run, its lease renewed: every page that draws keeps it going. A reload finds it again by the address."""
    current = held()
    if current is not None and current.record is not None and st.query_params.get(ADDRESS) != current.record.id:
        st.query_params[ADDRESS] = current.record.id
    return current


def held() -> LiveRun | None:
    """The same on a page that shows any machine, whose address names that one."""
    current: LiveRun | None = st.session_state.get("run") or _come_back()
    if current is not None:
        tasks.mind("run", current)
        current.renew()
    feed.current().own = current  # on pages too that do not show it
    return current


class Return(NamedTuple):
    """What became of the run that the page's address names: where it stopped, or why it could not be taken up; ``anothers``:
    because it is another visitor's; ``held``: because another tab or server trains it, or did so until a moment ago."""

    run_id: str
    problem: str = ""
    there: bool = True
    anothers: bool = False
    held: bool = False


def come_back() -> Return | None:
    """What is to be said of the run in the address, as long as nothing else was begun."""
    found: Return | None = st.session_state.get("return")
    return found


def forget_return() -> None:
    """It was said, or something else was begun."""
    st.session_state.pop("return", None)


def _come_back() -> LiveRun | None:
    """The run that the address names, in a visit that has none: after a reload, a lost connection, a restart of the server.

    Where it names none, or a machine that comes with the program: the run that the visitor's last tab had.
    """
    last, run_id = _last(), st.query_params.get(ADDRESS, "")
    unnamed = not run_id or run_id in bundled.NAMES
    run_id = last if unnamed else run_id
    if not run_id or (st.session_state.get("came_back") == run_id and not _let_go(run_id)):
        return None
    st.session_state["came_back"] = run_id
    forget_return()
    try:
        _refuse_deleted(run_id)
        return _trains_here(run_id) or _stopped(run_id)
    except RbmError as error:
        there, anothers = not isinstance(error, UnknownRunError), isinstance(error, NotYoursError)
        if unnamed and (anothers or isinstance(error, UnknownRunError)):  # nobody asked for what is gone by now
            return None
        st.session_state["return"] = Return(run_id, str(error), there, anothers, isinstance(error, HeldError))
        return None


def _last() -> str:
    """The run of the tab that this one follows, else that beside which the visitor's settings were left, "" where an open tab has
    it; looked up once, as a visit begins."""
    if "last" not in st.session_state:
        left = tasks.last_run() or widgets.kept("draft").get("run", "")
        run_id = left if "v" not in st.query_params else ""  # a link brings its own
        st.session_state["last"] = (
            "" if any(trains(job, run_id) and tasks.minded(job) for job in all_jobs()) else run_id
        )
    found: str = st.session_state["last"]
    return found


def trains(job: Job, run_id: str) -> TypeGuard[LiveRun]:
    """Whether the job is that run, and nobody else has taken it up."""
    return isinstance(job, LiveRun) and job.record is not None and job.record.id == run_id and not job.lost


def _let_go(run_id: str) -> bool:
    found = come_back()
    return found is not None and found.held and fell_silent(run_id)


def fell_silent(run_id: str) -> bool:
    """Whether who trained the run has not written for so long that it can be taken up; from any thread."""
    try:
        return open_store().run(run_id).status == "interrupted"
    except StoreError:  # said by whatever takes it up
        return False


def _trains_here(run_id: str) -> LiveRun | None:
    """The run itself, where an earlier visit to this server has it going: it goes on as if nothing had been. One that was let go
    of meanwhile has stopped, and so it stays until Resume."""
    mine = (NOBODY.id, visitor.current().id)
    for job in all_jobs():
        if trains(job, run_id) and job.record is not None and job.record.visitor.id in mine:
            set_draft(_left(run_id) or same_seed_again(job))
            st.session_state["run"] = job
            if job.status in ACTIVE and not job.watched:
                job.pause()
                st.session_state["return"] = Return(run_id)
            return job
    return None


def _refuse_deleted(run_id: str) -> None:
    try:
        found = open_store().run(run_id)
    except UnknownRunError:
        return  # it may have begun just now
    if found.deleted_at is not None:
        raise DeletedRunError(
            _(
                "Run {run_id} was deleted. On the page Compare runs it can be fetched back for 30 days: show the "
                "deleted ones, tick it and press Restore."
            ).format(run_id=run_id)
        )


def _stopped(run_id: str) -> LiveRun:
    found = _taken_up(visitor.registry().run(run_id))
    set_draft(_left(run_id) or same_seed_again(found))
    st.session_state["run"] = found
    st.session_state["return"] = Return(run_id)
    return found


def try_again() -> None:
    """Look once more for the run that the address names."""
    st.session_state.pop("came_back", None)
    forget_return()


def keep_as_new(current: LiveRun) -> None:
    """A run that another has taken up goes on here as a new one."""
    record = Record(current.spec, visitor=visitor.current())
    current.keep_as(record)


def new_run(spec: RunSpec) -> LiveRun:
    """A fresh run in place of the old one, which stops; it enters the registry with its first numbers."""
    record = Record(spec, visitor=visitor.current())
    return _hold(LiveRun(spec, record))


def check_room() -> None:
    """ConfigError where this visitor's runs, of earlier visits too, are as large as they may be: no other can be kept."""
    with suppress(StoreError):  # said where it tells of the run, which trains all the same
        SCREEN.kept.check(open_store().kept_bytes(visitor=visitor.current().id))


def resume(run_id: str) -> LiveRun:
    """A run of the registry in place of the present one, paused where it stood; StoreError while another trains it.

    NotYoursError where it is another visitor's.
    """
    current = run()
    if current is not None and current.record is not None and current.record.id == run_id and not current.record.lost:
        return current
    found = visitor.registry().run(run_id)
    if current is not None:
        current.pause()
    resumed = _taken_up(found)
    set_draft(same_seed_again(resumed))
    return _hold(resumed)


def _taken_up(found: Run) -> LiveRun:
    """The visitor's run of the registry, paused where it stood; StoreError while another trains it."""
    recording.flush()
    store = open_store()
    record = Record(found.spec, run_id=found.id)
    said = record.claim()
    checkpoint = store.checkpoint(found.id) if store.checkpoints(found.id) else None
    resumed = LiveRun.resume(record, store.run(found.id), store.history(found.id), checkpoint)
    resumed.notice = said
    return resumed


def _hold(new: LiveRun) -> LiveRun:
    st.session_state["run"] = new
    forget_return()
    for passing in ("walk", "arrival", LOOKED):
        st.session_state.pop(passing, None)
    run()
    keep_draft()
    return new


class Arrival(NamedTuple):
    """What became of the link by which a page was opened: whether it could be read, and what to say about it."""

    read: bool
    notes: list[str]


def take_link() -> Arrival | None:
    """Put the run of the link by which this page was opened into the draft, once; None if there was no link."""
    query = st.query_params.to_dict()
    if "v" in query:
        st.query_params.clear()
        try:
            opened = from_query({name: value for name, value in query.items() if name not in (ADDRESS, LOOK, ROOM)})
        except ConfigError as error:
            st.session_state["arrival"] = Arrival(False, [str(error)])
        else:
            set_draft(opened.spec)
            st.session_state["arrival"] = Arrival(True, opened.notes)
    arrival: Arrival | None = st.session_state.get("arrival")
    return arrival


def follow_room() -> None:
    """On every page of a visitor who is in the teacher's room: begin what the teacher has started for all, once."""
    room, me = rooms.current(), visitor.current()
    if room is None or me.id not in room.members:
        return
    room.watch(feed.current())
    feed.watch("room", state=lambda: room.order)
    pauses, order = room.pauses, room.take(me.id)
    if order is None:
        return
    preset = PRESETS[order.preset]
    try:
        check_room()
    except RbmError as error:
        st.toast(as_typed(error), icon=":material/info:")
        return
    set_draft(preset.spec)
    run = new_run(preset.spec)
    run.play()
    if room.pauses != pauses:  # all were paused while this one was on its way
        run.pause()
    st.toast(
        _("The teacher has started **{title}** for all: see the page Train a machine.").format(title=preset.title),
        icon=":material/school:",
    )


def needs_new_run(current: LiveRun, spec: RunSpec) -> list[str]:
    """The settings in which the draft differs from the run and that cannot change while it trains."""
    before, after = to_draft(current.spec), to_draft(spec)
    differs = [name for name in after if name not in LIVE and before[name] != after[name]]
    # A run that was trained further is as long as it has become, and as it was planned.
    return [name for name in differs if name != "epochs" or after[name] != current.epochs]


def same_seed_again(current: LiveRun) -> RunSpec:
    """The run's spec with the knobs as they were last turned: what Reset starts from."""
    return replace(current.spec, training=replace(current.spec.training, **current.knobs))
