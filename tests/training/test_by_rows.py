"""Training by sums of rows: when it is chosen, that it is the same training, and that it costs no quality."""

import copy
import math
from dataclasses import replace

import pytest
import torch

from rbm import randomness
from rbm.core import columns, rows
from rbm.datasets import load_dataset
from rbm.datasets.base import Dataset, binarise
from rbm.evaluation import ais
from rbm.evaluation.likelihood import log_likelihood
from rbm.experiment import HIDDEN_NAMES
from rbm.models.rbm import RBM
from rbm.training import by_rows
from rbm.training.by_rows import ByRows, RowStep, choose_products
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer

HIDDEN = 20


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("mnist", size=200)


def turned(dataset: Dataset) -> Dataset:
    """Black on white."""
    return replace(dataset, train=1 - dataset.train, validation=1 - dataset.validation)


def trainer(dataset: Dataset, hidden: int = HIDDEN, seed: int = 1, **knobs: object) -> Trainer:
    model = RBM(dataset.n_visible, hidden, generator=randomness.generator(seed, "model"))
    model.fit_visible_bias(dataset.train, dataset.pixel_mean)
    config = TrainConfig(**{"precision": "float32", "batch_size": 10, **knobs})
    return Trainer(model, dataset, config, randomness.generator(seed, "training"))


def chosen(dataset: Dataset, dtype: torch.dtype = torch.float32, model: RBM | None = None, **knobs: object) -> str:
    model = RBM(dataset.n_visible, HIDDEN) if model is None else model
    products = choose_products(model, dataset, TrainConfig(**knobs), dtype)
    assert products.by_rows == products.reason.startswith("Sums of rows")
    return products.reason


def test_the_data_s_density_and_what_the_loops_take_decide(digits):
    assert "only 13% of the pixels are on" in chosen(digits)
    assert "sums of four columns" in chosen(digits)
    assert "columns" not in chosen(digits, model=RBM(784, HIDDEN, hidden="spin"))
    assert "only 13% of the pixels are on" in chosen(digits, binarise="threshold")
    assert "50% of the pixels are on" in chosen(load_dataset("bars_and_stripes"), binarise="none")
    assert "only 13% of the pixels are off" in chosen(turned(digits))
    assert "the pixels are grey" in chosen(digits, binarise="none")
    assert "the visible states of mfcd are no samples" in chosen(digits, algorithm="mfcd")
    assert "spin visible units are not 0 or 1" in chosen(digits, model=RBM(784, HIDDEN, visible="spin"))
    assert "float32 on the processor only" in chosen(digits, torch.bfloat16)
    assert "float32 on the processor only" in chosen(digits, model=RBM(784, HIDDEN).double())


@pytest.mark.parametrize("algorithm", by_rows.ALGORITHMS)
@pytest.mark.parametrize("binarisation", ["stochastic", "threshold"])
@pytest.mark.parametrize("rare", [1, 0])
def test_it_is_the_same_training_but_for_rounding(digits, monkeypatch, algorithm, binarisation, rare):
    """Three updates draw about 200,000 coins, of which rounding turns one in 10⁷: hardly ever one."""
    knobs = {"algorithm": algorithm, "binarise": binarisation, "weight_decay": 0.001, "sparsity_cost": 0.1}
    knobs["batch_size"] = columns.FEWEST + 1
    images = digits if rare else turned(digits)
    summed = trainer(images, **knobs)
    assert summed.products.rare == rare
    monkeypatch.setattr(rows, "DENSEST", -1.0)
    monkeypatch.setattr(rows, "FEWEST", 2.0)
    multiplied = trainer(images, **knobs)
    assert (summed.products.by_rows, multiplied.products.by_rows) == (True, False)
    for _ in range(3):
        summed.step()
        multiplied.step()
    for p, q in zip(summed.model.parameters(), multiplied.model.parameters(), strict=True):
        torch.testing.assert_close(
            p, q, rtol=1e-5, atol=1e-5 if rare else 7e-5
        )  # the dense sums have 7 times the terms


