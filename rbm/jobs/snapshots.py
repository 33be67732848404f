"""A run's machine at some times, as it is kept for looking at: fewer snapshots where it changes less."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rbm.experiment import UNBOUNDED
from rbm.models.parameters import Array, Parameters

KEPT_BYTES, LEAST_BYTES = 24 * 2**20, 3 * 2**20  # of one run's past, alone and at the least ...
CLASS_BYTES = 240 * 2**20  # ... and of all runs of the process: an hour's lesson of sixty would else take 1.4 GB


@dataclass(frozen=True, eq=False, kw_only=True)
class Snapshot(Parameters):
    """A run's machine as it stood after ``step`` updates; ``activity`` (H,): mean ⟨h⟩ on validation images.

    ``pictures`` (3, 10, V): test images, and their reconstructions p(v|⟨h⟩) by the untrained machine and by this one;
    only the newest snapshot has them.
    """

    step: int
    epoch: float
    activity: Array
    pictures: Array | None = None

    @property
    def on(self) -> Array | None:
        """How far ``activity`` lies from each unit's lowest state to its highest, 0 to 1; None where there is no highest."""
        if self.hidden in UNBOUNDED:
            return None
        low, reach = (
            (-1, 2) if self.hidden == "spin" else (0, (self.n_states or 2) - 1 if self.hidden == "multinary" else 1)
        )
        found: Array = (self.activity - np.float32(low)) / np.float32(reach)
        return found


def room(runs: int) -> int:
    """The bytes that the past of one of so many runs may take."""
    return min(max(CLASS_BYTES // max(runs, 1), LEAST_BYTES), KEPT_BYTES)


def with_newest(kept: list[Snapshot], snapshot: Snapshot, most: int = KEPT_BYTES) -> list[Snapshot]:
    """Those kept with one more, its weights in half precision and without pictures; thinned to ``most`` bytes, or to 8."""
    if not kept or snapshot.step > kept[-1].step:
        kept = [*kept, replace(snapshot.halved(), pictures=None)]
    while sum(f.weight.nbytes for f in kept) > most and len(kept) > 8:
        kept = thin(kept)
    return kept


def thin(kept: list[Snapshot]) -> list[Snapshot]:
    """The snapshots without the one where they are most crowded (in log steps, as learning slows down); the ends stay."""
    places = np.log1p([f.step for f in kept])
    crowding = places[2:] - places[:-2]
    drop = 1 + int(np.argmin(crowding))
    return kept[:drop] + kept[drop + 1 :]
