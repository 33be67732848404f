"""What centring is worth: 784–16 on MNIST and on its negative, exact test log-likelihood.

The protocol of PyDeep's tutorial RBM_MNIST_small (Melchior 2017; after Melchior, Fischer & Wiskott, JMLR 17, 2016): pixels
cut at 0.5, all 60,000 training images, PCD-1 with 100 chains, batches of 100, rate 0.01, 50 epochs, no momentum, no
decay, visible biases from the data's means; offsets as moving averages with share 0.01, or none. It trains in a fixed
order of images where this engine shuffles, and draws smaller weights at the start here (0.01).
"""

from collections.abc import Sequence

from rbm.datasets.base import Dataset, binarise, undivided
from rbm.datasets.catalog import load_dataset
from rbm.experiment import ModelSpec, RunSpec
from rbm.studies.fitting import changed, fit
from rbm.studies.measure import exactly
from rbm.studies.report import Column, Say, Table
from rbm.training.config import TrainConfig

PUBLISHED = {
    ("MNIST", "on"): -142.56,
    ("MNIST", "off"): -149.05,
    ("1 − MNIST", "on"): -142.09,
    ("1 − MNIST", "off"): -183.36,
}
COLUMNS = (
    Column("data"),
    Column("centred"),
    Column("seed"),
    Column("test log-likelihood, exact"),
    Column("training images"),
    Column("published (test)"),
    Column("training, s", 0),
)
NOTES = (
    "Nats per image, log Z by enumeration; pixels thresholded at 0.5 as in the published runs, so not comparable with the "
    "other studies here. Published: PyDeep, tutorial RBM_MNIST_small, one run each.",
)


def training(centred: str, epochs: int) -> TrainConfig:
    """The published training, with or without centring."""
    return TrainConfig(
        algorithm="pcd", centred=centred, k=1, learning_rate=0.01, schedule="constant", batch_size=100, epochs=epochs,
        momentum=0.0, weight_decay=0.0, binarise="threshold",
    )  # fmt: skip


def run(
    seeds: Sequence[int], say: Say, *, dataset: Dataset | None = None, n_hidden: int = 16, epochs: int = 50
) -> Table:
    """Both kinds of gradient on both kinds of data, with each seed."""
    # Cut here, not by the trainer: a grey level of exactly 0.5 would change sides when inverted.
    whole = undivided(load_dataset("mnist") if dataset is None else dataset)
    cut = changed(whole, lambda x: binarise(x, "threshold"))
    rows = []
    for name, data in (("MNIST", cut), ("1 − MNIST", changed(cut, lambda x: 1 - x))):
        for centred in ("on", "off"):
            for seed in seeds:
                say(f"{name}, centred {centred}, seed {seed}")
                spec = RunSpec(model=ModelSpec(n_hidden=n_hidden), training=training(centred, epochs), seed=seed)
                made = fit(spec, data, say)
                test, train = exactly(made.model, data.test), exactly(made.model, data.train)
                rows.append((name, centred, seed, test, train, PUBLISHED[name, centred], made.seconds))
                say(f"  test {test:.2f}")
    return Table(COLUMNS, tuple(rows), NOTES)
