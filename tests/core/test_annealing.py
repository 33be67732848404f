"""The compiled walk of annealed importance sampling against its definition, with the same random bits."""

from itertools import pairwise

import pytest
import torch

from rbm.core import rows
from rbm.evaluation import ais, exact
from rbm.models.rbm import RBM
from rbm.randomness import generator

BETAS = ais.temperatures(12)


def machine(visible: int, hidden: int, seed: int = 1) -> RBM:
    draw = generator(seed, "annealing")
    model = RBM(visible, hidden, generator=draw)
    with torch.no_grad():
        for parameter, size in zip(model.parameters(), (0.3, 1.0, 1.0), strict=True):
            parameter.copy_(size * torch.randn(parameter.shape, generator=draw))
    return model


def base(visible: int, on: float) -> torch.Tensor:
    return torch.full((visible,), on).logit()


def walked(chains: ais.Annealing) -> list[torch.Tensor]:
    draw, found = generator(2, "walk"), []
    for old, new in pairwise(BETAS):
        chains.step(old, new, draw if new < 1 else None)
        found.append(chains.log_w.clone())
    return found


@pytest.mark.parametrize("on", [0.1, 0.5, 0.9], ids=["few on", "half on", "few off"])
def test_it_is_the_definition_but_for_rounding(on):
    """20 chains draw 40,000 coins, of which rounding turns one in 10⁶: hardly ever one."""
    path = ais.Path(machine(130, 70), base(130, on))
    v = path.start(20, generator(3, "start"))
    fast, slow = path.chains(v), ais.Annealing(path, v)
    assert isinstance(fast, ais.CompiledAnnealing)
    for found, wanted in zip(walked(fast), walked(slow), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-4)


def test_sums_of_rows_and_products_are_the_same_but_for_rounding(monkeypatch):
    path = ais.Path(machine(130, 70), base(130, 0.1))
    v = path.start(20, generator(3, "start"))
    summed = walked(path.chains(v))
    monkeypatch.setattr(rows, "DENSEST", -1.0)
    multiplied = walked(path.chains(v))
    assert not all(map(torch.equal, summed, multiplied))  # it took the other way
    torch.testing.assert_close(summed, multiplied, rtol=1e-5, atol=1e-4)


def test_the_start_is_not_changed_and_threads_change_nothing():
    path = ais.Path(machine(130, 70), base(130, 0.1))
    v = path.start(20, generator(3, "start"))
    kept, threads = v.clone(), torch.get_num_threads()
    try:
        found = []
        for several in (1, 2):
            torch.set_num_threads(several)
            found.append(walked(path.chains(v)))
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(found[0], found[1], rtol=1e-6, atol=1e-5)  # products are divided otherwise
    assert torch.equal(v, kept)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_finds_the_partition_function(seed):
    model = machine(30, 8, seed)
    found = ais.log_partition(model, n_chains=400, n_temperatures=300, generator=generator(seed, "ais"))
    assert abs(found.value - exact.log_partition(model)) < 4 * found.standard_error
