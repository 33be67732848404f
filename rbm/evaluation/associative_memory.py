"""What a Hopfield network remembers: overlaps with its patterns, spurious states, and its capacity."""

from collections import Counter
from itertools import combinations, product
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.models.hopfield import DenseHopfield, Hopfield, Memory
from rbm.randomness import generator as make_generator
from rbm.samplers.recall import settle

# Patterns per unit above which the Hebbian rule loses everything (Amit, Gutfreund & Sompolinsky 1985).
HEBBIAN_CAPACITY = 0.138
MIXED = 3  # patterns in the mixtures looked for: the odd mixture of lowest energy


class Basin(NamedTuple):
    """One state in which recalls ended: itself (n,), of what kind, how many ended there, and its energy."""

    state: Tensor
    kind: str
    visits: int
    energy: float


def overlaps(s: Tensor, patterns: Tensor) -> Tensor:
    """m_μ = (1/n) ξ_μ·s of each state (M, n) with each pattern (P, n): 1 the pattern, −1 its negative; (M, P)."""
    return s @ patterns.T / patterns.shape[1]


def mixtures(patterns: Tensor) -> Tensor:
    """Every sign(±ξ_a ± ξ_b ± ξ_c) of three of the patterns (P, n), (K, n); none of fewer than three patterns."""
    signs = torch.tensor(list(product((1.0, -1.0), repeat=MIXED))).to(patterns)  # (8, 3)
    trios = list(combinations(range(len(patterns)), MIXED))
    return torch.cat([(signs @ patterns[list(trio)]).sign() for trio in trios] or [patterns[:0]])


def kinds(s: Tensor, patterns: Tensor) -> list[str]:
    """What each state (M, n) is: "stored", "negative" of a stored one, "mixture" of three, or "other"."""
    found = ["other"] * len(s)
    for name, known in (("mixture", mixtures(patterns)), ("negative", -patterns), ("stored", patterns)):
        same = (s @ known.T == s.shape[1]).any(1)  # units of ±1 agree everywhere where their product is n
        found = [name if hit else before for hit, before in zip(same.tolist(), found, strict=True)]
    return found


def basins(model: Memory, patterns: Tensor, n_starts: int, generator: torch.Generator) -> list[Basin]:
    """Where recalls from random states end, most visited first."""
    starts = (torch.rand(n_starts, model.n_units, generator=generator) < 0.5).to(patterns) * 2 - 1
    ends = settle(model, starts, generator)
    counted = Counter(tuple(row) for row in ends.tolist())
    states = torch.tensor([row for row, _ in counted.most_common()]).to(patterns)
    described = zip(states, kinds(states, patterns), model.energy(states).tolist(), counted.most_common(), strict=True)
    return [Basin(s, kind, visits, energy) for s, kind, energy, (_, visits) in described]


def capacity(
    rule: str, n: int, loads: tuple[float, ...], seed: int, *, trials: int = 2, flipped: float = 0.1
) -> list[float]:
    """Mean overlap with the pattern after recall from it with a part ``flipped`` of its units turned, for each load.

    Random patterns of n units, P = max(1, round(load · n)) of them; ``rule`` is one of hopfield.RULES or "dense".
    """
    source = make_generator(seed, "capacity", rule)
    return [
        sum(_recalled(rule, n, max(1, round(load * n)), flipped, source) for _ in range(trials)) / trials
        for load in loads
    ]


def _recalled(rule: str, n: int, count: int, flipped: float, source: torch.Generator) -> float:
    patterns = (torch.rand(count, n, generator=source) < 0.5).double() * 2 - 1
    model = DenseHopfield(patterns) if rule == "dense" else Hopfield.store(patterns, rule)
    turned = 1 - 2 * (torch.rand(count, n, generator=source) < flipped).double()
    ends = settle(model, patterns * turned, source, max_sweeps=8)
    return float((ends * patterns).mean())
