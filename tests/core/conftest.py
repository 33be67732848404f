"""Loops alone and in parts."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(params=[1, 2])
def parts(request: pytest.FixtureRequest) -> Iterator[int]:
    """The threads of torch, into as many parts as which loops are divided."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)
