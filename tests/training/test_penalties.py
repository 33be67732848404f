"""Each penalty against its formula, on its own: with all costs zero nothing is touched."""

import pytest
import torch

from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.training.config import TrainConfig
from rbm.training.gradients import Gradient, Phases
from rbm.training.penalties import limit, penalise

VISIBLE, HIDDEN, ROWS = 7, 3, 11
NONE = {"weight_decay": 0.0}


@pytest.fixture
def model() -> RBM:
    return RBM(VISIBLE, HIDDEN).double()


@pytest.fixture
def phases() -> Phases:
    draw = generator(5, "data")
    v = torch.randint(0, 2, (ROWS, VISIBLE), generator=draw).double()
    h = torch.rand(ROWS, HIDDEN, generator=draw, dtype=torch.float64)
    return Phases(v, h, v, h.flip(0), None)


def penalised(model: RBM, phases: Phases, **knobs) -> tuple[Gradient, Gradient]:
    draw = generator(6)
    before = Gradient(*(torch.randn(p.shape, generator=draw, dtype=torch.float64) for p in model.parameters()))
    after = Gradient(*(g.clone() for g in before))
    penalise(after, model, phases, TrainConfig(**{**NONE, **knobs}))
    return before, after


def test_without_penalties_the_gradient_stays_as_it_is(model, phases):
    for g, same in zip(*penalised(model, phases), strict=True):
        assert torch.equal(g, same)


@pytest.mark.parametrize(
    ("knob", "pull"), [("weight_decay", lambda w: w), ("l1", lambda w: w.sign())], ids=["decay", "l1"]
)
def test_decay_and_l1_pull_weights_and_no_biases(model, phases, knob, pull):
    before, after = penalised(model, phases, **{knob: 0.05})
    torch.testing.assert_close(after.weight, before.weight - 0.05 * pull(model.weight.detach()))
    assert torch.equal(after.visible_bias, before.visible_bias)
    assert torch.equal(after.hidden_bias, before.hidden_bias)


def test_sparsity_compares_the_mean_over_the_batch_with_the_target(model, phases):
    before, after = penalised(model, phases, sparsity_cost=2.0, sparsity_target=0.2)
    torch.testing.assert_close(after.hidden_bias, before.hidden_bias + 2.0 * (0.2 - phases.h0_mean.mean(0)))
    assert torch.equal(after.weight, before.weight)


def test_clipping_shortens_the_whole_gradient_and_keeps_its_direction(model, phases):
    before, after = penalised(model, phases, gradient_clip=0.5)
    flat, clipped = (torch.cat([g.flatten() for g in gradient]) for gradient in (before, after))
    torch.testing.assert_close(clipped, flat * 0.5 / flat.norm())
    for g, same in zip(*penalised(model, phases, gradient_clip=100.0), strict=True):
        assert torch.equal(g, same)


def test_the_norm_limit_holds_for_each_hidden_unit_by_itself(model):
    with torch.no_grad():
        model.weight[:, 0] *= 100
        model.weight[:, 1] = 0
    before = model.weight.detach().clone()
    limit(model, 0.5)
    torch.testing.assert_close(model.weight[:, 0].detach(), before[:, 0] * 0.5 / before[:, 0].norm())
    assert torch.equal(model.weight[:, 1:].detach(), before[:, 1:])
    limit(model, 0.0)
    assert model.weight.norm() > 0.4
