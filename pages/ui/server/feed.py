"""What moves on a page moves by news that the server sends over a socket of its own, element by element.

A script run for every look cost, measured on two cores at two looks a second, a quarter of a core on the server and
0.4 of one in the browser; the news of the same elements cost a fraction of both, which training keeps. Such runs also brought
old values of widgets along: hands lost to them what they had just set. So a page is drawn by its script once, and moved from
here; only where there is something that the script alone can draw, another button, a first table, does the browser ask for one
more run of it.
"""

from __future__ import annotations

import itertools
import json
import logging
import math
import secrets
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from pages.ui.components.component import declare
from rbm.core import clock
from rbm.core.living import Living
from rbm.jobs.job import Job, moving_jobs

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

Elements = dict[str, dict[str, Any]]  # what is new, by the key of the element that shows it
KEEP_SECONDS = 20.0  # how often a page that is open tells its silent jobs that somebody watches
TURN_SECONDS = 0.3  # for the script to draw by itself what is new to it, as it does after a click

_socket: ComponentRenderer = declare("socket", '<div class="socket" hidden></div>', "board", "socket")
_turn: ComponentRenderer = declare("turn", '<div class="turn" hidden></div>', "board", "turn")
_turns = itertools.count(1)
_log = logging.getLogger(__name__)


class Part:
    """A part of a page that moves: its jobs, how it is drawn, and what of it only the script draws."""

    def __init__(self, name: str, jobs: tuple[Job, ...], state: Callable[[], object]) -> None:
        self.name, self.jobs, self._state = name, jobs, state
        self._drawn = self.state()
        self._asked: object = None  # the state for which the browser was told to ask the script
        self._new_since = math.inf
        self._draw: Callable[[], Elements] | None = None
        self._play: Callable[[], None] | None = None
        self._work: Callable[[], bool] | None = None
        self.busy = False  # there is more to do at once
        self.seconds = self._step_at = math.inf  # between two steps of what plays, and when the next is due
        self.due = 0.0  # on the monotonic clock
        self.told = False  # whether it has shown anything since the script drew it

    def state(self) -> object:
        """What the script must draw anew when it changes."""
        jobs = ((job.active, not job.active and job.status, job.message, job.notice) for job in self.jobs)
        return tuple(jobs), self._state()

    def moves(self, draw: Callable[[], Elements]) -> Elements:
        """From now on ``draw`` says what is new, whenever a job of this part has news; returns what it says now.

        It runs in a thread: no ``st`` in it.
        """
        self._draw = draw
        return draw()

    def plays(self, step: Callable[[], None], seconds: float) -> None:
        """From now on go a step further every so many seconds, as soon as the page has drawn the last."""
        self._play, self.seconds = step, seconds
        self._step_at = self.due = time.monotonic() + seconds

    def works(self, step: Callable[[], bool]) -> None:
        """Whenever its news are asked for, take a short step of what was ordered; as long as that returns True, without rest.

        What a click asks for is done so, a twentieth of a second at a time: nobody else waits for its end.
        """
        self._work, self.due = step, 0.0

    def news(self) -> Elements:
        """What is new in this part, by element; also that the script is to be asked, where it is."""
        now = time.monotonic()
        for job in self.jobs:
            job.keep()
        if self._play is not None and now >= self._step_at:
            self._play()
            self._step_at = now + self.seconds
        self.busy = self._work is not None and self._work()
        self.due = 0.0 if self.busy else self._step_at
        state = self.state()
        found = self._draw() if self._draw is not None else {}
        self.told = self.told or bool(found) or self._draw is None
        if state in (self._drawn, self._asked):
            self._new_since = math.inf
            return found
        self._new_since = min(self._new_since, now)
        if now < self._new_since + TURN_SECONDS:
            self.due = min(self.due, self._new_since + TURN_SECONDS)
            return found
        self._asked, self._new_since = state, math.inf
        return {**found, f"turn_{self.name}": {"turn": next(_turns), "at": clock.now()}}

    def ask_again(self) -> None:
        """Another socket of the page: what the last one was told may be lost with it, and so may a lease, as on a laptop that
        slept."""
        self._asked, self.due = None, 0.0
        for job in self.jobs:
            job.renew()


