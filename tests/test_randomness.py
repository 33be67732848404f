"""Named generators, exact coins, and the fast coins of the inner loop."""

import math

import pytest
import torch

from rbm.core import kernels
from rbm.randomness import Coins, bernoulli, generator, logistic

N = 2**18


def uniforms(seed: int, n: int) -> torch.Tensor:
    """The 24-bit uniforms behind a flip, found by bisection: the same seed makes the same ones for any p. (n,) ints."""
    low, high = torch.zeros(n), torch.full((n,), 2.0**24)  # uniform in [low, high)
    for _ in range(24):
        middle = (low + high) / 2
        below = Coins(generator(seed)).flip(middle / 2**24).bool()
        low, high = torch.where(below, low, middle), torch.where(below, middle, high)
    return low.long()


def test_the_same_seed_and_names_give_the_same_numbers():
    draws = [torch.rand(5, generator=generator(3, "model", 2)) for _ in range(2)]
    assert torch.equal(*draws)


@pytest.mark.parametrize("other", [(3,), (3, "model", 3), (3, "data", 2), (4, "model", 2), (3, "model", 2, "x")])
def test_other_names_or_seeds_give_independent_numbers(other):
    a = torch.rand(N, generator=generator(3, "model", 2))
    b = torch.rand(N, generator=generator(*other))
    assert abs(torch.corrcoef(torch.stack([a, b]))[0, 1]) < 4 / math.sqrt(N)


def test_making_a_generator_leaves_the_global_one_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    torch.rand(3, generator=generator(1, "x"))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_bernoulli_is_exact_at_its_ends_and_right_between(rng, dtype):
    p = torch.tensor([0.0, 0.02, 0.5, 0.97, 1.0], dtype=dtype)
    s = bernoulli(p.expand(N, -1), rng)
    assert s.dtype == dtype
    assert set(s.unique().tolist()) == {0.0, 1.0}
    assert s[:, 0].sum() == 0
    assert s[:, -1].sum() == N
    error = (p * (1 - p) / N).sqrt()[1:-1]
    assert (((s.mean(0) - p)[1:-1]).abs() < 4 * error).all()


@pytest.mark.parametrize("u", [0.0, 1 - 2.0**-24])
def test_float64_coins_are_exact_at_their_ends_even_with_the_extreme_uniforms(monkeypatch, rng, u):
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.full(shape, u))
    assert bernoulli(torch.tensor([0.0, 1.0], dtype=torch.float64), rng).tolist() == [0, 1]


def test_the_uniforms_are_uniform_in_each_byte():
    bits = uniforms(1, N)
    assert bits.min() < 2**24 * 20 / N  # both ends are reached: 20 expected there
    assert bits.max() >= 2**24 - 2**24 * 20 / N
    for byte in (bits >> 16, bits >> 8 & 255, bits & 255):
        counts = torch.bincount(byte, minlength=256).double()
        chi_square = float(((counts - N / 256) ** 2 / (N / 256)).sum())
        assert abs(chi_square - 255) < 4 * math.sqrt(2 * 255)


def test_neighbours_calls_and_blocks_are_independent():
    """Lags of one block (1,024) and of its quarters, whose words come from one counter of the generator, included."""
    coins = Coins(generator(2))
    first, second = (coins.flip(torch.full((N,), 0.5)) for _ in range(2))
    u = uniforms(2, N).double()
    for a, b in [(first, second), *((u[:-lag], u[lag:]) for lag in (1, 2, 3, 4, 5, 100, 256, 512, 768, 1024))]:
        correlation = torch.corrcoef(torch.stack([a, b]))[0, 1]
        assert abs(correlation) < 4 / math.sqrt(len(a))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_probability_comes_out_within_its_standard_error(dtype):
    p = torch.linspace(0.005, 0.995, 101, dtype=dtype)
    frequency = Coins(generator(3)).flip(p.repeat(5000, 1)).mean(0)
    z = (frequency - p) / (p * (1 - p) / 5000).sqrt()
    assert z.abs().max() < 4
    assert abs(float(z.square().sum()) - 101) < 4 * math.sqrt(2 * 101)


def test_a_rare_event_is_as_rare_as_it_says():
    coins, p, n = Coins(generator(4)), torch.full((2**21,), 2.0**-20), 16
    expected = 2**-20 * n * len(p)
    fired = sum(int(coins.flip(p).sum()) for _ in range(n))
    missed = sum(int((1 - coins.flip(1 - p)).sum()) for _ in range(n))
    assert abs(fired - expected) < 4 * math.sqrt(expected)
    assert abs(missed - expected) < 4 * math.sqrt(expected)


