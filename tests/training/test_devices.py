"""The same contracts on every device that this machine has."""

import math

import pytest
import torch

from rbm import randomness
from rbm.datasets import load_dataset
from rbm.evaluation import ais, exact
from rbm.evaluation.likelihood import log_likelihood
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer
from rbm.training.metrics import STANDARD

PRESENT = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}


@pytest.fixture(params=list(PRESENT))
def device(request) -> str:
    if not PRESENT[request.param]:
        pytest.skip(f"this machine has no {request.param} device")
    return request.param


def machine(device: str, n_visible: int = 7, n_hidden: int = 3) -> RBM:
    draw = randomness.generator(17, "devices")
    model = RBM(n_visible, n_hidden, generator=draw)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draw) * 0.7)
    return model.to(device)


def test_coins_are_fair(device):
    p = torch.tensor([0.0, 0.02, 0.5, 0.97, 1.0], device=device).expand(2**16, -1).contiguous()
    frequency = Coins(randomness.generator(3, device=device)).flip(p).mean(0)
    error = (p[0] * (1 - p[0]) / len(p)).sqrt()
    assert ((frequency - p[0]).abs() <= 4 * error).all()


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "rdm", "fpcd", "mfcd"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_repeats_and_reports_numbers(device, algorithm, precision):
    if algorithm == "fpcd" and precision == "bfloat16":
        precision = "auto"  # which takes float32 there
    digits = load_dataset("mnist", size=200)
    models = []
    for _ in range(2):
        model = RBM(digits.n_visible, 11, generator=randomness.generator(1, "model")).to(device)
        config = TrainConfig(algorithm=algorithm, precision=precision, epochs=2)
        job = Trainer(model, digits, config, randomness.generator(1, "training", device=device), STANDARD)
        while not job.finished:
            event = job.step()
        assert all(math.isfinite(value) for value in event.metrics.values())
        models.append(model)
    assert all(p.device.type == device for p in models[0].parameters())
    for p, q in zip(models[0].parameters(), models[1].parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-5, atol=1e-6)  # a GPU may add up in another order


def test_ais_agrees_with_enumeration_and_likelihoods_sum_to_one(device):
    model = machine(device)
    log_z = exact.log_partition(model)
    estimate = ais.log_partition(model, generator=randomness.generator(5, device=device))
    assert abs(estimate.value - log_z) < 4 * estimate.standard_error + 1e-4
    states = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 7).to(device)
    assert float(log_likelihood(model, states, log_z).exp().sum()) == pytest.approx(1, abs=1e-5)
