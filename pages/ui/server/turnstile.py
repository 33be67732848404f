"""Scripts and drawings one after the other, though each has a thread of its own.

They need Python's one lock, and torch and zlib let go of it at every operation: sixty scripts at once then wait for each
other at every operation of each. Measured with sixty sessions on two cores, each stepping a Gibbs chain once a second: 1.7 s a
step all at once, 0.5 s one after the other, for the same work.

Whoever waits in that line may press something else meanwhile, or the page itself may ask for another run of its script; then
Streamlit gives up the run that waits, and with it what was pressed. So callbacks always run, and to their end; only what the
script would draw after them gives way to the newer run. Measured with eight sessions that load pages: of 15 presses, each
followed at once by another request, none counted; now all do.

What waits for the same run is taken one after the other, as it was pressed. Streamlit folds it into one, where the newer button
came first and one that was pressed twice counted once: who pressed *Reset* and then *Step* while the server was busy saw step 0.

With each press the browser tells how all widgets stand; those that the answer to the press before has just moved, as they stood
until then. Such an echo changes nothing: who was at step 30 and pressed *Reset* and *Step* at once saw step 31.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, local
from time import monotonic, perf_counter
from typing import Any, TypeVar

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState, WStates

from rbm.core.rests import Work

T = TypeVar("T")
SHORT = 0.04  # seconds, of long work that gives way
LONGEST = 0.25  # seconds for which one may keep the others waiting
NEXT = "next_request"  # the id of what stands between two of them
TOLD = "told"  # in the session: each widget's values from the one that the browser told last
STANDING = {f"{kind}_{value}" for kind in ("bool", "double", "int", "string") for value in ("value", "array_value")}


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
    """From now on scripts, with the callbacks before them, come through ``SCREEN``, no newer request cuts callbacks off, and each
    request is called back by itself, without what it only repeats.

    Streamlit has no place for any of them. It must also keep requests that come before a run has begun together
    (``runner.fastReruns = false``): else the first of them is forgotten.
    """
    run, look = ScriptRunner._run_script, ScriptRunner._maybe_handle_execution_control_request
    call_back, trigger = SafeSessionState.on_script_will_rerun, script_requests._coalesce_replay_trigger_states
    here = local()

    def in_turn(self: ScriptRunner, rerun_data: RerunData) -> None:
        with SCREEN.turn():
            run(self, rerun_data)

    def look_for_newer(self: ScriptRunner) -> None:
        if not getattr(here, "calling_back", False):
            look(self)

    def call_all_back(
        self: SafeSessionState,
        states: WidgetStates | None,
        *,
        replay_trigger_states: WidgetStates | None = None,
        **named: Any,
    ) -> None:
        here.calling_back = True
        try:
            for request in _requests(states):
                echoes = _Echoes(self._state, request)
                call_back(self, echoes.left, replay_trigger_states=replay_trigger_states, **named)
                echoes.tell_again()
                replay_trigger_states = trigger(replay_trigger_states, request)  # the script sees every press
        finally:
            here.calling_back = False

    script_requests._coalesce_widget_states = _kept_apart
    ScriptRunner._run_script = in_turn  # type: ignore[method-assign]
    ScriptRunner._maybe_handle_execution_control_request = look_for_newer  # type: ignore[method-assign]
    SafeSessionState.on_script_will_rerun = call_all_back  # type: ignore[method-assign,assignment]


def _kept_apart(old_states: WidgetStates | None, new_states: WidgetStates | None) -> WidgetStates | None:
    """Two requests as one, for ``_requests`` to take apart."""
    if old_states is None or new_states is None:
        return old_states or new_states
    return WidgetStates(widgets=[*old_states.widgets, WidgetState(id=NEXT), *new_states.widgets])


def _requests(states: WidgetStates | None) -> list[WidgetStates | None]:
    """What the browser has told, request by request; of a run that it did not ask for, None."""
    if states is None:
        return [None]
    apart: list[list[WidgetState]] = [[]]
    for one in states.widgets:
        if one.id == NEXT:
            apart.append([])
        else:
            apart[-1].append(one)
    return [WidgetStates(widgets=widgets) for widgets in apart]


class _Echoes:
    """What one request repeats of widgets that the program has moved since.

    The session keeps each widget's values from the one that the browser told last: all but the newest are echoes, when something
    else was pressed or moved. Where nothing else was, a hand has moved this one back.
    """

    def __init__(self, state: SessionState, request: WidgetStates | None) -> None:
        self._state, self.left = state, request
        self._echoes: set[str] = set()
        if request is not None:
            self._hear(request)
            self.left = WidgetStates(widgets=[one for one in request.widgets if one.id not in self._echoes])

    def _hear(self, request: WidgetStates) -> None:
        before: dict[str, list[Any]] = self._state._old_state.get(TOLD, {})
        heard = WStates(widget_metadata=self._state._new_widget_state.widget_metadata)
        told: dict[str, Any] = {}
        since: dict[str, list[Any]] = {}
        for one in request.widgets:
            if one.WhichOneof("value") in STANDING:
                with suppress(KeyError):  # no script has drawn it yet
                    heard.set_widget_from_proto(one)
                    now, values = self._now(one.id), before.get(one.id, [])
                    told[one.id] = heard[one.id]
                    since[one.id] = values if values[-1:] == [now] else [*values, now]
        moved = {id for id, values in since.items() if told[id] not in values}
        overtaken = {id for id, values in since.items() if told[id] != values[-1]} - moved
        if moved or any(map(script_requests._has_active_trigger_value, request.widgets)):
            self._echoes = overtaken
        else:
            moved = overtaken
        self._state._old_state[TOLD] = {
            id: [told[id]] if id in moved else values[values.index(told[id]) :] for id, values in since.items()
        }

    def tell_again(self) -> None:
        """Have the browser told how the widgets stand that it was wrong about, where no callback has moved them meanwhile."""
        for id in self._echoes:
            key = self._state._key_id_mapper.id_key_mapping.get(id)
            if key is not None and not self._state.is_new_state_value(key):
                self._state.reset_state_value(key, self._now(id))

    def _now(self, id: str) -> Any:
        return self._state._getitem(id, self._state._key_id_mapper.id_key_mapping.get(id))