class GivenFile(NamedTuple):
    """What makes a file, its name, "" for a text, and whether making it is to wait for a worker."""

    make: Callable[[], bytes | str]
    name: str
    waits: bool = False


class Feed:
    """One session's news. The script says what its page shows; the session's socket sends on what is new."""

    def __init__(self, session: str = "") -> None:
        self._session = session  # Streamlit's name for it
        self.token = secrets.token_urlsafe(16)  # known to this session's page alone
        self.shown = secrets.token_urlsafe(16)  # of files and pictures, whose addresses people copy
        self.page = ""  # the address of the one that is open
        self.sliders: object = None  # what `pages.ui.server.instant` answers ...
        self.sketches: dict[str, object] = {}  # ... the pads' drawings too, by key ...
        self.presses: dict[str, Callable[[], None]] = {}  # ... and buttons, by key ...
        self.turn = Lock()  # ... and one drawing at a time, of what plays too
        # What `pages.ui.server.download` gives, by the button's key.
        self.files: dict[str, GivenFile] = {}
        self.picture: Callable[[str, int], bytes | None] = lambda name, version: None  # of what moves by address
        self.sockets = 0
        self.own: Job | None = None  # the visitor's run: it goes on while any page of this visit is open
        self.hurry = False  # somebody waits for what they have just pressed: no rest before the next news
        self._parts: dict[str, Part] = {}
        self._listeners: set[Callable[[], None]] = set()

    @property
    def open(self) -> bool:
        """Whether its page is connected. Streamlit keeps the session of one that was closed for some minutes."""
        return not st.runtime.exists() or st.runtime.get_instance().is_active_session(self._session)

    @property
    def address(self) -> str:
        """Where the page's socket finds it, relative to the page."""
        return f"live/{self.token}"

    def gives(self, key: str, make: Callable[[], bytes | str], name: str, *, waits: bool = False) -> str:
        """The address at which ``make`` gives a file of that name, or where it has none its text; relative to the page."""
        self.files[key] = GivenFile(make, name, waits)
        return f"file/{self.shown}/{key}"

    def begin(self, page: str = "") -> None:
        """Another page, or this one drawn anew: what the old one showed moves no more. Buttons of the same one go on as they were
        until they are drawn, or a click just then would be lost."""
        if page != self.page:
            self.page, self.presses = page, {}
        with self.turn:
            self._parts = {}

    def watch(self, name: str, *jobs: Job | None, state: Callable[[], object] = lambda: None) -> Part:
        """A part of the page, said before it is drawn. Its script runs anew when a job has begun or come to rest, or when
        ``state()`` is no more what it is now. ``state`` runs in a thread: no ``st`` in it."""
        part = Part(name, tuple(job for job in jobs if job is not None), state)
        for job in part.jobs:
            _watchers.setdefault(job, Living()).add(self)
            job.on_news = partial(_heard, job)
        with self.turn:
            self._parts = {**self._parts, name: part}
        self._wake()
        return part

    def heard(self, job: Job) -> None:
        """There is news of the job, from any thread: the first that a part shows come without a rest before them."""
        for part in self._parts.values():
            if job in part.jobs:
                part.due, self.hurry = 0.0, self.hurry or not part.told
        self._wake()

    def nudge(self) -> None:
        """Something has changed that no job tells of; from any thread."""
        for part in self._parts.values():
            part.due = 0.0
        self._wake()

    def show(self, name: str) -> None:
        """A hand has changed what that part shows: say it at once, without the rest between two looks."""
        if (part := self._parts.get(name)) is not None:
            part.due, self.hurry = 0.0, True
            self._wake()

    def waits(self) -> float:
        """Seconds until some part has news by itself, or its jobs must hear that they are watched."""
        due = min((part.due for part in self._parts.values()), default=math.inf)
        return min(max(due - time.monotonic(), 0.0), KEEP_SECONDS)

    def rests(self) -> float:
        """Seconds after news before the next: the least that what plays asks for, or else what a class leaves."""
        return min([pause(), *(part.seconds for part in self._parts.values())])

    def message(self) -> str | None:
        """The news as the page reads them; None where there are none. Keeps the page's jobs going."""
        elements: Elements = {}
        self.hurry = False
        if self.own is not None:
            self.own.keep()
        for part in self._parts.values():
            if part.due <= time.monotonic():
                with self.turn:
                    if self._parts.get(part.name) is part:  # the page may have gone on
                        elements |= _told(part)
            else:
                for job in part.jobs:
                    job.keep()
            self.hurry = self.hurry or part.busy
        return json.dumps({"elements": elements}) if elements else None

    def ask_again(self) -> None:
        """Whoever listens now has heard nothing yet."""
        if self.own is not None:
            self.own.renew()
        for part in self._parts.values():
            part.ask_again()

    @contextmanager
    def listen(self, heard: Callable[[], None]) -> Iterator[None]:
        """Have ``heard`` called, from any thread, at every news."""
        self._listeners.add(heard)
        try:
            yield
        finally:
            self._listeners.discard(heard)

    def _wake(self) -> None:
        for heard in tuple(self._listeners):
            heard()