@pytest.mark.parametrize("dtype", [torch.float32, pytest.param(torch.float64, marks=pytest.mark.slow)])
def test_no_coin_is_rarer_than_one_in_two_to_the_24(dtype):
    """The limit that is documented: a p far below 2⁻²⁴ fires as often as 2⁻²⁴ does, once in 17 million."""
    coins, n = Coins(generator(6)), 32
    for tiny in (1e-9, 1e-30):
        p = torch.full((2**22,), tiny, dtype=dtype)
        fired = sum(int(coins.flip(p).sum()) for _ in range(n))
        assert abs(fired - 8) < 4 * math.sqrt(8)  # 2²⁷ coins: 8, not 0.13 or none


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_certain_coins_are_certain(dtype):
    coins = Coins(generator(5))
    never, always = (torch.full((N,), p, dtype=dtype) for p in (0.0, 1.0))
    for _ in range(
        256
    ):  # 67 million uniforms: each of the 16.8 million values, both ends too, is met with probability 0.98
        assert coins.flip(never).sum() == 0
        assert coins.flip(always).sum() == N


@pytest.mark.parametrize(
    "shape", [(1,), (2,), (3,), (5,), (7, 3), (13, 7), (2, 3, 5), (1023,), (1025,), (5, 1029), (0,)]
)
def test_coins_of_any_shape_are_fair(shape):
    coins, n = Coins(generator(7)), 4000
    mean = torch.stack([coins.flip(torch.full(shape, 0.5)) for _ in range(n)]).mean(0)
    assert mean.shape == shape
    assert ((mean - 0.5).abs() < 6 * 0.5 / math.sqrt(n)).all()


def test_coins_fill_the_tensor_they_are_given_and_leave_p_alone():
    p, out = torch.full((5, 3), 0.5), torch.full((5, 3), 9.0)
    result = Coins(generator(8)).flip(p, out)
    assert result is out
    assert set(out.unique().tolist()) <= {0.0, 1.0}
    assert (p == 0.5).all()
    assert torch.equal(out, Coins(generator(8)).flip(p))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_drawing_is_the_sigmoid_and_its_coins(dtype):
    """The same generator makes the same coins one way and the other, so the two agree coin for coin."""
    x = (torch.randn(13, 79, generator=generator(1)) * 5).to(dtype)
    p, s = Coins(generator(2)).draw(x.clone())
    torch.testing.assert_close(p, x.sigmoid(), rtol=0, atol=2e-7 if dtype == torch.float32 else 0)
    assert p.dtype == s.dtype == dtype
    assert torch.equal(s, Coins(generator(2)).flip(p))


def test_logistic_coins_agree_with_those_of_their_probabilities():
    x = torch.randn(103, 79, generator=generator(1)) * 5
    assert torch.equal(logistic(x, generator(2)), Coins(generator(2)).draw(x.clone())[1])
    assert torch.equal(logistic(x.double(), generator(2)), bernoulli(x.double().sigmoid(), generator(2)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows_are_chosen_and_flipped_with_their_own_probabilities(dtype):
    data = (torch.arange(60).view(12, 5) % 7 < 3).float()  # certain coins
    rows = torch.tensor([11, 0, 3, 3])
    out = torch.full((4, 5), 9.0, dtype=dtype)
    assert Coins(generator(3)).flip_rows(data, rows, out) is out
    assert torch.equal(out, data[rows].to(dtype))
    chance = torch.full((3, 101), 0.3)
    many = Coins(generator(4)).flip_rows(chance, torch.ones(2000, dtype=torch.long), torch.empty(2000, 101))
    assert abs(float(many.mean()) - 0.3) < 4 * math.sqrt(0.3 * 0.7 / many.numel())


def test_a_transposed_p_meets_the_right_probabilities():
    p = torch.tensor([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    assert torch.equal(Coins(generator(9)).flip(p.T), p.T)


def test_many_keys_at_once_are_those_one_by_one():
    one, many = Coins(generator(3, "keys")), Coins(generator(3, "keys"))
    for count in (1, 3, 3, 20):
        keys = [one.key() for _ in range(count)]
        assert [tuple(key) for key in many.keys(count)] == [kernels.halves(key) for key in keys]
    assert one.key() == many.key()
