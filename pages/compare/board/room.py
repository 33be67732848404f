"""The teacher's room on the board: opened with a link and a QR code, a preset started for all, all paused."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlencode, urljoin, urlsplit

import streamlit as st
from streamlit.net_util import get_internal_ip

from pages.ui.controls import widgets
from pages.ui.session import state, visitor
from rbm.core.language import _
from rbm.errors import NotYoursError
from rbm.jobs import room as rooms
from rbm.jobs.room import Classroom
from rbm.presets import PRESETS


def panel() -> None:
    """For the teacher what moves the class; for the others whether they are in."""
    _enter()
    room, me = rooms.current(), visitor.current()
    if me.teacher:
        _teacher(room)
    elif room is not None and me.id in room.members:
        st.caption(_(":material/school: You are in the teacher's room."))
        visitor.ask_name()
    elif state.ROOM in st.query_params:
        st.caption(
            _(":material/info: The room of this link is closed. A restarted server opens another: ask for its link.")
        )


def _enter() -> None:
    """Whoever comes by the room's link is in."""
    room, code = rooms.current(), st.query_params.get(state.ROOM)
    if room is not None and code == room.code:
        room.enter(visitor.current().id)


def _teacher(room: Classroom | None) -> None:
    if room is None:
        st.button(
            _("Open a room"),
            icon=":material/meeting_room:",
            key="room_open",
            on_click=_as_teacher,
            args=(rooms.open_room,),
            help=_("Whoever comes by its link can be given a preset, and be paused, together with all others."),
        )
        return
    with st.container(border=True, key="room"):
        code, moves = st.columns([2, 5], gap="large")
        with moves:
            address = st.text_input(
                _("The room's address"),
                _address(room),
                key=f"room_address_{room.code}",
                help=_(
                    "For others to reach this server, replace localhost by its name or number in the class's network."
                ),
            )
            st.caption(_(":material/group: {n_members} in the room.").format(n_members=len(room.members)))
            preset = widgets.selectbox(
                _("Preset"),
                list(PRESETS),
                format_func=lambda name: PRESETS[name].title,
                key="room_preset",
                help=_("What all will train; everybody sees it on the page Train a machine."),
            )
            with st.container(horizontal=True, gap="small"):
                st.button(
                    _("Start for all"),
                    type="primary",
                    icon=":material/play_arrow:",
                    key="room_start",
                    on_click=_as_teacher,
                    args=(lambda: room.start_all(preset),),
                    help=_("Everybody in the room begins this preset; their present runs pause and are kept."),
                )
                st.button(
                    _("Pause all"),
                    icon=":material/pause:",
                    key="room_pause",
                    on_click=_as_teacher,
                    args=(room.pause_all,),
                    help=_("Every run of the room stops where it is."),
                )
                st.button(
                    _("Close the room"),
                    icon=":material/no_meeting_room:",
                    type="tertiary",
                    key="room_close",
                    on_click=_as_teacher,
                    args=(rooms.close_room,),
                    help=_("The class can no longer be given presets or paused together; all that was trained stays."),
                )
        with code:
            st.image(qr(address), width=220)


def _as_teacher(act: Callable[[], object]) -> None:
    """Only for whoever has the teacher's word, whatever a browser may ask."""
    if not visitor.current().teacher:
        raise NotYoursError(_("Only whoever has the teacher's word controls the room."))
    act()


def _address(room: Classroom) -> str:
    """The board's own address as others in the network reach it, as far as this machine knows."""
    here = urlsplit(urljoin(st.context.url or "http://localhost/", "board"))
    if here.hostname in ("localhost", "127.0.0.1") and (ours := get_internal_ip()):
        here = here._replace(netloc=ours if here.port is None else f"{ours}:{here.port}")
    return here._replace(query=urlencode({state.ROOM: room.code}), fragment="").geturl()


@lru_cache(maxsize=8)
def qr(address: str) -> bytes:
    """The address as a QR code, a PNG."""
    import segno

    file = io.BytesIO()
    segno.make(address[:1000], error="m", micro=False).save(file, kind="png", scale=8, border=4)
    return file.getvalue()
