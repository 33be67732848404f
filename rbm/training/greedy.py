"""Greedy layer-wise learning: one RBM after another, each on the activities of the one below. N images, H hidden units.

Learning h¹'s distribution with a second RBM can only raise the bound on log p(v) that the first RBM's own prior gives,
if that second RBM starts as good (Hinton, Osindero & Teh 2006, section 4).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from rbm import randomness
from rbm.core.language import _
from rbm.datasets.base import Dataset
from rbm.errors import ConfigError
from rbm.models.dbn import DeepBeliefNet
from rbm.models.rbm import RBM
from rbm.training.config import TrainConfig
from rbm.training.events import TrainEvent
from rbm.training.loop import Trainer
from rbm.training.metrics import STANDARD, Metric

ROWS = 10_000  # images taken up at once


class LayerEvent(NamedTuple):
    """An event of the layer that is learning: ``layer`` 1 is the lowest; ``trainer`` holds its model as it stands."""

    layer: int
    event: TrainEvent
    trainer: Trainer


def activities(dataset: Dataset, model: RBM) -> Dataset:
    """The same images seen through ``model``: ⟨h | v⟩ in place of every image, grey levels taken as they are.

    A next layer trained with ``binarise="stochastic"`` draws h again from these means in each epoch. Labels stay.
    """
    return replace(
        dataset,
        train=_up(model, dataset.train),
        validation=_up(model, dataset.validation),
        test=_up(model, dataset.test),
        image_shape=(model.n_hidden,),
        kind="grey",
    )


@torch.no_grad()
def _up(model: RBM, rows: Tensor) -> Tensor:
    """⟨h | v⟩ of every row, on the CPU as a data set's rows are; rounding must not leave [0, 1]. (N, V) -> (N, H)"""
    if not len(rows):
        return rows.new_empty(0, model.n_hidden)
    return torch.cat([model.hidden_mean(part.to(model.weight)) for part in rows.split(ROWS)]).cpu().clamp(0, 1)


def learn_layer(
    model: RBM,
    dataset: Dataset,
    config: TrainConfig,
    generator: torch.Generator,
    *,
    layer: int,
    metrics: Sequence[Metric] = STANDARD,
) -> Iterator[LayerEvent]:
    """Train one layer, its visible biases first set from the means of its data; an event now and then."""
    model.fit_visible_bias(dataset.train, dataset.pixel_mean)
    trainer = Trainer(model, dataset, config, generator, metrics)
    yield LayerEvent(layer, trainer.report(), trainer)
    for event in trainer.events():
        yield LayerEvent(layer, event, trainer)


def train_greedily(
    dbn: DeepBeliefNet,
    dataset: Dataset,
    configs: Sequence[TrainConfig],
    seed: int,
    metrics: Sequence[Metric] = STANDARD,
) -> Iterator[LayerEvent]:
    """Train every layer of ``dbn`` in place, from the lowest up, each with its own config.

    Same events and same errors as :func:`rbm.training.loop.train`. ConfigError unless there is one config a layer.
    """
    if len(configs) != len(dbn.rbms):
        wrong = _("The net has {n_rbms} layers but {n_configs} settings were given: one a layer.")
        raise ConfigError(wrong.format(n_rbms=len(dbn.rbms), n_configs=len(configs)))
    for layer, (model, config) in enumerate(zip(dbn.rbms, configs, strict=True), 1):
        yield from learn_layer(
            model, dataset, config, randomness.generator(seed, "layer", layer), layer=layer, metrics=metrics
        )
        if layer < len(dbn.rbms):
            dataset = activities(dataset, model)


def make_dbn(n_visible: int, sizes: Sequence[int], seed: int) -> DeepBeliefNet:
    """An untrained net of ``sizes`` hidden units a layer, the lowest first. ConfigError for a size below 1 or none."""
    widths = [n_visible, *sizes]
    return DeepBeliefNet(
        [
            RBM(below, above, generator=randomness.generator(seed, "layer weights", layer))
            for layer, (below, above) in enumerate(pairwise(widths), 1)
        ]
    )
