"""A machine of digits and their labels, or tags, in training, as a task of ``rbm.task``: it runs on a worker.

Letters: P pixels, K label columns, V = P + K, H hidden units.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.experiment import DatasetSpec
from rbm.jobs import Array, cached_dataset
from rbm.training.config import TrainConfig

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.models.labelled import LabelledRBM
    from rbm.training.labelled import LabelTrainer

SEEN = 1000  # images of each part whose error is told on the way
EVERY = 40  # updates between two pieces of news, once training is under way
FIRST = (0, 5, 10, 20, 40)  # and at its start
GROWTH = 1.5  # a machine is sent when so many times as many updates are done as when the last one was
N_LABELS = {"softmax": 10, "tags": 5}


class Machine(NamedTuple):
    """A machine after ``epoch`` epochs: weight (V, H) in half precision, visible_bias (V,), hidden_bias (H,)."""

    epoch: float
    weight: npt.NDArray[np.float16]
    visible_bias: Array
    hidden_bias: Array


class News(NamedTuple):
    """How far training is: ``errors`` as shares of wrong answers among the first SEEN training and test images;
    ``whole_error`` among all test images, at the end of an epoch; ``machine`` now and then, and at the end."""

    epoch: float
    training_error: float
    test_error: float
    whole_error: float | None
    machine: Machine | None


def settings(objective: str) -> tuple[float, float, float]:
    """(generative share, discriminative share, learning rate) of "both", "p(x, y)" or "p(y|x)".

    The gradient of log p(y|x) has no noise of chains and bears steps that PCD's chains could not follow: of 5 for a mean
    over a batch, which is about the 0.05 an image of Larochelle & Bengio 2008.
    """
    return {"both": (1.0, 15.0, 0.08), "p(x, y)": (1.0, 0.0, 0.08), "p(y|x)": (0.0, 1.0, 5.0)}[objective]


def train(
    labels: str, n_hidden: int, objective: str, epochs: int, seed: int, size: int | None = None
) -> Iterator[News]:
    """Train on MNIST: ``labels`` "softmax" (its ten classes) or "tags"; ``size`` training images, all without it."""
    from rbm import randomness
    from rbm.models.labelled import LabelledRBM
    from rbm.training.labelled import LabelTrainer, Objective

    data = cached_dataset(DatasetSpec("mnist", size=size))
    answers = [answer(labels, part) for part in (data.train_labels, data.test_labels)]
    generative, discriminative, rate = settings(objective)
    config = TrainConfig(
        algorithm="pcd", n_chains=100, learning_rate=rate, schedule="linear", epochs=epochs, momentum=0.0
    )
    model = LabelledRBM(
        data.n_visible, N_LABELS[labels], n_hidden, labels=labels, generator=randomness.generator(seed, "model")
    )
    trainer = LabelTrainer(
        model,
        data.train,
        answers[0],
        config,
        randomness.generator(seed, "training"),
        Objective(generative, discriminative),
    )
    sent = -1.0
    yield _news(trainer, (data.train, data.test), answers, send=True)
    while not trainer.finished:
        step = trainer.step_number
        stop = next((s for s in FIRST if s > step), step + EVERY)
        whole = trainer.batches_per_epoch - step % trainer.batches_per_epoch
        for _ in trainer.steps(min(stop - step, whole)):
            pass
        send = trainer.step_number >= max(GROWTH * sent, 1) or trainer.step_number % trainer.batches_per_epoch == 0
        sent = trainer.step_number if send else sent
        yield _news(trainer, (data.train, data.test), answers, send=send)


def answer(labels: str, digits: Tensor) -> Tensor:
    """What the machine is told of each image: its class (N,), or its tags (N, T)."""
    from rbm.datasets.tags import tags_of

    return digits if labels == "softmax" else tags_of(digits)


def _news(trainer: LabelTrainer, parts: tuple[Tensor, Tensor], answers: list[Tensor], *, send: bool) -> News:
    model, step = trainer.model, trainer.step_number
    training, test = (model.error(x[:SEEN], y[:SEEN]) for x, y in zip(parts, answers, strict=True))
    whole = None
    if step and step % trainer.batches_per_epoch == 0:
        whole = model.error(parts[1], answers[1])
    kept = None
    if send:
        weight, b, c = (p.detach().numpy() for p in (model.weight, model.visible_bias, model.hidden_bias))
        kept = Machine(trainer.epoch, weight.astype(np.float16), b.copy(), c.copy())
    return News(trainer.epoch, training, test, whole, kept)


def restore(machine: Machine, labels: str) -> LabelledRBM:
    """The machine as a model, on the CPU."""
    import torch

    from rbm.models.labelled import LabelledRBM

    n_labels = N_LABELS[labels]
    columns, n_hidden = machine.weight.shape
    model = LabelledRBM(columns - n_labels, n_labels, n_hidden, labels=labels)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.from_numpy(getattr(machine, name).astype(np.float32)))
    return model
