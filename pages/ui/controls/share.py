"""A run to hand on: its link, the code that does it again, and its report."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import urljoin

import streamlit as st

from pages.ui.server import download
from pages.ui.session import state
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.errors import ConfigError, StoreError
from rbm.experiment import RunSpec
from rbm.jobs import recording
from rbm.jobs.task import Task
from rbm.link import code, to_url
from rbm.store import open_store
from rbm.tasks.likelihood import RESULT
from rbm.training.changes import Change, in_words

UNKNOWN = _(
    "Changed during training, by an older version of the program, which did not record after which "
    "updates: these are the settings at the start."
)


def buttons(spec: RunSpec | None, key: str, turned: Callable[[], Sequence[Change] | None] = tuple) -> None:
    """Copy link and Show code, side by side in the caller's row; out of use without a run that can be described.

    ``turned``: the knobs turned while the run trained, as of the moment of the click; None where nobody noted them.
    """
    changes, base = turned(), urljoin(st.context.url or "", "train")
    about = _("Copies an address that holds all of these settings: whoever opens it finds them ready to train.")
    if changes is None or changes:
        about = _("Copies an address that opens the settings of the start, and says what was changed while it trained.")
    link = None if spec is None else partial(_link, base, spec, turned)
    download.copy(_("Copy link"), link, _("Link copied"), key=f"{key}_link", about=about)
    with st.popover(
        _("Show code"),
        icon=":material/code:",
        disabled=spec is None,
        key=f"{key}_code",
        on_change="rerun",  # what is turned while it trains is in it when it is opened
        help=_("The few lines of Python that do the same run with the engine alone."),
    ):
        if spec is not None:
            if changes is not None:
                st.caption(_("The same run without the app: on the same machine the same numbers, bit for bit."))
            _about_turns(spec, changes, _("The code makes the same changes."))
            st.code(code(spec, changes or ()), language="python")


def _link(base: str, spec: RunSpec, turned: Callable[[], Sequence[Change] | None]) -> str:
    return to_url(base, spec, turned() or ())


def _about_turns(spec: RunSpec, changes: Sequence[Change] | None, what_of_it: str) -> None:
    if changes is None:
        st.caption(f":material/tune: {UNKNOWN}")
    elif changes:
        st.caption(
            _(":material/tune: Changed during training: {in_words}. {what_of_it}").format(
                in_words=in_words(changes, spec.training), what_of_it=what_of_it
            )
        )


def draft_row() -> None:
    """The Train page's: of the run there, if the settings are still its own, else of the settings as they stand."""
    try:
        spec = state.to_spec(state.draft())
    except ConfigError:  # the bar above says what is wrong
        spec = None
    current = state.run()
    turned: Callable[[], Sequence[Change] | None] = tuple
    if spec is not None and current is not None and current.turned != () and not state.needs_new_run(current, spec):
        spec, turned = current.spec, partial(getattr, current, "turned")
    with st.container(horizontal=True, key="share", gap="small"):
        buttons(spec, "draft", turned)
        record = current.record if current is not None else None
        if record is not None:
            report(record.id, "draft_report", _given_name(record))


def _given_name(record: recording.Record) -> str:
    """What somebody called the run since, if anybody did."""
    try:
        return open_store().run(record.id).name if record.begun else ""
    except StoreError:  # the page says it where it tells of the run; the file does with the id
        return ""


def report(run_id: str, key: str, name: str) -> None:
    """The button that brings a run of the registry as one HTML file."""
    about = _(
        "All of the run in one file that any browser opens: settings, curves, filters, samples, likelihood, code."
    )
    download.button(
        _("Report (HTML)"), lambda: _report(run_id), report_file(run_id, name), key=key, about=about, waits=True
    )


def report_file(run_id: str, name: str) -> str:
    """What the report is called as a file: the run's name, in characters that every disk takes, before its id."""
    harmless = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:40].strip("-")
    return "-".join(filter(None, ("run", harmless, run_id))) + ".html"


def _report(run_id: str) -> str:
    recording.flush()  # it may train at this moment
    store = open_store()
    newest = store.newest_whole(run_id)
    known = store.newest_evaluations(RESULT).get(run_id)
    task = Task(
        "rbm.tasks.report:report",
        checkpoint=newest.data,
        run=store.run(run_id),
        history=store.history(run_id),
        evaluation=known,
        said=newest.said,
    )
    task.wait()
    if task.status != "finished":
        raise StoreError(task.message)
    made: str = task.news[-1]
    return made


def arrival() -> None:
    """What became of the link by which the visitor came."""
    arrival = state.take_link()
    if arrival is None:
        return
    if arrival.read:
        st.info(_("These are the settings of the link that you opened. Press **Train**."), icon=":material/link:")
    for note in arrival.notes:
        st.warning(as_typed(note), icon=":material/info:")
