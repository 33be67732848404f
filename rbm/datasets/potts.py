"""Sequences of four letters with known couplings, as families of RNA have them: what can be recovered is known exactly.

    p(a) = exp(Σ_i h_i(a_i) + Σ_{(i,j) in contacts} J_ij(a_i, a_j)) / Z,    a_i in {0, 1, 2, 3},    i = 0 ... 7

The contacts are those of a hairpin, 0–7, 1–6, 2–5, and one more, 0–3. All 4⁸ sequences are listed, so that draws are exact. A
row holds a_i / 3, of which categorical units of four states make one-hot columns (``coding``); its label is a_0. Letters: q
letters, L places.
"""

import itertools
from functools import lru_cache

import torch
from torch import Tensor

from rbm import randomness
from rbm.datasets.base import Dataset
from rbm.datasets.entry import CATALOG, LETTERS, PLACES, POTTS

PARTS = {"train": 10_000, "validation": 1_000, "test": 1_000}
CONTACTS = ((0, 7), (1, 6), (2, 5), (0, 3))
COUPLING, FIELD = 0.6, 0.3  # standard deviations before the gauge


def load() -> Dataset:
    """The data set, always the same."""
    entry, count = CATALOG[POTTS], sum(PARTS.values())
    draw = randomness.generator(0, "potts sequences")
    chosen = probabilities().multinomial(count, replacement=True, generator=draw)
    letters = dict(zip(PARTS, sequences()[chosen].split(list(PARTS.values())), strict=True))
    rows = {part: a.float() / (LETTERS - 1) for part, a in letters.items()}
    return Dataset.of(entry, rows | {f"{part}_labels": a[:, 0].clone() for part, a in letters.items()})


@lru_cache(maxsize=1)
def couplings() -> tuple[Tensor, Tensor]:
    """Fields h (L, q) and couplings J (L, L, q, q), 0 but for contacts, both of zero sum over every letter."""
    draw = randomness.generator(0, "potts couplings")
    h = FIELD * torch.randn(PLACES, LETTERS, generator=draw, dtype=torch.float64)
    j = torch.zeros(PLACES, PLACES, LETTERS, LETTERS, dtype=torch.float64)
    for a, b in CONTACTS:
        block = COUPLING * torch.randn(LETTERS, LETTERS, generator=draw, dtype=torch.float64)
        block = block - block.mean(0) - block.mean(1, keepdim=True) + block.mean()
        j[a, b], j[b, a] = block, block.T
    return h - h.mean(1, keepdim=True), j


@lru_cache(maxsize=1)
def sequences() -> Tensor:
    """All q^L of them, the first place changing slowest, (S, L)."""
    return torch.cartesian_prod(*[torch.arange(LETTERS)] * PLACES)


@lru_cache(maxsize=1)
def probabilities() -> Tensor:
    """p of each of them, (S,) float64."""
    h, j = couplings()
    a = sequences()
    log_p = h[torch.arange(PLACES), a].sum(1)
    for i, k in itertools.combinations(range(PLACES), 2):
        log_p = log_p + j[i, k][a[:, i], a[:, k]]
    return log_p.softmax(0)
