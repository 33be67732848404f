"""The negative phases: each algorithm's chains against what is exactly known of them. Tiny models in float64."""

import pytest
import torch

from rbm.models.rbm import RBM
from rbm.randomness import Coins, generator
from rbm.training.config import TrainConfig
from rbm.training.negative import make_negative

VISIBLE, HIDDEN, ROWS = 7, 3, 11


def random_model(seed: int = 3, scale: float = 1.0) -> RBM:
    model = RBM(VISIBLE, HIDDEN).double()
    draw = generator(seed, "parameters")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(scale * torch.randn(p.shape, generator=draw, dtype=torch.float64))
    return model


@pytest.fixture
def model() -> RBM:
    return random_model()


@pytest.fixture
def data() -> torch.Tensor:
    return torch.randint(0, 2, (ROWS, VISIBLE), generator=generator(5, "data")).double()


def make(algorithm: str, model: RBM, seed: int = 6, **knobs):
    return make_negative(model, TrainConfig(algorithm=algorithm, **knobs), Coins(generator(seed, "chance")))


@pytest.mark.parametrize(("asked", "got"), [(0, ROWS), (5, 5), (13, 13), (29, 29)])
def test_there_are_as_many_persistent_chains_as_asked_for_and_a_batchful_without_asking(model, data, asked, got):
    phase = make("pcd", model, n_chains=asked)
    assert len(phase.phases(data, 1).vk) == got
    assert len(phase.phases(data[:2], 1).vk) == got  # a short batch does not cut them


def test_persistent_chains_go_on_where_they_stopped_and_contrastive_divergence_starts_at_the_data(model, data):
    with torch.no_grad():
        model.weight.mul_(0)
        model.visible_bias.mul_(0)
        model.weight[:, 0] = 60.0  # the first hidden unit holds every pixel on, and off
        model.visible_bias.fill_(-30.0)
        model.hidden_bias[0] = -200.0
    lit, dark = torch.ones_like(data), torch.zeros_like(data)
    pcd, cd = make("pcd", model), make("cd", model)
    for phase in (pcd, cd):
        assert phase.phases(lit, 1).vk.all()
    assert pcd.phases(dark, 1).vk.all()
    assert not cd.phases(dark, 1).vk.any()
