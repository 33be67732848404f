"""The record that every data set becomes, and the two things done to its rows: splitting off validation, binarising.

Letters of this package: N rows (images), V pixels of one image laid flat, C classes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from rbm import randomness
from rbm.core.language import _
from rbm.datasets.entry import DatasetEntry, Kind
from rbm.errors import ConfigError, DatasetError

BINARISATIONS = ("stochastic", "threshold", "none")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images laid flat with their labels, in three parts that never share a row (toy sets excepted, see ``toy``).

    The tensors may be shared by everything in this process: read them, never write into them.
    Raises :class:`DatasetError` when the parts do not fit together.
    """

    name: str  # as in the catalogue
    title: str  # for people
    train: Tensor = field(repr=False)  # (N, V) float32, in [0, 1] unless real; the other two parts likewise
    validation: Tensor = field(repr=False)
    test: Tensor = field(repr=False)
    train_labels: Tensor = field(repr=False)  # (N,) int64, an index into class_names; the other two parts likewise
    validation_labels: Tensor = field(repr=False)
    test_labels: Tensor = field(repr=False)
    image_shape: tuple[int, ...]  # how V pixels are laid out, such as (28, 28)
    kind: Kind  # "binary": every pixel is 0 or 1; "grey", "colour": any value between; "real": any finite value
    class_names: tuple[str, ...]  # C of them

    @classmethod
    def of(cls, line: DatasetEntry, parts: Mapping[str, Tensor]) -> "Dataset":
        """The data set that a line of the catalogue stands for: its parts and their labels, by the names of their fields."""
        about = {"title": line.title, "image_shape": line.image_shape, "kind": line.kind}
        return cls(name=line.name, class_names=line.class_names, **about, **parts)  # type: ignore[arg-type]

    @property
    def n_visible(self) -> int:
        """V, the number of pixels of one image."""
        return self.train.shape[1]

    @cached_property
    def pixel_mean(self) -> Tensor:
        """The mean of every pixel over the training rows, (V,) float64; computed once for all runs on this data set."""
        return self.train.mean(0, dtype=torch.float64)

    def __post_init__(self) -> None:
        if len(self.train) == 0:
            wrong = _("data set '{name}' has no training rows; at least one is needed")
            raise DatasetError(wrong.format(name=self.name))
        if self.kind not in ("binary", "grey", "colour", "real"):
            wrong = _("data set '{name}': kind must be 'binary', 'grey', 'colour' or 'real', but is {kind!r}")
            raise DatasetError(wrong.format(name=self.name, kind=self.kind))
        for part in ("train", "validation", "test"):
            self._check(part, getattr(self, part), getattr(self, f"{part}_labels"))

    def _check(self, part: str, rows: Tensor, labels: Tensor) -> None:
        where = _("data set '{name}', {part} part:").format(name=self.name, part=part)
        n_pixels = torch.Size(self.image_shape).numel()
        if rows.ndim != 2 or rows.shape[1] != n_pixels or rows.dtype != torch.float32:
            wrong = _(
                "{where} expected float32 rows of {n_pixels} pixels for images of shape {image_shape}, but got {dtype} "
                "of shape {shape}; flatten the images and scale them to [0, 1]"
            )
            raise DatasetError(
                wrong.format(
                    where=where,
                    n_pixels=n_pixels,
                    image_shape=tuple(self.image_shape),
                    dtype=rows.dtype,
                    shape=tuple(rows.shape),
                )
            )
        if labels.shape != rows.shape[:1] or labels.dtype != torch.int64:
            wrong = _(
                "{where} expected one int64 label for each of the {n_rows} rows, but got {dtype} of shape {shape}"
            )
            raise DatasetError(
                wrong.format(where=where, n_rows=len(rows), dtype=labels.dtype, shape=tuple(labels.shape))
            )
        if len(rows) == 0:
            return
        low, high = (end.item() for end in rows.aminmax())  # a NaN anywhere makes both ends NaN
        if self.kind == "real" and not (math.isfinite(low) and math.isfinite(high)):
            wrong = _("{where} values must be finite, but they span {low:g} ... {high:g}; leave such rows out")
            raise DatasetError(wrong.format(where=where, low=low, high=high))
        if self.kind != "real" and not (low >= 0 and high <= 1):
            wrong = _(
                "{where} pixels must be finite and within [0, 1], but they span {low:g} ... {high:g}; rescale them "
                "(a grey level of one byte: divide by 255)"
            )
            raise DatasetError(wrong.format(where=where, low=low, high=high))
        if self.kind == "binary" and not bool(((rows == 0) | (rows == 1)).all()):
            wrong = _("{where} kind 'binary' allows only 0 and 1, but there are values between; use 'grey'")
            raise DatasetError(wrong.format(where=where))
        first, last = (int(end) for end in labels.aminmax())
        if first < 0 or last >= len(self.class_names):
            wrong = _(
                "{where} labels must lie in 0 ... {n_class_names} (one for each class name), but they span {first} ... {last}"
            )
            raise DatasetError(
                wrong.format(where=where, n_class_names=len(self.class_names) - 1, first=first, last=last)
            )

    def select(self, classes: Sequence[int] | None = None, size: int | None = None) -> "Dataset":
        """The same data set with only some classes, and with at most ``size`` training rows.

        ``classes`` (indices into class_names) acts on all three parts; labels and class names keep their numbers.
        ``size`` acts on training alone: the first rows of a fixed order in which every class keeps its share, the same
        for every run and seed, so that a small choice is always part of a larger one. Nothing to select gives self.
        Raises :class:`ConfigError` for an unknown class, no class, or a size below 1 or above what there is.
        """
        chosen = self if classes is None else self._only(classes)
        available = len(chosen.train)
        if size is None or size == available:
            return chosen
        if size not in range(1, available + 1):
            wrong = _(
                "size must be a whole number from 1 to {available}, the training rows that data set '{name}' has "
                "{chosen}, but got {size!r}"
            )
            raise ConfigError(
                wrong.format(
                    available=available,
                    name=self.name,
                    chosen="in all" if chosen is self else "in these classes",
                    size=size,
                )
            )
        rows = _even_order(chosen.train_labels, self.name)[: int(size)]
        return replace(chosen, train=chosen.train[rows], train_labels=chosen.train_labels[rows])

    def _only(self, classes: Sequence[int]) -> "Dataset":
        n_classes = len(self.class_names)
        unknown = [c for c in classes if c not in range(n_classes)]
        if unknown:
            wrong = _("Data set '{name}' has the classes 0 ... {n_classes}, but got {unknown}.")
            raise ConfigError(wrong.format(name=self.name, n_classes=n_classes - 1, unknown=unknown))
        wanted = sorted({int(c) for c in classes})
        if len(wanted) == n_classes:
            return self
        kept = torch.tensor(wanted, dtype=torch.int64)
        keep = {part: torch.isin(getattr(self, f"{part}_labels"), kept) for part in ("train", "validation", "test")}
        for part, rows in keep.items():
            if len(rows) and not bool(rows.any()):
                kind = "training" if part == "train" else part
                wrong = _(
                    "None of the {kind} pictures of data set '{name}' is of the classes chosen ({chosen}): choose others, "
                    "or more of them."
                )
                chosen = ", ".join(self.class_names[c] for c in wanted) or _("none")
                raise ConfigError(wrong.format(kind=kind, name=self.name, chosen=chosen))
        return replace(
            self,
            **{part: getattr(self, part)[rows] for part, rows in keep.items()},
            **{f"{part}_labels": getattr(self, f"{part}_labels")[rows] for part, rows in keep.items()},
        )


