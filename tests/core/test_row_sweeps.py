"""Phases in one call are those of the loops one by one, coin for coin, whatever the threads."""

import numpy as np
import pytest
import torch

from rbm.core import columns, kernels, row_sweeps, rows
from rbm.randomness import generator

SIZES = [(64, 784, 20), (7, 40, 17), (1, 1, 1), (3, 2100, 5)]  # a row that is longer than a block of coins among them


def keys(*numbers: int) -> kernels.Array:
    """As `randomness.Coins.keys` gives them."""
    return np.array([kernels.halves(number) for number in numbers])


@pytest.mark.parametrize("sample", [True, False])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("rare", [1, 0])
def test_phases_are_those_of_the_loops_one_by_one(parts, sizes, sample, rare):
    n, visible, hidden = sizes
    draw = generator(6, n, visible)
    data = torch.rand(3 * n, visible, generator=draw) * (torch.rand(3 * n, visible, generator=draw) < 0.3)
    chosen = torch.randint(3 * n, (n,), generator=draw)
    weight, b, c = (torch.randn(size, generator=draw) for size in ((visible, hidden), (visible,), (hidden,)))
    buffers, layers = row_sweeps.Buffers(n, visible, hidden), row_sweeps.Layers(weight, b, c, rare)

    def check(v: torch.Tensor) -> None:
        assert torch.equal(buffers.v, v)
        x, places = rows.hidden_field(v, weight, c, rare)
        h = torch.empty_like(x)
        kernels.draw(x, -7, h)
        assert torch.equal(buffers.mean, x)
        assert not sample or torch.equal(buffers.h, h)
        for found, wanted in zip(buffers.places, places, strict=True):
            assert found.tolist() == wanted.tolist()

    v = torch.empty(n, visible)
    kernels.flip_rows(data, chosen, 2**63 - 5, v)
    row_sweeps.begin(data, chosen, buffers, layers, keys(2**63 - 5, -7)[: 1 + sample])
    check(v)

    h = (torch.rand(n, hidden, generator=draw) < 0.4).float()
    field = torch.empty(n, visible)
    columns.Columns(n, hidden).product(h, weight, field)
    kernels.sample(field + b, 12, v)
    row_sweeps.sweep(h, buffers, layers, keys(12, -7)[: 1 + sample])
    check(v)
