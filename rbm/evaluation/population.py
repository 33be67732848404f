"""Population annealing: AIS whose chains are resampled on the way, so that at the end they are samples of the model.

Chains move together from the base to the model, as in :mod:`rbm.evaluation.ais`. Where their weights have grown uneven,
chains are drawn again in proportion to them, and each then stands for the mean weight: modes that hold most of Z get most
of the chains, wherever the data is. That is what reverse AIS must start from; chains that started at data stay near it.
Hukushima & Iba, Population Annealing, 2003; as a sequential sampler: Del Moral, Doucet & Jasra, 2006. N chains, V visible.
"""

import math
from collections.abc import Generator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.numerics import home
from rbm.evaluation.ais import Path, check_size, temperatures
from rbm.models.rbm import RBM

LEAST_EFFECTIVE = 0.5  # share of the chains; below it they are resampled


class Population(NamedTuple):
    """``v`` (N, V), equally weighted; ``log_z`` in nats, whose exponential is right on average as AIS's is;
    ``families``: how many of the first chains have descendants, 1 if all come from one."""

    v: Tensor
    log_z: float
    families: int


@torch.no_grad()
def population(
    model: RBM,
    *,
    n_chains: int = 1000,
    n_temperatures: int = 1000,
    generator: torch.Generator,
    base: Tensor | None = None,
) -> Population:
    """Samples of ``model`` by annealing in ``n_temperatures`` equal steps of β; ``base`` (V,) as in ``ais.log_partition``.

    Products in the model's dtype, weights in float64. ConfigError for fewer than 2 chains or 1 temperature. Trust the
    samples only where many families are left: few mean that most chains are copies and would count too often.
    """
    check_size(n_chains, n_temperatures)
    work = anneal(Path(model, base), n_chains, temperatures(n_temperatures), generator)
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Population = end.value
            return found


def anneal(
    path: Path, n_chains: int, betas: list[float], generator: torch.Generator
) -> Generator[Tensor, None, Population]:
    """The same step by step along ``betas``, from 0 to 1: yields the chains' v (N, V) after each."""
    v = path.start(n_chains, generator)
    x = path.inner(v)
    log_z, log_w = path.log_base(), torch.zeros(n_chains, dtype=torch.float64, device=home(v.device))
    family = torch.arange(n_chains, device=v.device)
    for old, new in pairwise(betas):
        log_w += path.log_ratio(v, x, old, new)
        w = log_w.softmax(0)
        if new == betas[-1] or float(w.square().sum()) * n_chains > 1 / LEAST_EFFECTIVE:
            log_z += float(log_w.logsumexp(0)) - math.log(n_chains)
            chosen = _systematic(w, generator).to(v.device)
            x, family = x[chosen], family[chosen]
            log_w.zero_()
        v = path.move(x, new, generator)
        x = path.inner(v)
        yield v
    return Population(v, log_z, len(family.unique()))


def _systematic(w: Tensor, generator: torch.Generator) -> Tensor:
    """N row numbers, each row n about N·w_n times: one uniform number for all, the calmest unbiased choice. (N,)"""
    u = torch.rand((), generator=generator, device=w.device, dtype=torch.float64)
    points = (torch.arange(len(w), device=w.device) + u) / len(w)
    return torch.searchsorted(w.cumsum(0), points).clamp(max=len(w) - 1)
