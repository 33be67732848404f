"""What a person meets first: the app's default settings and its PCD preset, trained to the end.

Both rates fall to zero over all their epochs, so a run that is stopped by a clock is another run on every machine.

100 hidden units, MNIST, grey levels drawn again in each epoch, trained on the app's 54,000 training images. Judged on the
10,000 test images in one fixed stochastic binarisation.
"""

from collections.abc import Sequence
from dataclasses import replace

from rbm.datasets.base import Dataset
from rbm.experiment import ModelSpec, RunSpec, make_dataset
from rbm.presets import PRESETS
from rbm.studies.contest import StudyTraining, contest
from rbm.studies.measure import JudgingEffort
from rbm.studies.report import Say, Table

EFFORT = JudgingEffort(temperatures=5000, population=500, population_temperatures=1000, most=80_000)


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | None = None,
    n_hidden: int = 100,
    seconds: float | None = None,
    effort: JudgingEffort = EFFORT,
) -> Table:
    """Train both presets to the end of their epochs, or for ``seconds``."""
    data = make_dataset(RunSpec().dataset) if dataset is None else dataset
    size = ModelSpec(n_hidden=n_hidden)
    entries = [
        StudyTraining(f"preset {name!r}", replace(PRESETS[name].spec, model=size), data, "none")
        for name in ("default", "pcd")
    ]
    return contest(entries, seeds, say, effort, seconds=seconds)
