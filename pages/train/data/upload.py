"""An upload is read by a worker, never in the screen's process; what came of it is kept for the session."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rbm.core.language import _
from rbm.datasets.user_datasets.pictures import Pictures, Reading
from rbm.errors import DatasetError
from rbm.jobs.task import Task


def pictures_of(files: Sequence[UploadedFile], reading: Reading) -> Pictures:
    """Read again only when the files or the way of reading change: the look is cheap, decoding is not.

    Raises :class:`DatasetError` with the reader's sentence, or with the reason why no worker could read.
    """
    wanted = (tuple(file.file_id for file in files), reading)
    known = st.session_state.get("own_read")
    if known is None or known[0] != wanted:
        st.session_state.pop("own_read", None)  # the old one's memory first
        known = wanted, _read(files, reading)
        st.session_state["own_read"] = known
    found: Pictures | str = known[1]
    if isinstance(found, str):
        raise DatasetError(found)
    return found


def _read(files: Sequence[UploadedFile], reading: Reading) -> Pictures | str:
    """The pictures, or why there are none."""
    task = Task(
        "rbm.datasets.user_datasets.job:read_upload",
        files=[file.getvalue() for file in files],
        names=[file.name for file in files],
        reading=reading,
    )
    with st.spinner(_("Reading the pictures …")):
        told = st.empty()
        task.wait(told.empty)  # there Streamlit ends this run, if the visitor has chosen something else
    if task.status == "failed":
        return task.message
    pictures: Pictures = task.news[-1]
    return pictures
