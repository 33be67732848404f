"""AIS without chance, by pushing the whole measure along the path; then with chance, from below and from above."""

import math
from itertools import pairwise

import pytest
import torch

from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import ais, exact
from rbm.evaluation.ais import Bracket, Estimate, Path
from rbm.models.rbm import RBM
from rbm.randomness import generator
from tests.helpers import oracles
from tests.helpers.oracles import HIDDEN, VISIBLE, factorised, rows

V, H = rows(VISIBLE), rows(HIDDEN)


@pytest.fixture
def truth(tiny_rbm) -> float:
    return oracles.log_z(oracles.machine(tiny_rbm))


@pytest.fixture(params=["zero", "own", "data"])
def path(request, tiny_rbm, images) -> Path:
    base = {"zero": None, "own": tiny_rbm.visible_bias, "data": ais.base_biases(images)}[request.param]
    return Path(tiny_rbm, base)


def betas(n: int) -> list[float]:
    return [k / n for k in range(n + 1)]


def at(path: Path, model: RBM, beta: float) -> RBM:
    """The model at β written out from the definition of the path."""
    between = RBM(VISIBLE, HIDDEN).double()
    with torch.no_grad():
        between.weight.copy_(beta * model.weight)
        between.hidden_bias.copy_(beta * model.hidden_bias)
        between.visible_bias.copy_((1 - beta) * path.base + beta * model.visible_bias)
    return between


def transition(path: Path, beta: float) -> torch.Tensor:
    """K(v, v') at β, from the very fields that ``move`` samples in: (S, S)."""
    to_h = factorised(path.hidden_unit.mean(path.hidden_field(path.inner(V), beta)))
    return to_h @ factorised(path.visible_unit.mean(path.visible_field(H, beta)))


def propagate(path: Path, measure: torch.Tensor, steps: list[float], *, move_first: bool = False) -> float:
    """log Σ of the measure (S,) after m ← (m · ratio) K along ``steps``: the exact mean weight of the walk."""
    for old, new in pairwise(steps):
        ratio = path.log_ratio(V, path.inner(V), old, new).exp()
        last = new == steps[-1]
        if move_first:
            measure = (measure @ transition(path, new)) * ratio
        else:
            measure = (measure * ratio) @ (torch.eye(len(V)).double() if last else transition(path, new))
    return float(measure.sum().log())


def start(path: Path) -> torch.Tensor:
    return factorised(path.visible_unit.mean(path.base[None])).squeeze(0)


@torch.no_grad()
@pytest.mark.parametrize("beta", [0.0, 0.37, 1.0])
def test_each_place_on_the_path_is_the_model_it_says(path, tiny_rbm, beta):
    there = at(path, tiny_rbm, beta)
    x = path.inner(V)
    ratio = at(path, tiny_rbm, 0.0).free_energy(V) - there.free_energy(V)
    torch.testing.assert_close(path.log_ratio(V, x, 0.0, beta), ratio, rtol=0, atol=1e-12)
    torch.testing.assert_close(path.hidden_field(x, beta), there.hidden_field(V))
    torch.testing.assert_close(path.visible_field(H, beta), there.visible_field(H))


@torch.no_grad()
def test_the_base_is_drawn_exactly_and_its_log_z_known(path, tiny_rbm, rng):
    assert path.log_base() == pytest.approx(exact.log_partition(at(path, tiny_rbm, 0.0)), abs=1e-12)
    p, n = start(path).numpy(), 20_000
    assert oracles.total_variation(oracles.index(path.start(n, rng)), p) < oracles.total_variation_limit(p, n)


@torch.no_grad()
def test_a_move_is_its_transition_matrix_which_leaves_the_model_at_beta(path, tiny_rbm, rng):
    beta, n = 0.6, 20_000
    matrix = transition(path, beta)
    p = exact.visible_distribution(at(path, tiny_rbm, beta))[1]
    assert (p @ matrix - p).abs().sum() < 1e-12
    for state in (0, 93):
        moved = path.move(path.inner(V[state].expand(n, -1)), beta, rng)
        row = matrix[state].numpy()
        assert oracles.total_variation(oracles.index(moved), row) < oracles.total_variation_limit(row, n)


@torch.no_grad()
@pytest.mark.parametrize("n", [1, 2, 3, 17])
def test_the_mean_weight_is_the_ratio_of_partition_functions_for_any_number_of_temperatures(path, truth, n):
    assert path.log_base() + propagate(path, start(path), betas(n)) == pytest.approx(truth, abs=1e-12)


@torch.no_grad()
@pytest.mark.parametrize("n", [1, 2, 3, 17])
def test_backwards_it_is_the_inverse(path, tiny_rbm, truth, n):
    measure = exact.visible_distribution(tiny_rbm)[1]
    assert path.log_base() - propagate(path, measure, betas(n)[::-1]) == pytest.approx(truth, abs=1e-12)


