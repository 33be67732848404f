"""Whose turn it is, on a clock of the test's own: a worker that answers when it is told to."""

from collections import Counter
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from rbm.jobs.turns import AHEAD, LONGEST_SECONDS, ROUND_SECONDS, SHORTEST_SECONDS, Account, Turns


class Worker:
    """Does one turn at a time, of whoever was sent first, and knows how long each work's turns take."""

    def __init__(self, turns: Turns, took: dict[str, float]) -> None:
        self.turns, self.took, self.accounts = turns, took, {name: Account() for name in took}
        self.queue: list[tuple[str, Future]] = []
        self.log: list[str] = []

    def ask(self, name: str, *, again: bool = True) -> None:
        def send() -> Future:
            sent: Future = Future()
            self.queue.append((name, sent))
            return sent

        answer = self.turns.ask(self.accounts[name], send)
        if again:
            answer.add_done_callback(lambda _: self.ask(name))

    def work(self, turns: int) -> None:
        for _ in range(turns):
            name, sent = self.queue.pop(0)
            self.log.append(name)
            sent.set_result(SimpleNamespace(seconds=self.took[name]))

    def had(self) -> Counter[str]:
        return Counter({name: sum(one == name for one in self.log) * self.took[name] for name in self.took})


@pytest.fixture
def turns() -> Turns:
    return Turns()


def test_everybody_gets_as_many_seconds_however_long_their_turns_are(turns):
    worker = Worker(turns, {"light": 0.1, "another": 0.1, "heavy": 0.8})
    for name in worker.took:
        worker.ask(name)
    worker.work(400)
    had = worker.had()
    # Nobody is ahead by more than the longest turn, and one that was sent before.
    assert max(had.values()) - min(had.values()) <= 0.8 + AHEAD * 0.1


def test_a_first_turn_comes_before_anybodys_next(turns):
    worker = Worker(turns, {str(i): 0.1 for i in range(30)} | {"new": 0.1})
    for name in list(worker.took)[:-1]:
        worker.ask(name)
    worker.work(300)
    worker.ask("new")
    before = len(worker.log)
    worker.work(AHEAD + 30)
    assert worker.log[before:].index("new") == AHEAD  # after those that were sent already
    assert Counter(worker.log[before:])["new"] <= 2  # and it has no credit for the time when it was not there


def test_who_was_away_has_no_credit_for_it(turns):
    worker = Worker(turns, {"here": 0.1, "away": 0.1})
    worker.ask("away", again=False)
    worker.ask("here")
    worker.work(200)
    worker.ask("away")
    worker.work(40)
    assert worker.log[-40:].count("away") == pytest.approx(20, abs=AHEAD)


def test_slices_shrink_as_more_wait_within_bounds(turns):
    worker = Worker(turns, {str(i): 0.1 for i in range(60)})
    lengths = []
    for name in worker.took:
        worker.ask(name)
        lengths.append(turns.seconds())
    assert lengths[0] == LONGEST_SECONDS
    assert lengths[15] == ROUND_SECONDS / 16
    assert lengths[-1] == SHORTEST_SECONDS
    assert turns.crowd == 60


def test_what_was_not_sent_is_taken_back_by_who_leaves_and_who_asks_no_more_counts_no_more(turns, monkeypatch):
    worker = Worker(turns, {"a": 0.1, "b": 0.1, "c": 0.1})
    for name in worker.took:
        worker.ask(name, again=False)
    assert [name for name, _ in worker.queue] == ["a", "b"]
    turns.leave(worker.accounts["c"])
    worker.work(2)
    assert worker.queue == []
    assert turns.crowd == 2  # between two turns of theirs, as far as anybody knows ...
    turns.leave(worker.accounts["a"])
    assert turns.crowd == 1
    monkeypatch.setattr("rbm.jobs.turns.BETWEEN_SECONDS", 0.0)  # ... for a while
    assert turns.crowd == 0


def test_a_worker_that_is_gone_answers_all_and_no_stack_grows(turns):
    """Each answer sends the next turn, which is answered at once: a thousand of them, one within another, would be too many."""
    accounts = [Account() for _ in range(2000)]
    held: Future = Future()
    waiting = [turns.ask(Account(), lambda: held) for _ in range(AHEAD)]

    def gone() -> Future:
        failed: Future = Future()
        failed.set_exception(ConnectionError("gone"))
        return failed

    waiting += [turns.ask(account, gone) for account in accounts]
    held.set_exception(ConnectionError("gone"))
    assert all(isinstance(one.exception(0), ConnectionError) for one in waiting)
    assert turns.crowd == 0


def test_a_turn_that_cannot_be_sent_stops_nobody_elses(turns):
    def broken() -> Future:
        raise RuntimeError("no loop to be told on")

    wrong = turns.ask(Account(), broken)
    worker = Worker(turns, {"a": 0.1})
    worker.ask("a", again=False)
    worker.work(1)
    assert "no loop" in str(wrong.exception(0))
    assert turns.crowd == 1  # who got an answer
