"""A run's past as it is kept for looking at: the parameters at some times, fewer where they change less."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.jobs.training import Array, Snapshot

PAST_BYTES = 24 * 2**20


class Past(NamedTuple):
    """The parameters as they were at one time: weight (V, H) in half precision, for looking at, and all that is small."""

    step: int
    epoch: float
    weight: npt.NDArray[np.float16]
    visible_bias: Array
    hidden_bias: Array
    activity: Array


def with_newest(kept: list[Past], snapshot: Snapshot) -> list[Past]:
    """The past with a snapshot added, thinned where it grew too large."""
    if not kept or snapshot.step > kept[-1].step:
        kept = [*kept, Past(snapshot.step, snapshot.epoch, snapshot.weight.astype(np.float16), *snapshot[3:6])]
    while sum(f.weight.nbytes for f in kept) > PAST_BYTES and len(kept) > 8:
        kept = thin(kept)
    return kept


def thin(kept: list[Past]) -> list[Past]:
    """The history with its most crowded picture left out (in log steps, as learning slows down); the ends stay."""
    places = np.log1p([f.step for f in kept])
    crowding = places[2:] - places[:-2]
    drop = 1 + int(np.argmin(crowding))
    return kept[:drop] + kept[drop + 1 :]
