"""Where chains start, and how units are held."""

import pytest
import torch

from rbm.errors import ShapeError
from rbm.samplers.chains import Clamp, from_noise, from_visible, hold_drawing
from tests.helpers import oracles
from tests.helpers.oracles import CHAINS, HIDDEN, VISIBLE, rows

N = 20_000


def test_chains_from_pictures_keep_them_and_draw_h_given_them(tiny_rbm, rng):
    picture = rows(VISIBLE)[37]
    chains = from_visible(tiny_rbm, picture.expand(N, -1).to(torch.uint8), rng)
    assert chains.step == 0
    assert chains.v.dtype == torch.float64
    assert (chains.v == picture).all()
    slice_h = oracles.joint(oracles.machine(tiny_rbm))[37]
    slice_h /= slice_h.sum()
    assert oracles.total_variation(oracles.index(chains.h), slice_h) < oracles.total_variation_limit(slice_h, N)


def test_chains_from_noise_start_in_every_state_equally_often(tiny_rbm, rng):
    chains = from_noise(tiny_rbm, N, rng, beta=0.5)
    p = oracles.joint(oracles.machine(tiny_rbm), 0.5)
    start = p / p.sum(1, keepdims=True) / 2**VISIBLE  # v uniform, h given v at that β
    cells = oracles.joint_index(chains.v, chains.h)
    assert oracles.total_variation(cells, start) < oracles.total_variation_limit(start, N)
    assert chains.v.shape == (N, VISIBLE)
    assert chains.h.shape == (N, HIDDEN)


def test_noise_respects_the_clamp(tiny_rbm, rng):
    mask = torch.tensor([True, False, False, True, False, False, False])
    values = torch.tensor([1.0, 1, 1, 0, 1, 1, 1])
    v = from_noise(tiny_rbm, N, rng, clamp=Clamp(mask, values)).v
    assert (v[:, mask] == values[mask]).all()
    assert ((v[:, ~mask].mean(0) - 0.5).abs() < 4 * 0.5 / N**0.5).all()


def test_the_same_generator_starts_the_same_chains(tiny_rbm):
    first, again = (from_noise(tiny_rbm, CHAINS, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first.v, again.v)
    assert torch.equal(first.h, again.h)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float32])
def test_a_clamp_holds_its_units_in_every_chain_and_touches_no_other(dtype):
    v = torch.full((CHAINS, VISIBLE), 0.5, dtype=torch.float64)
    mask = torch.tensor([0, 1, 0, 0, 1, 0, 0]).to(dtype)
    held = Clamp(mask, torch.arange(VISIBLE)).apply(v)
    assert held.dtype == v.dtype
    assert held[0].tolist() == [0.5, 1, 0.5, 0.5, 4, 0.5, 0.5]
    assert (held == held[0]).all()
    assert (v == 0.5).all()  # the input is left alone


def test_a_clamp_can_differ_from_chain_to_chain():
    v = torch.zeros(2, 3)
    mask = torch.tensor([[True, False, False], [False, False, True]])
    assert Clamp(mask, torch.ones(2, 3)).apply(v).tolist() == [[1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(("flags", "values"), [(3, 7), (7, 3)])
def test_a_clamp_of_the_wrong_length_is_refused(flags, values):
    with pytest.raises(ShapeError, match=rf"{flags} flags and {values} values for 7 visible units"):
        Clamp(torch.ones(flags), torch.ones(values)).apply(torch.zeros(2, VISIBLE))


def test_a_drawing_is_held_with_its_rim_or_all_but_what_is_covered():
    ink = torch.zeros(5, 7)
    ink[1, 2] = 1
    rim = torch.zeros(5, 7, dtype=torch.bool)
    rim[:3, 1:4] = True
    held = hold_drawing(ink.flatten(), (5, 7))
    assert torch.equal(held.mask.reshape(5, 7), rim)
    assert torch.equal(held.values, ink.flatten())
    covered = torch.zeros(5, 7, dtype=torch.bool)
    assert torch.equal(hold_drawing(ink.flatten(), (5, 7), covered.flatten()).mask, rim.flatten())
    covered[3:] = True
    assert torch.equal(hold_drawing(ink.flatten(), (5, 7), covered.flatten()).mask, ~covered.flatten())
    assert not hold_drawing(0 * ink.flatten(), (5, 7)).mask.any()  # an empty pad holds nothing
