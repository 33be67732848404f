"""What waits to be written, when several threads flush, when one record fails, and when the registry answers late."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from rbm.experiment import RunSpec
from rbm.jobs import recording
from rbm.jobs.recording import Record
from rbm.store import Progress
from tests.helpers.holding import Hold, let_overtake
from tests.helpers.waiting import PATIENCE, wait


class Waiting:
    """Something to be written, by ``write``."""

    lost, problem = False, ""

    def __init__(self, name: str, write: Callable[[], None] = lambda: None) -> None:
        self.id, self._write, self.written = name, write, False

    def write(self) -> None:
        self._write()
        self.written = True

    def wait_longer(self) -> None:
        pass


@pytest.fixture
def later(monkeypatch) -> Callable[..., recording._Writer]:
    """A writer for whom these wait, and who does not come to them by himself."""

    def made(*records: Waiting) -> recording._Writer:
        monkeypatch.setattr(recording, "WRITE_SECONDS", 1000.0)
        writer = recording._Writer()
        for record in records:
            writer.add(record, at_once=False)
        return writer

    return made


def test_a_flush_returns_once_all_is_written_though_another_has_begun_before_it(later):
    hold = Hold()
    slow, other = Waiting("slow", hold.before(lambda: None)), Waiting("other")
    writer = later(slow, other)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(writer.flush)
        hold.until_inside()
        second = pool.submit(lambda: (writer.flush(), other.written)[1])
        let_overtake(second)
        hold.go()
        first.result(PATIENCE)
        assert second.result(PATIENCE)


def test_one_that_fails_does_not_keep_the_others_from_being_written(later, caplog):
    def fail() -> None:
        raise KeyError("a page's own fault")

    other = Waiting("other")
    later(Waiting("failing", fail), other).flush()
    assert other.written
    assert "failing" in caplog.text


def test_the_word_that_the_registry_does_not_answer_goes_when_it_has(monkeypatch):
    """Also where it answers at the very moment when that is said."""
    monkeypatch.setattr(recording, "SLOW_SECONDS", 0.1)
    monkeypatch.setattr(recording, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(recording, "RETRY_SECONDS", 0.05)
    answer, hold = threading.Event(), Hold()

    class Registry:
        def create(self, *given: object, **named: object) -> None:
            assert answer.wait(PATIENCE)

        def write(self, *given: object, **named: object) -> None:
            pass

    record, writer = Record(RunSpec(), store=Registry), recording._Writer()
    monkeypatch.setattr(recording, "_writer", lambda: writer)
    monkeypatch.setattr(record, "wait_longer", hold.before(record.wait_longer))
    record.take(Progress("paused", 1, 1, 1.0, 0.0, ""))
    hold.until_inside()
    answer.set()
    wait(lambda: record.begun and writer._since == float("inf"), what="its writing")
    said = []
    tell = record._tell
    monkeypatch.setattr(record, "_tell", lambda words: (said.append(words), tell(words)))
    hold.go()
    wait(lambda: len(said) > 1 and not record.problem, what="the word to go")
    assert "has not answered" in said[0]
