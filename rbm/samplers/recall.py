"""Asynchronous recall in a Hopfield network: one unit at a time, in random order, downhill. M states of n units."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ShapeError
from rbm.models.given import numbers
from rbm.models.hopfield import Memory


class Recall(NamedTuple):
    """T single updates from one start: the units asked (T,), whether each flipped (T,), the energy before and after
    (T + 1,), where it ended (n,), and whether a whole sweep had changed nothing."""

    units: Tensor
    flipped: Tensor
    energy: Tensor
    end: Tensor
    settled: bool


@torch.no_grad()
def recall(model: Memory, start: Tensor, generator: torch.Generator, *, max_sweeps: int = 20) -> Recall:
    """Every update from ``start`` (n,) until a whole sweep changes nothing, or ``max_sweeps`` (1 or more) are over."""
    s = _states(model, start[None])
    units, flipped, settled = [], [], False
    levels = [float(model.energy(s))]  # one more with every flip
    for order in _orders(model.n_units, max_sweeps, generator):
        turned = torch.zeros(model.n_units, dtype=torch.bool)
        for place in flips(model, s, order):
            turned[place] = True
            levels.append(float(model.energy(s)))
        units.append(order)
        flipped.append(turned)
        if settled := not bool(turned.any()):
            break
    changed = torch.cat(flipped)
    so_far = torch.cat([torch.zeros(1, dtype=torch.long), changed.cumsum(0)])  # flips before each update and at the end
    return Recall(torch.cat(units), changed, torch.tensor(levels, dtype=torch.float64)[so_far], s[0], settled)


@torch.no_grad()
def settle(model: Memory, starts: Tensor, generator: torch.Generator, *, max_sweeps: int = 20) -> Tensor:
    """Where each of many starts (M, n) ends, (M, n); all are asked in the same random order."""
    s = _states(model, starts)
    for order in _orders(model.n_units, max_sweeps, generator):
        if not list(flips(model, s, order)):
            break
    return s


def flips(model: Memory, s: Tensor, order: Tensor) -> Iterator[int]:
    """One sweep over states (M, n), in place: every unit of ``order`` (n,) is set to the sign of its vote; 0 keeps it.

    Yields each place in ``order`` at which any state has flipped. Who will flip next is seen in one look at all votes,
    so a sweep costs one step a flip, not one a unit, and a step O(M L) (``Memory``); computed again at the start of every
    sweep, rounding does not add up.
    """
    lens = model.lens
    view = s @ lens  # (M, L)
    place = 0
    while True:
        against = model.votes(s, view) * s < 0  # (M, n)
        ahead = against.any(0)[order[place:]].nonzero()
        if not len(ahead):
            return
        place += int(ahead[0])
        unit = order[place]
        change = -2 * s[:, unit] * against[:, unit]
        s[:, unit] += change
        view.addr_(change, lens[unit])
        yield place
        place += 1


def _orders(n: int, sweeps: int, generator: torch.Generator) -> Iterator[Tensor]:
    for __ in range(sweeps):
        yield torch.randperm(n, generator=generator)


def _states(model: Memory, starts: Tensor) -> Tensor:
    starts = numbers(starts, "start", f"({model.n_units},)")
    if starts.ndim != 2 or starts.shape[1] != model.n_units or not bool((starts.abs() == 1).all()):
        wrong = _(
            "Recall starts from {n_units} units of −1 or +1, got shape {shape} with values from {low:g} to {high:g}."
        )
        raise ShapeError(
            wrong.format(n_units=model.n_units, shape=tuple(starts.shape), low=starts.min(), high=starts.max())
        )
    return starts.to(model.lens.dtype, copy=True)
