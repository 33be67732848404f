"""The cards of the board: which runs, in what order, and what a click does."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.compare.board import element, gather
from pages.compare.board.large import SHOWN
from pages.ui import cards, shell
from pages.ui.controls import widgets
from pages.ui.draw.theme import Mode
from pages.ui.server import feed
from pages.ui.session import state, visitor
from rbm.core.language import N_, _
from rbm.core.text import as_typed
from rbm.errors import RbmError
from rbm.jobs import room as rooms
from rbm.store import Run

_SORTS = {"newest": _("Newest"), "likelihood": _("Likelihood"), "name": _("Name"), "epoch": _("Epoch")}
_WHOSE = (N_("everybody"), N_("the room"), N_("mine"))
KEY = "class_board"


def board() -> None:
    """Everyone's runs, moved by the feed as long as the page is open."""
    words, sort, whose = _choices()
    members = _members(whose)
    mode = cards.mode()
    feed.current().picture = partial(gather.picture, mode=mode)
    draw = partial(_elements, words, sort, members, feed.current().shown, visitor.current().id, mode)
    part = feed.watch("board_cards", state=_stage)
    drawn = part.moves(draw)
    part.plays(lambda: None, gather.FRESH_SECONDS)
    if not drawn[KEY]["cards"]:
        asked = bool(words) or members is not None
        st.info(
            _(
                "Nobody has trained anything {where} today. What is begun on the page **Train a machine** appears here at once."
            ).format(where=_("that fits what is asked for above") if asked else _("here")),
            icon=":material/groups:",
        )
        st.page_link(shell.TRAIN, label=_("Train a machine"), icon=":material/arrow_forward:")
    show, opened = element.show(drawn[KEY], KEY)
    if show is not None and show != st.session_state.get(SHOWN):
        st.session_state[SHOWN] = show
        st.rerun()
    if opened is not None:
        _open(opened)
    if problem := st.session_state.pop("board_problem", None):
        st.error(as_typed(problem), icon=":material/error:")


def _stage() -> object:
    """What the script draws: whether there is a run at all, and who is in the room."""
    room = rooms.current()
    return bool(gather.today().runs), room and (room.code, len(room.members))


def _choices() -> tuple[str, str, str]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        words = widgets.text_input(
            _("Search"),
            key="board_search",
            placeholder=_("a name, mnist, pcd ..."),
            width=240,
            help=_("Runs in which every word occurs: in name, data set, algorithm, size, tags or id."),
        )
        sort = widgets.segmented_control(
            _("Order"),
            list(_SORTS),
            default="newest",
            required=True,
            format_func=_SORTS.__getitem__,
            key="board_sort",
            help=_("By likelihood, those that are unreliable come after all others."),
        )
        whose = widgets.segmented_control(
            _("Runs of"),
            _WHOSE,
            default="everybody",
            required=True,
            format_func=_,
            key="board_whose",
            help=_("Whose runs are shown."),
        )
    return words, sort or "newest", whose or "everybody"


def _members(whose: str) -> frozenset[str] | None:
    room = rooms.current()
    if whose == "mine":
        return frozenset({visitor.current().id})
    return room.members if whose == "the room" and room is not None else None


def _elements(words: str, sort: str, members: frozenset[str] | None, token: str, own: str, mode: Mode) -> feed.Elements:
    """The cards, in a thread."""
    look = gather.today()
    runs: list[Run] = gather.chosen(look, words=words, members=members, sort=sort)
    return {KEY: gather.cards(runs, look, token, own, mode)}


def _open(run_id: str) -> None:
    """The visitor's own run, or a copy of another's, on the Train page."""
    try:
        run = visitor.registry().store.run(run_id)
        if run.visitor != visitor.current().id:
            state.check_room()
            run_id = visitor.registry().copy(run_id)
        state.resume(run_id)
    except RbmError as error:
        st.session_state["board_problem"] = str(error)
        return
    st.switch_page(shell.TRAIN)
