"""A clock that is set back: time goes on at its pace, and no lease, order or age goes wrong."""

import re
from types import SimpleNamespace

import pytest

from rbm.core import clock
from rbm.errors import StoreError
from rbm.store import Progress, Store, records
from tests.helpers.places import ROOT
from tests.helpers.short_run import SPEC

AT = Progress("running", 3, 100, 0.3)


class Hands:
    """The machine's two clocks, in the test's hands."""

    def __init__(self) -> None:
        self.wall, self.tick = 1_000_000.0, 500.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.tick += seconds

    def another_program(self) -> None:
        """One that begins now, and knows nothing of how the clock stood before."""
        clock._own = clock.SteadyClock(lambda: self.wall, lambda: self.tick)
        records._seen.clear()


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    made = Hands()
    # In one go: a thread that asked between two changes would leave the real clock decades ahead for all that follow.
    monkeypatch.setattr(clock, "_own", clock.SteadyClock(lambda: made.wall, lambda: made.tick))
    monkeypatch.setattr(records, "time", SimpleNamespace(monotonic=lambda: made.tick))
    monkeypatch.setattr(records, "_seen", {})
    return made


def test_time_never_goes_back_and_keeps_its_pace(hands):
    began = clock.now()
    hands.pass_by(5)
    assert clock.now() - began == 5
    hands.wall -= 3600  # set back by an hour
    hands.pass_by(2)
    assert clock.now() - began == 7
    hands.wall -= 60
    hands.pass_by(2)
    assert clock.now() - began == 9
    hands.wall += 8 * 3600  # the laptop slept, and its steady clock with it
    assert clock.now() - began == 8 * 3600 + 9


def test_runs_that_were_begun_later_stand_before_the_others(hands, tmp_path):
    store = Store(folder=tmp_path)
    made = [store.create(SPEC, "me", AT)]
    for another in (False, True, True):
        hands.wall -= 3600
        hands.pass_by(1)
        if another:
            hands.another_program()
        made.append(store.create(SPEC, "me", AT))
    assert [run.id for run in store.runs()] == made[::-1]
    store.close()


def test_a_trainer_that_fell_silent_is_found_out_though_its_last_word_is_of_the_future(hands, tmp_path):
    store = Store(folder=tmp_path)
    run_id = store.create(SPEC, "me", AT)
    hands.wall -= 3600
    hands.another_program()
    for _ in range(3):
        assert store.run(run_id).status == "running"
        with pytest.raises(StoreError, match="Another tab or server trained run"):
            store.claim(run_id, "other")
        hands.pass_by(10)
    hands.pass_by(1)
    assert store.run(run_id).status == "interrupted"
    store.claim(run_id, "other")
    store.close()


def test_a_trainer_that_works_on_is_not_taken_for_a_silent_one(hands, tmp_path):
    store = Store(folder=tmp_path)
    run_id = store.create(SPEC, "me", AT)
    hands.wall -= 3600
    for step in range(4, 100):
        hands.pass_by(1)
        store.write(run_id, "me", AT._replace(step=step), (), (step, step / 10, b"x"))
        assert store.run(run_id).status == "running"
    with pytest.raises(StoreError, match="Another tab or server trained run"):
        store.claim(run_id, "other")
    assert store.newest_whole(run_id).step == 99
    store.close()


def test_the_time_of_day_is_read_in_one_place():
    sources = [path for folder in ("rbm", "pages") for path in (ROOT / folder).rglob("*.py")]
    reads = [p.name for p in sources if re.search(r"time\.time\b|from time import (.*\W)?time\b", p.read_text("utf-8"))]
    assert reads == ["clock.py"]