@torch.no_grad()
def test_moving_before_weighing_is_wrong_and_by_a_visible_amount(path, truth):
    wrong = path.log_base() + propagate(path, start(path), betas(2), move_first=True)
    assert abs(wrong - truth) > 0.1


def estimates(
    model: RBM, n_chains: int, n_temperatures: int, seeds: range, collect=ais.log_partition
) -> list[Estimate]:
    return [
        collect(model, n_chains=n_chains, n_temperatures=n_temperatures, generator=generator(seed, "ais"))
        for seed in seeds
    ]


def wrong_order(model: RBM, *, n_chains: int, n_temperatures: int, generator: torch.Generator) -> Estimate:
    """The estimator with the classical mistake: each chain is weighed where it has just been moved to."""
    path = Path(model)
    v = path.start(n_chains, generator)
    log_w = torch.full((n_chains,), path.log_base(), dtype=torch.float64)
    for old, new in pairwise(betas(n_temperatures)):
        v = path.move(path.inner(v), new, generator)
        log_w += path.log_ratio(v, path.inner(v), old, new)
    return Estimate.from_log_weights(log_w)


@torch.no_grad()
@pytest.mark.parametrize("n_temperatures", [2, 10])
def test_chains_find_log_z_within_their_standard_error_and_would_not_in_the_wrong_order(
    tiny_rbm, truth, n_temperatures
):
    z = [(e.value - truth) / e.standard_error for e in estimates(tiny_rbm, 4000, n_temperatures, range(8))]
    assert max(map(abs, z)) < 3
    assert abs(sum(z)) < 3 * math.sqrt(len(z))  # together they would show an eighth of that
    assert sum(x * x for x in z) > 0.5  # and the standard error is not merely huge: 8 expected
    biased = estimates(tiny_rbm, 4000, n_temperatures, range(8), wrong_order)
    assert min((e.value - truth) / e.standard_error for e in biased) > 3


@torch.no_grad()
def test_the_reverse_finds_it_too(tiny_rbm, truth):
    z = []
    for seed in range(8):
        v = exact.sample(tiny_rbm, 4000, generator(seed, "start")).v
        e = ais.reverse_log_partition(tiny_rbm, v, n_temperatures=10, generator=generator(seed, "reverse"))
        assert e.low < e.value < e.high
        z.append((e.value - truth) / e.standard_error)
    assert max(map(abs, z)) < 3
    assert abs(sum(z)) < 3 * math.sqrt(len(z))


@torch.no_grad()
def test_forward_is_below_and_reverse_above_on_average(tiny_rbm, truth):
    """With two chains and one temperature both biases are large against the spread of 300 seeds."""
    values = torch.tensor(
        [
            [
                ais.log_partition(tiny_rbm, n_chains=2, n_temperatures=1, generator=generator(seed)).value,
                ais.reverse_log_partition(
                    tiny_rbm,
                    exact.sample(tiny_rbm, 2, generator(seed, "start")).v,
                    n_temperatures=1,
                    generator=generator(seed),
                ).value,
            ]
            for seed in range(300)
        ],
        dtype=torch.float64,
    )
    error = values.std(0) / math.sqrt(len(values))
    below, above = (values.mean(0) - truth) / error
    assert below < -3
    assert above > 3


def test_a_layer_swap_changes_nothing_but_the_noise(swapped_rbm, truth):
    e = ais.log_partition(swapped_rbm, n_chains=4000, n_temperatures=10, generator=generator(1))
    assert abs(e.value - truth) < 3 * e.standard_error


def test_a_float32_model_of_some_size(rng):
    model = RBM(101, 11, generator=rng)
    with torch.no_grad():
        model.weight.mul_(30)
        model.visible_bias.copy_(torch.randn(101, generator=rng))
    e = ais.log_partition(model, n_chains=500, n_temperatures=100, generator=generator(2))
    assert abs(e.value - exact.log_partition(model)) < 3 * e.standard_error
    assert e.standard_error < 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_without_weights_and_with_its_own_biases_every_chain_weighs_exactly_z(tiny_rbm, rng, dtype):
    model = tiny_rbm.to(dtype)
    with torch.no_grad():
        model.weight.zero_()
    closed_form = sum(math.log1p(math.exp(x)) for p in (model.visible_bias, model.hidden_bias) for x in p.tolist())
    both = ais.bracket(model, V[:13], n_chains=13, n_temperatures=29, generator=rng, base=model.visible_bias)
    for e in both:
        assert e.value == pytest.approx(closed_form, rel=100 * torch.finfo(dtype).eps)
        assert e.standard_error < 10 * torch.finfo(dtype).eps  # rounding alone
        assert e.ess == pytest.approx(13)
    assert both.trustworthy


