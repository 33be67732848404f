"""CD-1, CD-3, CD-25, PCD-1 and parallel tempering side by side: as many updates of 100 units by the same data.

What the literature found shows in the likelihood (Salakhutdinov & Murray 2008; Tieleman 2008; Desjardins et al. 2010), and
the reconstruction error does not show it. Equal updates, not equal time: CD-25 takes about nine times as long
as CD-1 (the README's table has the seconds).
MNIST, grey levels drawn again in each epoch, the same settings for all: centred, batches of 100, rate 0.05 falling
linearly, no momentum and no decay.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset
from rbm.experiment import ModelSpec, RunSpec
from rbm.studies.contest import StudyTraining, contest
from rbm.studies.measure import JudgingEffort
from rbm.studies.report import Say, Table
from rbm.training.config import TrainConfig

ALGORITHMS: Mapping[str, tuple[dict[str, Any], str]] = MappingProxyType(
    {
        "CD-1": ({"algorithm": "cd", "k": 1}, "about −125.5, 500 units"),
        "CD-3": ({"algorithm": "cd", "k": 3}, "about −105.5, 500 units"),
        "CD-25": ({"algorithm": "cd", "k": 25}, "−86.3, 500 units"),
        "PCD-1": ({"algorithm": "pcd", "k": 1}, "none"),
        "PT, 10 temperatures": ({"algorithm": "pt", "k": 1, "n_replicas": 10}, "none"),
    }
)

EFFORT = JudgingEffort(temperatures=2000, population=300, population_temperatures=1000, most=32_000)


def training(epochs: int, **algorithm: Any) -> TrainConfig:
    """What all have in common, and the algorithm."""
    return TrainConfig(
        learning_rate=0.05, schedule="linear", batch_size=100, epochs=epochs, momentum=0.0, weight_decay=0.0,
        binarise="stochastic", **algorithm,
    )  # fmt: skip


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | None = None,
    n_hidden: int = 100,
    epochs: int = 3,
    effort: JudgingEffort = EFFORT,
) -> Table:
    """Every algorithm for as many ``epochs``."""
    data = load_dataset("mnist") if dataset is None else dataset
    size = ModelSpec(n_hidden=n_hidden)
    entries = [
        StudyTraining(name, RunSpec(model=size, training=training(epochs, **algorithm)), data, published)
        for name, (algorithm, published) in ALGORITHMS.items()
    ]
    return contest(entries, seeds, say, effort)
