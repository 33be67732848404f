"""One after the other, first come first served, and nobody waits long for one who is slow."""

from threading import Event, Lock, Thread
from time import monotonic

from pages.ui.server.turnstile import Turnstile
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
