"""Of the processes that start together one compiles, and the others wait for it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rbm.core import warming
from tests.helpers.holding import Hold, let_overtake
from tests.helpers.waiting import PATIENCE


def test_who_comes_first_is_alone_and_the_others_begin_when_he_is_done(tmp_path: Path):
    hold, told = Hold(), []

    def work(who: str) -> None:
        told.append(f"{who} begins")
        if who == "first":
            hold.before(lambda: None)()
        told.append(f"{who} ends")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(warming.first_alone, tmp_path / "new" / "compiling", lambda: work("first"))
        hold.until_inside()
        second = pool.submit(warming.first_alone, tmp_path / "new" / "compiling", lambda: work("second"))
        let_overtake(second)
        hold.go()
        first.result(PATIENCE)
        second.result(PATIENCE)
    assert told == ["first begins", "first ends", "second begins", "second ends"]


def test_who_comes_first_and_fails_or_never_ends_holds_up_nobody_for_good(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(warming, "LONGEST", 0.1)
    place, hold, done = tmp_path / "compiling", Hold(), []
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(warming.first_alone, place, hold.before(lambda: 1 / 0))
        hold.until_inside()
        warming.first_alone(place, lambda: done.append("beside him"))
        hold.go()
        assert isinstance(first.exception(PATIENCE), ZeroDivisionError)
    warming.first_alone(place, lambda: done.append("after him"))
    assert done == ["beside him", "after him"]


def test_where_no_file_can_be_written_it_is_done_all_the_same(tmp_path: Path):
    (tmp_path / "file").write_text("no folder", "utf-8")
    done = []
    warming.first_alone(tmp_path / "file" / "compiling", lambda: done.append("so"))
    assert done == ["so"]
