"""The negative phases: each algorithm's chains against what is exactly known of them. Tiny models in float64."""

import copy

import pytest
import torch

from rbm.errors import ConfigError
from rbm.evaluation import exact, mean_gradient, transition
from rbm.models.rbm import RBM
from rbm.randomness import Coins, generator
from rbm.training.config import TrainConfig
from rbm.training.events import MEASURES
from rbm.training.gradients import Gradient, contrast
from rbm.training.negative import make_negative
from rbm.training.negative.trajectory import acceptance

VISIBLE, HIDDEN, ROWS = 7, 3, 11


def random_model(seed: int = 3, scale: float = 1.0) -> RBM:
    model = RBM(VISIBLE, HIDDEN).double()
    draw = generator(seed, "parameters")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(scale * torch.randn(p.shape, generator=draw, dtype=torch.float64))
    return model


@pytest.fixture
def model() -> RBM:
    return random_model()


@pytest.fixture
def data() -> torch.Tensor:
    return torch.randint(0, 2, (ROWS, VISIBLE), generator=generator(5, "data")).double()


def make(algorithm: str, model: RBM, seed: int = 6, **knobs):
    return make_negative(model, TrainConfig(algorithm=algorithm, **knobs), Coins(generator(seed, "chance")))


@pytest.mark.parametrize(("asked", "got"), [(0, ROWS), (5, 5), (13, 13), (29, 29)])
def test_there_are_as_many_persistent_chains_as_asked_for_and_a_batchful_without_asking(model, data, asked, got):
    phase = make("pcd", model, n_chains=asked)
    assert len(phase.phases(data, 1).vk) == got
    assert len(phase.phases(data[:2], 1).vk) == got  # a short batch does not cut them


def test_persistent_chains_go_on_where_they_stopped_and_contrastive_divergence_starts_at_the_data(model, data):
    with torch.no_grad():
        model.weight.mul_(0)
        model.visible_bias.mul_(0)
        model.weight[:, 0] = 60.0  # the first hidden unit holds every pixel on, and off
        model.visible_bias.fill_(-30.0)
        model.hidden_bias[0] = -200.0
    lit, dark = torch.ones_like(data), torch.zeros_like(data)
    pcd, cd = make("pcd", model), make("cd", model)
    for phase in (pcd, cd):
        assert phase.phases(lit, 1).vk.all()
    assert pcd.phases(dark, 1).vk.all()
    assert not cd.phases(dark, 1).vk.any()


def moments(phases) -> torch.Tensor:
    """The negative phase's statistics of every chain, side by side: (M, parameters)."""
    pair = torch.einsum("mv,mh->mvh", phases.vk, phases.hk_mean).flatten(1)
    return torch.cat([pair, phases.vk, phases.hk_mean], 1)


def exact_moments(model) -> torch.Tensor:
    return torch.cat([part.flatten() for part in exact.moments(model)])


