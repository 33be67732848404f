"""A registry that a test has let go of: whoever comes late finds it, and leaves no connection behind."""

import threading

import pytest

from rbm.store import Store
from tests.helpers.databases import KINDS, let_go


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_who_comes_late_leaves_no_connection(store: Store):
    let_go(store)
    assert store.names() == {}
    with store._database._engine.connect() as late:
        raw = late.connection.driver_connection
    assert raw is not None
    assert raw.closed


@pytest.mark.parametrize("url", KINDS, indirect=True)
def test_who_is_at_it_ends_first(store: Store):
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()
    pool = store._database._engine.pool

    def slow() -> None:
        with store._database.read():
            begun.set()
            may_end.wait()
        ended.set()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait()
    threading.Timer(0.2, may_end.set).start()
    let_go(store)
    thread.join()
    assert ended.is_set()
    assert pool.checkedout() == pool.checkedin() == 0
