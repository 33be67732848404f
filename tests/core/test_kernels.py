"""The compiled loops against torch's own operations and published values."""

import math
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from rbm.core import columns, free_energies, kernels, lines, row_sweeps, rows, spins
from rbm.core.warming import compile_loops
from rbm.randomness import generator
from tests.helpers.places import ROOT


def test_the_first_words_are_the_published_ones():
    """Philox 4x32-10, counter 0, key 0 (Random123, kat_vectors). A word w makes heads of exactly those p > (w >> 8) / 2²⁴."""
    words = (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    uniform = torch.tensor([w >> 8 for w in words], dtype=torch.float64) / 2**24
    quarters = torch.tensor([0, 256, 512, 768])  # where one counter's four words lie in a block
    for p, heads in ((uniform, False), (uniform + 2.0**-24, True)):
        chance, coins = torch.zeros(1024), torch.empty(1024)
        chance[quarters] = p.float()
        kernels.flip(chance, 0, coins)
        assert coins[quarters].bool().tolist() == [heads] * 4


def philox(counter: int, key: int) -> list[int]:
    """The same generator written plainly, from the paper's description."""
    low, high, mask = key & 0xFFFFFFFF, key >> 32, 0xFFFFFFFF
    a, b, c, d = counter, 0, 0, 0
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = q >> 32 ^ b ^ low, q & mask, p >> 32 ^ d ^ high, p & mask
        low, high = low + 0x9E3779B9 & mask, high + 0xBB67AE85 & mask
    return [a, b, c, d]


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_the_words_of_three_blocks_are_the_generator_s(key):
    words = torch.tensor([philox(i, key) for i in range(3 * 256)]).view(3, 256, 4).transpose(1, 2).reshape(-1)
    uniform, coins = (words >> 8).double() / 2**24, torch.empty(3 * 1024)
    kernels.flip(uniform.float(), key, coins)
    assert coins.sum() == 0
    kernels.flip((uniform + 2.0**-24).float(), key, coins)
    assert coins.sum() == len(coins)


def test_sigmoid_is_right_to_float32():
    x = torch.cat([torch.linspace(-100, 100, 40_001), torch.tensor([0.0, -0.0, math.inf, -math.inf, 1e30, -1e30])])
    p = x.clone()
    kernels.draw(p, 1, torch.empty_like(p))
    exact = x.double().sigmoid()
    assert ((p - exact).abs() <= 4e-7 * exact + 2e-38).all()


def test_a_number_that_is_none_stays_one_and_never_fires():
    x, coins = torch.full((1024,), math.nan), torch.empty(1024)
    kernels.draw(x, 1, coins)
    assert x.isnan().all()
    assert coins.sum() == 0


def test_bfloat16_is_rounded_as_torch_does():
    x = (torch.randn(4096, generator=generator(1)) * 4).bfloat16()
    p, coins = x.clone(), torch.empty_like(x)
    kernels.draw(p, 2, coins)
    assert torch.equal(p, x.float().sigmoid().bfloat16())
    assert set(coins.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize(("old", "new"), [(0.0, 1.0), (0.4, 0.401), (0.999, 1.0), (1.0, 0.2), (0.5, 0.5)])
def test_the_ratio_of_partition_functions(old, new):
    """Against float64: y − z is rounded to 2⁻²³ of z, and what is added up to 2⁻²⁰ of its size."""
    x = torch.cat([torch.randn(23, 501, generator=generator(3)) * size for size in (0.01, 1, 30)])
    old, new = float(torch.tensor(old)), float(torch.tensor(new))  # as float32 has them
    terms = F.softplus(new * x.double()) - F.softplus(old * x.double())
    found = free_energies.log_ratio(x, old, new)
    assert found.dtype == torch.float64
    z = torch.exp(-min(old, new) * x.double().abs())
    assert ((found - terms.sum(1)).abs() <= 2.0**-20 * terms.abs().sum(1) + 2.0**-22 * z.sum(1)).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_centred_rows(dtype):
    draw = generator(4)
    data, chains, offset = (
        torch.rand(7, 37, generator=draw),
        torch.rand(5, 37, generator=draw),
        torch.rand(37, generator=draw),
    )
    data, chains = data.to(dtype), chains.to(dtype)
    moved, out, difference = offset.clone(), torch.empty(12, 37, dtype=dtype), torch.empty(37)
    kernels.centred(data, chains, moved, 0.25, -1.4, out, difference)
    torch.testing.assert_close(moved, offset.lerp(data.float().mean(0), 0.25))
    torch.testing.assert_close(difference, data.float().mean(0) - chains.float().mean(0))
    expected = torch.cat([data.float() - moved, -1.4 * (chains.float() - moved)])
    torch.testing.assert_close(out.float(), expected, rtol=0 if dtype == torch.float32 else 2**-8, atol=1e-6)


def test_warming_compiles_every_loop():
    compile_loops()
    every = [
        f
        for module in (columns, free_energies, kernels, lines, row_sweeps, rows, spins)
        for f in vars(module).values()
        if isinstance(f, Dispatcher)
    ]
    loops = [f for f in every if f.targetoptions.get("nogil") and not f.targetoptions.get("parallel")]
    assert len(loops) >= 15
    assert all(loop.signatures for loop in loops)


def test_where_nothing_can_be_kept_torch_s_own_operations_do_it():
    """Numba finds no folder that it may write: a program of its own, which would compile for seconds at every start."""
    code = """
from numba.core.caching import CacheImpl
CacheImpl._locator_classes = []
import torch
from rbm.core import kernels, threads
assert not threads.KEPT
assert not kernels.fits(torch.zeros(2, 3))
from rbm.experiment import DatasetSpec, RunSpec, cached_dataset, make_trainer
spec = RunSpec(DatasetSpec(size=200))
trainer = make_trainer(spec, cached_dataset(spec.dataset))
for _ in range(2):
    trainer.step()
assert type(trainer._fused).__name__ == "FusedStep"
print(float(trainer.model.weight.norm()))
"""
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert math.isfinite(float(said.stdout))


def test_it_takes_only_what_lies_in_one_piece_on_the_cpu():
    x = torch.zeros(4, 6)
    assert kernels.fits(x, x)
    assert kernels.fits(x.bfloat16())
    assert not kernels.fits(x.T)
    assert not kernels.fits(x.double())
    assert not kernels.fits(x, x.bfloat16())
    assert not kernels.fits(x.to("meta"))
