"""What runs in the background for one tab: each job under a name, and all of them end with the tab.

A tab that is loaded anew, or whose connection was cut, ends too, as far as the server sees. So a visitor who is back soon finds
the tasks of the tab that ended last, going on as they were, with what the pages held ``beside`` them.
"""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_run_yield_check

from pages.ui import cards
from pages.ui.components.moving import facts
from pages.ui.server import feed
from pages.ui.session import visitor
from rbm.core.language import _
from rbm.core.limits import JOBS
from rbm.core.text import as_typed
from rbm.errors import CheckpointError, StoreError
from rbm.jobs import machines
from rbm.jobs.job import ACTIVE, LEASE_SECONDS, Job, all_jobs
from rbm.jobs.live import LiveRun
from rbm.jobs.machines import Kind
from rbm.jobs.task import Task
from rbm.store import open_store
from rbm.store.machines import Machine

MOST_LEFT = 64  # tabs that ended, whose tasks wait for their visitors
MOST_STORED = 100  # of the registry's machines in a page's menu, the newest
FRESH_SECONDS = 2.0  # for which all visitors' menus read the registry once
_log = logging.getLogger(__name__)


class _Left(NamedTuple):
    """What a tab held that has ended: its jobs by name, what pages held beside them, and its run's id in the registry."""

    visitor: str
    ended: float  # on the monotonic clock
    jobs: dict[str, Job]
    beside: dict[str, Any]
    run: str


class _Lease:
    """Ends when the tab's connection does: Streamlit then calls ``end`` on its event loop, where releasing does not wait."""

    def __init__(self, visitor_id: str = "") -> None:
        self.jobs: dict[str, Job] = {}
        self.beside: dict[str, Any] = {}
        self.visitor, self.over = visitor_id, False
        self.last_run = ""  # of the visitor's tab that this one follows

    def take(self, name: str, job: Job) -> None:
        """From now on the job ends with this tab, and with no other that had it before, as after a reload."""
        self.jobs.pop(name, None)  # what begins last stands last
        self.jobs[name] = job
        _minders[job] = weakref.ref(self)

    def end(self) -> None:
        self.over = True
        minded = {name: job for name, job in dict(self.jobs).items() if self.minds(job)}  # a script may still be adding
        found = {name: job for name, job in minded.items() if not isinstance(job, LiveRun)}
        runs = [job.record.id for job in minded.values() if isinstance(job, LiveRun) and job.record is not None]
        for job in minded.values():
            job.release_soon()
        if (found or self.beside or runs) and self.visitor:
            _leave(_Left(self.visitor, time.monotonic(), found, dict(self.beside), *runs[-1:] or [""]))

    def minds(self, job: Job) -> bool:
        """Whether the job ends with this tab: it was the last to take it up."""
        minder = _minders.get(job)
        return minder is not None and minder() is self


_left: list[_Left] = []  # the last to end is the last
_turn = Lock()


def _leave(left: _Left) -> None:
    with _turn:
        _left[:] = [*filter(_waits, _left[1 - MOST_LEFT :]), left]


def _waits(left: _Left) -> bool:
    return time.monotonic() < left.ended + LEASE_SECONDS


def _take_up(lease: _Lease, visitor_id: str) -> None:
    """What the visitor's tab held that ended last, where that was not long ago."""
    with _turn:
        left = next((one for one in reversed(_left) if one.visitor == visitor_id and _waits(one)), None)
        _left[:] = [one for one in _left if one is not left and _waits(one)]
    if left is None:
        return
    for name, job in left.jobs.items():
        lease.take(name, job)
        job.renew()
    lease.beside, lease.last_run = left.beside, left.run
    for key, value in left.beside.items():
        st.session_state.setdefault(key, value)


# Who took it up last. A lease holds its jobs: held here itself it would keep them, and all that they have learnt, for ever.
_minders: weakref.WeakKeyDictionary[Job, weakref.ref[_Lease]] = weakref.WeakKeyDictionary()


def minded(job: Job) -> bool:
    """Whether a tab that is open has it."""
    minder = _minders.get(job)
    lease = minder() if minder is not None else None
    return lease is not None and not lease.over


@st.cache_resource(scope="session", on_release=_Lease.end, show_spinner=False)
def _lease() -> _Lease:
    """Made when the tab first asks. A script that was on its way when its tab ended ends here: what it would take up, and hold
    for nobody, is for the visitor's next tab."""
    if (stop_if_asked_to := get_run_yield_check()) is not None:
        stop_if_asked_to()
    mine = visitor.current().id
    lease = _Lease(mine)
    _take_up(lease, mine)
    return lease