def _told(part: Part) -> Elements:
    """A part's news; one that cannot be drawn, as where a file is gone, must not silence the others."""
    try:
        return part.news()
    except Exception:
        _log.exception("the part %s of a page could not be drawn", part.name)
        part.due = time.monotonic() + KEEP_SECONDS
        return {}


def _heard(job: Job) -> None:
    """A job's news go to every page that shows it: the same run may be looked at in two tabs, or from the class's board."""
    watchers = _watchers.get(job)
    for feed in watchers.now() if watchers is not None else ():
        feed.heard(job)


_watchers: weakref.WeakKeyDictionary[Job, Living[Feed]] = weakref.WeakKeyDictionary()
_feeds: weakref.WeakValueDictionary[str, Feed] = weakref.WeakValueDictionary()
_shown: weakref.WeakValueDictionary[str, Feed] = weakref.WeakValueDictionary()


def current() -> Feed:
    """This session's feed; it ends with the session."""
    if "feed" not in st.session_state:
        run = get_script_run_ctx()
        feed = st.session_state["feed"] = Feed(run.session_id if run is not None else "")
        _feeds[feed.token] = _shown[feed.shown] = feed
    found: Feed = st.session_state["feed"]
    return found


def find(token: str) -> Feed | None:
    """The living session's feed of that token."""
    return _feeds.get(token)


def find_shown(token: str) -> Feed | None:
    """The same by the token that stands in the addresses of its files and pictures: they end with the visit."""
    found = _shown.get(token)
    return found if found is not None and found.open else None


def open_page(page: str) -> None:
    """The socket of the page of that address, first of all on every page."""
    ours = current()
    ours.begin(page)
    # A server that was started anew knows the address no more: the browser then asks for a script run, which says the new one.
    _socket(key="socket", data={"address": ours.address}, on_again_change=_ignore)


def watch(name: str, *jobs: Job | None, state: Callable[[], object] = lambda: None) -> Part:
    """``Feed.watch``, with the place from which this part's script (a fragment, or the page) is asked to run."""
    part = current().watch(name, *jobs, state=state)
    data = {"channel": f"turn_{name}", "page": current().page, "at": clock.now()}
    _turn(key=f"turn_{name}", data=data, on_turn_change=_ignore)
    return part


def pause() -> float:
    """Seconds between news of a moving run: twice a second, less often when a class trains."""
    return min(max(0.45, 0.06 * moving_jobs()), 3.0)


def _ignore() -> None:
    pass
