"""500 hidden units in under a minute of training on two cores.

PCD-1 with the centred gradient, 100 chains, batches of 100, a rate that falls linearly to nothing: a high one at the start
learns much and drives the chains on, and the fall takes away the noise that it left. MNIST, grey levels drawn again each
epoch, the app's 54,000 training images; judged on one fixed stochastic binarisation of the test images.
"""

from collections.abc import Sequence

from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset
from rbm.experiment import ModelSpec, RunSpec
from rbm.studies.contest import StudyTraining, contest
from rbm.studies.measure import JudgingEffort
from rbm.studies.report import Say, Table
from rbm.training.config import TrainConfig

EPOCHS = 20  # 1.1 million images: 29 to 75 s of one core with AVX-512, of which half a minute where nothing else runs
EFFORT = JudgingEffort(temperatures=5000, population=500, population_temperatures=1000, most=20_000)


def training(epochs: int) -> TrainConfig:
    """The recipe, for that many epochs."""
    return TrainConfig(
        algorithm="pcd", k=1, learning_rate=0.15, schedule="linear", batch_size=100, epochs=epochs,
        momentum=0.0, weight_decay=0.0, binarise="stochastic",
    )  # fmt: skip


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | None = None,
    n_hidden: int = 500,
    epochs: int = EPOCHS,
    effort: JudgingEffort = EFFORT,
) -> Table:
    """One training a seed."""
    data = load_dataset("mnist") if dataset is None else dataset
    spec = RunSpec(model=ModelSpec(n_hidden=n_hidden), training=training(epochs))
    published = "−125.5 CD-1, −105.5 CD-3, −86.3 CD-25 (Salakhutdinov & Murray 2008, second hand)"
    return contest([StudyTraining(f"PCD-1, {n_hidden} units", spec, data, published)], seeds, say, effort)
