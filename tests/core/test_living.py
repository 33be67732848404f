"""Things that somebody holds, counted by one thread while others come and go."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from rbm.core.living import Living


class One:
    """Something that can be held."""


@pytest.fixture
def hasty():
    """Threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_what_nobody_holds_is_not_in_it():
    living: Living[One] = Living()
    kept, left_out = One(), One()
    for one in (kept, left_out, One()):
        living.add(one)
    del one
    living.discard(left_out)
    assert living.now() == [kept]


def test_some_come_while_others_are_counted(hasty):
    living: Living[One] = Living()
    held, over = [One() for _ in range(300)], Event()
    for one in held:
        living.add(one)

    def come() -> None:
        while not over.is_set():
            living.add(One())  # and goes at once

    def count() -> int:
        return min(len(set(living.now()) & set(held)) for _ in range(2000))

    with ThreadPoolExecutor(4) as threads:
        coming = [threads.submit(come) for _ in range(2)]
        counted = [threads.submit(count) for _ in range(2)]
        try:
            assert [one.result() for one in counted] == [300, 300]
        finally:
            over.set()
        for one in coming:
            one.result()
