"""One after the other, first come first served, and nobody waits long for one who is slow."""

from functools import reduce
from threading import Event, Lock, Thread
from time import monotonic

import pytest
from streamlit.proto.Common_pb2 import DoubleArray
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest

from pages.ui.server import turnstile
from pages.ui.server.turnstile import Turnstile
from rbm.randomness import generator
from rbm.samplers import Chains, from_noise, gibbs
from tests.helpers.waiting import PATIENCE, wait


def visit(gate, name, came, done, leave):
    with gate.turn():
        came.append(name)
        leave.wait(PATIENCE)
    done.append(name)


def test_one_at_a_time_in_the_order_of_coming():
    gate, came, done, leave = Turnstile(longest=PATIENCE), [], [], [Event() for _ in range(5)]
    threads = []
    for name in range(5):
        thread = Thread(target=visit, args=(gate, name, came, done, leave[name]))
        thread.start()
        threads.append(thread)
        wait(lambda n=name: len(gate._waiting) == n)  # all but the first wait
    for name in range(5):
        wait(lambda n=name: len(came) == n + 1)
        assert came == list(range(name + 1))
        leave[name].set()
    for thread in threads:
        thread.join(PATIENCE)
    assert done == list(range(5))


def test_who_takes_long_stays_in_beside_the_next_and_lets_nobody_in_when_leaving():
    gate, came, done = Turnstile(longest=0.01), [], []
    slow, quick = Event(), Event()
    threads = [Thread(target=visit, args=(gate, "slow", came, done, slow))]
    threads[0].start()
    wait(lambda: came == ["slow"])
    wait(lambda: monotonic() > gate._until)
    gate._longest = PATIENCE
    threads.append(Thread(target=visit, args=(gate, "quick", came, done, quick)))
    threads[1].start()
    wait(lambda: came == ["slow", "quick"])
    threads.append(Thread(target=visit, args=(gate, "third", came, done, quick)))
    threads[2].start()
    wait(lambda: len(gate._waiting) == 1)
    slow.set()
    threads[0].join(PATIENCE)
    assert came == ["slow", "quick"]  # the quick one is inside still
    quick.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert done == ["slow", "quick", "third"]


def test_an_error_inside_lets_the_next_one_in():
    gate = Turnstile(longest=PATIENCE)
    for _ in range(2):
        try:
            with gate.turn():
                raise KeyError
        except KeyError:
            pass
    with gate.turn():
        assert gate._inside is not None
    assert gate._inside is None


