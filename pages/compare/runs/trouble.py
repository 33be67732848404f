"""What is wrong with the compared runs that train on this server, whoever's they are, as soon as there is anything."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.compare.runs.columns import LETTERS
from pages.ui import cards
from pages.ui.server import feed
from pages.ui.session import live
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.jobs.job import all_jobs
from rbm.jobs.live import LiveRun
from rbm.store import Run


def told(compared: Sequence[Run]) -> None:
    """A line for each that is in trouble. It watches none of them: a run of somebody who has left is to stop."""
    letters = {run.id: letter for letter, run in zip(LETTERS, compared, strict=False)}
    feed.watch("runs_trouble", state=partial(_found, letters)).plays(lambda: None, live.LOOK_SECONDS)
    with cards.notice("runs"):
        for run_id, words in _found(letters).items():
            named = _("{letter}: {words}").format(letter=letters[run_id], words=words) if len(letters) > 1 else words
            st.warning(as_typed(named), icon=":material/sync_problem:")


def _found(run_ids: dict[str, str]) -> dict[str, str]:
    """Of each that is in trouble, the sentence."""
    here = {job.record.id: job for job in all_jobs() if isinstance(job, LiveRun) and job.record is not None}
    return {run_id: words for run_id in run_ids if run_id in here and (words := live.told(here[run_id]))}
