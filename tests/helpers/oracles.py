"""Independent brute force: the RBM written out from its definition, in loops over every state, with nothing of the engine.

E(v, h) = −Σ_ij v_i W_ij h_j − Σ_i b_i v_i − Σ_j c_j h_j and p(v, h) = exp(−βE) / Z, all in float64. Also the yardsticks
of the statistical tests, whose tolerances follow from the standard error. Sizes are distinct primes, so that swapped
axes cannot go unseen.
"""

import math
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

VISIBLE, HIDDEN, ROWS, CHAINS = 7, 3, 11, 13


class Machine(NamedTuple):
    """The numbers of an RBM: W (V, H), b (V,), c (H,)."""

    weight: np.ndarray
    visible_bias: np.ndarray
    hidden_bias: np.ndarray


def machine(model: nn.Module) -> Machine:
    numbers = (p.detach().double().numpy().copy() for p in (model.weight, model.visible_bias, model.hidden_bias))
    return Machine(*numbers)


def binary_states(n: int) -> list[tuple[int, ...]]:
    """All 2ⁿ states, the first unit changing slowest."""
    return list(product((0, 1), repeat=n))


def energy(m: Machine, v: tuple[int, ...], h: tuple[int, ...]) -> float:
    total = 0.0
    for i, v_i in enumerate(v):
        total -= m.visible_bias[i] * v_i
        for j, h_j in enumerate(h):
            total -= v_i * m.weight[i, j] * h_j
    for j, h_j in enumerate(h):
        total -= m.hidden_bias[j] * h_j
    return total


def energies(m: Machine) -> np.ndarray:
    """E of every v (rows) with every h (columns)."""
    n_visible, n_hidden = m.weight.shape
    return np.array([[energy(m, v, h) for h in binary_states(n_hidden)] for v in binary_states(n_visible)])


def log_sum_exp(values: np.ndarray) -> float:
    top = max(values)
    return top + math.log(math.fsum(math.exp(x - top) for x in values))


def log_z(m: Machine, beta: float = 1.0) -> float:
    return log_sum_exp(-beta * energies(m).flatten())


def free_energies(m: Machine) -> np.ndarray:
    """−log Σ_h exp(−E(v, h)) of every v."""
    return np.array([-log_sum_exp(-row) for row in energies(m)])


def joint(m: Machine, beta: float = 1.0) -> np.ndarray:
    """p(v, h) of every v (rows) with every h (columns)."""
    weights = np.exp(-beta * (energies(m) - energies(m).min()))
    return weights / weights.sum()


def rows(n: int) -> Tensor:
    """binary_states as a tensor (2ⁿ, n), float64."""
    return torch.tensor(binary_states(n), dtype=torch.float64)


def index(states: Tensor) -> Tensor:
    """Which of binary_states each row is: (N, n) -> (N,)."""
    places = 2 ** torch.arange(states.shape[1] - 1, -1, -1)
    return (states.long() * places).sum(1)


def draw(table: np.ndarray, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """n exact draws (v, h) from a table of p(v, h)."""
    cells = torch.multinomial(torch.from_numpy(table).flatten(), n, replacement=True, generator=rng)
    n_visible, n_hidden = (round(math.log2(side)) for side in table.shape)
    return rows(n_visible)[cells // table.shape[1]], rows(n_hidden)[cells % table.shape[1]]


def joint_index(v: Tensor, h: Tensor) -> Tensor:
    return index(torch.cat([v, h], 1))


def total_variation(cells: Tensor, p: np.ndarray) -> float:
    """½ Σ |frequency − p| of drawn cells (N,)."""
    frequency = np.bincount(cells.numpy(), minlength=p.size) / len(cells)
    return 0.5 * float(np.abs(frequency - p.flatten()).sum())


def total_variation_limit(p: np.ndarray, n: int) -> float:
    """Mean plus 5 standard deviations of the total variation of n exact draws.

    Each |frequency − p| is about half-normal with σ = √(p(1−p)/n): mean σ√(2/π), variance σ²(1 − 2/π). The whole is
    well below four times ½ Σ √(p(1−p)/n).
    """
    sigma = np.sqrt(p.flatten() * (1 - p.flatten()) / n)
    limit = 0.5 * (sigma.sum() * math.sqrt(2 / math.pi) + 5 * math.sqrt((sigma**2).sum() * (1 - 2 / math.pi)))
    assert limit < 4 * 0.5 * sigma.sum()
    return limit


def factorised(mean: Tensor) -> Tensor:
    """The probability of every joint state of independent binary units: means (N, n) -> (N, 2ⁿ)."""
    states = rows(mean.shape[1])
    return torch.where(states.bool()[None], mean[:, None, :], 1 - mean[:, None, :]).prod(2)
