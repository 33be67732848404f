"""Weights that begin at the data's components: the machine's exact covariance, its means, and the likelihood it begins with."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from rbm.errors import ConfigError
from rbm.evaluation import exact
from rbm.evaluation.likelihood import log_likelihood
from rbm.experiment import (
    DatasetSpec,
    ModelSpec,
    RunSpec,
    cached_dataset,
    make_dataset,
    make_model,
    make_trainer,
    with_units,
)
from rbm.jobs.training import TrainingJob
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.training.config import TrainConfig
from rbm.training.low_rank import begin_at_components
from rbm.units.listing import joint_states

SPEC = RunSpec(
    DatasetSpec("mnist", size=3000),
    ModelSpec(10, start="components"),
    TrainConfig(algorithm="pcd", schedule="constant", momentum=0.0, likelihood="never"),
)


def likelihood(model: RBM, rows: torch.Tensor) -> float:
    return float(log_likelihood(model, rows, exact.log_partition(model)).mean())


@pytest.mark.parametrize("hidden", ["bernoulli", "spin", "multinary", "gaussian", "relu"])
def test_along_a_weak_component_the_machine_varies_as_the_data_do(hidden):
    """Enumerated covariance of p(v) in standardised columns: λ along the component, 1 across it, to the order of (λ − 1)²."""
    draw, n = generator(1, "weak"), 40_000
    side = torch.randn(n, 1, generator=draw, dtype=torch.float64)
    pull = 0.3 * torch.tensor([1.0, 1, -1, 1, 1, -1], dtype=torch.float64)
    v = (torch.rand(n, 6, generator=draw, dtype=torch.float64) < torch.sigmoid(pull * side + 0.2)).double()
    model = RBM(6, 40, hidden=hidden, n_states=3 if hidden == "multinary" else None).double()
    torch.nn.init.zeros_(model.weight)
    model.fit_visible_bias(v)
    assert begin_at_components(model, v, generator(2, "directions")) == 1
    states = joint_states(torch.arange(2**6), 6, model.visible_unit)
    p = (-model.free_energy(states).detach()).softmax(0)
    mean = p @ states
    torch.testing.assert_close(mean, v.mean(0), rtol=0, atol=0.01)
    root = (v.mean(0) * (1 - v.mean(0))).sqrt()
    x = (states - mean) / root
    made = x.T @ (p[:, None] * x)
    y = (v - v.mean(0)) / root
    values, vectors = torch.linalg.eigh(y.T @ y / n)
    u, excess = vectors[:, -1], float(values[-1]) - 1
    assert 0.08 < excess < 0.2
    assert float(u @ made @ u) - 1 == pytest.approx(excess, abs=2 * excess**2)
    across = torch.eye(6, dtype=torch.float64) - torch.outer(u, u)
    np.testing.assert_allclose(across @ made @ across, across, atol=2 * excess**2)


@pytest.mark.parametrize("visible", ["spin", "multinary", "gaussian", "relu"])
def test_and_so_do_other_units_along_one_of_theirs(visible):
    """The same covariance of p(v), through every state of the hidden layer: λ along the component, 1 across it."""
    draw, n = generator(1, "weak", visible), 40_000
    side = torch.randn(n, 1, generator=draw, dtype=torch.float64)
    chance = torch.rand(n, 6, generator=draw, dtype=torch.float64)
    pull = {"spin": 0.25, "multinary": 0.2, "relu": 0.25}.get(visible, 0.15)
    middle = pull * torch.tensor([1.0, 1, -1, 1, 1, -1], dtype=torch.float64) * side + 0.3
    least = torch.special.ndtr(-middle) if visible == "relu" else 0.0  # a normal number, of ReLU units one above 0
    x = middle + torch.special.ndtri(least + (1 - least) * chance)
    v = {"spin": x.sign(), "multinary": (x > -0.4).double() + (x > 0.6), "gaussian": 2 * x + 5, "relu": x}[visible]
    model = RBM(6, 12, visible=visible, n_states=3 if visible == "multinary" else None).double()
    torch.nn.init.zeros_(model.weight)
    model.fit_visible_bias(v)
    alone = model.visible_unit.covariance(model.visible_bias[None])[0, :, 0, 0].detach()
    assert begin_at_components(model, v, generator(2, "directions")) == 1
    mean, covariance = moments_through_hidden(model)
    root = alone.sqrt()
    made = covariance / root / root[:, None]
    y = (v - v.mean(0)) / root
    values, vectors = torch.linalg.eigh((y.T @ y / n).fill_diagonal_(1.0))
    u, excess = vectors[:, -1], float(values[-1]) - 1
    assert bool(((mean - v.mean(0)).abs() < 0.5 * excess * root).all())  # skewed units move as the square of the field
    assert 0.03 < excess < 0.2
    assert float(u @ made @ u) - 1 == pytest.approx(excess, abs=3 * excess**2)
    across = torch.eye(6, dtype=torch.float64) - torch.outer(u, u)
    np.testing.assert_allclose(across @ made @ across, across, atol=3 * excess**2)


@torch.no_grad()
def moments_through_hidden(model: RBM) -> tuple[torch.Tensor, torch.Tensor]:
    """⟨v⟩ and the covariance of p(v), by the visible layer's own moments given each of the 2^H states of the hidden one."""
    h = joint_states(torch.arange(2**model.n_hidden), model.n_hidden, model.hidden_unit)
    field, unit = model.visible_field(h), model.visible_unit
    p = (unit.log_partition(field).sum(1) + h @ model.hidden_bias).softmax(0)
    means, own = unit.mean(field), unit.covariance(field)[:, :, 0, 0]
    mean = p @ means
    apart = means - mean
    return mean, apart.T @ (p[:, None] * apart) + torch.diag(p @ own)


