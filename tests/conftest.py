"""What most tests start from: a machine small enough to know everything about, and a source of chance."""

import os
from collections.abc import Iterator

# Two processes test side by side: more threads, and more than one worker for each cluster, would only be in the way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RBM_WORKERS", "1")

import pytest
import torch

from rbm.models.rbm import RBM
from rbm.randomness import generator
from tests.oracles import HIDDEN, ROWS, VISIBLE


@pytest.fixture(scope="session", autouse=True)
def own_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests keep their runs in a folder of their own, and so do the servers that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RBM_RUNS", str(tmp_path_factory.mktemp("runs")))
        patch.delenv("RBM_DATABASE_URL", raising=False)
        yield


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
