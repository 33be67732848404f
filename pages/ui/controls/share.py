"""A run to hand on: its link, and the code that does it again."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin

import streamlit as st

from pages.ui.draw.words import as_typed
from pages.ui.session import state
from rbm.errors import ConfigError
from rbm.experiment import RunSpec
from rbm.link import code, to_url
from rbm.training.changes import Change, in_words

UNKNOWN = (
    "Knobs were turned while this run trained, by an older version of the program, which did not note after which updates: "
    "these are the settings of its start."
)


def buttons(spec: RunSpec | None, key: str, changes: Sequence[Change] | None = ()) -> None:
    """Copy link and Show code, side by side in the caller's row; out of use without a run that can be described.

    ``changes``: the knobs turned while the run trained, None where nobody noted them.
    """
    off = spec is None
    with st.popover(
        "Copy link",
        icon=":material/link:",
        disabled=off,
        key=f"{key}_link",
        on_change="rerun",  # what is turned while it trains is in it when it is opened
        help="An address that holds all of these settings: whoever opens it finds them ready to train.",
    ):
        if spec is not None:
            st.caption("Click the copy sign in its corner, and send it.")
            _about_turns(spec, changes, "The link opens the settings of the start and says so.")
            st.code(to_url(urljoin(st.context.url or "", "train"), spec, changes or ()), language=None, wrap_lines=True)
    with st.popover(
        "Show code",
        icon=":material/code:",
        disabled=off,
        key=f"{key}_code",
        on_change="rerun",
        help="The few lines of Python that do the same run with the engine alone.",
    ):
        if spec is not None:
            if changes is not None:
                st.caption("The same run without the app: on the same machine the same numbers, bit for bit.")
            _about_turns(spec, changes, "The code turns them there too.")
            st.code(code(spec, changes or ()), language="python")


def _about_turns(spec: RunSpec, changes: Sequence[Change] | None, what_of_it: str) -> None:
    if changes is None:
        st.caption(f":material/tune: {UNKNOWN}")
    elif changes:
        st.caption(f":material/tune: Changed during training: {in_words(changes, spec.training)}. {what_of_it}")


def draft_row() -> None:
    """The Train page's: of the run there, if the settings are still its own, else of the settings as they stand."""
    changes: Sequence[Change] | None = ()
    try:
        spec = state.to_spec(state.draft())
    except ConfigError:  # the bar above says what is wrong
        spec = None
    current = state.run()
    if spec is not None and current is not None and current.turned != () and not state.needs_new_run(current, spec):
        spec, changes = current.spec, current.turned
    with st.container(horizontal=True, key="share", gap="small"):
        buttons(spec, "draft", changes)


def arrival() -> None:
    """What became of the link by which the visitor came."""
    arrival = state.take_link()
    if arrival is None:
        return
    if arrival.read:
        st.info("These are the settings of the link that you opened. Press **Train**.", icon=":material/link:")
    for note in arrival.notes:
        st.warning(as_typed(note), icon=":material/info:")
