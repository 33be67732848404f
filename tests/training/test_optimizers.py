"""Steps against their formulae and against torch's own optimiser."""

import pytest
import torch

from rbm.errors import ConfigError
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.training.config import TrainConfig
from rbm.training.gradients import Gradient
from rbm.training.optimizers import Adam, Momentum, make_optimizer, scheduled_rate


def gradient_of(seed: int) -> Gradient:
    draw = generator(seed, "gradient")
    return Gradient(*(torch.randn(*shape, generator=draw) for shape in ((5, 3), (5,), (3,))))


def test_the_rate_stands_inside_the_velocity():
    model = RBM(5, 3)
    start = model.weight.detach().clone()
    optimizer = Momentum(model)
    first, second = gradient_of(1), gradient_of(2)
    optimizer.step(first, 0.1, 0.9)
    optimizer.step(second, 0.001, 0.9)  # a lowered rate does not shrink the step under way
    velocity = 0.9 * 0.1 * first.weight + 0.001 * second.weight
    torch.testing.assert_close(model.weight.detach() - start, 0.1 * first.weight + velocity)


def test_adam_is_torchs_adam_going_uphill():
    model, twin = RBM(5, 3), RBM(5, 3)
    ours, theirs = Adam(model), torch.optim.Adam(twin.parameters(), lr=0.01)
    for seed in range(5):
        gradient = gradient_of(seed)
        ours.step(gradient, 0.01, 0.0)
        for p, g in zip(twin.parameters(), gradient, strict=True):
            p.grad = -g
        theirs.step()
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_nesterov_is_torchs_at_a_constant_rate():
    model, twin = RBM(5, 3), RBM(5, 3)
    ours = make_optimizer(model, "nesterov")
    theirs = torch.optim.SGD(twin.parameters(), lr=0.05, momentum=0.7, nesterov=True)
    for seed in range(5):
        gradient = gradient_of(seed)
        ours.step(gradient, 0.05, 0.7)
        for p, g in zip(twin.parameters(), gradient, strict=True):
            p.grad = -g
        theirs.step()
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(p, q)


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam"])
def test_a_saved_optimiser_goes_on_bit_for_bit(name):
    whole, halves = RBM(5, 3), RBM(5, 3)
    one, two = make_optimizer(whole, name), make_optimizer(halves, name)
    for seed in range(3):
        one.step(gradient_of(seed), 0.05, 0.5)
        two.step(gradient_of(seed), 0.05, 0.5)
    again = make_optimizer(halves, name)
    again.load_state({key: t.clone() for key, t in two.state().items()})
    for seed in range(3, 6):
        one.step(gradient_of(seed), 0.05, 0.5)
        again.step(gradient_of(seed), 0.05, 0.5)
    for p, q in zip(whole.parameters(), halves.parameters(), strict=True):
        assert torch.equal(p, q)


@pytest.mark.parametrize(
    ("schedule", "start", "half", "end"),
    [
        ("constant", 0.2, 0.2, 0.2),
        ("linear", 0.2, 0.1, 0.0),
        ("cosine", 0.2, 0.1, 0.0),
        ("step", 0.2, 0.02, 0.002),
        ("inverse", 0.2, 0.2 / 5.5, 0.02),
    ],
)
def test_schedules_at_start_half_and_end(schedule, start, half, end):
    config = TrainConfig(learning_rate=0.2, schedule=schedule)
    rates = [scheduled_rate(config, progress) for progress in (0.0, 0.5, 1.0)]
    assert rates == pytest.approx([start, half, end], abs=1e-15)


def test_an_unknown_optimiser_is_named():
    with pytest.raises(ConfigError, match="no optimiser 'lion'"):
        make_optimizer(RBM(5, 3), "lion")
