"""What a machine's hidden units are worth to a classifier, as tasks of ``rbm.jobs.task``: they run on a worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.core.language import _
from rbm.datasets.coding import Coding
from rbm.errors import DatasetError
from rbm.experiment import DatasetSpec, cached_dataset
from rbm.models.parameters import Array, Parameters

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.datasets.base import Dataset

INPUTS = ("pixels", "PCA", "hidden units")
COMPONENTS = 50  # of PCA
DRAWS = {100: 5, 1_000: 5, 10_000: 2}  # labels -> how often they are drawn
HELD_OUT = 2000  # validation images that choose the penalty
POINTS, FEW_POINTS = 1000, 50  # of a map
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


def sizes(n_rows: int, n_classes: int) -> dict[int, int]:
    """How many labels can be drawn, and how often, as in DRAWS: every class among them, and some rows left over.

    Where not even the fewest can, all rows are taken, once.
    """
    return {n: draws for n, draws in DRAWS.items() if n_classes <= n <= n_rows - n_classes} or {n_rows: 1}


def planned(n_rows: int, n_classes: int) -> int:
    """How many scores :func:`score` will tell."""
    return sum(draws * len(INPUTS) for draws in sizes(n_rows, n_classes).values())


def score(machine: Parameters, dataset: DatasetSpec, seed: int = 1) -> Iterator[Score]:
    """Logistic regression on pixels, on PCA and on ⟨h|v⟩ of a machine, few labels first.

    The same labelled images for all three; the penalty is chosen once for each input and number of labels. DatasetError
    when the data have a single class.
    """
    from rbm.evaluation import codes

    data = cached_dataset(dataset)
    n_classes = len(data.train_labels.unique())
    if n_classes < 2:
        wrong = _(
            "Data set '{name}' has {n_train} training images of {n_classes} class: telling classes apart needs "
            "two. Choose more classes, or bring the pictures with labels."
        )
        raise DatasetError(wrong.format(name=data.name, n_train=len(data.train), n_classes=n_classes))
    pca = codes.principal(data.train[:5_000].numpy(), COMPONENTS, seed)

    def inputs(rows: Tensor) -> dict[str, Array]:
        pixels = rows.numpy()
        return {
            "pixels": pixels,
            "PCA": np.asarray(pca.transform(pixels), np.float32),
            "hidden units": _codes(machine, rows, data.kind),
        }

    test, held_out = inputs(data.test), inputs(data.validation[:HELD_OUT])
    answers = data.test_labels.numpy(), data.validation_labels[:HELD_OUT].numpy()
    for count, draws in sizes(len(data.train), n_classes).items():
        strengths: dict[str, float] = {}
        for number in range(draws):
            rows = codes.draw(data.train_labels.numpy(), count, seed + number)
            labels = data.train_labels.numpy()[rows]
            for name, x in inputs(data.train[rows]).items():
                found = codes.logistic(
                    (x, labels), (held_out[name], answers[1]), (test[name], answers[0]), strengths.get(name)
                )
                strengths[name] = found.strength
                yield Score(name, count, number, *found)


def maps(machine: Parameters, dataset: DatasetSpec, seed: int = 1) -> Iterator[Map]:
    """The images of ``shown`` laid out in the plane, by their hidden codes and by their pixels."""
    import torch

    from rbm.evaluation import codes

    data = cached_dataset(dataset)
    pixels, labels = shown(data)
    rows = {"pixels": pixels, "hidden units": _codes(machine, torch.from_numpy(pixels), data.kind)}
    for name, how in MAPS:
        points = codes.plane(rows[name], how, seed)
        yield Map(name, how, points, codes.agreement(points, labels))


def shown(data: Dataset) -> tuple[Array, npt.NDArray[np.int64]]:
    """The images on a map, (N, V), and their classes (N,): the first POINTS test images, or all images where those are few."""
    if only_test(data):
        return data.test[:POINTS].numpy(), data.test_labels[:POINTS].numpy()
    parts = ("test", "validation", "train")
    rows = np.concatenate([getattr(data, part).numpy() for part in parts])[:POINTS]
    return rows, np.concatenate([getattr(data, f"{part}_labels").numpy() for part in parts])[:POINTS]


def only_test(data: Dataset) -> bool:
    """Whether a map can do with test images: those of toy sets are all there are."""
    return len(data.test) >= FEW_POINTS or data.test is data.train


def _codes(machine: Parameters, pixels: Tensor, kind: str) -> Array:
    """⟨h|v⟩ of pictures (N, P), (N, H)."""
    import torch

    in_colour = kind == "colour" and machine.visible == "categorical"
    model, coding = machine.to_model(), Coding(machine.visible, machine.n_states or 2, in_colour)
    with torch.no_grad():
        return model.hidden_mean(coding.rows(pixels)).numpy()