def come_back() -> None:
    """On every page, before it looks at what it holds. What a visitor has not come back for is forgotten."""
    _lease()
    with _turn:
        _left[:] = filter(_waits, _left)


def last_run() -> str:
    """The run of the tab that this one follows, as after a reload; "" where there was none."""
    return _lease().last_run


def hold_beside(**held: Any) -> None:
    """Put into the session what a page holds beside its tasks, to be there again with them: or alone, as what can be undone."""
    st.session_state.update(held)
    _lease().beside.update(held)


def let_go(*names: str) -> None:
    """Take that out again."""
    for name in names:
        st.session_state.pop(name, None)
        _lease().beside.pop(name, None)


def mind(name: str, job: Job) -> None:
    """Have a job end with the tab; another one of that name is over."""
    lease = _lease()
    before = lease.jobs.get(name)
    if before is not None and before is not job and lease.minds(before):
        before.pause()
        before.release()
    _make_room(name)
    lease.take(name, job)


def _make_room(name: str) -> None:
    """Before a job of that name begins: where the visitor has as many at work as one may, in all tabs, the first pauses."""
    here = _lease().jobs
    others = [job for job in _elsewhere() if job not in here.values()]
    others += [job for known, job in here.items() if known != name and job.active]
    if problem := JOBS.problem(len(others) + 1):
        others[0].pause()
        st.toast(as_typed(problem), icon=":material/info:")


class Theirs(NamedTuple):
    """A task of another visitor's, and whose it is."""

    task: Task
    visitor: str


def of_the_class(function: str) -> dict[str, Theirs]:
    """All other visitors' tasks of that function that have told something, by a key, as long as their tabs hold them."""
    found, mine = {}, visitor.current().id
    for job in all_jobs():
        minder = _minders.get(job)
        lease = minder() if minder is not None else None
        if (
            isinstance(job, Task)
            and job.function == function
            and job.news
            and lease is not None
            and lease.visitor != mine
        ):
            found[job.kept_as or f"task {id(job):x}"] = Theirs(job, lease.visitor)
    return found


def _elsewhere() -> list[Job]:
    """What this visitor's other tabs have at work."""
    mine = visitor.current().id
    return [job for job in all_jobs() if job.active and _whose(job) == mine]


def _whose(job: Job) -> str:
    """The visitor for whom a tab keeps it at work; "" where none does."""
    if isinstance(job, LiveRun):
        return job.record.visitor.id if job.record is not None and job.watched else ""
    minder = _minders.get(job)
    lease = minder() if minder is not None else None
    return lease.visitor if lease is not None and not lease.over else ""


class Stored(NamedTuple):
    """A machine of the registry, and what it is called."""

    machine: Machine
    name: str


def stored(kind: Kind, called: Callable[[Task], str], fits: Callable[[Task], bool]) -> dict[str, Stored]:
    """The newest of that kind in the registry that the page can show, everybody's and then all the visitor's, by id; of a
    damaged one, which ``opened`` tells, nobody knows more."""
    try:
        url, found = str(open_store().url), {}
        newest = [*_stored(url, kind.function, None), *_stored(url, kind.function, visitor.current().id)]
    except StoreError as error:  # the page has machines that need no registry
        _log.warning("the kept machines are not known (%s)", error)
        return {}
    for one in {one.id: one for one in newest}.values():
        try:
            task = machines.described(kind, one)
            if task is not None and fits(task):
                found[one.id] = Stored(one, called(task))
        except (CheckpointError, KeyError, TypeError, ValueError, AttributeError):
            found[one.id] = Stored(one._replace(settings=None), _("Damaged machine"))
    return found


@st.cache_resource(ttl=FRESH_SECONDS, max_entries=128, show_spinner=False)
def _stored(url: str, function: str, whose: str | None) -> list[Machine]:
    """They, in the registry at that address: everybody's are read once for all visitors."""
    return open_store().machines(function, MOST_STORED, whose)


def gone(named: str) -> None:
    """Why the machine that an address names is not the one that is shown."""
    with cards.notice("gone"):
        st.warning(
            _(
                "The address names a machine, {named}, that is not kept here: it was deleted, or belongs to another page or "
                "another computer. Another is shown; choose one in the menu above the picture."
            ).format(named=as_typed(named[:12])),
            icon=":material/info:",
        )