@pytest.mark.parametrize("hidden", HIDDEN_NAMES)
@pytest.mark.parametrize("algorithm", by_rows.ALGORITHMS)
def test_both_phases_are_the_machine_s_own_whatever_its_hidden_units(digits, algorithm, hidden):
    """⟨h|v⟩ of the data and of the chains, as the model gives them."""
    states = 3 if hidden in ("categorical", "multinary") else None
    model = RBM(digits.n_visible, HIDDEN, hidden=hidden, n_states=states, generator=randomness.generator(2, "model"))
    model.fit_visible_bias(digits.train, digits.pixel_mean)
    config = TrainConfig(algorithm=algorithm, precision="float32", batch_size=10, learning_rate=0.01, n_replicas=3)
    job = Trainer(model, digits, config, randomness.generator(2, "training"))
    job.step()
    before = model.weight.detach().clone()
    phases = job._phases(job._next_rows())
    assert torch.equal(model.weight, before)  # nothing is learnt by looking
    with torch.no_grad():
        chains = [(phases.vk, phases.hk_mean)] if algorithm != "fpcd" else []  # whose chains follow another machine
        for v, mean in [(phases.v0, phases.h0_mean), *chains]:
            torch.testing.assert_close(mean, model.hidden_mean(v), rtol=1e-4, atol=1e-5)


def test_the_usual_training_takes_the_one_pass_and_a_machine_is_not_copied(digits):
    job = trainer(digits)
    assert type(job._fused) is RowStep
    before = job.model.weight.detach().clone()
    job.step()
    assert not torch.equal(job.model.weight, before)
    assert type(job.model) is RBM
    same = ByRows(job.model)
    assert all(p is q for p, q in zip(same.parameters(), job.model.parameters(), strict=True))
    v = torch.zeros(3, 784)
    assert same.hidden_field(v).requires_grad  # whoever asks for gradients gets them
    with torch.no_grad():
        torch.testing.assert_close(same.hidden_field(v[:, :1].expand(3, 784)), job.model.hidden_field(v))


@pytest.mark.parametrize("knobs", [{}, {"k": 3}, {"algorithm": "pcd", "n_chains": 13}, {"algorithm": "fpcd"}])
def test_runs_repeat_and_resume_bit_for_bit(digits, knobs):
    whole, again, first, second = (trainer(digits, epochs=1, batch_size=64, **knobs) for _ in range(4))
    for job in (whole, again):
        while not job.finished:
            job.step()
    while first.step_number < 2:
        first.step()
    second.model.load_state_dict(first.model.state_dict())
    second.load_state(copy.deepcopy(first.state()))
    while not second.finished:
        second.step()
    for other in (again, second):
        assert all(torch.equal(p, q) for p, q in zip(whole.model.parameters(), other.model.parameters(), strict=True))


@pytest.mark.slow
def test_five_seeds_by_rows_are_as_good_as_by_products(monkeypatch):
    """AIS test log-likelihood after 2 epochs of PCD-1, 100 units: the means differ by less than the seeds' spread."""
    digits = load_dataset("mnist")
    images = binarise(digits.test, "stochastic", randomness.generator(1, "test images"))
    values: dict[bool, list[float]] = {True: [], False: []}
    for summed, reached in values.items():
        monkeypatch.setattr(rows, "DENSEST", 1.0 if summed else -1.0)
        for seed in range(1, 6):
            knobs = {"algorithm": "pcd", "momentum": 0.0, "learning_rate": 0.05, "schedule": "linear", "epochs": 2}
            job = trainer(digits, hidden=100, seed=seed, batch_size=64, **knobs)
            assert job.products.by_rows == summed
            while not job.finished:
                job.step()
            draw = randomness.generator(seed, "ais")
            log_z = ais.log_partition(job.model, generator=draw, base=ais.base_biases(digits.train)).value
            reached.append(float(log_likelihood(job.model, images, log_z).double().mean()))
    one, other = (torch.tensor(v, dtype=torch.float64) for v in values.values())
    print({name: [round(x, 2) for x in v] for name, v in values.items()})  # noqa: T201 - a study is read
    spread = float(torch.cat([one - one.mean(), other - other.mean()]).square().sum().div(8).sqrt())
    assert abs(float(one.mean() - other.mean())) < 4 * spread * math.sqrt(2 / 5)
