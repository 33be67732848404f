"""Sums of columns of four units at a time against the product, with one thread and with two."""

import pytest
import torch

from rbm.core import columns
from rbm.errors import ShapeError
from rbm.randomness import generator

SHAPES = [(64, 784, 100), (32, 16, 16), (40, 13, 3), (45, 5, 300), (33, 17, 129), (100, 1, 1), (7, 20, 9)]


def states(n: int, hidden: int, density: float, draw: torch.Generator) -> torch.Tensor:
    return (torch.rand(n, hidden, generator=draw) < density).float()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("density", [0.0, 0.1, 0.5, 1.0])
def test_it_is_the_product(parts, shape, density):
    """Of whole numbers, which float32 adds up exactly in any order; a second time from the same memory."""
    n, visible, hidden = shape
    draw, sums = generator(3, *shape), columns.Columns(n, hidden)
    for _ in range(2):
        h = states(n, hidden, density, draw)
        weight = torch.randint(-9, 9, (visible, hidden), generator=draw).float()
        out = torch.full((n, visible), torch.nan)
        sums.product(h, weight, out)
        assert torch.equal(out, h @ weight.T)


def test_of_any_numbers_it_is_the_product_to_rounding_and_the_same_whatever_the_threads():
    draw, before, found = generator(4), torch.get_num_threads(), []
    h, weight = states(50, 500, 0.4, draw), torch.randn(784, 500, generator=draw)
    try:
        for several in (1, 2):
            torch.set_num_threads(several)
            found.append(torch.empty(50, 784))
            columns.Columns(50, 500).product(h, weight, found[-1])
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)
    # 200 terms of size 1 in float32, whose unit of rounding is 2⁻²⁴, beside the sums of float64.
    exact = h.double() @ weight.double().T
    assert float((found[0].double() - exact).abs().max()) < 200**0.5 * 200 * 2**-24


@pytest.mark.parametrize("shapes", [((9, 8), (4, 8), (9, 4)), ((40, 8), (4, 8), (4, 40)), ((40, 8), (4, 7), (40, 4))])
def test_other_shapes_are_refused_before_a_loop_sees_them(shapes):
    with pytest.raises(ShapeError, match=r"do not fit sums for h \(40, 8\)"):
        columns.Columns(40, 8).product(*map(torch.zeros, shapes))


def test_how_many_states_there_are_decides_whether_sums_are_made(monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "mm", lambda h, turned, out: asked.append(len(h)))
    for n in (columns.FEWEST - 1, columns.FEWEST):
        columns.Columns(n, 8).product(torch.ones(n, 8), torch.ones(4, 8), torch.empty(n, 4))
    assert asked == [columns.FEWEST - 1]
