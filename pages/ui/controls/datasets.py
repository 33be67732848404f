"""The data-set chooser of every page that trains: what is on this machine, and in a line why a page cannot use a set."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import streamlit as st

from pages.ui import cards, shell
from pages.ui.controls import widgets
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.datasets import catalog
from rbm.datasets.catalog import CATALOG, OWN, DatasetEntry, entry, is_available, names, revision
from rbm.errors import RbmError
from rbm.experiment import DatasetSpec

MNIST = "mnist"
DIGITS = tuple("0123456789")
Reason = Callable[[DatasetEntry], str]  # why a page cannot use a set, one sentence; "" where it can


class Sizes(NamedTuple):
    """How many pictures there are in each part."""

    train: int
    validation: int
    test: int


class Data(NamedTuple):
    """A chosen set: ``problem`` says in a sentence why the page cannot use it, "" where it can."""

    name: str
    title: str
    shape: tuple[int, int]
    class_names: tuple[str, ...]
    problem: str

    @property
    def digits(self) -> bool:
        """Whether its pictures are of digits."""
        return self.class_names == DIGITS

    @property
    def noun(self) -> str:
        """What one of its pictures is called."""
        return _("digit") if self.digits else _("picture")

    @property
    def mnist(self) -> bool:
        """Whether published numbers, and the digits' own tools, speak of it."""
        return self.name == MNIST


def select(
    known: list[str], value: str, *, key: str, about: str, changed: Callable[[], None] | None, **more: Any
) -> None:
    """The one widget that chooses among data sets, on the Train page as on all others."""
    st.selectbox(
        _("Data set"),
        known,
        known.index(value),
        format_func=catalog.title,
        key=key,
        on_change=changed,
        help=about,
        **more,
    )


def choose(
    key: str,
    *,
    why_not: Reason | None = None,
    changed: Callable[[], None] | None = None,
    disabled: bool = False,
    width: int = 260,
) -> Data:
    """The chooser of a page whose set's name is in the session under ``key``; a line tells why a set is of no use here."""
    known = _known()
    if st.session_state.get(key) not in known:  # at first, and when somebody has deleted it
        st.session_state[key] = left(key)
    select(
        known,
        st.session_state[key],
        key=key,
        changed=changed,
        persist_state="session",
        disabled=disabled,
        width=width,
        about=_(
            "MNIST and the toy sets come with the program; others appear here once they were downloaded on the "
            "page Train a machine, and your own once they were kept on the page Bring your own data."
        ),
    )
    widgets.keep(key, {"name": st.session_state[key]}, {"name": MNIST})
    return data(st.session_state[key], why_not)


def left(key: str) -> str:
    """The set that the visitor's last visit left in the chooser of that key, where it is still here, or MNIST."""
    name: str = widgets.kept(key).get("name", MNIST)
    return name if name in _known() else MNIST


def _known() -> list[str]:
    return [name for name in names() if is_available(name) and not _in_colour(name)]


def _in_colour(name: str) -> bool:
    """Colours are learnt on the pages Train a machine and Learn colours alone."""
    return name in CATALOG and CATALOG[name].kind == "colour"


def explain(chosen: Data, key: str) -> None:
    """The line that tells why the chosen set is of no use on this page, and the way to mend it."""
    with cards.notice(f"why_{key}"), st.container(key=f"{key}_why", horizontal=True, vertical_alignment="center"):
        if chosen.problem:
            st.warning(as_typed(chosen.problem), icon=":material/info:")
            if chosen.name.startswith(OWN):
                st.page_link(shell.DATA, label=_("Bring your own data"), icon=":material/upload_file:")


def data(name: str, why_not: Reason | None = None) -> Data:
    """What is known of a set without reading its pictures; also of one that is gone, as its problem."""
    try:
        line = entry(name)
    except RbmError as error:
        return Data(name, catalog.title(name), (1, 1), (), str(error))
    height, width = line.image_shape[:2]
    return Data(name, line.title, (height, width), line.class_names, why_not(line) if why_not else "")


def without_classes(line: DatasetEntry) -> str:
    """Why pages that learn names have no use for a set."""
    if len(line.class_names) > 1:
        return ""
    return _(
        "{title} has no classes, and this part of the program learns or compares names. Bring the pictures "
        "once more with labels: a folder for each class, a column of labels in the table, or an array of "
        "labels."
    ).format(title=line.title)


def sizes(name: str) -> Sizes:
    """How many pictures a set has; reads them once."""
    return _sizes(name, revision(name))


@lru_cache(maxsize=64)
def _sizes(name: str, revision: str) -> Sizes:
    from rbm.experiment import cached_dataset

    found = cached_dataset(DatasetSpec(name))
    return Sizes(len(found.train), len(found.validation), len(found.test))
