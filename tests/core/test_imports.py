"""Two threads that come into a large library from two sides find it whole: one waits until the other is through."""

import threading
from pathlib import Path

import pytest

from rbm.core.imports import library
from tests.helpers.waiting import PATIENCE

SIDE = """
import sys
here = sys.modules["{here}"]
here.inside.append("{name}")
here.first.set()
alone = not here.both.wait(0.3) if "{name}" == "one" else here.both.set()
"""
inside: list[str] = []
first, both = threading.Event(), threading.Event()


def test_one_thread_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("one", "other"):
        (tmp_path / f"side_{name}.py").write_text(SIDE.format(here=__name__, name=name))
    threads = [threading.Thread(target=library, args=(f"side_{name}",)) for name in ("one", "other")]
    threads[0].start()
    assert first.wait(PATIENCE)
    threads[1].start()
    for thread in threads:
        thread.join()
    assert inside == ["one", "other"]
    assert library("side_one").alone


def test_what_is_not_there_is_told_and_leaves_the_way_free() -> None:
    with pytest.raises(ImportError, match="no_such_library"):
        library("no_such_library")
    assert library("json").loads("1") == 1
