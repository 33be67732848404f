"""What can be done with chosen runs: go on, hand on, download, label, delete and undo; and a run from a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.compare.runs import files
from pages.ui import cards, shell
from pages.ui.controls import share, widgets
from pages.ui.server import download
from pages.ui.session import state, tasks, visitor
from rbm.core.language import _, plural
from rbm.core.limits import NAME_LETTERS
from rbm.core.text import as_typed
from rbm.errors import RbmError
from rbm.store import Run, importing, open_store
from rbm.store.owners import may_change


def undo_bar() -> None:
    """What was just deleted, and the way back."""
    ids = st.session_state.get("runs_undo")
    if not ids:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="undo_bar"):
        st.markdown(
            plural(":material/delete: {n} run deleted.", ":material/delete: {n} runs deleted.", len(ids)).format(
                n=len(ids)
            )
        )
        st.button(
            _("Undo"),
            icon=":material/undo:",
            key="runs_undo_button",
            on_click=_restore,
            args=(ids,),
            help=_("Fetch them back."),
        )


def _restore(ids: list[str]) -> None:
    if not _done(lambda: visitor.registry().restore(ids)):
        return
    tasks.let_go("runs_undo")
    st.session_state.pop("runs_ids", None)


def _delete(ids: list[str]) -> None:
    if not _done(lambda: visitor.registry().delete(ids)):
        return
    tasks.hold_beside(runs_undo=ids)
    st.session_state["runs_chosen"] = []
    st.session_state.pop("runs_ids", None)


def _done(act: Callable[[], object]) -> bool:
    """Do it; what speaks against it is told at the top of the page."""
    try:
        act()
    except RbmError as error:
        st.session_state["runs_problem"] = str(error)
        return False
    return True


def actions(runs: Sequence[Run]) -> None:
    """What can be done with the chosen runs."""
    one = runs[0] if len(runs) == 1 else None
    ids = [run.id for run in runs]
    with st.container(horizontal=True, key="run_actions", gap="small"):
        if runs[0].deleted_at is not None:
            st.button(
                _("Restore"),
                icon=":material/undo:",
                type="primary",
                key="runs_restore",
                on_click=_restore,
                args=(ids,),
                help=_("Fetch the ticked runs back."),
            )
            return
        refusal = _refusal(runs)
        if one is None or not refusal:
            resumes = widgets.pressed(
                _("Resume"),
                icon=":material/play_arrow:",
                type="primary",
                key="runs_resume",
                disabled=one is None,
                help=_(
                    "Open the run on the Train page where it stopped; Train goes on from there, bit for bit. One run at a time."
                ),
            )
            if resumes:
                _resume(ids[0])
        if one is not None and one.visitor != visitor.current().id:
            st.button(
                _("Continue as mine"),
                icon=":material/file_copy:",
                type="primary" if refusal else "secondary",
                key="runs_copy",
                on_click=_copy,
                args=(one.id,),
                help=_(
                    "Make a copy of the run, with its history and its newest checkpoint, that is yours to train on."
                ),
            )
        changes = one.progress.changes if one else ()
        share.buttons(one.spec if one else None, "run", lambda: changes)
        _downloads(one)
        _labels(runs, refusal)
        st.button(
            _("Delete"),
            icon=":material/delete:",
            type="tertiary",
            key="runs_delete",
            on_click=_delete,
            args=(ids,),
            disabled=bool(refusal),
            help=refusal or _("Removes it from the table; this can be undone for 30 days."),
        )


def _refusal(runs: Sequence[Run]) -> str:
    """Whose runs these are, where this visitor may not change all of them; "" where they may."""
    me, names = visitor.current(), visitor.names()
    others = {run.visitor for run in runs if not may_change(me, run.visitor)}
    if not others:
        return ""
    whose = _(" and ").join(sorted(as_typed(names.get(one) or _("another visitor")) for one in others))
    belong = (
        _("This run belongs to {whose}.")
        if len(runs) == 1
        else _("Not all of these runs are yours, some belong to {whose}.")
    )
    allowed = _("Only the owner, or whoever has the teacher's word, changes it or deletes it.")
    return f"{belong.format(whose=whose)} {allowed}"


def _resume(run_id: str) -> None:
    try:
        state.resume(run_id)
    except RbmError as error:
        st.session_state["runs_problem"] = str(error)
        st.rerun()
    st.switch_page(shell.TRAIN)


def _copy(run_id: str) -> None:
    def copied() -> None:
        state.check_room()
        new = visitor.registry().copy(run_id)
        st.session_state["runs_chosen"] = [new]
        st.session_state.pop("runs_ids", None)

    _done(copied)


def problem() -> None:
    """What the last action could not do, until the next one."""
    text = st.session_state.pop("runs_problem", None)
    with cards.notice("problem"):
        if text:
            st.error(as_typed(text), icon=":material/error:")


def _downloads(run: Run | None) -> None:
    with st.popover(
        _("Download"),
        icon=":material/download:",
        disabled=run is None,
        key="run_download",
        help=_("The run as files."),
    ):
        if run is None:
            return
        store, stem = open_store(), f"run-{run.id}"
        download.button(
            _("Everything (ZIP)"),
            lambda: files.everything(run),
            f"{stem}.zip",
            key="get_zip",
            about=_(
                "Settings, numbers, checkpoint, filters and a film of its chains; whoever gets it can open it here."
            ),
        )
        share.report(run.id, "get_report", run.name)
        download.button(
            _("Checkpoint (safetensors)"),
            lambda: store.checkpoint(run.id),
            f"{stem}.safetensors",
            key="get_checkpoint",
            about=_("Machine, settings and the state to go on from; it opens in three lines of a notebook."),
        )
        download.button(
            _("Numbers (CSV)"),
            lambda: store.history(run.id).to_csv(),
            f"{stem}.csv",
            key="get_csv",
            about=_("Every number by step."),
        )
        download.button(
            _("Filters (PNG)"),
            lambda: files.filters_png(run),
            f"{stem}.png",
            key="get_png",
            about=_("The filters as a picture for a slide."),
        )
        download.button(
            _("Settings (JSON)"),
            run.spec.to_json,
            f"{stem}.json",
            key="get_json",
            about=_("For python -m rbm train --spec."),
        )


def _labels(runs: Sequence[Run], refusal: str) -> None:
    """Tags of all chosen runs, and the name and the note of a single one; ``refusal``: why this visitor may not change them."""
    with st.popover(
        _("Name, tags and note"),
        icon=":material/label:",
        key="run_labels",
        disabled=bool(refusal),
        help=refusal or _("Name runs so that you find them again."),
    ):
        name = (
            st.text_input(
                _("Name"),
                runs[0].name,
                key=f"name_{runs[0].id}",
                max_chars=NAME_LETTERS,
                help=_("What you call the run."),
            )
            if len(runs) == 1
            else None
        )
        shared = sorted(set.intersection(*(set(run.tags) for run in runs)))
        known = sorted({tag for run in open_store().runs() for tag in run.tags} | set(shared))
        tags = st.multiselect(
            _("Tags"),
            known,
            default=shared,
            accept_new_options=True,
            key=f"tags_{'_'.join(r.id for r in runs)[:80]}",
            help=_("Choose, or type a new one and press Enter."),
        )
        note = (
            st.text_input(_("Note"), runs[0].note, key=f"note_{runs[0].id}", help=_("A few words about the run."))
            if len(runs) == 1
            else None
        )
        if widgets.pressed(_("Save"), type="primary", key="save_labels", help=_("Write them into the registry.")):
            _done(lambda: _save_labels(runs, set(shared), set(tags), name, note))
            st.rerun()


def _save_labels(runs: Sequence[Run], shared: set[str], tags: set[str], name: str | None, note: str | None) -> None:
    mine = visitor.registry()
    for run in [mine.run(run.id) for run in runs]:  # all of them, or none
        mine.set_tags(run.id, (set(run.tags) - shared) | tags)
    if name is not None:
        mine.set_name(runs[0].id, name)
    if note is not None:
        mine.set_note(runs[0].id, note)


def upload() -> None:
    """A checkpoint from elsewhere becomes a run like any other."""
    with st.expander(_("Open a run from a file"), icon=":material/upload:", key="runs_upload_part"):
        given = st.file_uploader(
            _("ZIP of a run, or a checkpoint"),
            type=[ending.removeprefix(".") for ending in importing.ENDINGS],
            key="runs_upload",
            help=_(
                "A ZIP or a checkpoint that was downloaded here or written by the engine. Nothing in it is executed."
            ),
        )
        if given is None or given.file_id == st.session_state.get("runs_uploaded"):
            return
        st.session_state["runs_uploaded"] = given.file_id
        try:
            state.check_room()
            added = importing.add(open_store(), given.name, given.getvalue(), visitor.current())
        except RbmError as error:
            st.error(as_typed(error), icon=":material/error:")
            return
        st.session_state["runs_chosen"] = [added]
        st.rerun()