def undivided(dataset: Dataset) -> Dataset:
    """The data set with its validation images put back among those for training, as most published numbers have it.

    The validation part stays as it is, so that what it says during such a training is about images already seen.
    """
    return replace(
        dataset,
        train=torch.cat([dataset.train, dataset.validation]),
        train_labels=torch.cat([dataset.train_labels, dataset.validation_labels]),
    )


def _even_order(labels: Tensor, name: str) -> Tensor:
    """All rows in a fixed random order whose every beginning holds each class in its share, to a row or so."""
    order = torch.randperm(len(labels), generator=randomness.generator(0, "selection", name))
    place = torch.empty(len(labels), dtype=torch.float64)
    for label in labels.unique():
        rows = (labels[order] == label).nonzero().flatten()
        place[rows] = (torch.arange(len(rows), dtype=torch.float64) + 0.5) / len(rows)
    return order[place.argsort(stable=True)]


def split_rows(n_rows: int, name: str) -> tuple[Tensor, Tensor]:
    """Row numbers for training (90 %) and validation (10 %, rounded down), both ascending, together 0 ... n_rows - 1.

    The choice depends on the data set's name alone, never on a run's seed: runs stay comparable on one validation part.
    """
    order = torch.randperm(n_rows, generator=randomness.generator(0, "validation", name))
    n_validation = n_rows // 10
    return order[n_validation:].sort().values, order[:n_validation].sort().values


def binarise(x: Tensor, how: str, generator: torch.Generator | None = None) -> Tensor:
    """Grey levels x in [0, 1] made into zeros and ones of the same shape and dtype.

    ``"stochastic"`` draws 1 with probability x (needs ``generator``, on x's device): one draw of the binary image that
    the grey levels describe, the usual task for likelihoods. ``"threshold"`` is 1 where x > 0.5, so 0.5 itself
    becomes 0; likelihoods on it belong to another task. ``"none"`` returns x itself. Raises :class:`ConfigError`.
    """
    if how == "stochastic":
        if generator is None:
            raise ConfigError(
                _("binarise(x, 'stochastic', generator) draws numbers and needs a torch.Generator; got None")
            )
        return randomness.bernoulli(x, generator)
    if how == "threshold":
        return (x > 0.5).to(x.dtype)
    if how == "none":
        return x
    wrong = _("unknown binarisation {how!r}; expected one of {binarisations}")
    raise ConfigError(wrong.format(how=how, binarisations=", ".join(BINARISATIONS)))
