"""bfloat16 products on a float32 master: when they are chosen, how close they come, and that they cost no quality."""

import math

import pytest
import torch

from rbm import randomness
from rbm.datasets import load_dataset
from rbm.datasets.base import Dataset, binarise
from rbm.errors import ConfigError
from rbm.evaluation import ais
from rbm.evaluation.likelihood import log_likelihood
from rbm.models.rbm import RBM
from rbm.training import precision
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer
from rbm.training.precision import HalfCopy, choose_precision

LARGE = (257, 129)  # above precision.SMALLEST weights


@pytest.fixture(scope="module")
def digits():
    return load_dataset("mnist", size=500)


def trainer(dataset, hidden=53, seed=1, **knobs) -> Trainer:
    model = RBM(dataset.n_visible, hidden, generator=randomness.generator(seed, "model"))
    model.fit_visible_bias(dataset.train, dataset.pixel_mean)
    return Trainer(model, dataset, TrainConfig(**knobs), randomness.generator(seed, "training"))


@pytest.mark.parametrize(
    ("instructions", "size", "algorithm", "expected"),
    [
        (True, LARGE, "cd", "bfloat16"),
        (True, LARGE, "pcd", "bfloat16"),
        (False, LARGE, "cd", "float32"),
        (True, (7, 3), "cd", "float32"),
        (True, LARGE, "pt", "float32"),
    ],
)
def test_auto_follows_the_processor_the_size_and_the_algorithm(monkeypatch, instructions, size, algorithm, expected):
    monkeypatch.setattr(precision, "has_bfloat16_instructions", lambda: instructions)
    chosen = choose_precision(TrainConfig(algorithm=algorithm), RBM(*size))
    assert chosen.name == expected
    assert chosen.reason.startswith(expected)
    assert choose_precision(TrainConfig(algorithm=algorithm, precision="float32"), RBM(*size)).name == "float32"


@pytest.mark.parametrize(("on", "expected"), [(0.13, "float32"), (0.5, "bfloat16"), (0.87, "float32")])
def test_auto_takes_sums_of_rows_before_bfloat16_where_the_data_allow_them(monkeypatch, on, expected):
    monkeypatch.setattr(precision, "has_bfloat16_instructions", lambda: True)
    images = (torch.rand(200, LARGE[0], generator=randomness.generator(1, "images")) < on).float()
    parts, labels = images.split([150, 25, 25]), torch.zeros(200, dtype=torch.long).split([150, 25, 25])
    dataset = Dataset("noise", "Noise", *parts, *labels, (LARGE[0],), "binary", ("all",))
    job = trainer(dataset, LARGE[1], binarise="none")
    assert job.precision.name == expected
    assert job.products.by_rows == (expected == "float32")
    assert ("rows of W" in job.precision.reason) == job.products.by_rows
    asked = trainer(dataset, LARGE[1], binarise="none", precision="bfloat16")
    assert (asked.precision.name, asked.products.by_rows) == ("bfloat16", False)


def test_bfloat16_is_refused_where_energies_are_compared_and_for_other_units():
    with pytest.raises(ConfigError, match="pt needs more exact numbers"):
        choose_precision(TrainConfig(precision="bfloat16", algorithm="pt"), RBM(*LARGE))
    with pytest.raises(ConfigError, match="bernoulli units only, not spin ones"):
        choose_precision(TrainConfig(precision="bfloat16"), RBM(*LARGE, visible="spin"))


def test_the_processor_is_asked_by_its_flags(monkeypatch):
    for flag in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, flag, lambda: False, raising=False)
    assert not precision.has_bfloat16_instructions()
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True, raising=False)
    assert precision.has_bfloat16_instructions()
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")  # a torch that does not say so
    assert not precision.has_bfloat16_instructions()


@pytest.mark.parametrize("centred", ["on", "off"])
def test_a_mean_field_update_without_chance_is_within_rounding_of_float32(digits, centred):
    """MFCD on fixed images draws nothing, so rounding alone differs: each phase is at most 1, its error 2⁻⁸ of it."""
    steps = {}
    for name in ("float32", "bfloat16"):
        job = trainer(digits, algorithm="mfcd", precision=name, binarise="threshold", centred=centred, weight_decay=0.0)
        assert job.precision.name == name
        before = [p.detach().clone() for p in job.model.parameters()]
        job.step()
        steps[name] = [p.detach() - old for p, old in zip(job.model.parameters(), before, strict=True)]
    for full, half in zip(steps["float32"], steps["bfloat16"], strict=True):
        assert float((half - full).abs().max()) < 0.1 * 2**-8  # a rate of 0.1
    full, half = (steps[name][0] for name in ("float32", "bfloat16"))
    assert float((half - full).norm() / full.norm()) < 0.05