def test_independent_columns_have_no_component():
    v = (torch.rand(5_000, 30, generator=generator(1, "none")) < 0.4).float()
    model = RBM(30, 5)
    before = model.weight.detach().clone()
    assert begin_at_components(model, v, generator(1)) == 0
    assert torch.equal(model.weight, before)


def test_a_few_updates_from_components_are_likelier_than_many_from_noise():
    """Exact log-likelihood of validation digits after 0, 10 and 60 updates."""
    data = cached_dataset(SPEC.dataset)
    found = {}
    for start in ("noise", "components"):
        trainer = make_trainer(replace(SPEC, model=replace(SPEC.model, start=start)), data)
        for step in (0, 10, 60):
            while trainer.step_number < step:
                trainer.step()
            found[start, step] = likelihood(trainer.model, trainer.probe.validation)
    assert found["components", 0] > found["noise", 60] + 5
    assert found["components", 60] > found["components", 10] > found["components", 0]


def test_it_adds_to_the_same_noise_and_the_same_seed_gives_the_same():
    data = cached_dataset(SPEC.dataset)
    model, again = (make_model(SPEC, data) for _ in range(2))
    noise = make_model(replace(SPEC, model=replace(SPEC.model, start="noise")), data)
    assert torch.equal(model.weight, again.weight)
    values = torch.linalg.svdvals((model.weight - noise.weight).detach())
    assert int((values > 1e-4).sum()) == 10
    border = data.pixel_mean < 1e-4
    assert torch.equal(model.weight[border], noise.weight[border])


@pytest.mark.parametrize("visible", ["spin", "gaussian", "relu", "multinary"])
def test_any_units_of_one_column_may_begin_so_and_learn_on(visible):
    model = ModelSpec(8, visible=visible, n_states=4, start="components")
    spec = RunSpec(
        DatasetSpec("mnist", size=500), model, TrainConfig(epochs=1, learning_rate=0.002, likelihood="never")
    )
    data = make_dataset(spec.dataset, spec.model)
    trainer = make_trainer(spec, data)
    noise = make_model(replace(spec, model=replace(model, start="noise")), data)
    assert float(trainer.model.weight.detach().norm()) > 2 * float(noise.weight.detach().norm())
    while not trainer.finished:
        trainer.step()
    assert all(p.isfinite().all() for p in trainer.model.parameters())


def test_categorical_units_begin_at_noise():
    spec = ModelSpec(4, visible="categorical", n_states=3, start="components")
    run = RunSpec(DatasetSpec("tiny_digits"), spec)
    data = make_dataset(run.dataset, spec)
    noise = make_model(replace(run, model=replace(spec, start="noise")), data)
    assert torch.equal(make_model(run, data).weight, noise.weight)


def test_new_runs_of_categorical_units_that_ask_for_components_are_refused_and_kept_ones_go_on():
    spec = ModelSpec(4, hidden="categorical", n_states=3, start="components")
    run = RunSpec(DatasetSpec("tiny_digits"), spec, TrainConfig(epochs=2, likelihood="never"))
    with pytest.raises(
        ConfigError, match=r"^Categorical units cannot start at components.* at noise, or take other units\.$"
    ):
        TrainingJob(run.to_json())
    plain = TrainingJob(replace(run, model=replace(spec, start="noise")).to_json())
    assert TrainingJob(run.to_json(), plain.advance(checkpoint=True).checkpoint).trainer.step_number
    assert with_units({**asdict(spec), **asdict(run.training)}, hidden="spin")["start"] == "components"
    assert with_units({**asdict(spec), **asdict(run.training)}, visible="categorical")["start"] == "noise"
