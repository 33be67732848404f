"""A class of twelve against a real server: everybody gets a fair share of training, also beside two who ask for much.

What is judged are ratios of a worker's seconds won in the same time, on a machine of any speed, which trains on until there is
enough to compare. One worker, whatever the machine has: how a busy system divides its cores among several is its own affair.
"""

import pytest

from tests.helpers.waiting import finished
from tests.load.__main__ import a_class, first_visit
from tests.load.server import serve


@pytest.mark.slow  # test_shared_workers.py judges the same ratios in every run, without a server
@pytest.mark.parametrize("heavy", [0, 2])
def test_the_slowest_of_twelve_wins_half_of_the_seconds_that_the_median_has(heavy):
    with serve(RBM_WORKERS="1") as server:
        finished(first_visit(server.url))
        lesson = a_class(server.url, server, sessions=12, arrive=5.0, train=14.0, heavy=heavy, steps=3, updates=1000)
        lessons, shared = finished(lesson)
    assert [trouble for one in lessons for trouble in one.troubles] == []
    assert shared.slowest >= 0.5, shared
    if heavy:
        assert shared.beside_heavy >= 0.5, shared
