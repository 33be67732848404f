"""How visible units vary together, in pairs and in threes, with standard errors: of data, and of samples beside it.

    C_ij = ⟨u_i u_j⟩,    C_ijk = ⟨u_i u_j u_k⟩,    u = v − ⟨v⟩

They are connected: 0 where a unit is independent of the others, and of Gaussian data C_ijk is 0 everywhere. Nothing in learning
an RBM looks at either, so both test what it makes. Letters: B blocks, each independent of the others (chains, images), of t
rows; V columns; T groups of two or three columns.
"""

import itertools
import math
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ShapeError


class Correlations(NamedTuple):
    """C of each group and its standard error, (T,) each, float64."""

    value: Tensor
    standard_error: Tensor


def most_varied(rows: Tensor, most: int) -> Tensor:
    """The columns of rows (N, V) that vary most, at most so many, in their order; those that never vary are left out."""
    variance = rows.double().var(0, correction=0)
    chosen = variance.argsort(descending=True, stable=True)[:most]
    return chosen[variance[chosen] > 0].sort().values


def groups(columns: Tensor, size: int, most: int, generator: torch.Generator) -> Tensor:
    """Every group of so many of the columns, (T, size), or ``most`` of them drawn without repetition."""
    if math.comb(len(columns), size) <= most:
        every = list(itertools.combinations(columns.tolist(), size))
        return torch.tensor(every, dtype=torch.long).reshape(-1, size)
    drawn: set[tuple[int, ...]] = set()
    while len(drawn) < most:
        drawn.add(tuple(torch.randperm(len(columns), generator=generator)[:size].sort().values.tolist()))
    return columns[torch.tensor(sorted(drawn))]


@torch.no_grad()
def connected(rows: Tensor, of: Tensor) -> Correlations:
    """C of the groups ``of`` (T, 2) or (T, 3) in rows (N, V), or in blocks (B, t, V) of rows that may know of each other.

    The error is that of a mean over blocks. In threes the means that are taken off add to it: a row counts
    u_i u_j u_k − u_i C_jk − u_j C_ik − u_k C_ij. ShapeError for fewer than two blocks or other groups.
    """
    blocks = rows[:, None] if rows.ndim == 2 else rows
    if blocks.ndim != 3 or len(blocks) < 2 or of.ndim != 2 or of.shape[1] not in (2, 3):
        wrong = _(
            "Correlations are of two or more rows (N, V) or blocks (B, t, V) in groups (T, 2) or (T, 3), got "
            "the shapes {first} and {second}."
        )
        raise ShapeError(wrong.format(first=tuple(rows.shape), second=tuple(of.shape)))
    u = blocks.double()
    u = (u - u.mean((0, 1))).flatten(0, 1)  # (N, V)
    parts = [u[:, column] for column in of.T.to(u.device)]  # each (N, T)
    product = torch.stack(parts).prod(0)
    value = product.mean(0)
    if len(parts) == 3:
        for i in range(3):
            first, second = parts[i - 1], parts[i - 2]
            product = product - parts[i] * (first * second).mean(0)
    each = product.unflatten(0, blocks.shape[:2]).mean(1)  # (B, T)
    return Correlations(value, each.std(0) / len(each) ** 0.5)


def agreement(a: Tensor, b: Tensor) -> float:
    """Pearson's correlation between two lists of numbers (T,): 1 where they lie on a line; NaN where one of them never varies."""
    a, b = (x.double() - x.double().mean() for x in (a, b))
    return float((a @ b) / (a.norm() * b.norm()))
