"""How well a machine of pictures and labels names test digits, learnt three ways: Larochelle & Bengio 2008, table 1.

MNIST's 60,000 training images with their grey levels drawn again for every batch, test images as they are; labels by the
lowest free energy F(x, y), exact. Sizes are smaller than the published ones where those would take hours here; the
rates are the published 0.05 an image, here 5 for the mean of a batch of 100 (less where only chains are followed); the
published training stops early on a validation set, this one lowers its rate to 0.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple

from rbm.datasets.base import Dataset, undivided
from rbm.datasets.catalog import load_dataset
from rbm.models.labelled import LabelledRBM
from rbm.randomness import generator
from rbm.studies.report import Column, Say, Table
from rbm.training.config import TrainConfig
from rbm.training.labelled import LabelObjective, LabelTrainer

COLUMNS = (
    Column("learnt"),
    Column("hidden units", 0),
    Column("seed"),
    Column("epochs", 0),
    Column("test error, %"),
    Column("± of the test images"),
    Column("training error, %"),
    Column("published, %"),
    Column("training, s", 0),
)
NOTES = (
    "Published: Larochelle & Bengio, Classification using Discriminative Restricted Boltzmann Machines, ICML 2008, table 1, "
    "with 6,000, 500 and 1,500 hidden units; ±: one standard error that 10,000 test images leave. Ours differ in size, in "
    "drawing grey levels again for every batch and in the gradient, which is centred; batches of 100, PCD-1 with 100 chains.",
)


class WayToLearn(NamedTuple):
    """One way to learn: its name, size, shares and learning rate, passes over the data, and the published error."""

    name: str
    n_hidden: int
    objective: LabelObjective
    learning_rate: float
    epochs: int
    published: float


ENTRIES = (
    WayToLearn("p(x, y), generative", 1000, LabelObjective(1.0, 0.0), 0.1, 40, 3.39),
    WayToLearn("p(y|x), discriminative", 500, LabelObjective(0.0, 1.0), 5.0, 30, 1.81),
    WayToLearn("hybrid, 0.01 log p(x, y) + log p(y|x)", 1000, LabelObjective(0.01, 1.0), 5.0, 40, 1.28),
)


def training(entry: WayToLearn, epochs: int) -> TrainConfig:
    """The entry's settings."""
    return TrainConfig(
        algorithm="pcd", k=1, n_chains=100, learning_rate=entry.learning_rate, schedule="linear", batch_size=100,
        epochs=epochs, momentum=0.0, weight_decay=0.0, binarise="stochastic",
    )  # fmt: skip


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | None = None,
    n_hidden: int | None = None,
    epochs: int | None = None,
) -> Table:
    """Every entry with every seed; ``n_hidden`` and ``epochs`` instead of the entries' own."""
    data = undivided(load_dataset("mnist") if dataset is None else dataset)
    rows = []
    for entry in ENTRIES:
        for seed in seeds:
            say(f"{entry.name}, seed {seed}")
            size, passes = n_hidden or entry.n_hidden, epochs or entry.epochs
            model = LabelledRBM(data.n_visible, len(data.class_names), size, generator=generator(seed, "model"))
            trainer = LabelTrainer(
                model, data.train, data.train_labels, training(entry, passes), generator(seed, "training"),
                entry.objective,
            )  # fmt: skip
            began = perf_counter()
            for event in trainer.events():
                if event.step % trainer.batches_per_epoch == 0:
                    error = model.error(data.test[:2000], data.test_labels[:2000])
                    so_far = f"{error:.2%} of 2,000 test images wrong, {perf_counter() - began:.0f} s"
                    say(f"  epoch {event.epoch:.0f}: {so_far}")
            seconds = perf_counter() - began
            test, train = model.error(data.test, data.test_labels), model.error(data.train, data.train_labels)
            spread = (test * (1 - test) / len(data.test)) ** 0.5
            numbers = (100 * test, 100 * spread, 100 * train, entry.published, seconds)
            rows.append((entry.name, size, seed, passes, *numbers))
    return Table(COLUMNS, tuple(rows), NOTES)