@pytest.mark.parametrize("algorithm", ["pcd", "fpcd", "pt", "ptt", "exact"])
def test_chains_of_a_model_that_stands_still_reach_its_exact_statistics(model, data, algorithm):
    """FPCD's fast weights are zero as long as nothing is learnt."""
    n = 5000
    phase = make(algorithm, model, n_chains=n, n_replicas=4)
    rows = data.repeat(n // ROWS, 1)
    for _ in range(60):
        phases = phase.phases(rows, 1)
    each = moments(phases)
    z = (each.mean(0) - exact_moments(model)) / (each.std(0) / len(each) ** 0.5)
    assert z.abs().max() < 4.5


@pytest.mark.parametrize("k", [1, 3])
def test_random_chains_have_the_statistics_of_k_sweeps_from_noise_whatever_the_data(model, data, k):
    half = transition.halves(model)
    noise = torch.full((len(half.v),), 1 / len(half.v), dtype=torch.float64)
    (there,) = mean_gradient.after(noise, half, [k])
    expected = torch.cat([part.flatten() for part in mean_gradient.statistics(there, half)])
    n = 6000
    phase = make("rdm", model)
    for rows in (data.repeat(n // ROWS, 1), torch.ones(n, VISIBLE).double()):
        each = moments(phase.phases(rows, k))
        assert ((each.mean(0) - expected) / (each.std(0) / len(each) ** 0.5)).abs().max() < 4.5
    assert phase.state() == {}
    assert (expected - exact_moments(model)).abs().max() > 0.02  # which is not yet the machine's own


@pytest.mark.parametrize("sizes", [(7, 3), (3, 7), (5, 5)])
def test_the_exact_algorithms_gradient_is_the_exact_gradient(sizes):
    model = RBM(*sizes).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator(1, p.ndim), dtype=torch.float64))
    data = torch.randint(0, 2, (ROWS, sizes[0]), generator=generator(5)).double()
    for part, truth in zip(contrast(make("exact", model).phases(data, 1)), exact.gradient(model, data), strict=True):
        torch.testing.assert_close(part, truth, atol=1e-12, rtol=0)


def test_the_exact_algorithm_refuses_what_it_cannot_visit():
    with pytest.raises(ConfigError, match=r"2\^13 states.*limit is 2\^12.*or pcd"):
        make("exact", RBM(17, 13))
    make("exact", RBM(17, 12))


def test_mean_field_cd_uses_means_all_the_way(model, data):
    phases = make("mfcd", model).phases(data, 2)
    h = model.hidden_mean(data)
    for _ in range(2):
        v = model.visible_mean(h)
        h = model.hidden_mean(v)
    torch.testing.assert_close(phases.vk, v)
    torch.testing.assert_close(phases.hk_mean, h)
    torch.testing.assert_close(phases.h0_mean, model.hidden_mean(data))


def test_fast_weights_follow_the_gradient_fade_and_drive_the_chains_only(model, data):
    phase = make("fpcd", model)
    first, second = (Gradient(*(torch.full_like(p, x) for p in model.parameters())) for x in (1.0, 3.0))
    phase.learned(first, 0.2)
    phase.learned(second, 0.1)
    for fast in phase.fast.values():
        torch.testing.assert_close(fast, torch.full_like(fast, 0.95 * 0.2 * 1.0 + 0.1 * 3.0))
    phase.fast["visible_bias"].fill_(100.0)  # the driver turns every pixel on
    phase.fast["hidden_bias"].fill_(-1000.0)
    phases = phase.phases(data, 1)
    assert phases.vk.all()
    assert not phases.hk_mean.any()  # the driver's own, as the chains' v is
    torch.testing.assert_close(phases.h0_mean, model.hidden_mean(data))


def test_fast_weights_push_chains_out_of_a_mode_that_plain_ones_stay_in():
    """A machine with two modes, and data of one of them: pcd's chains stay in the other, fpcd's are driven out."""
    model = RBM(7, 2).double()
    with torch.no_grad():
        model.weight.zero_()
        model.weight[:, 0] = 8.0
        model.visible_bias.fill_(-4.0)
        model.hidden_bias.copy_(torch.tensor([-28.0, 0.0]))
    lit, dark = torch.ones(ROWS, 7, dtype=torch.float64), torch.zeros(ROWS, 7, dtype=torch.float64)
    shares = {}
    for algorithm in ("pcd", "fpcd"):
        phase = make(algorithm, model)
        phase.phases(dark, 1)
        for _ in range(60):  # the model itself is held still
            phases = phase.phases(lit, 1)
            phase.learned(contrast(phases), 0.5)
        shares[algorithm] = float(phases.vk.mean())
    assert shares["pcd"] < 0.1
    assert shares["fpcd"] > 0.3


def two_modes(barrier: float) -> RBM:
    """All pixels on or all off, equally likely; the higher the barrier, the rarer is anything between."""
    model = RBM(7, 2).double()
    with torch.no_grad():
        model.weight.zero_()
        model.weight[:, 0] = barrier
        model.visible_bias.fill_(-barrier / 2)
        model.hidden_bias.copy_(torch.tensor([-3.5 * barrier, 0.0]))
    return model


def test_swaps_along_the_trajectory_cross_between_modes_and_keep_every_versions_distribution():
    n, model = 199, two_modes(0.5)
    dark = torch.zeros(n, 7, dtype=torch.float64)
    phase = make("ptt", model, n_chains=n, n_replicas=9)
    phase.phases(dark, 1)
    for barrier in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0):
        with torch.no_grad():
            for p, q in zip(model.parameters(), two_modes(barrier).parameters(), strict=True):
                p.copy_(q)
        phase._save()
        phase.chains[-2:] = [dark, dark]  # as if every chain had been caught in one mode
    for _ in range(300):
        phases = phase.phases(dark, 1)
    lit = float((phases.vk.mean(1) > 0.5).double().mean())
    assert abs(lit - 0.5) < 4 * 0.5 / n**0.5
    assert 0.0 < phase.numbers()["swap_rate"] <= 1.0
    for saved, v in zip(phase.past, phase.chains, strict=False):
        z = (v.sum(1) - 3.5).mean() / (v.sum(1).std() / n**0.5)  # all versions are symmetric
        assert abs(float(z)) < 4.5, saved.weight[0, 0]


def test_swaps_between_versions_follow_the_ratio_of_their_probabilities(model):
    """Mean acceptance over exact draws = Σ min(p_a(x) p_b(y), p_a(y) p_b(x))."""
    other, n = random_model(seed=4, scale=0.7), 40_000
    (_, p), (_, q) = exact.visible_distribution(model), exact.visible_distribution(other)
    expected = float(torch.minimum(p[:, None] * q[None], q[:, None] * p[None]).sum())
    v, w = (exact.sample(m, n, generator(9, i)).v for i, m in enumerate((model, other)))
    assert float(acceptance(model, other, v, w).mean()) == pytest.approx(expected, abs=4 * 0.5 / n**0.5)


def test_the_model_is_saved_when_swaps_become_rare_and_the_least_needed_version_makes_room(model, data):
    start = copy.deepcopy(model)
    phase = make("ptt", model, n_replicas=4)
    phase.phases(data, 1)
    for _ in range(40):
        phase.phases(data, 1)
    assert len(phase.past) == 1  # it never moved
    for step in range(6):
        with torch.no_grad():
            model.visible_bias += 3.0 * (-1) ** step
            model.hidden_bias -= 2.0
        for _ in range(60):
            phase.phases(data, 1)
    assert len(phase.past) == 3
    assert len(phase.chains) == 4
    torch.testing.assert_close(phase.past[0].visible_bias, start.visible_bias)
    assert set(phase.numbers()) <= set(MEASURES)


def test_tempering_reports_its_worst_swap_rate_and_how_hot_it_gets(model, data):
    phase = make("pt", model, n_replicas=3)
    assert phase.numbers() == {}
    for _ in range(300):
        phase.phases(data, 1)
    numbers = phase.numbers()
    assert 0.3 < numbers["swap_rate"] <= 1.0
    assert 0.0 <= numbers["lowest_beta"] < 0.5
    assert set(numbers) <= set(MEASURES)