@pytest.mark.slow  # a small study
def test_many_gradients_in_bfloat16_average_to_those_of_float32(digits):
    """With chance: the mean CD-1 update over 200 draws on one batch, within the standard error of the difference."""
    means, errors = [], []
    for name in ("float32", "bfloat16"):
        job = trainer(digits, precision=name, batch_size=500, epochs=300, momentum=0.0, learning_rate=1e-5)
        moves = []
        for _ in range(200):
            before = job.model.hidden_bias.detach().clone()
            job.step()
            moves.append((job.model.hidden_bias.detach() - before) / 1e-5)
        stacked = torch.stack(moves).double()
        means.append(stacked.mean(0))
        errors.append(stacked.std(0) / math.sqrt(len(moves)))
    scale = means[0].abs().mean()
    z = (means[1] - means[0]).abs() / ((errors[0] ** 2 + errors[1] ** 2).sqrt() + 2**-8 * scale)
    assert z.max() < 5


def test_the_master_stays_float32_and_its_copy_follows(digits):
    job = trainer(digits, precision="bfloat16", epochs=1)
    for _ in range(3):
        job.step()
    assert all(p.dtype == torch.float32 for p in job.model.parameters())
    half = HalfCopy(job.model)
    assert all(p.dtype == torch.bfloat16 for p in half.model.parameters())
    with torch.no_grad():
        job.model.weight += 1.0
    half.renew()
    assert torch.equal(half.model.weight, job.model.weight.bfloat16())
    # Steps too small for bfloat16 to see add up in the master.
    assert not torch.equal(job.model.weight, job.model.weight.bfloat16().float())


@pytest.mark.parametrize(
    "knobs", [{}, {"algorithm": "pcd", "n_chains": 13}, {"optimizer": "adam", "learning_rate": 0.01}]
)
def test_bfloat16_runs_repeat_and_resume_bit_for_bit(digits, knobs):
    whole, again, first, second = (trainer(digits, precision="bfloat16", epochs=2, **knobs) for _ in range(4))
    for job in (whole, again):
        while not job.finished:
            job.step()
    while first.step_number < 5:
        first.step()
    second.model.load_state_dict(first.model.state_dict())
    second.load_state({name: tensor.clone() for name, tensor in first.state().items()})
    while not second.finished:
        second.step()
    for other in (again, second):
        assert all(torch.equal(p, q) for p, q in zip(whole.model.parameters(), other.model.parameters(), strict=True))


@pytest.mark.slow
def test_five_seeds_in_bfloat16_are_as_good_as_in_float32():
    """AIS test log-likelihood after 2 epochs of PCD-1, 100 units: the means differ by less than the seeds' spread."""
    digits = load_dataset("mnist")
    images = binarise(digits.test, "stochastic", randomness.generator(1, "test images"))
    values = {"float32": [], "bfloat16": []}
    for name, reached in values.items():
        for seed in range(1, 6):
            knobs = {"algorithm": "pcd", "momentum": 0.0, "learning_rate": 0.05, "schedule": "linear", "epochs": 2}
            job = trainer(digits, hidden=100, seed=seed, precision=name, **knobs)
            while not job.finished:
                job.step()
            draw = randomness.generator(seed, "ais")
            log_z = ais.log_partition(job.model, generator=draw, base=ais.base_biases(digits.train)).value
            reached.append(float(log_likelihood(job.model, images, log_z).double().mean()))
    full, half = (torch.tensor(v, dtype=torch.float64) for v in values.values())
    print({name: [round(x, 2) for x in v] for name, v in values.items()})  # noqa: T201 - a study is read
    spread = float(torch.cat([full - full.mean(), half - half.mean()]).square().sum().div(8).sqrt())
    assert abs(float(half.mean() - full.mean())) < 4 * spread * math.sqrt(2 / 5)
