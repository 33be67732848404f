"""Several arrays by name, as in an .npz or a ZIP of .npy files: which are pictures, which labels, and of which part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rbm.core import limits
from rbm.core.language import _
from rbm.datasets.user_datasets import names
from rbm.datasets.user_datasets.arrays import Array, as_labels, from_array, parse_npy
from rbm.datasets.user_datasets.axes import shape_text
from rbm.datasets.user_datasets.columns import interpret_array
from rbm.datasets.user_datasets.pictures import Pictures, Reading
from rbm.datasets.user_datasets.sizes import one_over
from rbm.datasets.user_datasets.source import Source
from rbm.errors import DatasetError

_POSITIONS = {"arr_0": "x", "arr_1": "y"}  # numpy.savez without names
_PART_NAMES = {names.TRAIN: "train", names.VALIDATION: "validation", names.TEST: "test"}


class ArrayPart(NamedTuple):
    """Pictures with their labels, if there are any, and which part of the data set they are (TRAIN where not said)."""

    pictures: Array
    labels: list[str] | None
    part: int


def read_npz(source: Source, reading: Reading) -> Pictures:
    """Pictures under a usual name such as ``x`` (or the only array), labels under a usual one such as ``y``.

    ``x_train`` and ``x_test``, ``train_images`` and ``val_images`` and the like are the parts of the data set.
    Raises :class:`DatasetError`, saying which arrays there are, where it cannot be told which are the pictures.
    """
    arrays = {
        name.removesuffix(".npy"): parse_npy(
            source.read(name), _("The array {name!r}").format(name=name.removesuffix(".npy")[:40])
        )
        for name in source.names
    }
    pictures, labels, notes = _roles(arrays)
    parts: list[ArrayPart] = []
    marks: list[str] | None
    for part, name in sorted(pictures.items()):
        values = arrays[name]
        if part in labels:
            marks, told = as_labels(arrays[labels[part]])
            _check_columns(name, values, reading)
            notes.append(told)
        else:
            values, marks, said = interpret_array(values, reading)
            notes += said
        parts.append(ArrayPart(values, marks, part))
    return join(parts, reading, notes)


def _check_columns(name: str, values: Array, reading: Reading) -> None:
    """DatasetError for rows that are one longer than the size that was given although their classes are known."""
    if values.ndim == 2 and reading.counted != "last" and reading.given and one_over(values.shape[1], reading):
        wrong = _(
            "A row of the array {name!r} has {n_values:,} values, one more than {height}×{width}, although the labels are "
            "an array of their own; leave the column out that is no pixel, or give another size."
        )
        height, width = reading.given
        raise DatasetError(wrong.format(name=name[:40], n_values=values.shape[1], height=height, width=width))


def join(
    parts: Sequence[ArrayPart], reading: Reading, notes: Sequence[str] = (), usual: tuple[float, ...] | None = None
) -> Pictures:
    """One set of what a file gives in parts. Parts without labels are left out where others have some, and that is said."""
    told, used = list(notes), list(parts)
    without = [part for part in parts if part.labels is None]
    if reading.labels == "none" or any(part.part == names.TRAIN for part in without):
        used = [part._replace(labels=None) for part in parts]
        if reading.labels != "none" and len(without) < len(parts):
            told.append(_("Read without labels, since the pictures for training have none."))
    elif without:
        used = [part for part in parts if part.labels is not None]
        told += [
            f"Left out, since without labels: {len(part.pictures):,} for {_PART_NAMES[part.part]}." for part in without
        ]
    first = used[0]
    if any(part.pictures.shape[1:] != first.pictures.shape[1:] for part in used):
        shapes = ", ".join(f"{shape_text(part.pictures.shape)} for {_PART_NAMES[part.part]}" for part in used)
        wrong = _("The parts hold pictures of several sizes ({shapes}); give them one size.")
        raise DatasetError(wrong.format(shapes=shapes))
    marks = None if first.labels is None else [label for part in used for label in part.labels or ()]
    if len(used) == 1:
        return from_array(first.pictures, marks, reading, told, usual=usual)
    if sum(part.pictures.size for part in used) > limits.VALUES:
        wrong = _("The parts hold more than {values:,} numbers together; give fewer pictures.")
        raise DatasetError(wrong.format(values=limits.VALUES))
    division = np.concatenate([np.full(len(part.pictures), part.part, dtype=np.uint8) for part in used])
    whole = np.concatenate([part.pictures for part in used])
    return from_array(whole, marks, reading, told, division, usual)


def _roles(arrays: Mapping[str, Array]) -> tuple[dict[int, str], dict[int, str], list[str]]:
    """The arrays' names of pictures and of labels for each part, by their names, or where that fails by their shapes."""
    pictures: dict[int, str] = {}
    labels: dict[int, str] = {}
    positions = _POSITIONS if set(arrays) == set(_POSITIONS) else {}
    for name, values in arrays.items():
        usual = positions.get(name, name)
        part = names.part(usual) or names.TRAIN
        if names.is_label(usual):
            labels.setdefault(part, name)
        elif (names.is_pictures(usual) or not names.plain(usual)) and values.ndim > 1:
            pictures.setdefault(part, name)
    notes = []
    if not pictures:
        pictures, labels = _by_shape(arrays, labels)
        notes.append(_("The pictures are the array {name!r}.").format(name=next(iter(pictures.values()))[:40]))
        if labels:
            notes.append(_("The labels are the array {name!r}.").format(name=next(iter(labels.values()))[:40]))
    if names.TRAIN not in pictures:  # a file of one part alone is a whole set
        least = min(pictures)
        pictures[names.TRAIN] = pictures.pop(least)
        if least in labels:
            labels[names.TRAIN] = labels.pop(least)
    unused = [
        name for name in arrays if name not in (*pictures.values(), *(labels[p] for p in pictures if p in labels))
    ]
    if unused:
        notes.append(
            _("Left out of the file's {n_arrays} arrays: {listed}.").format(
                n_arrays=len(arrays), listed=_listed(arrays, unused)
            )
        )
    return pictures, labels, notes


def _by_shape(arrays: Mapping[str, Array], labels: dict[int, str]) -> tuple[dict[int, str], dict[int, str]]:
    """The only array of two or more dimensions, and the only one with as many labels as it has pictures."""
    numbers = [
        name
        for name, values in arrays.items()
        if values.dtype.kind in "buif" and values.ndim > 1 and values.shape[1:] != (1,) and name not in labels.values()
    ]
    if len(numbers) != 1:
        wrong = _(
            "Found {n_arrays} arrays, {listed}, but no array called x (or {pictures}) to tell which are the "
            "pictures; save them with x=pictures, y=labels."
        )
        raise DatasetError(
            wrong.format(
                n_arrays=len(arrays), listed=_listed(arrays, list(arrays)), pictures=", ".join(names.PICTURES[1:])
            )
        )
    name = numbers[0]
    ends = (arrays[name].shape[0], arrays[name].shape[-1])  # the axes that may count pictures
    marks = [
        other
        for other, values in arrays.items()
        if other != name and max(values.shape, default=0) == values.size in ends
    ]
    if not labels and len(marks) == 1:
        labels = {names.TRAIN: marks[0]}
    return {names.TRAIN: name}, {part: one for part, one in labels.items() if part == names.TRAIN}


def _listed(arrays: Mapping[str, Array], some: Sequence[str]) -> str:
    shown = ", ".join(f"{name[:40]} ({shape_text(arrays[name].shape)})" for name in some[:6])
    return shown + (_(" and {n:,} more").format(n=len(some) - 6) if len(some) > 6 else "")
