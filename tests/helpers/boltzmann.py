"""A small Boltzmann machine and its distribution, by the definition in loops over every state."""

import math
from itertools import combinations, product

import torch

from rbm.models.boltzmann import BoltzmannMachine
from rbm.randomness import generator

VISIBLE, HIDDEN = 5, 3


def machine(n_visible: int = VISIBLE, n_hidden: int = HIDDEN, seed: int = 7) -> BoltzmannMachine:
    """All parameters of order 1, float64."""
    model = BoltzmannMachine(n_visible, n_hidden).double()
    source = generator(seed, "machine")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=source, dtype=torch.float64))
    return model


def energy(model: BoltzmannMachine, s: tuple[int, ...]) -> float:
    w, a = model.weight.detach(), model.bias.detach()
    total = -sum(float(w[i, j]) for i, j in combinations(range(len(s)), 2) if s[i] and s[j])
    return total - sum(float(a[i]) for i in range(len(s)) if s[i])


def table(model: BoltzmannMachine, beta: float = 1.0) -> tuple[list[tuple[int, ...]], torch.Tensor]:
    """Every state and p, by brute force."""
    every = list(product((0, 1), repeat=model.n_units))
    weights = torch.tensor([math.exp(-beta * energy(model, s)) for s in every], dtype=torch.float64)
    return every, weights / weights.sum()
