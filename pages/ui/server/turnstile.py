"""Scripts and drawings one after the other, though each has a thread of its own.

They need Python's one lock, and torch and zlib let go of it at every operation: sixty scripts at once then wait for each
other at every operation of each. Measured with sixty sessions on two cores, each stepping a Gibbs chain once a second: 1.7 s a
step all at once, 0.5 s one after the other, for the same work.

Whoever waits in that line may press something else meanwhile, or the page itself may ask for another run of its script; then
Streamlit gives up the run that waits, and with it what was pressed. So callbacks always run, and to their end; only what the
script would draw after them gives way to the newer run. Measured with eight sessions that load pages: of 15 presses, each
followed at once by another request, none counted; now all do.

Two presses that wait for the same run are called back in the order in which they were pressed; Streamlit takes the newer one
first, so that who pressed *Reset* and then *Step* while the server was busy saw step 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, local
from time import monotonic, perf_counter
from typing import Any, TypeVar

from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.state.safe_session_state import SafeSessionState

from rbm.core.rests import Work

T = TypeVar("T")
SHORT = 0.04  # seconds, of long work that gives way
LONGEST = 0.25  # seconds for which one may keep the others waiting


class Turnstile:
    """Lets in one at a time, first come first served; one that takes longer than ``longest`` seconds stays in beside the next."""

    def __init__(self, longest: float = LONGEST) -> None:
        self._longest = longest
        self._lock = Lock()
        self._waiting: deque[Event] = deque()
        self._inside: Event | None = None
        self._until = 0.0
        self._here = local()  # of each thread that is inside: its ticket

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn, and pass it on at the end of the block."""
        self._here.ticket = Event()
        self._line_up(None)
        try:
            yield
        finally:
            self._leave()
            self._here.ticket = None

    def give_way(self) -> None:
        """Let whoever has waited longest have a turn before going on; nobody else, or long work would never end."""
        if getattr(self._here, "ticket", None) is not None and self._waiting:
            mine, self._here.ticket = self._here.ticket, Event()
            self._line_up(mine)

    def _line_up(self, leaving: Event | None) -> None:
        """Wait for the turn, at the end of the line; who leaves for it, behind the first."""
        mine: Event = self._here.ticket
        with self._lock:
            self._waiting.insert(len(self._waiting) if leaving is None else 1, mine)
            if self._inside is leaving:
                self._inside = None
            self._call()
        while not mine.wait(self._longest):
            with self._lock:
                self._call()

    def _leave(self) -> None:
        with self._lock:
            if self._inside is self._here.ticket:
                self._inside = None
            self._call()

    def _call(self) -> None:
        """Let the next one in, where nobody is inside or whoever is has been for too long."""
        now = monotonic()
        if self._waiting and (self._inside is None or now >= self._until):
            self._inside, self._until = self._waiting.popleft(), now + self._longest
            self._inside.set()


SCREEN = Turnstile()  # of all that this server draws


def in_turns(function: Callable[[], T]) -> T:
    """What a function of many Gibbs sweeps returns; others have their turns between its sweeps. No ``st`` in it."""
    work = Work(function)
    while not work.go_on(perf_counter() + SHORT):
        SCREEN.give_way()
    result: T = work.result
    return result


def again(step: Callable[[], bool], seconds: float) -> None:
    """Take a short step again and again, as long as it returns True, for so many seconds of its own; others have their turns in
    between. No ``st`` in it."""
    spent, more = 0.0, True
    while more and spent < seconds:
        begun = perf_counter()
        while more and perf_counter() - begun < min(SHORT, seconds - spent):
            more = step()
        spent += perf_counter() - begun
        SCREEN.give_way()


def line_up_scripts() -> None:
    """From now on scripts, with the callbacks before them, come through ``SCREEN``, no newer request cuts callbacks off, and what
    was pressed first is called back first.

    Streamlit has no place for any of them. It must also fold requests that come before a run has begun into one
    (``runner.fastReruns = false``): else the first of them is forgotten.
    """
    run, look = ScriptRunner._run_script, ScriptRunner._maybe_handle_execution_control_request
    call_back, fold = SafeSessionState.on_script_will_rerun, script_requests._coalesce_widget_states
    here = local()

    def in_turn(self: ScriptRunner, rerun_data: RerunData) -> None:
        with SCREEN.turn():
            run(self, rerun_data)

    def look_for_newer(self: ScriptRunner) -> None:
        if not getattr(here, "calling_back", False):
            look(self)

    def call_all_back(self: SafeSessionState, *given: Any, **named: Any) -> None:
        here.calling_back = True
        try:
            call_back(self, *given, **named)
        finally:
            here.calling_back = False

    def fold_in_order(old_states: WidgetStates | None, new_states: WidgetStates | None) -> WidgetStates | None:
        """Callbacks follow the order of this list, and Streamlit puts what the newer request lacks at its end."""
        folded = fold(old_states, new_states)
        if not (old_states and new_states and folded):
            return folded
        told_anew = {one.id for one in new_states.widgets}
        return WidgetStates(widgets=sorted(folded.widgets, key=lambda one: one.id in told_anew))

    script_requests._coalesce_widget_states = fold_in_order
    ScriptRunner._run_script = in_turn  # type: ignore[method-assign]
    ScriptRunner._maybe_handle_execution_control_request = look_for_newer  # type: ignore[method-assign]
    SafeSessionState.on_script_will_rerun = call_all_back  # type: ignore[method-assign]
