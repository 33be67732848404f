"""The gap of second moments: the definition, its expectation over draws, and the exact curve of chains from noise."""

import pytest
import torch

from rbm.errors import ShapeError
from rbm.evaluation import mean_gradient, transition
from rbm.evaluation.moment_gap import SecondMoments
from rbm.experiment import make_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.presets import PRESETS
from rbm.randomness import generator
from rbm.samplers import from_noise, gibbs

V, H, K = 5, 3, 4


def moments(rows: torch.Tensor) -> torch.Tensor:
    return rows.T @ rows / len(rows)


def test_it_is_the_definition(rng):
    data, samples = (torch.randn(n, V, generator=rng, dtype=torch.float64) for n in (11, 7))
    found = SecondMoments(data).gap(samples)
    assert found.value == pytest.approx(float((moments(samples) - moments(data)).square().mean()))
    without = [
        float((moments(torch.cat([samples[:a], samples[a + 1 :]])) - moments(data)).square().mean()) for a in range(7)
    ]
    mean = sum(without) / 7
    assert found.standard_error == pytest.approx((6 / 7 * sum((one - mean) ** 2 for one in without)) ** 0.5)
    assert SecondMoments(data).gap(data).value == pytest.approx(0, abs=1e-12)


def test_its_error_is_how_much_it_scatters(rng):
    data = (torch.rand(200, V, generator=rng) < 0.3).double()
    found = [SecondMoments(data).gap((torch.rand(64, V, generator=rng) < 0.6).double()) for _ in range(400)]
    scatter = float(torch.tensor([one.value for one in found]).std())
    assert sum(one.standard_error for one in found) / 400 == pytest.approx(scatter, rel=0.15)


def test_what_are_no_rows_or_other_columns_is_refused():
    with pytest.raises(ShapeError, match="N ≥ 2"):
        SecondMoments(torch.zeros(1, 3))
    with pytest.raises(ShapeError, match="2 columns, the data 3"):
        SecondMoments(torch.zeros(4, 3)).gap(torch.zeros(4, 2))


@pytest.fixture(scope="module")
def learnt() -> tuple[RBM, torch.Tensor]:
    """A machine at the end of Rdm-K: its exact mean gradient, followed until nothing is left of it; and its data."""
    data = torch.tensor([[0, 0, 0, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]).double()
    model = RBM(V, H, generator=generator(2, "rdm")).double()
    data = torch.cat([data.repeat(8, 1), transition.halves(model).v])  # every state sometimes: else weights never stop
    with torch.no_grad():
        model.weight.mul_(20)
    for _ in range(6000):
        half = transition.halves(model)
        noise = torch.full((len(half.v),), 1 / len(half.v), dtype=torch.float64)
        (negative,) = mean_gradient.after(noise, half, [K])
        gradient = mean_gradient.contrast(mean_gradient.distribution(data, half), negative, half)
        with torch.no_grad():
            for p, g in zip(model.parameters(), (gradient[0], gradient[1], gradient[2]), strict=True):
                p += 0.5 * g
    return model, data


def exact_gaps(model: RBM, data: torch.Tensor, steps: list[int]) -> list[float]:
    """The gap of infinitely many chains so many sweeps from noise, by the transition matrix."""
    half = transition.halves(model)
    noise = torch.full((len(half.v),), 1 / len(half.v), dtype=torch.float64)
    return [
        float((half.v.T @ (q[:, None] * half.v) - moments(data)).square().mean())
        for q in mean_gradient.after(noise, half, steps)
    ]


def test_a_machine_trained_by_k_steps_from_noise_is_best_at_exactly_k(learnt):
    model, data = learnt
    gaps = exact_gaps(model, data, list(range(41)))
    assert min(range(41), key=gaps.__getitem__) == K
    assert gaps[K] < 0.2 * min(gaps[: K - 1] + gaps[K + 3 :])
    assert all(later >= earlier for earlier, later in zip(gaps[K:], gaps[K + 1 :], strict=False))


def test_chains_from_noise_follow_the_exact_curve_within_their_errors(learnt):
    """E of n chains is that of infinitely many, and what n draws scatter: (⟨(v_i v_j)²⟩ − ⟨v_i v_j⟩²) / n a pair."""
    model, data = learnt
    n, draw, steps = 4_000, generator(3, "chains"), [1, 2, 3, 4, 6, 9, 20]
    half, reference = transition.halves(model), SecondMoments(data)
    noise = torch.full((len(half.v),), 1 / len(half.v), dtype=torch.float64)
    chains = from_noise(model, n, draw)
    for sweep, truth in zip(range(1, 21), mean_gradient.after(noise, half, list(range(1, 21))), strict=True):
        chains, _ = gibbs.sweep(model, chains, draw)
        if sweep not in steps:
            continue
        pair = half.v.T @ (truth[:, None] * half.v)
        expected = (pair - moments(data)).square().mean() + ((pair - pair.square()) / n).mean()
        found = reference.gap(chains.v)
        assert abs(found.value - float(expected)) < 4 * found.standard_error + 1e-5, sweep


@pytest.mark.slow  # a minute: five epochs of MNIST with ten sweeps from noise for every batch
def test_the_preset_out_of_equilibrium_makes_its_best_digits_ten_steps_from_noise():
    """Measured with seeds 1, 2, 3: E·10⁵ of 6.0, 9.5, 5.3 after 9 steps, 3.3, 5.6, 4.2 after 10, 5.1, 6.0, 8.5 after 11, and some
    150 after 30."""
    spec = PRESETS["out_of_equilibrium"].spec
    data = make_dataset(spec.dataset)
    trainer = make_trainer(spec, data)
    while not trainer.finished:
        trainer.step()
    source, gaps = generator(5, "walk"), {}
    digits = SecondMoments(data.test.bernoulli(generator=source))
    chains = from_noise(trainer.model, 2000, source)
    for steps in range(1, 31):
        chains, _ = gibbs.sweep(trainer.model, chains, source)
        gaps[steps] = digits.gap(chains.v)
    best = min(gaps, key=lambda steps: gaps[steps].value)
    assert abs(best - spec.training.k) <= 1  # neighbours of the best are within two standard errors of it
    for far in (5, 20, 30):
        assert gaps[far].value > 10 * gaps[best].value
