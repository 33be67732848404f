"""The centred gradient against the plain gradient of the same machine written in centred parameters."""

import copy

import pytest
import torch
from torch.nn.functional import one_hot

from rbm.datasets import load_dataset
from rbm.datasets.base import Dataset
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import Coins, generator
from rbm.training.centring import Centring
from rbm.training.config import TrainConfig
from rbm.training.gradients import Sweeps, contrast, contrastive_divergence
from rbm.training.loop import Trainer
from rbm.training.optimizers import make_optimizer
from rbm.units.listing import joint_states

VISIBLE, HIDDEN, ROWS = 7, 3, 11


@pytest.fixture
def model() -> RBM:
    model = RBM(VISIBLE, HIDDEN).double()
    draw = generator(3, "parameters")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draw, dtype=torch.float64))
    return model


@pytest.fixture
def data() -> torch.Tensor:
    return torch.randint(0, 2, (ROWS, VISIBLE), generator=generator(5, "data")).double()


def states(n: int) -> torch.Tensor:
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * n)


def centred_energies(weight, b, c, mu, lam) -> torch.Tensor:
    """E(v, h) of every pair of states, from the definition in centred parameters."""
    v, h = states(VISIBLE), states(HIDDEN)
    return -((v - mu) @ weight @ (h - lam).T) - (v @ b)[:, None] - (h @ c)[None]


def model_energies(model: RBM) -> torch.Tensor:
    v, h = states(VISIBLE), states(HIDDEN)
    pairs = [model.energy(v, row.expand(len(v), -1)) for row in h]
    return torch.stack(pairs, 1).detach()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_centred_steps_are_plain_steps_of_the_machine_written_in_centred_parameters(model, data, optimizer):
    """Three steps of either; afterwards the two machines differ by a constant energy."""
    centring = Centring(model, data.mean(0))
    centring.hidden = torch.tensor([0.2, 0.7, 0.4], dtype=torch.float64)
    mu, lam = centring.visible.clone(), centring.hidden.clone()
    twin = copy.deepcopy(model)  # its parameters are W, b̃ and c̃
    with torch.no_grad():
        twin.visible_bias += model.weight @ lam
        twin.hidden_bias += model.weight.T @ mu
    ours, theirs = make_optimizer(model, optimizer), make_optimizer(twin, optimizer)
    coins = Coins(generator(6))
    for _ in range(3):
        phases = contrastive_divergence(Sweeps(model, coins), data, 1)
        centring.visible, centring.hidden = mu.clone(), lam.clone()  # held still
        plain = contrast(phases)
        gradient = centring.centre(contrast(phases), phases._replace(v0=mu[None], h0_mean=lam[None]))
        weight = (phases.v0 - mu).T @ (phases.h0_mean - lam) / ROWS - (phases.vk - mu).T @ (phases.hk_mean - lam) / ROWS
        theirs.step(plain._replace(weight=weight), 0.1, 0.5)
        centring.before_step()
        ours.step(gradient, 0.1, 0.5)
        centring.after_step()
        difference = model_energies(model) - centred_energies(*(p.detach() for p in twin.parameters()), mu, lam)
        torch.testing.assert_close(difference, difference[0, 0].expand_as(difference), atol=1e-10, rtol=0)


def test_the_biases_keep_the_mean_field_where_it_was_when_only_weights_move(model, data):
    centring = Centring(model, data.mean(0))
    centring.hidden = torch.full((HIDDEN,), 0.3, dtype=torch.float64)
    before = model.hidden_field(centring.visible[None]), model.visible_field(centring.hidden[None])
    centring.before_step()
    with torch.no_grad():
        model.weight += 1.0
    centring.after_step()
    after = model.hidden_field(centring.visible[None]), model.visible_field(centring.hidden[None])
    for x, y in zip(before, after, strict=True):
        torch.testing.assert_close(x, y)


def test_offsets_are_moving_averages_and_moving_them_moves_no_model(model, data):
    centring = Centring(model, data[:5].mean(0))
    start = [p.detach().clone() for p in model.parameters()]
    phases = contrastive_divergence(Sweeps(model, Coins(generator(6))), data, 1)
    centring.centre(contrast(phases), phases)
    torch.testing.assert_close(centring.visible, 0.99 * data[:5].mean(0) + 0.01 * data.mean(0))
    first = phases.h0_mean.mean(0)
    torch.testing.assert_close(centring.hidden, first)  # λ starts at the first batch's mean
    other = phases._replace(h0_mean=phases.h0_mean.square())
    expected = 0.99 * first + 0.01 * other.h0_mean.mean(0)
    centring.centre(contrast(other), other)
    torch.testing.assert_close(centring.hidden, expected)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), start, strict=True))


