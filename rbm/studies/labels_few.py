"""Test error against the number of labels, with and without pre-training: MNIST, 1000-1000 hidden units.

Published, of another net (% correct turned into error): rbm.tasks.deep.plan.PUBLISHED. Our random start is weaker than that one
where labels are many: both starts share a recipe made for few labels (half of the units dropped, ten epochs), and have the
same rates to choose from (few_labels.tuning), so what is compared is the start. Every result is kept beside the registry of
runs and not computed again; the page "Go deep" draws the same ones.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean, stdev

from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset
from rbm.studies.report import Column, Say, Table
from rbm.tasks.deep import kept
from rbm.tasks.deep.few_labels import few_labels
from rbm.tasks.deep.plan import PUBLISHED, LabelsPlan, Result, Working

COLUMNS = (
    Column("labels"),
    Column("seeds"),
    Column("pre-trained, test error %"),
    Column("±"),
    Column("random start, test error %"),
    Column("±"),
    Column("share of the distance to the best removed, %", 0),
    Column("published, pre-trained / random start"),
    Column("fine-tuning, seconds each", 1),
)
NOTES = (
    "± is the standard deviation over seeds. The distance is that of the random start's error to the smallest error in this "
    "table. Both starts: the same labels, SGD with momentum (each at the best of the same rates, see "
    "few_labels.tuning), dropout of 0.2 of the pixels and 0.5 of the units; pre-training sees all images "
    "without their labels. Published: yell, RBM of 1,024 units; with all labels its random start is better than ours.",
)


def run(
    seeds: Sequence[int],
    say: Say,
    *,
    dataset: Dataset | None = None,
    plan: LabelsPlan | None = None,
    epochs: int | None = None,
) -> Table:
    """The whole comparison for each seed. With a ``dataset`` of one's own nothing is kept."""
    plan = replace(plan or LabelsPlan(), seeds=tuple(seeds))
    plan = plan if epochs is None else replace(plan, epochs=epochs)
    data = load_dataset("mnist") if dataset is None else dataset
    results = kept.load(plan) if dataset is None else []
    if results:
        say(f"{len(results)} results are kept from before")
    said = ""
    for news in few_labels(plan, data, {r.key for r in results}):
        if isinstance(news, Working):
            if news.what != said:
                said = news.what
                say(said)
            continue
        say(f"  error {news.error:.2%}")
        results.append(news)
        if dataset is None:
            kept.keep(plan, [news])
    return table(results, plan)


def table(results: Sequence[Result], plan: LabelsPlan) -> Table:
    """A row for each number of labels."""
    best = min(mean(_errors(results, n, start)) for n in plan.labels for start in (True, False))
    rows = []
    for n in plan.labels:
        with_, without = _errors(results, n, True), _errors(results, n, False)
        distance = mean(without) - best
        rows.append((
            n, len(with_), mean(with_), _spread(with_), mean(without), _spread(without),
            100 * (mean(without) - mean(with_)) / distance if distance else 0.0,
            " / ".join(f"{error:.2f}" for error in PUBLISHED.get(n, ())), mean(r.seconds for r in results if r.labels == n),
        ))  # fmt: skip
    return Table(COLUMNS, tuple(rows), NOTES)


def _errors(results: Sequence[Result], n: int, pretrained: bool) -> list[float]:
    """In percent."""
    return [100 * r.error for r in results if r.labels == n and r.pretrained == pretrained]


def _spread(values: Sequence[float]) -> float | str:
    return stdev(values) if len(values) > 1 else ""
