"""Sums of chosen rows against products, with one thread and with two."""

import subprocess
import sys

import pytest
import torch

from rbm.core import rows, threads
from rbm.randomness import generator
from tests.helpers.places import ROOT


def numbers(where: torch.Tensor) -> list[int]:
    return [int(i) for i in where.nonzero().flatten()]


SHAPES = [(11, 13, 3), (1, 1, 1), (64, 784, 20), (5, 40, 17)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("density", [0.0, 0.13, 0.5, 1.0])
@pytest.mark.parametrize("rare", [1, 0])
def test_fields_are_the_product(parts, shape, density, rare):
    """Of whole numbers, which float32 adds up exactly in any order."""
    n, width, hidden = shape
    draw = generator(3, n, width)
    v = (torch.rand(n, width, generator=draw) < density).float()
    weight = torch.randint(-9, 9, (width, hidden), generator=draw).float()
    bias = torch.randint(-9, 9, (hidden,), generator=draw).float()
    x, places = rows.hidden_field(v, weight, bias, rare)
    assert torch.equal(x, v @ weight + bias)
    for found in (places, rows.places(v, rare)):
        assert found.counts.tolist() == (v == rare).sum(1).tolist()
        for row, words in zip(v, found.bits, strict=True):
            assert [i for i in range(width) if int(words[i // 64]) >> i % 64 & 1] == numbers(row == rare)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("chains", [1, 9])
@pytest.mark.parametrize("rare", [1, 0])
def test_an_update_is_that_of_the_formula(parts, shape, chains, rare):
    """In float64 it is the formula itself; float32 keeps 24 bits of each of up to 84 terms."""
    n, width, hidden = shape
    draw = generator(4, n, width, chains)
    v0, vk = ((torch.rand(m, width, generator=draw) < 0.3).float() for m in (n, chains))
    h0, hk = (torch.rand(m, hidden, generator=draw) for m in (n, chains))
    weight, velocity = (torch.randn(width, hidden, generator=draw) for _ in range(2))
    b, vb, mu = (torch.rand(width, generator=draw) for _ in range(3))
    c, vc, lam, push = (torch.rand(hidden, generator=draw) for _ in range(4))
    rate, momentum, decay, shares = 0.3, 0.7, 0.01, (0.01, 0.2)
    expected = [t.double() for t in (weight, velocity, b, vb, mu, c, vc, lam)]
    w, vel, bb, vbb, m, cc, vcc, la = expected
    data, model = (v0.double(), h0.double()), (vk.double(), hk.double())
    vbb.mul_(momentum).add_(data[0].mean(0) - model[0].mean(0), alpha=rate)
    vcc.mul_(momentum).add_(data[1].mean(0) - model[1].mean(0) + push.double(), alpha=rate)
    bb += vbb
    cc += vcc
    m.lerp_(data[0].mean(0), shares[0])
    la.lerp_(data[1].mean(0), shares[1])
    gradient = sum(s * (v - m).T @ (h - la) / len(v) for s, (v, h) in ((1, data), (-1, model)))
    vel.mul_(momentum).add_(gradient, alpha=rate).sub_(decay * w)
    w += vel
    bb -= vel @ la
    cc -= vel.T @ m
    update = rows.OnePass(rare)
    layers = (weight, velocity), (b, vb, mu), (c, vc, lam)
    update.step(
        (rows.places(v0, rare), h0), (rows.places(vk, rare), hk), *layers, push, (rate, momentum, decay, *shares)
    )
    for found, exact in zip((t for layer in layers for t in layer), expected, strict=True):
        torch.testing.assert_close(found.double(), exact, rtol=3e-5, atol=3e-5)


def test_it_repeats_bit_for_bit_and_one_memory_serves_batches_of_any_size(parts):
    def three_steps(update: rows.OnePass | None) -> list[torch.Tensor]:
        draw = generator(5)
        layers = [[torch.rand(s, generator=draw) for s in sizes] for sizes in ([(40, 7)] * 2, [(40,)] * 3, [(7,)] * 3)]
        for n, m in ((8, 8), (3, 8), (8, 8)):
            phases = [
                (rows.places((torch.rand(k, 40, generator=draw) < 0.2).float()), torch.rand(k, 7, generator=draw))
                for k in (n, m)
            ]
            kept = rows.OnePass() if update is None else update
            kept.step(*phases, *map(tuple, layers), torch.zeros(7), (0.1, 0.5, 0.001, 0.01, 0.01))
        return [t for layer in layers for t in layer]

    once, again, anew = three_steps(rows.OnePass()), three_steps(rows.OnePass()), three_steps(None)
    for p, q, r in zip(once, again, anew, strict=True):
        assert torch.equal(p, q)
        assert torch.equal(p, r)


def test_threads_are_asked_only_where_several_may_ask(monkeypatch):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        monkeypatch.setattr(threads, "_MOST", 8)
        monkeypatch.setattr(threads, "set_num_threads", lambda n: None)
        monkeypatch.setattr(threads, "_several_may_ask", lambda: True)
        assert threads.parts() == 2
        monkeypatch.setattr(threads, "_MOST", 1)
        assert threads.parts() == 1
        monkeypatch.setattr(threads, "_MOST", 8)
        monkeypatch.setattr(threads, "_several_may_ask", lambda: False)
        assert threads.parts() == 1
    finally:
        torch.set_num_threads(before)


def test_asking_for_threads_leaves_torch_s_own_number_alone():
    """In a program of its own: Numba begins with a thread a core, and says so to the OpenMP that torch may share with it."""
    code = """
import torch
torch.set_num_threads(1)
from rbm.core import rows, threads
assert (threads.parts(), torch.get_num_threads()) == (1, 1)
torch.set_num_threads(2)
v = torch.ones(4, 4)
rows.hidden_field(v, v, v[0])
assert torch.get_num_threads() == 2
torch.set_num_threads(1)
rows.hidden_field(v, v, v[0])
assert torch.get_num_threads() == 1
"""
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
