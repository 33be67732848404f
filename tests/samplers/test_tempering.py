"""Tempering: every replica keeps its own distribution, and modes that Gibbs never leaves are crossed."""

import copy

import pytest
import torch

from rbm.errors import ConfigError
from rbm.evaluation import exact
from rbm.models.rbm import RBM
from rbm.randomness import Coins, generator
from rbm.samplers import tempering
from rbm.samplers.tempering import Replicas, SwapInfo

VISIBLE, HIDDEN = 5, 2
BETAS = torch.tensor([1.0, 0.7, 0.3, 0.0], dtype=torch.float64)


@pytest.fixture
def model() -> RBM:
    model = RBM(VISIBLE, HIDDEN).double()
    draw = generator(3, "parameters")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(2 * torch.randn(p.shape, generator=draw, dtype=torch.float64))
    return model


def scaled(model: RBM, beta: float) -> RBM:
    """A machine whose p is the model's at inverse temperature β."""
    hot = copy.deepcopy(model)
    with torch.no_grad():
        for p in hot.parameters():
            p.mul_(beta)
    return hot


def drawn_exactly(model: RBM, n: int, seed: int) -> Replicas:
    chains = [exact.sample(scaled(model, b), n, generator(seed, "replica", i)) for i, b in enumerate(BETAS.tolist())]
    return Replicas(torch.stack([c.v for c in chains]), torch.stack([c.h for c in chains]), BETAS, 0)


def frequencies(v: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """Shares of the joint states in the order of exact.joint_distribution."""
    bits = torch.cat([v, h], 1).long()
    index = (bits * 2 ** torch.arange(bits.shape[1] - 1, -1, -1)).sum(1)
    return torch.bincount(index, minlength=2 ** bits.shape[1]).double() / len(v)


@pytest.mark.parametrize("rounds", [1, 4, 16])
def test_chains_drawn_exactly_stay_exact_in_every_replica(model, rounds):
    n, coins = 20_000, Coins(generator(7, "chance"))
    replicas = drawn_exactly(model, n, seed=11)
    traded = 0.0
    for _ in range(rounds):
        replicas = tempering.sweep(model, replicas, coins)
        replicas, info = tempering.swap(model, replicas, coins)
        traded += float(info.acceptance.nansum())
    assert traded > 0.2 * rounds  # else nothing was tested
    for i, beta in enumerate(BETAS.tolist()):
        p = exact.joint_distribution(scaled(model, beta))[2].flatten()
        distance = 0.5 * (frequencies(replicas.v[i], replicas.h[i]) - p).abs().sum()
        floor = 0.5 * (p * (1 - p) / n).sqrt().sum()
        assert distance < 2 * floor, (beta, float(distance / floor))


def test_the_swap_rule_is_the_ratio_of_joint_probabilities(model):
    """Mean acceptance over exact draws of two replicas = Σ min(p_i(x) p_j(y), p_i(y) p_j(x))."""
    betas = torch.tensor([1.0, 0.4], dtype=torch.float64)
    cold, hot = (exact.joint_distribution(scaled(model, b))[2].flatten() for b in betas.tolist())
    there, back = cold[:, None] * hot[None], cold[None] * hot[:, None]
    expected = float(torch.minimum(there, back).sum())
    n = 40_000
    chains = [exact.sample(scaled(model, b), n, generator(5, i)) for i, b in enumerate(betas.tolist())]
    replicas = Replicas(torch.stack([c.v for c in chains]), torch.stack([c.h for c in chains]), betas, 0)
    swapped, info = tempering.swap(model, replicas, Coins(generator(6)))
    assert float(info.acceptance[0]) == pytest.approx(expected, abs=4 * 0.5 / n**0.5)
    assert (swapped.v[0] != replicas.v[0]).any()


def test_even_and_odd_pairs_take_turns(model):
    replicas = drawn_exactly(model, 13, seed=1)
    for step, proposed in ((0, [True, False, True]), (1, [False, True, False])):
        _, info = tempering.swap(model, replicas._replace(step=step), Coins(generator(2)))
        assert (~info.acceptance.isnan()).tolist() == proposed


def two_modes() -> RBM:
    """All pixels on or all off, equally likely, and e^−18 between: one hidden unit decides."""
    model = RBM(7, 2).double()
    with torch.no_grad():
        model.weight.zero_()
        model.weight[:, 0] = 8.0
        model.visible_bias.fill_(-4.0)
        model.hidden_bias.copy_(torch.tensor([-28.0, 0.0]))
    return model


def test_tempering_crosses_between_modes_that_gibbs_never_leaves():
    model, n = two_modes(), 199
    dark = torch.zeros(n, 2, dtype=torch.float64)
    alone = tempering.from_hidden(model, dark, torch.ones(1, dtype=torch.float64))
    replicas = tempering.from_hidden(model, dark, tempering.ladder(6))
    coins, gibbs = Coins(generator(7)), Coins(generator(8))
    for _ in range(300):
        alone = tempering.sweep(model, alone, gibbs)
        replicas = tempering.sweep(model, replicas, coins)
        replicas, _ = tempering.swap(model, replicas, coins)
    lit = (alone.v[0].mean(1) > 0.5).double().mean()
    assert lit < 0.1
    lit = (replicas.v[0].mean(1) > 0.5).double().mean()
    assert abs(float(lit) - 0.5) < 4 * 0.5 / n**0.5


def test_the_ladder_settles_where_swaps_are_evenly_accepted():
    model = RBM(53, 5).double()
    draw = generator(3)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(1.5 * torch.randn(p.shape, generator=draw, dtype=torch.float64))
    coins, h = Coins(generator(4)), torch.zeros(101, 5, dtype=torch.float64)
    replicas = tempering.from_hidden(model, h, tempering.ladder(5))
    rates = []
    for i in range(900):
        replicas = tempering.sweep(model, replicas, coins)
        replicas, info = tempering.swap(model, replicas, coins)
        if i < 600:
            replicas = replicas._replace(betas=tempering.adapt(replicas.betas, info))
        else:
            rates.append(info.acceptance)
    mean = torch.stack(rates).nanmean(0)
    assert (mean - tempering.TARGET).abs().max() < 0.08, mean
    assert replicas.betas[0] == 1.0
    assert 0.0 < replicas.betas[-1] < 0.9


def test_adapting_widens_what_is_easy_narrows_what_is_hard_and_stops_at_zero():
    betas = torch.tensor([1.0, 0.8, 0.6, 0.5], dtype=torch.float64)
    info = SwapInfo(torch.tensor([0.9, torch.nan, 0.0], dtype=torch.float64))
    gaps = -tempering.adapt(betas, info).diff()
    assert gaps[0] > 0.2
    assert gaps[1] == pytest.approx(0.2)
    assert gaps[2] < 0.1
    easy = SwapInfo(torch.ones(3, dtype=torch.float64))
    for _ in range(500):
        betas = tempering.adapt(betas, easy)
    assert float(betas[-1]) == pytest.approx(0.0, abs=1e-12)
    assert (betas.diff() < 0).all()


def test_one_replica_has_nobody_to_swap_with():
    with pytest.raises(ConfigError, match="at least 2, got 1"):
        tempering.ladder(1)
