"""What a machine's hidden units are worth to a classifier, as tasks of ``rbm.task``: they run on a worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.errors import DatasetError
from rbm.experiment import DatasetSpec
from rbm.jobs import Array, cached_dataset

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.datasets.base import Dataset

INPUTS = ("pixels", "PCA", "hidden units")
COMPONENTS = 50  # of PCA
DRAWS = {100: 5, 1_000: 5, 10_000: 2}  # labels -> how often they are drawn anew
HELD_OUT = 2000  # validation images that choose the penalty
POINTS = 1000  # of a map
MAPS = (("hidden units", "PCA"), ("pixels", "PCA"), ("hidden units", "t-SNE"), ("pixels", "t-SNE"))


class Score(NamedTuple):
    """One classifier: its ``input`` of INPUTS, how many ``labels`` it saw, which ``draw`` of them, its test accuracy."""

    input: str
    labels: int
    draw: int
    accuracy: float
    strength: float


class Map(NamedTuple):
    """The first test images as ``points`` (N, 2); ``agreement``: share whose nearest neighbour is of their class."""

    input: str
    how: str
    points: Array
    agreement: float


def sizes(n_rows: int, n_classes: int) -> list[int]:
    """How many labels can be drawn, of DRAWS: every class must be among them, and some rows left over."""
    return [count for count in DRAWS if n_classes <= count <= n_rows - n_classes]


def planned(n_rows: int, n_classes: int) -> int:
    """How many scores :func:`score` will tell."""
    return sum(DRAWS[count] * len(INPUTS) for count in sizes(n_rows, n_classes))


def score(weight: Array, hidden_bias: Array, dataset: DatasetSpec, seed: int = 1) -> Iterator[Score]:
    """Logistic regression on pixels, on PCA and on ⟨h|v⟩ of a machine: W (V, H) and c (H,), few labels first.

    The same labelled images for all three; the penalty is chosen once for each input and number of labels. DatasetError
    when the data have too few images or a single class.
    """
    from rbm.evaluation import codes

    data = cached_dataset(dataset)
    counts = sizes(len(data.train), len(data.train_labels.unique()))
    if len(data.train_labels.unique()) < 2 or not counts or not len(data.test):
        raise DatasetError(
            f"Data set '{data.name}' has {len(data.train)} training images of {len(data.train_labels.unique())} classes "
            f"and {len(data.test)} test images; telling classes apart needs two of them and more than 100 images."
        )
    pca = codes.principal(data.train[:5_000].numpy(), COMPONENTS, seed)

    def inputs(rows: Tensor) -> dict[str, Array]:
        pixels = rows.numpy()
        return {
            "pixels": pixels,
            "PCA": np.asarray(pca.transform(pixels), np.float32),
            "hidden units": _codes(weight, hidden_bias, pixels),
        }

    test, held_out = inputs(data.test), inputs(data.validation[:HELD_OUT])
    answers = data.test_labels.numpy(), data.validation_labels[:HELD_OUT].numpy()
    for count in counts:
        strengths: dict[str, float] = {}
        for number in range(DRAWS[count]):
            rows = codes.draw(data.train_labels.numpy(), count, seed + number)
            labels = data.train_labels.numpy()[rows]
            for name, x in inputs(data.train[rows]).items():
                found = codes.logistic(
                    (x, labels), (held_out[name], answers[1]), (test[name], answers[0]), strengths.get(name)
                )
                strengths[name] = found.strength
                yield Score(name, count, number, *found)


def maps(weight: Array, hidden_bias: Array, dataset: DatasetSpec, seed: int = 1) -> Iterator[Map]:
    """The first POINTS test images laid out in the plane, by their hidden codes and by their pixels."""
    from rbm.evaluation import codes

    pixels, labels = shown(cached_dataset(dataset))
    rows = {"pixels": pixels, "hidden units": _codes(weight, hidden_bias, pixels)}
    for name, how in MAPS:
        points = codes.plane(rows[name], how, seed)
        yield Map(name, how, points, codes.agreement(points, labels))


def shown(data: Dataset) -> tuple[Array, npt.NDArray[np.int64]]:
    """The images on a map, (N, V), and their classes (N,)."""
    return data.test[:POINTS].numpy(), data.test_labels[:POINTS].numpy()


def _codes(weight: Array, hidden_bias: Array, pixels: Array) -> Array:
    """⟨h|v⟩ of Bernoulli units, (N, H)."""
    import torch

    field = torch.addmm(torch.from_numpy(hidden_bias), torch.from_numpy(pixels), torch.from_numpy(weight))
    return field.sigmoid_().numpy()
