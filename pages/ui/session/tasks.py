"""What runs in the background for one tab: each job under a name, and all of them end with the tab."""

from __future__ import annotations

import streamlit as st

from pages.ui.draw.words import as_typed
from rbm.core.limits import SCREEN
from rbm.jobs.job import Job
from rbm.jobs.task import Task


class _Lease:
    """Ends when the tab's connection does: Streamlit then calls ``end`` on its event loop, where releasing does not wait."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}

    def end(self) -> None:
        for job in self.jobs.values():
            job.release()


@st.cache_resource(scope="session", on_release=_Lease.end, show_spinner=False)
def _lease() -> _Lease:
    return _Lease()


def mind(name: str, job: Job) -> None:
    """Have a job end with the tab; another one of that name is over."""
    jobs = _lease().jobs
    before = jobs.get(name)
    if before is not None and before is not job:
        before.pause()
        before.release()
    _make_room(name)
    jobs.pop(name, None)  # what begins last stands last
    jobs[name] = job


def _make_room(name: str) -> None:
    """Before a job of that name begins: where the visitor has as many at work as one may, what began first pauses."""
    others = [job for known, job in _lease().jobs.items() if known != name and job.active]
    if problem := SCREEN.jobs.problem(len(others) + 1):
        others[0].pause()
        st.toast(as_typed(problem), icon=":material/info:")


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


def trouble(job: Job | None) -> None:
    """Say why a job stopped, or that its worker was lost and from where it goes on."""
    if job is not None and job.status in ("failed", "diverged"):
        st.error(as_typed(job.message), icon=":material/error:")
    elif job is not None and job.notice:
        st.warning(as_typed(job.notice), icon=":material/sync_problem:")
