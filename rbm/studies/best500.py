"""500 hidden units as good as 20 minutes of training on two cores make them, on both tasks that go by the name of MNIST.

*Thresholded*: pixels cut at 0.5, the task of PyDeep's RBM_MNIST_big (its load_mnist(binary=True) cuts there), trained on all
60,000 images; its published test log-likelihood is −84.86 by AIS and −96.61 by reverse AIS after 78 minutes.
*Stochastic*: grey levels drawn again in each epoch, tested on one such draw: the task of Salakhutdinov & Murray (2008), whose
CD-25 reached −86.34 (second hand). The two are not comparable: a thresholded image has less to say.

What is judged is the running mean of the parameters. After 60 epochs of the thresholded task the last ones looked as good to AIS,
but held a mode far from all images that only resampled chains found: AIS and reverse AIS lay 13 nats apart, and 4 for their mean
(1,000 temperatures). After 25 epochs they agree, and the likelihood is as good. Grey levels drawn anew hold no such trap: there
80 epochs gain two nats over 25, and both estimates agree within one.
"""

from collections.abc import Sequence

from rbm.datasets.base import Dataset, undivided
from rbm.datasets.catalog import load_dataset
from rbm.experiment import ModelSpec, RunSpec
from rbm.studies.contest import StudyTraining, contest
from rbm.studies.measure import JudgingEffort
from rbm.studies.report import Say, Table
from rbm.training.config import TrainConfig

EPOCHS = {"threshold": 25, "stochastic": 80}
MEMORY = 0.9995  # of the running mean: about the last 2,000 updates, three epochs
EFFORT = JudgingEffort(temperatures=4000, population=500, population_temperatures=1000)
PUBLISHED = {
    "threshold": "−84.86, reverse −96.61 (PyDeep)",
    "stochastic": "−86.34 with CD-25 (Salakhutdinov & Murray 2008, second hand)",
}


def training(binarise: str, epochs: int) -> TrainConfig:
    """The recipe: the rate falls to nothing over all of the ``epochs``, which is what the noise of 100 chains needs."""
    return TrainConfig(
        algorithm="pcd", k=1, learning_rate=0.1, schedule="linear", batch_size=100, epochs=epochs,
        momentum=0.0, weight_decay=0.0, binarise=binarise,
    )  # fmt: skip


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | None = None,
    n_hidden: int = 500,
    epochs: int | None = None,
    effort: JudgingEffort = EFFORT,
) -> Table:
    """One training a task and seed, of ``epochs`` or of the task's own."""
    data = undivided(load_dataset("mnist") if dataset is None else dataset)
    size = ModelSpec(n_hidden=n_hidden)
    entries = [
        StudyTraining(
            f"PCD-1, {how}", RunSpec(model=size, training=training(how, epochs or EPOCHS[how])), data, published, MEMORY
        )
        for how, published in PUBLISHED.items()
    ]
    return contest(entries, seeds, say, effort)
