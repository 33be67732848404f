"""Which settings matter: what share of the differences between trials each one explains. Nothing, where that means nothing.

On a grid whose every cell is done it is the analysis of variance, exactly. With ȳ the mean over all cells and ȳ_a that
over the cells where a setting has its value a, each of n_a cells:

    share of the setting = Σ_a n_a (ȳ_a − ȳ)² / Σ_cells (y − ȳ)²

and what is left over is interaction: by how much settings together do other than each alone (Fisher, Statistical Methods
for Research Workers, 1925). Elsewhere Optuna's estimate is asked for (a random forest, whose marginals are taken apart in
the same way; Hutter, Hoos & Leyton-Brown, An Efficient Approach for Assessing Hyperparameter Importance, 2014).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from rbm.sweep.spec import Axis, Value

INTERACTION = "interaction"
FEWEST_A_SETTING = 8  # finished trials for each setting, below which a forest tells chance from nothing
_NOISE = 1e-12  # relative: of sums of squares that are nothing but rounding

Point = tuple[Mapping[str, Value], float]  # a finished trial's settings and its value


def moved(axes: Sequence[Axis]) -> list[Axis]:
    """The settings that take more than one value."""
    return [axis for axis in axes if len(axis.values) != 1]


def of_grid(axes: Sequence[Axis], points: Sequence[Point]) -> dict[str, float]:
    """The shares on a grid, by setting, the largest first, then ``INTERACTION``; they sum to 1.

    Empty unless two settings or more have several values each, every combination has a value, and values differ.
    """
    axes = moved(axes)
    if len(axes) < 2 or not all(axis.values for axis in axes):
        return {}
    places = [{value: i for i, value in enumerate(axis.values)} for axis in axes]
    found: dict[tuple[int, ...], list[float]] = {}
    for values, y in points:
        cell = tuple(place[values[axis.name]] for axis, place in zip(axes, places, strict=True))
        found.setdefault(cell, []).append(y)
    shape = [len(axis.values) for axis in axes]
    if any(cell not in found for cell in product(*map(range, shape))):
        return {}
    grid = np.empty(shape)
    for cell, values_there in found.items():
        grid[cell] = np.mean(values_there)  # of one run twice, or of settings left out of the grid
    away = grid - grid.mean()
    total = float(np.square(away).sum())
    if not total > _NOISE * float(np.square(grid).sum()):
        return {}
    shares = {}
    for i, axis in enumerate(axes):
        effect = away.mean(axis=tuple(j for j in range(grid.ndim) if j != i))  # (values of this setting,)
        shares[axis.name] = float(np.square(effect).sum()) * grid.size / shape[i] / total
    ordered = dict(sorted(shares.items(), key=lambda one: -one[1]))
    return {**ordered, INTERACTION: max(1.0 - sum(shares.values()), 0.0)}


def enough(axes: Sequence[Axis], points: Sequence[Point]) -> bool:
    """Whether trials that are no whole grid are worth an estimate: enough of them, with values that differ."""
    several = len(moved(axes))
    return several >= 2 and len(points) >= FEWEST_A_SETTING * several and len({y for _, y in points}) > 1
