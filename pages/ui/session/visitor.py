"""Who is there: a name, which can be changed at will, and a secret that the browser keeps as a cookie which no script reads.

The cookie comes with the page itself (:class:`Introduction`); the database knows the secret's hash alone. Where Streamlit's
sign-in is set up (OpenID, ``[auth]`` in ``secrets.toml``), it takes the place of both. The teacher is whoever has
typed the teacher's word: ``RBM_TEACHER``, or else the one that the server makes and prints when it starts.
"""

from __future__ import annotations

import hmac
import logging
import os
import re
import secrets
import sys
from functools import lru_cache
from threading import Lock

import streamlit as st
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rbm.core.language import _
from rbm.core.limits import NAME_LETTERS
from rbm.core.text import as_typed
from rbm.errors import ConfigError, RbmError
from rbm.store import open_store
from rbm.store.guarded import Guarded
from rbm.store.owners import Visitor, check, clean_name, visitor_id, was_given

COOKIE = "boltzmann_visitor"
SECRET = re.compile(r"[\w-]{43}")
ASKED = "room_name"  # the place where a newcomer's name is asked
MOST_TRIES = 10  # at the teacher's word, in a visit

_promising = Lock()
_promised: dict[str, dict[str, str]] = {}  # by registry: the names of those who came to this server, by id
_teachers: set[str] = set()  # ids of the visitors who have said the word, as long as this server lives
_log = logging.getLogger(__name__)


class Introduction:
    """Around the whole app (ASGI): a browser that asks for a page and has no secret yet gets one with it, kept for a year.

    It is there before any session begins, so that two tabs which are opened at once are one visitor's, and no script of a
    page can read it. Where sign-in is set up nobody needs one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _needs_secret(HTTPConnection(scope)):
            await self._app(scope, receive, send)
            return
        safe = "; Secure" if scope["scheme"] == "https" else ""
        kept = f"{COOKIE}={secrets.token_urlsafe(32)}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{safe}"

        async def introduced(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"set-cookie", kept.encode())]
            await send(message)

        await self._app(scope, receive, introduced)


def _needs_secret(asked: HTTPConnection) -> bool:
    """Whether a browser that is not known yet asks for a page, not for one of its files."""
    page = asked.scope["method"] == "GET" and "text/html" in asked.headers.get("accept", "")
    return page and not SECRET.fullmatch(asked.cookies.get(COOKIE, "")) and not _sign_in_is_set_up()


@lru_cache(maxsize=1)
def _sign_in_is_set_up() -> bool:
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def current() -> Visitor:
    """This visit's visitor."""
    known = st.session_state.get("visitor")
    if known is None:
        known = st.session_state["visitor"] = _signed_in() or _by_cookie()
    visitor: Visitor = known
    return visitor._replace(teacher=visitor.id in _teachers)


def registry() -> Guarded:
    """The registry as this visitor may change it: the only way in which a page changes what is kept."""
    return Guarded(open_store(), current())


def check_owner(owner: str, what: str, instead: str = "") -> None:
    """NotYoursError where this visitor may not change ``what``, which is ``owner``'s."""
    check(current(), owner, what, open_store().names(), instead)


def names() -> dict[str, str]:
    """Everybody's name, by id, also of those who have kept nothing yet; nobody's where the registry cannot be read, which is
    told where it matters."""
    try:
        store = open_store()
        return {**_promised.get(str(store.url), {}), **store.names()}
    except RbmError as error:
        _log.warning("the visitors' names are not known (%s)", error)
        return {}


def _by_cookie() -> Visitor:
    found = str(st.context.cookies.get(COOKIE, ""))
    own = visitor_id(
        found if SECRET.fullmatch(found) else secrets.token_urlsafe(32)
    )  # of whom keeps no cookies: for a visit
    try:
        return Visitor(own, _name(own))
    except RbmError as error:  # whatever needs the registry says so on the page
        _log.warning("a visitor's name is not known (%s)", error)
        return Visitor(own, "")


def _name(own: str) -> str:
    """The visitor's name in the registry, or one that nobody has there and that no other newcomer was promised."""
    store = open_store()
    with _promising:  # of two newcomers at once the second must see the first one's name
        here = _promised.setdefault(str(store.url), {})
        here[own] = store.names().get(own) or here.get(own) or store.name_for(own, here.values())
        return here[own]


