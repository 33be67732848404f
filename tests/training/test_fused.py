"""The fused update against the step by step definition of the same update."""

import copy

import pytest
import torch

from rbm.datasets import load_dataset
from rbm.models.rbm import RBM
from rbm.randomness import Coins, generator
from rbm.training import gradients
from rbm.training.by_rows import ByRows, RowStep, fused_step
from rbm.training.centring import Centring
from rbm.training.config import TrainConfig
from rbm.training.fused import CompiledStep, FusedStep
from rbm.training.loop import Trainer
from rbm.training.optimizers import Momentum
from rbm.training.penalties import penalise

VISIBLE, HIDDEN, ROWS, CHAINS = 7, 3, 11, 13


def machine(seed: int = 3, dtype: torch.dtype = torch.float64) -> RBM:
    model = RBM(VISIBLE, HIDDEN).to(dtype)
    draw = generator(seed, "parameters")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draw, dtype=torch.float64))
    return model


@pytest.mark.parametrize("centred", ["on", "off"])
@pytest.mark.parametrize("sparsity_cost", [0.0, 0.7])
@pytest.mark.parametrize(
    ("dtype", "form", "tolerance"),
    [(torch.float64, FusedStep, 1e-12), (torch.float32, CompiledStep, 3e-6), (torch.float32, RowStep, 3e-6)],
)
def test_three_fused_steps_are_three_plain_steps(centred, sparsity_cost, dtype, form, tolerance):
    """Fewer data rows than chains, momentum, decay and sparsity: every factor counts. Float64 takes torch's operations."""
    config = TrainConfig(momentum=0.7, weight_decay=0.01, sparsity_cost=sparsity_cost, centred=centred)
    plain = machine(dtype=dtype)
    quick = copy.deepcopy(plain)
    mean = torch.rand(VISIBLE, generator=generator(5), dtype=dtype)
    offsets = [Centring(m, mean) if centred == "on" else None for m in (plain, quick)]
    optimizers = [Momentum(m) for m in (plain, quick)]
    fused = fused_step(ByRows(quick) if form is RowStep else quick, optimizers[1], offsets[1])
    assert type(fused) is form
    draw = generator(6)
    for _ in range(3):
        v0, vk = (torch.randint(0, 2, (n, VISIBLE), generator=draw).to(dtype) for n in (ROWS, CHAINS))
        h0, hk = (torch.rand(n, HIDDEN, generator=draw, dtype=dtype) for n in (ROWS, CHAINS))
        phases = gradients.Phases(v0, h0, vk, hk, None)
        assert fused.covers(config, phases)
        gradient = gradients.contrast(phases)
        if offsets[0] is not None:
            gradient = offsets[0].centre(gradient, phases)
            offsets[0].before_step()
        penalise(gradient, plain, phases, config)
        optimizers[0].step(gradient, 0.3, config.momentum)
        if offsets[0] is not None:
            offsets[0].after_step()
        fused.step(phases, config, 0.3)
    for p, q in zip(plain.parameters(), quick.parameters(), strict=True):
        torch.testing.assert_close(q, p, rtol=0, atol=tolerance)
    for p, q in zip(optimizers[0].velocity.values(), optimizers[1].velocity.values(), strict=True):
        torch.testing.assert_close(q, p, rtol=0, atol=tolerance)


@pytest.mark.parametrize("knobs", [{"l1": 0.1}, {"gradient_clip": 1.0}, {"max_norm": 1.0}])
def test_what_it_does_not_know_it_does_not_cover(knobs):
    fused = fused_step(machine(), Momentum(machine()), None)
    rows = torch.zeros(ROWS, VISIBLE)
    phases = gradients.Phases(rows, rows, rows, rows, None)
    assert fused.covers(TrainConfig(), phases)
    assert not fused.covers(TrainConfig(**knobs), phases)


@pytest.mark.parametrize("knobs", [{"algorithm": "fpcd"}, {"optimizer": "nesterov"}, {"optimizer": "adam"}])
def test_algorithms_and_optimisers_that_need_the_gradient_itself_get_it(knobs):
    bars = load_dataset("bars_and_stripes")
    trainer = Trainer(RBM(16, HIDDEN), bars, TrainConfig(**knobs), generator(1))
    assert trainer._fused is None


def test_a_run_may_leave_the_fused_path_and_come_back():
    """The state is shared: a turned knob changes the way, not where the run stands."""
    bars = load_dataset("bars_and_stripes")
    jobs = [Trainer(RBM(16, HIDDEN), bars, TrainConfig(batch_size=7), generator(1)) for _ in range(2)]
    jobs[1]._fused = None
    for job in jobs:
        for step in range(6):
            job.change(max_norm=100.0 if step in (2, 3) else 0.0)  # too wide to act, but not covered
            job.step()
    for p, q in zip(jobs[0].model.parameters(), jobs[1].model.parameters(), strict=True):
        torch.testing.assert_close(q, p, rtol=0, atol=1e-6)


def test_reused_memory_carries_nothing_over_to_batches_of_another_size():
    bars = load_dataset("bars_and_stripes")  # 30 images: 7, 7, 7, 7, 2
    jobs = [
        Trainer(RBM(16, HIDDEN), bars, TrainConfig(batch_size=7, n_chains=5, algorithm="pcd"), generator(1))
        for _ in range(2)
    ]
    for _ in range(12):
        for job in jobs:
            job.step()
        jobs[1]._fused._counts = 0, 0  # fresh memory every time
        jobs[1]._coins = Coins(jobs[1]._generator)
    assert all(torch.equal(p, q) for p, q in zip(jobs[0].model.parameters(), jobs[1].model.parameters(), strict=True))
