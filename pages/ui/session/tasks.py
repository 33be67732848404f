"""What runs in the background for one tab: each job under a name, and all of them end with the tab."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import NamedTuple

import streamlit as st

from pages.ui import cards
from pages.ui.components.moving import facts
from pages.ui.server import feed
from pages.ui.session import visitor
from rbm.core.language import _
from rbm.core.limits import SCREEN
from rbm.core.text import as_typed
from rbm.jobs.job import ACTIVE, Job, all_jobs
from rbm.jobs.live import LiveRun
from rbm.jobs.task import Task


class _Lease:
    """Ends when the tab's connection does: Streamlit then calls ``end`` on its event loop, where releasing does not wait."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}

    def take(self, name: str, job: Job) -> None:
        """From now on the job ends with this tab, and with no other that had it before, as after a reload."""
        self.jobs.pop(name, None)  # what begins last stands last
        self.jobs[name] = job
        _minders[job] = weakref.ref(self)

    def end(self) -> None:
        for job in self.jobs.values():
            if self.minds(job):
                job.release()

    def minds(self, job: Job) -> bool:
        """Whether the job ends with this tab: it was the last to take it up."""
        minder = _minders.get(job)
        return minder is not None and minder() is self


# Who took it up last. A lease holds its jobs: held here itself it would keep them, and all that they have learnt, for ever.
_minders: weakref.WeakKeyDictionary[Job, weakref.ref[_Lease]] = weakref.WeakKeyDictionary()


@st.cache_resource(scope="session", on_release=_Lease.end, show_spinner=False)
def _lease() -> _Lease:
    return _Lease()


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
    others = [job for job in _runs_elsewhere() if job not in here.values()]
    others += [job for known, job in here.items() if known != name and job.active]
    if problem := SCREEN.jobs.problem(len(others) + 1):
        others[0].pause()
        st.toast(as_typed(problem), icon=":material/info:")


def _runs_elsewhere() -> list[Job]:
    """The runs of this visitor's other tabs that train."""
    mine = visitor.current().id
    runs = [job for job in all_jobs() if isinstance(job, LiveRun) and job.status in ACTIVE]
    return [run for run in runs if run.record is not None and run.record.visitor.id == mine]


def hold(name: str, task: Task) -> Task:
    """Start a task under that name, and have it end with the tab."""
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