def test_a_centred_run_learns_inverted_pixels_just_as_well():
    """Data and its negative are one task in centred coordinates: the first update is the same but for signs."""
    dataset = load_dataset("bars_and_stripes")
    negative = copy.copy(dataset)
    object.__setattr__(negative, "train", 1 - dataset.train)
    steps = []
    for data in (dataset, negative):
        model = RBM(16, 5)
        with torch.no_grad():
            model.weight.zero_()
        config = TrainConfig(centred="on", momentum=0.0, weight_decay=0.0, batch_size=30, k=1)
        trainer = Trainer(model, data, config, generator(1))
        phases = contrastive_divergence(Sweeps(model, Coins(generator(2))), data.train, 1)
        flipped = phases if data is dataset else phases._replace(vk=1 - steps[0][0].vk, hk_mean=steps[0][0].hk_mean)
        trainer._update(flipped, 0.1)
        steps.append((flipped, model.weight.detach().clone()))
    torch.testing.assert_close(steps[1][1], -steps[0][1], atol=1e-7, rtol=0)


@pytest.mark.parametrize(
    ("visible", "hidden"),
    [
        ("bernoulli", "bernoulli"),
        ("spin", "bernoulli"),
        ("multinary", "spin"),
        ("categorical", "gaussian"),
        ("spin", "relu"),
    ],
)
def test_the_standardised_step_is_ascent_in_standardised_coordinates(visible, hidden, rng):
    """Autograd of the exact log-likelihood in (Ŵ, b̂, c̃), with v = μ + s·v̂ and W = Ŵ/s, s² = σ²/⟨σ²⟩, against one update."""
    v = (torch.rand(11, 5, generator=rng) < torch.tensor([0.02, 0.1, 0.5, 0.6, 0.9])).float()
    v[0], v[1] = 1, 0  # every column varies
    level = v + v.roll(3, 0)  # 0, 1 or 2
    rows = {
        "bernoulli": v, "spin": 2 * v - 1, "multinary": level, "categorical": one_hot(level.long(), 3).float().flatten(1)
    }[visible]  # fmt: skip
    labels, shape = torch.zeros(11, dtype=torch.int64), rows.shape[1:]
    data = Dataset("few", "Few", rows, rows[:2], rows[:0], labels, labels[:2], labels[:0], shape, "real", ("all",))
    n_states = 3 if visible in ("multinary", "categorical") else None
    model = RBM(5, 3, visible=visible, hidden=hidden, n_states=n_states, generator=generator(1))
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=rng))
    config = TrainConfig(
        algorithm="exact", centred="standardised", binarise="none", batch_size=11, epochs=1, learning_rate=0.01,
        schedule="constant", momentum=0.0, weight_decay=0.0,
    )  # fmt: skip
    before = copy.deepcopy(model).double()
    trainer = Trainer(model, data, config, generator(2))
    trainer.step()
    mean, x = rows.double().mean(0), rows.double()
    variance = x.var(0, correction=0)
    s = (variance.clamp(min=0.1 * float(variance.mean())) / variance.mean()).sqrt()
    mu, lam = mean, before.hidden_mean(x).mean(0).detach()
    with torch.no_grad():
        w, b, c = (
            before.weight * s[:, None],
            (before.visible_bias + before.weight @ lam) * s,
            before.hidden_bias + mu @ before.weight,
        )
    w, b, c = (t.detach().requires_grad_() for t in (w, b, c))
    weight = w / s[:, None]
    parameters = {"weight": weight, "visible_bias": b / s - weight @ lam, "hidden_bias": c - mu @ weight}
    count = len(before.visible_unit.states()) ** 5
    states = joint_states(torch.arange(count), 5, before.visible_unit)
    free = torch.func.functional_call(
        _Free(before), {f"model.{k}": t for k, t in parameters.items()}, (torch.cat([x, states]),)
    )
    objective = -free[:11].mean() - (-free[11:]).logsumexp(0)
    steps = torch.autograd.grad(objective, (w, b, c))
    w, b, c = (t.detach() + 0.01 * g for t, g in zip((w, b, c), steps, strict=True))
    torch.testing.assert_close(model.weight.double(), w / s[:, None], rtol=0, atol=1e-6)
    torch.testing.assert_close(model.visible_bias.double(), b / s - (w / s[:, None]) @ lam, rtol=0, atol=2e-6)
    torch.testing.assert_close(model.hidden_bias.double(), c - mu @ (w / s[:, None]), rtol=0, atol=2e-6)
    assert float(trainer._scales.factor.max()) > 2


class _Free(torch.nn.Module):
    def __init__(self, model: RBM) -> None:
        super().__init__()
        self.model = model

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return self.model.free_energy(v)


def test_standardised_training_learns_every_pair_of_units_and_no_pixel_that_never_changes_breaks_it():
    for visible in ("bernoulli", "gaussian", "categorical"):
        model = ModelSpec(5, visible=visible, n_states=3)
        data = DatasetSpec("tiny_digits") if visible == "categorical" else DatasetSpec("mnist", size=100)
        training = TrainConfig(epochs=2, centred="standardised", learning_rate=0.01, likelihood="never")
        trainer = make_trainer(RunSpec(data, model, training), make_dataset(data, model))
        while not trainer.finished:
            trainer.step()
        assert all(p.isfinite().all() for p in trainer.model.parameters())
