"""A server that is up for a term: visits that are over take no memory."""

import pytest

from tests.helpers.waiting import finished
from tests.load.__main__ import first_visit, visits
from tests.load.server import serve

HUNDRED = 100


@pytest.mark.slow  # three minutes; test_coming_back holds in every run that a run which nobody has is forgotten
def test_memory_is_flat_over_four_hundred_sessions():
    """Streamlit remembers the last 128 sessions, so the first two hundred fill what is kept."""
    with serve() as server:
        finished(first_visit(server.url))
        sizes = []
        for _ in range(4):
            assert finished(visits(server.url, HUNDRED)) == []
            sizes.append(server.memory()[0])
    assert max(sizes[2:]) < 1.1 * sizes[1], sizes  # with every run kept it was 1.43 times as much