def test_the_same_generator_gives_the_same_estimate(tiny_rbm):
    first, again, other = (ais.log_partition(tiny_rbm, generator=generator(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_an_estimate_is_the_statistics_of_its_weights():
    """w = 1 and 3 times e^1000: mean 2, deviation √2, so standard error √2 / (2 √2) = ½."""
    e = Estimate.from_log_weights(torch.tensor([1.0, 3.0], dtype=torch.float64).log() + 1000)
    assert e.value == pytest.approx(1000 + math.log(2))
    assert e.standard_error == pytest.approx(0.5)
    assert e.ess == pytest.approx(16 / 10)
    assert e.high == pytest.approx(e.value + math.log(2.5))
    assert e.low == pytest.approx(e.value + math.log(ais.DOUBT))  # 2 − 3·1 < 0: Markov's bound instead
    assert pytest.approx(0.00135, rel=0.01) == ais.DOUBT


def test_close_weights_give_three_standard_errors_either_way():
    log_w = torch.linspace(-0.1, 0.1, 101, dtype=torch.float64)
    e = Estimate.from_log_weights(log_w)
    w = log_w.exp()
    error = (w.std() / w.mean() / math.sqrt(101)).item()
    assert e.standard_error == pytest.approx(error)
    assert e.low == pytest.approx(e.value + math.log(1 - 3 * error))
    assert e.high == pytest.approx(e.value + math.log(1 + 3 * error))
    assert 100 < e.ess < 101


def test_a_weight_that_is_not_a_number_is_not_hidden():
    e = Estimate.from_log_weights(torch.tensor([0.0, math.nan]))
    assert math.isnan(e.value)
    assert not Bracket(e, e).trustworthy
    assert "not a finite number" in Bracket(e, e).reason


@torch.no_grad()
def test_the_reverse_turns_the_interval_round(tiny_rbm, rng):
    """It estimates 1/Z: where its weights scatter, it is the *upper* end that Markov's bound must give."""
    order = tiny_rbm.free_energy(V).argsort()
    start = V[order[[-1] + [0] * 12]]  # one chain stands where hardly any would: its 1/w outweighs the others
    e = ais.reverse_log_partition(tiny_rbm, start, n_temperatures=1, generator=rng)
    assert e.standard_error > 1 / 3
    assert e.high == pytest.approx(e.value - math.log(ais.DOUBT))
    assert e.low == pytest.approx(e.value - math.log1p(3 * e.standard_error))


GOOD = Estimate(10.0, 0.1, 50.0, 9.7, 10.3)


@pytest.mark.parametrize(
    ("forward", "reverse", "verdict", "sentence"),
    [
        (GOOD, GOOD._replace(value=10.25), True, "agree within 0.25 nats."),
        (GOOD, GOOD._replace(value=9.75), True, "agree within 0.25 nats. The two estimates are crossed by 0.25 nats"),
        (GOOD._replace(ess=1.5), GOOD, False, "effective sample size 1.5 (at least 5 needed). Use more temperatures."),
        (GOOD, GOOD._replace(ess=1.0), False, "effective sample size 1.0 (at least 5 needed). Use more temperatures."),
        (GOOD, GOOD._replace(value=21.7), False, "lies 11.7 nats above the forward one"),
        (GOOD, GOOD._replace(value=4.0), False, "lies 6.0 nats below the forward one, so the two are crossed"),
    ],
)
def test_the_verdict_and_its_reason(forward, reverse, verdict, sentence):
    both = Bracket(forward, reverse)
    assert both.trustworthy is verdict
    assert sentence in both.reason
    assert both.gap == pytest.approx(reverse.value - forward.value)
    assert both.crossed is (reverse.value < forward.value)
    assert ("crossed" in both.reason) is (both.crossed and both.ess > 5)


def test_the_base_rates_are_the_means_of_the_data(images):
    images[:, 0] = 0
    mean = torch.sigmoid(ais.base_biases(images))
    torch.testing.assert_close(mean[1:], images.mean(0)[1:].clamp(1 / 11, 10 / 11))
    assert mean[0] == pytest.approx(1 / 11)


def test_what_cannot_be_run_is_refused(tiny_rbm, rng):
    with pytest.raises(ConfigError, match="at least 2 chains, got 1"):
        ais.log_partition(tiny_rbm, n_chains=1, generator=rng)
    with pytest.raises(ConfigError, match="n_temperatures=0"):
        ais.log_partition(tiny_rbm, n_temperatures=0, generator=rng)
    with pytest.raises(ConfigError, match="at least 2 chains, got 1"):
        ais.reverse_log_partition(tiny_rbm, V[:1], generator=rng)
    with pytest.raises(ShapeError, match=r"base has shape \(3,\), expected \(7,\)"):
        ais.log_partition(tiny_rbm, generator=rng, base=torch.zeros(HIDDEN))
    with pytest.raises(ShapeError, match=r"start has shape \(8, 3\), expected \(N, 7\)"):
        ais.reverse_log_partition(tiny_rbm, H, generator=rng)