def opened(kind: Kind, machine: Machine) -> Task:
    """One of them at rest, the same for all who look. StoreError where it is gone, CheckpointError where it is damaged."""
    return _opened(str(open_store().url), machine.id, machine.updated_at, kind, machine)


@st.cache_resource(max_entries=16, show_spinner=_("Opening the machine"))
def _opened(url: str, machine_id: str, updated_at: float, _kind: Kind, _machine: Machine) -> Task:
    return machines.opened(_kind, _machine, open_store())


def hold(name: str, task: Task, kind: Kind | None = None) -> Task:
    """Start a task under that name, and have it end with the tab; ``kind``: how the registry keeps what it learns."""
    if kind is not None:
        machines.keep(task, kind, visitor.current())
    mind(name, task)
    task.start()
    return task


def held(name: str) -> Task | None:
    """This tab's task of that name, which is hereby watched for a while more."""
    task = _lease().jobs.get(name)
    if not isinstance(task, Task):
        return None
    task.renew()
    return task


def made(function: str, of: str = "", **arguments: Hashable) -> Task:
    """The task of these arguments for all who look, begun by the first of them: its last news stay as long as they are asked
    for. ``of`` tells apart what the arguments do not, as the pictures that an own data set holds now."""
    task = _made(function, of, tuple(arguments.items()))
    if task.status == "idle":
        task.start()
    else:
        task.renew()
    return task


@st.cache_resource(max_entries=64, show_spinner=False)
def _made(function: str, of: str, arguments: tuple[tuple[str, Hashable], ...]) -> Task:
    return Task(function, **dict(arguments))


def ready(task: Task, meanwhile: str) -> bool:
    """Whether it has told all that it was made for; says what goes on until then, and offers another try where it failed."""
    if task.status == "finished":
        return True
    if task.status == "failed":
        st.button(_("Try again"), key=f"again_{task.function}", icon=":material/refresh:", on_click=task.start)
    else:
        st.caption(meanwhile)
    trouble(task)
    return False


class Press(NamedTuple):
    """A button of a job's panel: its key, what stands on it, what it is good for, and what it does."""

    key: str
    label: str
    about: str
    do: Callable[..., None] | None = None
    icon: str = ""
    shortcut: str | None = None
    primary: bool = False
    off: bool = False


def panel(
    job: Job | None,
    start: Press,
    pause: Press | None = None,
    go_on: Press | None = None,
    reset: Press | None = None,
    *,
    anew: bool = False,
    words: tuple[str, feed.Elements] | None = None,
) -> None:
    """A job's buttons, how far it is (``words``: an element's key and news), and what went wrong."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"{start.key}_transport"):
        buttons(job, start, pause, go_on, reset, anew=anew)
        if words is not None:
            facts(words[1][words[0]], key=words[0], look="caption")
    with cards.notice(f"job_{start.key}"):
        trouble(job)


def buttons(
    job: Job | None,
    start: Press,
    pause: Press | None = None,
    go_on: Press | None = None,
    reset: Press | None = None,
    *,
    anew: bool = False,
) -> None:
    """Start, Pause, Resume, Reset, as far as they are given.

    ``anew``: Start may be pressed while a job moves or waits, and begins another. So one that waits goes on by the button
    that paused it, and otherwise by the one that began it.
    """
    status = "idle" if job is None else job.status
    moves = status in ACTIVE
    waiting = go_on if status == "paused" or (anew and status == "failed") else None
    begin, halt = (job.start, job.pause) if job is not None else (None, None)
    _button(start if anew else waiting or start, begin, "play_arrow", off=moves and not anew)
    if anew and waiting is not None:
        _button(waiting, begin, "play_arrow", off=False)
    elif pause is not None:
        _button(pause, halt, "pause", off=not moves)
    if reset is not None:
        _button(reset, None, "restart_alt", off=job is None)


def _button(press: Press, do: Callable[..., None] | None, icon: str, *, off: bool) -> None:
    st.button(
        press.label,
        type="primary" if press.primary else "secondary",
        icon=f":material/{press.icon or icon}:",
        shortcut=press.shortcut,
        key=press.key,
        on_click=press.do or do,
        disabled=press.off or off,
        help=press.about,
    )


def trouble(job: Job | None) -> None:
    """Say why a job stopped, or that its worker was lost and from where it goes on."""
    if job is not None and job.status in ("failed", "diverged"):
        st.error(as_typed(job.message), icon=":material/error:")
    elif job is not None and job.notice:
        st.warning(as_typed(job.notice), icon=":material/sync_problem:")
