"""Long work of a page: one task a name and tab, which ends with the tab."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from rbm.jobs.task import Task


class Work(Protocol):
    """What can be told that nobody watches it any more."""

    def release(self) -> None: ...


class _Lease:
    """Ends when the tab's connection does: Streamlit then calls ``end`` on its event loop, so it only sets flags."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.others: dict[str, Work] = {}

    def end(self) -> None:
        for work in (*self.tasks.values(), *self.others.values()):
            work.release()


@st.cache_resource(scope="session", on_release=_Lease.end, show_spinner=False)
def _lease() -> _Lease:
    return _Lease()


def held(name: str) -> Task | None:
    """This tab's task of that name, which is hereby watched for a while more."""
    task = _lease().tasks.get(name)
    if task is not None:
        task.renew()
    return task


def hold(name: str, task: Task) -> Task:
    """Start a task under that name; the one before it is over."""
    before = _lease().tasks.get(name)
    if before is not None:
        before.pause()
        before.release()
    _lease().tasks[name] = task
    task.start()
    return task


def mind(name: str, work: Work) -> None:
    """Have work that a page itself holds end with the tab too, in place of what had that name."""
    _lease().others[name] = work


def interval(name: str, seconds: float = 0.5) -> float | None:
    """How often a fragment should look at the task: None where nothing moves."""
    task = _lease().tasks.get(name)
    return seconds if task is not None and task.active else None
