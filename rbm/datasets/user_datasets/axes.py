"""Which axis of an array counts its pictures: the first, unless the sizes say that it is the last, as MATLAB has it.

Where the sizes do not say, the first is taken and it is told how to say otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm.core import limits
from rbm.core.language import _
from rbm.datasets.user_datasets.pictures import Reading
from rbm.datasets.user_datasets.sizes import square
from rbm.errors import DatasetError

CHANNELS = (1, 3, 4)


def pictures_first(values: NDArray[Any], n_labels: int | None, reading: Reading) -> tuple[NDArray[Any], str]:
    """The array with the axis that counts pictures first, and what is to be said about that."""
    shape = values.shape
    if values.ndim not in (2, 3, 4) or reading.counted == "first":
        return values, ""
    if values.ndim == 3 and shape[0] == shape[1] and shape[2] in CHANNELS and n_labels is None:
        wrong = _(
            "The array of {shape} looks like one picture with {channels} channels; give pictures as (N, height, "
            "width), or say that the first axis counts them."
        )
        raise DatasetError(wrong.format(shape=shape_text(shape), channels=shape[2]))
    if reading.counted == "last" or _last_counts(shape, n_labels, reading):
        return np.moveaxis(values, -1, 0), (
            _(
                "The array is {shape}: its last axis is read as counting {n:,} pictures of {each}. Choose "
                "first where it is the first that counts them."
            ).format(shape=shape_text(shape), n=shape[-1], each=shape_text(shape[:-1]))
        )
    if _first_counts(shape, n_labels, reading):
        return values, ""
    return values, (
        _(
            "The array is {shape}: its first axis is read as counting {n:,} pictures of {each}. "
            "Choose last where it is the last that counts them."
        ).format(shape=shape_text(shape), n=shape[0], each=shape_text(shape[1:]))
    )


def _last_counts(shape: Sequence[int], n_labels: int | None, reading: Reading) -> bool:
    first, last = shape[0], shape[-1]
    if n_labels is not None:
        return first != n_labels == last
    if len(shape) == 2:
        given = math.prod(reading.given) if reading.given else None
        return first == given != last
    if reading.given in (tuple(shape[:2]), tuple(shape[1:3])) and shape[0] != shape[-1]:
        return reading.given != tuple(shape[1:3])
    if len(shape) == 4:
        return first == shape[1] and shape[2] in CHANNELS and last not in CHANNELS
    return first == shape[1] != last and last >= limits.LEAST_PICTURES


def _first_counts(shape: Sequence[int], n_labels: int | None, reading: Reading) -> bool:
    """Whether nothing speaks against the usual order."""
    first, last = shape[0], shape[-1]
    if first == n_labels != last or len(shape) == 4:
        return True
    if len(shape) == 2:
        doubtful = first >= 64 and square(first) is not None and square(last) is None
        return not doubtful
    return first != shape[1] == last or reading.given == tuple(shape[1:])


def shape_text(shape: Sequence[int]) -> str:
    """A shape as people write it: 28×28×60."""
    return "×".join(str(size)[:20] for size in shape[:6]) or _("one number")
