"""Every algorithm at its defaults: what the Train page ends with when nothing but the algorithm is chosen.

MNIST, 100 hidden units, 20 epochs, everything as TrainConfig has it; grey levels drawn again in each epoch, the app's 54,000
training images. Judged on the 10,000 test images in one fixed stochastic binarisation. At the constant rate of 0.05 that
was the default once, PCD ended 40 nats below CD-1, without a word; a rate that falls to zero lets its chains keep up.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev

from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset
from rbm.evaluation.verdict import quoted
from rbm.experiment import ModelSpec, RunSpec
from rbm.studies.contest import COLUMNS, StudyTraining, contest
from rbm.studies.measure import JudgingEffort
from rbm.studies.report import Cell, Say, Table
from rbm.training.config import TrainConfig, suited

ALGORITHMS = (
    "cd",
    "pcd",
    "fpcd",
    "mfcd",
    "ptt",
    "pt",
)  # not exact, for tiny machines, nor rdm, which learns a way
YARDSTICK = "cd"
LIKELIHOOD, RESTS_ON = "log-likelihood, AIS", "ESS"  # columns of the table
EFFORT = JudgingEffort(temperatures=3000, population=300, population_temperatures=1000, most=48_000)


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | None = None,
    n_hidden: int = 100,
    epochs: int = TrainConfig.epochs,
    algorithms: Sequence[str] = ALGORITHMS,
    effort: JudgingEffort = EFFORT,
) -> Table:
    """Each of the ``algorithms`` with each seed."""
    data = load_dataset("mnist") if dataset is None else dataset
    size = ModelSpec(n_hidden=n_hidden)
    entries = [
        StudyTraining(name, RunSpec(model=size, training=replace(suited(name), epochs=epochs)), data, "none")
        for name in algorithms
    ]
    table = contest(entries, seeds, say, effort)
    return table._replace(notes=(*against_the_yardstick(table.rows), *table.notes))


def against_the_yardstick(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """A line an algorithm: the mean of its likelihoods over the seeds, and what it has over CD-1."""
    value, ess = (next(i for i, c in enumerate(COLUMNS) if c.title == title) for title in (LIKELIHOOD, RESTS_ON))
    found: dict[str, list[float]] = {}
    least: dict[str, float] = {}
    for row in rows:
        name = str(row[0])
        found.setdefault(name, []).append(float(row[value]))
        least[name] = min(float(row[ess]), least.get(name, math.inf))
    return [_line(name, found, least[name]) for name in found]


def _line(name: str, found: Mapping[str, Sequence[float]], ess: float) -> str:
    values = found[name]
    spread = f" ± {stdev(values):.2f} over {len(values)} seeds" if len(values) > 1 else ""
    against = ""
    if name != YARDSTICK and YARDSTICK in found:
        against = f", {fmean(values) - fmean(found[YARDSTICK]):+.2f} against {YARDSTICK}".replace("-", "−")
    return f"{name}: {quoted(fmean(values), ess)}{spread}{against}."
