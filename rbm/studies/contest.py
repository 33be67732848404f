"""What most studies are: several trainings, each judged in the same way, side by side in one table."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from rbm.datasets.base import Dataset
from rbm.evaluation.verdict import FEWEST_EFFECTIVE, quoted
from rbm.experiment import RunSpec
from rbm.studies.fitting import Fit, fit
from rbm.studies.measure import JudgingEffort, held_out, judge
from rbm.studies.report import Column, Say, Table

COLUMNS = (
    Column("training"),
    Column("seed"),
    Column("epochs", 1),
    Column("seconds", 1),
    Column("log-likelihood, AIS", rests_on="ESS"),
    Column("± of log Z"),
    Column("ESS", 1),
    Column("reverse AIS", rests_on="ESS, reverse"),
    Column("ESS, reverse", 1),
    Column("bracket", bracket=True),
    Column("reconstruction error", 4),
    Column("published, AIS"),
    Column("temperatures"),
)
HOW = (
    "Nats per test image, mean over all of them; which images were drawn makes that uncertain by ± {images:.1f}. "
    "AIS: {chains} chains, {temperatures:,} temperatures{more}, from base rates and from zero biases, the lower likelihood "
    "quoted; ± by the delta method, ESS the chains that count (a likelihood on fewer than {fewest:g} is unreliable). Reverse AIS "
    "starts at samples by population annealing ({population:,} chains). Bracket: AIS minus reverse AIS, positive in expectation, "
    "crossed where it is not. Reconstruction error: mean square per pixel, after one step. Seconds: of training alone."
)


class StudyTraining(NamedTuple):
    """One training: its name in the table, what it is, its data, the number it is to be held against, and the memory of
    the running mean of parameters that is judged, 0 for the parameters themselves."""

    name: str
    spec: RunSpec
    dataset: Dataset
    published: str
    memory: float = 0.0


def contest(
    entries: Sequence[StudyTraining],
    seeds: Sequence[int],
    say: Say,
    effort: JudgingEffort,
    *,
    seconds: float | None = None,
) -> Table:
    """Train every entry with every seed, for its epochs or ``seconds`` at most, then judge all of them.

    Training comes first, so that who times it need keep the machine quiet no longer than that.
    """
    fits: list[tuple[StudyTraining, int, Fit]] = []
    for entry in entries:
        for seed in seeds:
            say(f"training {entry.name}, seed {seed}")
            spec = replace(entry.spec, seed=seed)
            fits.append((entry, seed, fit(spec, entry.dataset, say, seconds=seconds, memory=entry.memory)))
    say("judging")
    rows, doubts, images = [], [], 0.0
    for entry, seed, made in fits:
        v = held_out(entry.dataset, entry.spec.training.binarise)
        found = judge(made.model, v, entry.dataset.train, seed, effort)
        images = max(images, found.images_error)
        if found.doubt:
            doubts.append(f"{entry.name}, seed {seed}: {found.doubt}")
        rows.append((
            entry.name, seed, made.epochs, made.seconds, found.forward, found.error, found.forward_ess, found.reverse,
            found.reverse_ess, found.gap, found.reconstruction, entry.published, found.temperatures,
        ))  # fmt: skip
        ends = quoted(found.forward, found.forward_ess), quoted(found.reverse, found.reverse_ess)
        say(f"  {entry.name}: {ends[0]} by AIS, {ends[1]} by reverse AIS")
    more = f" (up to {effort.most:,} where too few chains count)" if effort.most else ""
    how = HOW.format(images=images, fewest=FEWEST_EFFECTIVE, more=more, **effort._asdict())
    return Table(COLUMNS, tuple(rows), (how, *doubts))
