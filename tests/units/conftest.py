"""A small model of every pair of unit types."""

import pytest

from rbm.models.rbm import RBM
from tests.helpers.unit_pairs import PAIRS, make


@pytest.fixture(params=PAIRS, ids=lambda pair: "-".join(pair))
def model(request) -> RBM:
    return make(*request.param)
