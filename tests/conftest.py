"""What most tests start from: a machine small enough to know everything about, and a source of chance."""

import pytest
import torch

from rbm.models.rbm import RBM
from rbm.randomness import generator
from tests.oracles import HIDDEN, ROWS, VISIBLE


@pytest.fixture
def rng() -> torch.Generator:
    return generator(20, "tests")


@pytest.fixture
def tiny_rbm() -> RBM:
    """7 visible and 3 hidden units in float64, all parameters of order 1: far from independent, quick to mix."""
    model = RBM(VISIBLE, HIDDEN).double()
    source = generator(17, "tiny")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=source, dtype=torch.float64))
    return model


@pytest.fixture
def swapped_rbm(tiny_rbm: RBM) -> RBM:
    """The same machine with its layers called by each other's names."""
    model = RBM(HIDDEN, VISIBLE).double()
    with torch.no_grad():
        model.weight.copy_(tiny_rbm.weight.T)
        model.visible_bias.copy_(tiny_rbm.hidden_bias)
        model.hidden_bias.copy_(tiny_rbm.visible_bias)
    return model


@pytest.fixture
def images() -> torch.Tensor:
    """11 binary rows for the tiny machine."""
    return torch.randint(0, 2, (ROWS, VISIBLE), generator=generator(23, "images")).double()