def test_many_threads_never_meet_inside():
    gate, inside, most, counting = Turnstile(longest=PATIENCE), [], [], Lock()

    def come():
        for _ in range(50):
            with gate.turn():
                with counting:
                    inside.append(1)
                    most.append(len(inside))
                with counting:
                    inside.pop()

    threads = [Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert (len(most), max(most)) == (400, 1)


def test_long_work_gives_way_to_one_and_then_goes_on():
    """Were it to line up behind all of a class, it would end when they have: here two wait, and it comes between them."""
    gate, came = Turnstile(longest=PATIENCE), []
    both = Event()

    def long() -> None:
        with gate.turn():
            came.append("long")
            both.wait(PATIENCE)
            gate.give_way()
            came.append("long again")
            gate.give_way()
            came.append("long to its end")

    def short(name: str) -> None:
        with gate.turn():
            came.append(name)

    threads = [Thread(target=long)]
    threads[0].start()
    wait(lambda: came == ["long"])
    for count, name in enumerate(("first", "second", "third"), 1):
        threads.append(Thread(target=short, args=(name,)))
        threads[-1].start()
        wait(lambda n=count: len(gate._waiting) == n)
    both.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert came == ["long", "first", "long again", "second", "long to its end", "third"]


def test_what_goes_on_for_a_while_gives_way_after_each_short_part(monkeypatch):
    """Its own seconds are counted, and not those of whoever has a turn meanwhile."""
    clock, gave = [0.0], []

    class Gate:
        def give_way(self) -> None:
            gave.append(clock[0] - 128 * len(gave))
            clock[0] += 128

    def step() -> bool:
        clock[0] += 1 / 64
        return len(gave) < 5

    monkeypatch.setattr(turnstile, "SCREEN", Gate())
    monkeypatch.setattr(turnstile, "perf_counter", lambda: clock[0])
    turnstile.again(step, 0.12)
    assert gave == [3 / 64, 6 / 64, 8 / 64]
    turnstile.again(lambda: False, 0.12)  # there is no more: once, and that is all
    assert len(gave) == 4


def test_sweeps_in_turns_end_where_sweeps_at_once_do(tiny_rbm, monkeypatch):
    gaps = []
    monkeypatch.setattr(turnstile, "SHORT", 0.0)
    monkeypatch.setattr(turnstile.SCREEN, "give_way", lambda: gaps.append(1))

    def walk() -> Chains:
        draw = generator(3, "walk")
        chains = from_noise(tiny_rbm, 5, draw)
        for _ in range(7):
            chains, _ = gibbs.sweep(tiny_rbm, chains, draw)
        return chains

    at_once, in_turns = walk(), turnstile.in_turns(walk)
    assert len(gaps) == 7
    assert (in_turns.v == at_once.v).all()
    assert (in_turns.h == at_once.h).all()
    assert in_turns.step == 7


def counter():
    import streamlit as st

    from pages.ui.controls import widgets

    def press():
        st.session_state["begun"] = st.session_state.get("begun", 0) + 1
        st.session_state["ended"] = st.session_state.get("ended", 0) + 1

    st.button("Press", on_click=press)
    if widgets.pressed("In the script", key="read"):
        st.session_state["counted"] = st.session_state.get("counted", 0) + 1


@pytest.fixture
def lined_up(monkeypatch):
    for kind, name in (
        (ScriptRunner, "_run_script"),
        (ScriptRunner, "_maybe_handle_execution_control_request"),
        (SafeSessionState, "on_script_will_rerun"),
        (script_requests, "_coalesce_widget_states"),
    ):
        monkeypatch.setattr(kind, name, getattr(kind, name))  # as it was, after the test
    turnstile.line_up_scripts()
    monkeypatch.setattr(turnstile.SCREEN, "_longest", PATIENCE)


@pytest.mark.parametrize("newer", ["joins it", "takes its place"])
def test_a_press_counts_though_more_is_asked_before_its_script_has_begun(newer, lined_up, monkeypatch):
    """Streamlit gives up a run that waits as soon as another is asked for; what was pressed must not go with it."""
    runners, start = [], ScriptRunner.start
    monkeypatch.setattr(ScriptRunner, "start", lambda runner: (runners.append(runner), start(runner)))
    app = AppTest.from_function(counter, default_timeout=PATIENCE).run()
    pressed_and_overtaken(app, 0, runners, newer)
    assert (app.session_state["begun"], app.session_state["ended"]) == (1, 1)
    app.run()
    pressed_and_overtaken(app, 1, runners, newer)
    app.run()
    assert app.session_state["counted"] == 1
    app.run()
    assert app.session_state["counted"] == 1  # once


def pressed_and_overtaken(app, button, runners, newer):
    with turnstile.SCREEN.turn():  # of somebody else
        pressing = Thread(target=app.button[button].click().run)
        pressing.start()
        wait(lambda: len(turnstile.SCREEN._waiting) == 1)
        if newer == "joins it":
            assert runners[-1].request_rerun(RerunData())
        else:
            runners[-1].request_stop()
    pressing.join(PATIENCE)


def recorder():
    import streamlit as st

    def press(name):
        st.session_state["pressed"] = [*st.session_state.get("pressed", []), name]

    for name in "abc":
        st.button(name, on_click=press, args=(name,))


@pytest.mark.parametrize("order", ["ab", "ba", "cab", "bca", "aaa", "abba"])
def test_presses_that_wait_for_one_run_are_called_back_one_by_one_in_the_order_of_pressing(
    order, lined_up, monkeypatch
):
    """As a reset and then a step; the newer one's callback came first, and two of the same counted once."""
    runners, start = [], ScriptRunner.start
    monkeypatch.setattr(ScriptRunner, "start", lambda runner: (runners.append(runner), start(runner)))
    app = AppTest.from_function(recorder, default_timeout=PATIENCE).run()
    known = {button.label: WidgetState(id=button.id, trigger_value=True) for button in app.button}
    with turnstile.SCREEN.turn():  # of somebody else
        waiting = Thread(target=app.run)
        waiting.start()
        wait(lambda: len(turnstile.SCREEN._waiting) == 1)
        for name in order:
            assert runners[-1].request_rerun(RerunData(widget_states=WidgetStates(widgets=[known[name]])))
    waiting.join(PATIENCE)
    wait(lambda: "pressed" in app.session_state)
    assert "".join(app.session_state["pressed"]) == order


def read_in_the_script():
    import streamlit as st

    st.session_state["seen"] = [name for name in "ab" if st.button(name)]


def test_the_script_sees_all_that_was_pressed_before_it(lined_up):
    app = AppTest.from_function(read_in_the_script, default_timeout=PATIENCE).run()
    first, second = (WidgetStates(widgets=[WidgetState(id=one.id, trigger_value=True)]) for one in app.button)
    app._run(turnstile._kept_apart(first, second))
    assert app.session_state["seen"] == ["a", "b"]
    app.run()
    assert app.session_state["seen"] == []


def place():
    import streamlit as st

    def go(to):
        st.session_state["place"] = to(st.session_state["place"])

    def dragged():
        st.session_state["drags"] = [*st.session_state.get("drags", []), st.session_state["place"]]

    st.session_state.setdefault("place", 0)
    st.button("Step", on_click=go, args=(lambda here: here + 1,))
    st.button("Far", on_click=go, args=(lambda here: 30,))
    st.button("Reset", on_click=go, args=(lambda here: 0,))
    st.button("Nothing")
    st.slider("Place", 0, 50, value=st.session_state["place"], key="place", on_change=dragged)
    st.slider("Other", 0, 50, key="other")


class Browser:
    """One that tells with each press how the sliders stand, as far as it has been told itself: ``late`` answers ago."""

    def __init__(self):
        self.app = AppTest.from_function(place, default_timeout=PATIENCE).run()
        self.shown, self.answers = {"Place": 0, "Other": 0}, []

    def press(self, name, late=0):
        (button,) = (one for one in self.app.button if one.label == name)
        return self.tell(WidgetState(id=button.id, trigger_value=True), late=late)

    def drag(self, name, to, late=0):
        return self.tell(late=late, **{name: to})

    def tell(self, *pressed, late=0, **dragged):
        while len(self.answers) > late:
            self.shown |= self.answers.pop(0)
        self.shown |= dragged
        told = {one.id: DoubleArray(data=[self.shown[one.label]]) for one in self.app.slider}
        sliders = [WidgetState(id=id, double_array_value=value) for id, value in told.items()]
        self.app._run(WidgetStates(widgets=[*sliders, *pressed]))
        assert not self.app.exception
        self.answers.append({one.label: one.proto.value[0] for one in self.app.slider if one.proto.set_value})
        return self.app.session_state["place"]


@pytest.mark.parametrize("late", [(0, 0), (0, 1), (1, 1), (1, 2), (2, 0)])
def test_what_a_press_repeats_of_a_slider_that_the_press_before_moved_changes_nothing(late, lined_up):
    """The browser sends the next press before it has the answer to the last one, or the last two."""
    browser = Browser()
    assert browser.press("Far") == 30
    assert browser.press("Reset", late=late[0]) == 0
    assert browser.press("Step", late=late[1]) == 1
    assert browser.press("Step") == 2
    assert "drags" not in browser.app.session_state  # no hand has moved it
    browser.drag("Other", 7)
    assert browser.shown["Place"] == 2
    assert (browser.app.session_state["place"], browser.app.session_state["other"]) == (2, 7)


def test_a_press_that_moves_nothing_leaves_what_the_one_before_moved_and_the_browser_is_told_again(lined_up):
    browser = Browser()
    browser.press("Far")
    assert browser.press("Nothing", late=1) == 30
    assert browser.answers[-1] == {"Place": 30}
    browser.press("Nothing")
    assert browser.answers[-1] == {}  # it knows


def test_a_slider_that_a_hand_moves_back_to_where_the_browser_told_it_last_moves_there(lined_up):
    browser = Browser()
    browser.press("Far")
    assert browser.drag("Place", 0) == 0
    assert browser.app.session_state["drags"] == [0]
    assert browser.press("Step") == 1
    assert browser.drag("Place", 20) == 20
    assert browser.press("Far") == 30
    assert browser.drag("Other", 5, late=1) == 30  # the other one, before the answer was there


def test_a_hand_and_presses_that_wait_for_one_run_all_count(lined_up):
    browser = Browser()
    browser.drag("Place", 20)
    browser.press("Far")
    known = {one.label: one.id for one in [*browser.app.button, *browser.app.slider]}
    back = WidgetState(id=known["Place"], double_array_value=DoubleArray(data=[20]))
    step = WidgetState(id=known["Step"], trigger_value=True)
    browser.app._run(
        reduce(turnstile._kept_apart, [WidgetStates(widgets=w) for w in ([back], [back, step], [back, step])])
    )
    assert browser.app.session_state["place"] == 22
    assert browser.app.session_state["drags"] == [20, 20]


def test_a_widget_that_the_program_does_not_know_is_left_to_streamlit(lined_up):
    """As of a browser that comes back to a server that was started anew."""
    browser = Browser()
    known = browser.app._session_state._state
    known._old_state["of no script"] = 3
    unknown = WidgetState(id="of no script", int_value=4)
    assert browser.tell(unknown, WidgetState(id=browser.app.button[0].id, trigger_value=True)) == 1
    assert "of no script" not in known._old_state[turnstile.TOLD]
