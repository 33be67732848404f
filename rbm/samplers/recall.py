"""Asynchronous recall in a Hopfield network: one unit at a time, in random order, downhill. M states of n units."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.errors import ShapeError
from rbm.models.hopfield import Memory


class Recall(NamedTuple):
    """T single updates from one start: the units asked (T,), whether each flipped (T,), the energy before and after
    (T + 1,), where it ended (n,), and whether a whole sweep had changed nothing."""

    units: Tensor
    flipped: Tensor
    energy: Tensor
    end: Tensor
    settled: bool


def update(model: Memory, s: Tensor, unit: int) -> Tensor:
    """Set one unit of every state (M, n) to the sign of its preference, in place; sign 0 keeps it. Returns what flipped (M,)."""
    preference = model.preference(s, unit)
    before = s[:, unit].clone()
    s[:, unit] = torch.where(preference == 0, before, preference.sign().to(s.dtype))
    return s[:, unit] != before


@torch.no_grad()
def recall(model: Memory, start: Tensor, generator: torch.Generator, *, max_sweeps: int = 20) -> Recall:
    """Every update from ``start`` (n,) until a whole sweep changes nothing, or ``max_sweeps`` are over."""
    s = _states(model, start[None])
    units: list[int] = []
    flipped: list[bool] = []
    settled = False
    energies = [float(model.energy(s))]
    for order in _orders(model.n_units, max_sweeps, generator):
        changed: list[bool] = []
        for unit in order:
            changed.append(bool(update(model, s, unit)))
            energies.append(float(model.energy(s)) if changed[-1] else energies[-1])
        units, flipped = units + order, flipped + changed
        if settled := not any(changed):
            break
    return Recall(
        torch.tensor(units), torch.tensor(flipped), torch.tensor(energies, dtype=torch.float64), s[0], settled
    )


@torch.no_grad()
def settle(model: Memory, starts: Tensor, generator: torch.Generator, *, max_sweeps: int = 20) -> Tensor:
    """Where each of many starts (M, n) ends, (M, n); all are asked in the same random order."""
    s = _states(model, starts)
    for order in _orders(model.n_units, max_sweeps, generator):
        before = s.clone()
        for unit in order:
            update(model, s, unit)
        if torch.equal(before, s):
            break
    return s


def _orders(n: int, sweeps: int, generator: torch.Generator) -> Iterator[list[int]]:
    for _ in range(sweeps):
        yield torch.randperm(n, generator=generator).tolist()


def _states(model: Memory, starts: Tensor) -> Tensor:
    if starts.shape[1] != model.n_units or not bool((starts.abs() == 1).all()):
        raise ShapeError(
            f"Recall starts from {model.n_units} units of −1 or +1, got shape {tuple(starts.shape)} with values from "
            f"{starts.min():g} to {starts.max():g}."
        )
    return starts.clone()
