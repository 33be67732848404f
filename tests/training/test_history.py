"""The event stream as columns: one moment of it while it grows, and as a whole when it comes from elsewhere."""

import math
import threading

import pytest

from rbm.training.events import TrainEvent
from rbm.training.history import MISSING, History, checked, finite_or_missing


def event(step: int, seconds: float = 0.0, **numbers: float) -> TrainEvent:
    return TrainEvent(step, step / 32, numbers, seconds)


def test_a_history_that_grows_is_drawn_as_it_was_at_one_moment():
    """A thread adds events while this one reads: every column of one moment has the length of all its others."""
    history, over = History(), threading.Event()

    def grow() -> None:
        step = 0
        while not over.is_set() and step < 20_000:
            history.extend([event(step + i, a=1.0, b=2.0) for i in range(3)])
            step += 3

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        while thread.is_alive() and len(history) < 3_000:
            now = history.now()
            before = len(now)
            lengths = {len(column) for name in ("a", "b") for column in now.column(name)}
            assert lengths == {before}
            assert [e.step for e in now.events] == list(range(before))
    finally:
        over.set()
        thread.join()


def test_slices_that_arrive_in_either_order_are_put_in_order_and_a_moment_taken_before_stays():
    history = History([event(0), event(1)])
    before = history.now()
    history.extend([event(8)])
    history.extend([event(2), event(4)])
    assert [e.step for e in history.events] == [0, 1, 2, 4, 8]
    assert [e.step for e in before.events] == [0, 1]


def test_the_speed_is_averaged_over_seconds_of_training_and_not_over_events():
    """Images over seconds: 100/s for two seconds and 300/s for one are 500 images in three seconds."""
    history = History(
        [event(0, 0.0), event(1, 2.0, speed=100.0), event(2, 3.0, speed=300.0), event(3, 4.0, speed=500.0)]
    )
    epochs, speed = history.averaged_rate("speed", 5.0)
    assert epochs == [1 / 32, 2 / 32, 3 / 32]
    assert speed == pytest.approx([100.0, 500 / 3, 1000 / 4])
    _, recent = history.averaged_rate("speed", 2.0)
    assert recent == pytest.approx([100.0, 500 / 3, 800 / 2])  # the window begins at an event: here the one at 1 or 2 s


def test_a_speed_that_was_not_measured_has_no_weight():
    history = History(
        [event(0, 0.0), event(1, 1.0, speed=100.0), event(2, 9.0, speed=MISSING), event(3, 10.0, speed=200.0)]
    )
    assert history.averaged_rate("speed", 60.0) == ([1 / 32, 3 / 32], pytest.approx([100.0, 150.0]))
    assert History([event(0, 0.0, speed=7.0)]).averaged_rate("speed", 5.0) == ([0.0], [7.0])


def test_what_a_run_tells_is_accepted_and_missing_numbers_stay_missing():
    history = checked([event(0), event(1, a=MISSING), event(2, a=3.0), event(32, a=1.0)])
    assert len(history) == 4
    written = finite_or_missing({"a": 1.0, "b": math.inf, "c": -math.inf, "d": MISSING})
    assert (written["a"], [math.isnan(written[name]) for name in "bcd"]) == (1.0, [True] * 3)
    assert len(checked([])) == 0
    assert len(checked([event(0)])) == 1


@pytest.mark.parametrize(
    ("events", "clause"),
    [
        ([event(2), event(1)], "from step 2 to step 1; expected ascending"),
        ([event(1), event(1)], "from step 1 to step 1; expected ascending"),
        ([event(1, a=math.inf)], "a is infinite at step 1"),
        ([event(1), TrainEvent(2, 0.5, {}, 0.0)], "epoch 0.03125 after 1 steps and at epoch 0.5 after 2"),
        ([TrainEvent(3, 2.0, {}, 0.0)], "a whole number"),
        ([TrainEvent(3, 0.0, {}, 0.0)], "at epoch 0 after 3 steps"),
        ([TrainEvent(0, 1.0, {}, 0.0), event(32)], "at epoch 1 after 0 steps"),
    ],
)
def test_a_history_that_no_run_could_have_made_is_refused_in_a_clause(events, clause):
    with pytest.raises(ValueError, match=clause):
        checked(events)


@pytest.mark.parametrize(
    ("values", "fallen"),
    [
        ([-200.0, -150.0, -120.0, -110.0], None),
        ([-200.0, -900.0, -8000.0, -700.0], (-200.0, -700.0)),
        ([-200.0, -900.0, -8000.0, -190.0], None),  # it has come back
        ([-200.0, -230.0, -235.0, -239.0], None),  # a fifth is within what curves do
        ([-0.5, -1.2, -1.3, -1.4], None),  # and so is a nat
        ([-200.0, -900.0, -8000.0], None),  # too soon to say
        ([math.nan, -900.0, -8000.0, -700.0], None),
    ],
)
def test_a_machine_that_fits_its_data_worse_than_an_untrained_one_is_told(values, fallen):
    assert History([event(i, pseudo_log_likelihood=value) for i, value in enumerate(values)]).fallen() == fallen


@pytest.mark.parametrize(("last", "told"), [(-2.0, False), (-7.9, False), (-8.1, True)])
def test_of_densities_a_fall_is_measured_by_the_pixels_for_0_means_nothing(last, told):
    """Eighty pixels: a fifth of their 40 nats of squares is 8."""
    for start in (0.0, -500.0, 500.0):
        history = History([event(i, pseudo_log_likelihood=start + (last if i else 0)) for i in range(4)])
        assert history.fallen(80) == ((start, start + last) if told else None)


def test_events_that_do_not_measure_the_fit_are_passed_over():
    events = [event(0, pseudo_log_likelihood=-200.0)]
    for step in range(1, 7):
        events.append(
            event(step, **({"pseudo_log_likelihood": -1000.0} if step % 2 else {"log_likelihood_high": -9.0}))
        )
    assert History(events).fallen() == (-200.0, -1000.0)
    assert History([*events, *(event(step) for step in range(7, 60))]).fallen() == (-200.0, -1000.0)
    assert History(events[1:]).fallen() is None  # where the start is not known
