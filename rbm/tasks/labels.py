"""A machine of pictures and their labels, or of digits and their tags, in training, as a task of ``rbm.jobs.task``.

Letters: P pixels, K label columns, V = P + K, H hidden units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from rbm.bundled import BundledMachine, Made
from rbm.experiment import DatasetSpec, cached_dataset
from rbm.jobs.machines import Kind, thinned
from rbm.models.parameters import Parameters
from rbm.training.config import TrainConfig

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.training.labelled import LabelTrainer

SEEN = 1000  # images of each part whose error is told on the way
GROWTH = 1.5  # a machine is sent when so many times as many updates are done as when the last one was


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelMachine(Parameters):
    """A machine after ``epoch`` epochs, its weights in half precision."""

    epoch: float


class News(NamedTuple):
    """How far training is: ``errors`` as shares of wrong answers among the first SEEN training and test images;
    ``whole_error`` among all test images, at the end of an epoch (of several, where an epoch is short); ``machine`` now and
    then, and at the end."""

    epoch: float
    training_error: float
    test_error: float
    whole_error: float | None
    machine: LabelMachine | None


def settings(objective: str) -> tuple[float, float, float]:
    """(generative share, discriminative share, learning rate) of "both", "p(x, y)" or "p(y|x)".

    The gradient of log p(y|x) has no noise of chains and bears steps that PCD's chains could not follow: of 5 for a mean
    over a batch, which is about the 0.05 an image of Larochelle & Bengio 2008.
    """
    return {"both": (1.0, 15.0, 0.08), "p(x, y)": (1.0, 0.0, 0.08), "p(y|x)": (0.0, 1.0, 5.0)}[objective]


def train(
    labels: str,
    n_hidden: int,
    objective: str,
    epochs: int,
    seed: int,
    size: int | None = None,
    dataset: str = "mnist",
) -> Iterator[News]:
    """Train on a data set: ``labels`` "softmax" (its classes) or, of digits, "tags"; ``size`` training images, all without it.

    ConfigError where there are fewer than two classes, ShapeError for tags of anything but digits.
    """
    from rbm import randomness
    from rbm.models.labelled import LabelledRBM
    from rbm.training.labelled import LabelObjective, LabelTrainer

    data = cached_dataset(DatasetSpec(dataset, size=size))
    answers = [answer(labels, part) for part in (data.train_labels, data.test_labels)]
    generative, discriminative, rate = settings(objective)
    config = TrainConfig(
        algorithm="pcd", n_chains=100, learning_rate=rate, schedule="linear", epochs=epochs, momentum=0.0
    )
    n_labels = len(data.class_names) if labels == "softmax" else answers[0].shape[1]
    model = LabelledRBM(
        data.n_visible, n_labels, n_hidden, labels=labels, generator=randomness.generator(seed, "model")
    )
    trainer = LabelTrainer(
        model,
        data.train,
        answers[0],
        config,
        randomness.generator(seed, "training"),
        LabelObjective(generative, discriminative),
    )
    sent = -1.0
    yield _news(trainer, (data.train, data.test), answers, send=True)
    for event in trainer.events():
        whole = trainer.finished or event.step % trainer.lap == 0
        send = whole or event.step >= max(GROWTH * sent, 1)
        sent = event.step if send else sent
        yield _news(trainer, (data.train, data.test), answers, send=send, whole=whole)


def told(machine: BundledMachine) -> list[News]:
    """What training a machine that comes with the program, or that was kept, has told; the machine itself at the end."""
    last = LabelMachine(**vars(machine.layers[0]), epoch=machine.about["epochs"])
    news = [News(epoch, training, test, whole, None) for epoch, training, test, whole in machine.about["news"]]
    return [*news[:-1], news[-1]._replace(machine=last)]


def made(news: Sequence[News]) -> Made | None:
    """What is kept of a training: its newest machine and the errors; None before it has sent one."""
    machine = next((one.machine for one in reversed(news) if one.machine is not None), None)
    if machine is None:
        return None
    whole = [one for one in news if one.whole_error is not None][-1:]
    points = sorted({one[:4] for one in (*thinned(news), *whole)}, key=lambda point: point[0])
    return Made({"epochs": machine.epoch, "news": points}, [machine], {})


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("labels", "n_hidden", "objective", "epochs", "seed", "dataset")}


KEPT = Kind("rbm.tasks.labels:train", made, told, _arguments, _arguments, lambda arguments: str(arguments["dataset"]))


def answer(labels: str, classes: Tensor) -> Tensor:
    """What the machine is told of each image: its class (N,), or its tags (N, T)."""
    from rbm.datasets.tags import tags_of

    return classes if labels == "softmax" else tags_of(classes)


def _news(
    trainer: LabelTrainer, parts: tuple[Tensor, Tensor], answers: list[Tensor], *, send: bool, whole: bool = False
) -> News:
    model = trainer.model
    training, test = (model.error(x[:SEEN], y[:SEEN]) for x, y in zip(parts, answers, strict=True))
    every = model.error(parts[1], answers[1]) if whole else None
    kept = LabelMachine.of(model, epoch=trainer.epoch).halved() if send else None
    return News(trainer.epoch, training, test, every, kept)