def _signed_in() -> Visitor | None:
    """Whom Streamlit's sign-in names; None where it is not set up."""
    if not getattr(st.user, "is_logged_in", False):
        return None
    claims = st.user.to_dict()
    name = clean_name(str(claims.get("name") or claims.get("email") or ""))
    return Visitor(visitor_id(f"openid {claims.get('iss')} {claims.get('sub')}"), name)


def sign_in_first() -> bool:
    """Where sign-in is set up and this visitor has not done it: offer it, and nothing else."""
    if getattr(st.user, "is_logged_in", True):
        return False
    st.info(_("Sign in to go on: what you make here is then yours."), icon=":material/login:")
    st.button(_("Sign in"), type="primary", icon=":material/login:", key="sign_in", on_click=st.login)
    return True


@lru_cache(maxsize=1)
def teacher_word() -> str:
    """The word that makes a teacher of a visitor."""
    return os.environ.get("RBM_TEACHER") or secrets.token_urlsafe(6)


def announce() -> None:
    """Print the word at the server's start, where nobody has chosen it."""
    if not os.environ.get("RBM_TEACHER"):
        sys.stdout.write(f"  The teacher's word: {teacher_word()} (the variable RBM_TEACHER sets another)\n\n")
        sys.stdout.flush()


def badge() -> None:
    """The visitor's name beside the page's title; behind it the ways to change it and to become the teacher."""
    me = current()
    icon = ":material/school:" if me.teacher else ":material/person:"
    with st.popover(as_typed(me.name or _("Visitor")), icon=icon, type="tertiary", key="visitor"):
        if getattr(st.user, "is_logged_in", False):
            st.button(_("Sign out"), icon=":material/logout:", key="sign_out", on_click=st.logout)
        else:
            st.text_input(
                _("Your name"),
                me.name,
                max_chars=NAME_LETTERS,
                key="visitor_name",
                on_change=_rename,
                args=("visitor_name",),
                help=_("Shown beside what you make. A cookie lets this browser remember you."),
            )
        if not me.teacher:
            st.text_input(
                _("The teacher's word"),
                type="password",
                key="visitor_word",
                on_change=_say,
                help=_("Whoever has it may change everybody's things. The server's window shows it."),
            )
        _refused("visitor_name")


def ask_name() -> None:
    """A place to say one's name, for whoever has come among others and has not said it yet."""
    if getattr(st.user, "is_logged_in", False) or not was_given(current().name):
        return
    st.text_input(
        _("What are you called?"), key=ASKED, max_chars=NAME_LETTERS, width=260, on_change=_rename, args=(ASKED,)
    )
    _refused(ASKED)


def _refused(key: str) -> None:
    """Why what was said there was not taken, once."""
    if problem := st.session_state.pop(f"{key}_problem", None):
        st.error(as_typed(problem), icon=":material/error:")


def _rename(key: str) -> None:
    me, name = current(), clean_name(st.session_state[key])
    if not name:
        st.session_state[f"{key}_problem"] = _("A name has at least one letter.")
        return
    try:
        if name.casefold() in {known.casefold() for known in _here_too(me)}:
            told = _("Another visitor of today is called {name}: choose a name that tells you apart.")
            raise ConfigError(told.format(name=name))
        st.session_state["visitor"] = me = me._replace(name=name)
        open_store().sign(me, rename=True)
        st.session_state["visitor_name"] = name  # wherever it was said
    except RbmError as error:
        st.session_state[f"{key}_problem"] = str(error)


def _here_too(me: Visitor) -> list[str]:
    """The names of all others who have come since this server started."""
    came = _promised.get(str(open_store().url), {})
    return [name for whose, name in names().items() if whose in came and whose != me.id]


def _say() -> None:
    said = st.session_state["visitor_word"]
    st.session_state["visitor_word"] = ""
    tries = st.session_state["visitor_tries"] = st.session_state.get("visitor_tries", 0) + 1
    if tries <= MOST_TRIES and hmac.compare_digest(said.encode("utf-8", "replace"), teacher_word().encode()):
        _teachers.add(current().id)
    else:
        st.session_state["visitor_name_problem"] = _("That is not the teacher's word.")
