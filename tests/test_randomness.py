"""Named generators, exact coins, and the fast coins of the inner loop."""

import math

import pytest
import torch

from rbm.randomness import Coins, bernoulli, generator

N = 2**18


def sixteen_bits(seed: int, n: int) -> torch.Tensor:
    """The 16-bit uniforms behind a flip, found by bisection: the same seed makes the same ones for any p. (n,) ints."""
    low, high = torch.zeros(n), torch.full((n,), 65536.0)  # uniform in [low, high)
    for _ in range(16):
        middle = (low + high) / 2
        below = Coins(generator(seed)).flip(middle / 65536).bool()
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
def test_bernoulli_is_exact_at_its_ends_even_with_the_extreme_uniforms(monkeypatch, rng, u):
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.full(shape, u))
    assert bernoulli(torch.tensor([0.0, 1.0]), rng).tolist() == [0, 1]


def test_the_16_bit_uniforms_are_uniform_in_either_byte():
    bits = sixteen_bits(1, N)
    assert bits.min() < 2**16 * 20 / N  # both ends are reached: 20 expected there
    assert bits.max() >= 2**16 - 2**16 * 20 / N
    for byte in (bits // 256, bits % 256):
        counts = torch.bincount(byte, minlength=256).double()
        chi_square = float(((counts - N / 256) ** 2 / (N / 256)).sum())
        assert abs(chi_square - 255) < 4 * math.sqrt(2 * 255)


def test_neighbours_and_calls_are_independent():
    coins = Coins(generator(2))
    first, second = (coins.flip(torch.full((N,), 0.5)) for _ in range(2))
    u = sixteen_bits(2, N).double()
    for a, b in [(first, second), *((u[:-lag], u[lag:]) for lag in (1, 2, 3, 4, 5, 100))]:
        correlation = torch.corrcoef(torch.stack([a, b]))[0, 1]
        assert abs(correlation) < 4 / math.sqrt(len(a))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_probability_comes_out_within_its_standard_error(dtype):
    p = torch.linspace(0.005, 0.995, 101, dtype=dtype)
    frequency = Coins(generator(3)).flip(p.repeat(5000, 1)).mean(0)
    z = (frequency - p) / (p * (1 - p) / 5000).sqrt()
    assert z.abs().max() < 4
    assert abs(float(z.square().sum()) - 101) < 4 * math.sqrt(2 * 101)


def test_a_rare_event_is_not_rounded_up():
    """p = 2⁻²⁰ is nearer to 0 than to 2⁻¹⁶; with a rounding error of at most 8e-6 it may fire 9e-6 of the time."""
    coins, p, n = Coins(generator(4)), torch.full((2**21,), 2.0**-20), 16
    fired = sum(int(coins.flip(p).sum()) for _ in range(n))
    missed = sum(int((1 - coins.flip(1 - p)).sum()) for _ in range(n))
    allowed = (2**-20 + 8e-6) * n * len(p)
    assert fired < allowed + 4 * math.sqrt(allowed)
    assert missed < allowed + 4 * math.sqrt(allowed)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_certain_coins_are_certain(dtype):
    coins = Coins(generator(5))
    never, always = (torch.full((N,), p, dtype=dtype) for p in (0.0, 1.0))
    for _ in range(8):  # each of the 65,536 values turns up dozens of times
        assert coins.flip(never).sum() == 0
        assert coins.flip(always).sum() == N


@pytest.mark.parametrize("shape", [(1,), (2,), (3,), (5,), (7, 3), (13, 7), (2, 3, 5)])
def test_a_used_buffer_gives_what_a_fresh_one_would(shape):
    used = Coins(generator(6))
    used.flip(torch.full((101,), 0.5))
    fresh = Coins(torch.Generator())
    fresh.generator.set_state(used.generator.get_state())
    for p in (torch.full(shape, 0.5), torch.full(shape, 0.3)):
        flipped = used.flip(p)
        assert flipped.shape == shape
        assert torch.equal(flipped, fresh.flip(p))


def test_the_last_coins_of_an_odd_size_are_as_fair_as_the_first():
    coins = Coins(generator(7))
    coins.flip(torch.full((1009,), 0.5))
    n = 10_000
    mean = torch.stack([coins.flip(torch.full((7,), 0.5)) for _ in range(n)]).mean(0)
    assert ((mean - 0.5).abs() < 4 * 0.5 / math.sqrt(n)).all()


def test_coins_fill_the_tensor_they_are_given_and_leave_p_alone():
    p, out = torch.full((5, 3), 0.5), torch.full((5, 3), 9.0)
    result = Coins(generator(8)).flip(p, out)
    assert result is out
    assert set(out.unique().tolist()) <= {0.0, 1.0}
    assert (p == 0.5).all()
    assert torch.equal(out, Coins(generator(8)).flip(p))


def test_a_transposed_p_meets_the_right_probabilities():
    p = torch.tensor([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    assert torch.equal(Coins(generator(9)).flip(p.T), p.T)
