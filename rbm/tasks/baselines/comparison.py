"""An RBM and its baselines under one clock: each trains for the same seconds in turn, and all are looked at together.

``compare`` is a task for the cluster (``rbm.jobs.task``). How many updates fit into a second is the machine's affair, so another
worker that begins it again tells the same things in the same order, at the same seconds, but not with the same numbers.
Reading this module needs no torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.core.language import _
from rbm.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.datasets.base import Dataset
    from rbm.tasks.baselines.judging import Judge
    from rbm.tasks.baselines.timed import TimedModel

Pictures = npt.NDArray[np.uint8]
MODELS: Mapping[str, str] = MappingProxyType(
    {"rbm": "RBM", "gan": "GAN", "dcgan": "DCGAN", "autoencoder": "Autoencoder", "vae": "VAE"}
)
MARKS = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 90.0, 120.0)  # seconds
SLICE = 0.25  # seconds of training between two pieces of news
SHOWN = 8  # pictures of each model at each look
KNOWN = ("mnist", "qmnist")  # data like those that the classifier of digits was trained on
QUARTERED = 4  # a DCGAN's pictures come from a quarter of their sides, which must therefore divide by it
STEPS = 20  # of annealed importance sampling between two pieces of news


class Opening(NamedTuple):
    """Before the start: the number of weights of each model, the Fréchet distances of the yardsticks (none of data
    that the classifier of digits does not know), and how many test images pictures are compared with."""

    weights: dict[str, int]
    yardsticks: dict[str, float]
    judged: int = 0


class Pace(NamedTuple):
    """Who is busy and how far, 0 to 1, all of them together."""

    model: str
    done: float


class BaselineLook(NamedTuple):
    """A model after ``mark`` seconds of training (``seconds`` by the clock: an update is not interrupted).

    ``pictures`` (SHOWN, V); ``frechet`` in per cent of the digits' own variance; ``data_side`` and ``sample_side`` of
    AATS; ``sure``: the share of pictures that the classifier reads without doubt; ``digits``: the share of each (10,).
    Of data that the classifier does not know, ``frechet`` and ``sure`` are NaN and ``digits`` is empty.
    """

    model: str
    mark: float
    seconds: float
    epoch: float
    updates: int
    pictures: Pictures
    frechet: float
    data_side: float
    sample_side: float
    sure: float
    digits: tuple[float, ...]

    @property
    def aats(self) -> float:
        """The mean of both sides: one half is ideal, 0 copies, 1 nothing alike."""
        return (self.data_side + self.sample_side) / 2

    @property
    def aats_error(self) -> float:
        """How far its two sides lie from one half on average, 0 to ½: their mean is ½ also for a blur amid the data,
        near to every image and nearest to itself."""
        return (abs(self.data_side - 0.5) + abs(self.sample_side - 0.5)) / 2


class BaselineVerdict(NamedTuple):
    """At the end: the nearest training images (SHOWN, V) of the last pictures and their squared distances (SHOWN,), the
    same of as many test images on average, and the log-likelihood of test images in nats, NaN where there is none, with
    the ``mark`` that must stand beside it."""

    model: str
    nearest: Pictures
    distances: tuple[float, ...]
    ordinary: float
    low: float
    high: float
    error: float
    mark: str = ""


News = Opening | Pace | BaselineLook | BaselineVerdict


def compare(
    models: tuple[str, ...],
    *,
    n_hidden: int = 128,
    classes: tuple[int, ...] | None = None,
    seconds: float = 10.0,
    seed: int = 1,
    n_samples: int = 500,
    n_temperatures: int = 500,
    dataset: Dataset | str = "mnist",
) -> Iterator[News]:
    """Train each model for ``seconds`` of processor time on a data set or one of the catalogue's.

    They get as many weights as an RBM of ``n_hidden`` hidden units has; ``classes`` keeps only those. ``n_samples``
    pictures of each are judged, fewer where there are not as many test images. A look at every one of MARKS up to the
    end, and the verdicts. ConfigError for a name that is none, or nobody; DatasetError for fewer than 2 test images.
    """
    unknown = [name for name in models if name not in MODELS]
    if unknown or not models:
        wrong = _("Who competes? Choose some of: {models}; got {got}.")
        raise ConfigError(wrong.format(models=", ".join(MODELS), got=list(models)))
    from rbm.datasets.catalog import load_dataset
    from rbm.tasks.baselines import judging, timed

    data = load_dataset(dataset, classes=classes) if isinstance(dataset, str) else dataset.select(classes)
    judged = min(n_samples, len(data.test))
    known = data.name in KNOWN
    judge = judging.Judge(data, judged, digits=known)
    made = {name: timed.make(name, data, n_hidden, seed, n_samples) for name in models}
    yield Opening(
        {name: one.n_weights for name, one in made.items()},
        {name: judge.score(v).frechet for name, v in judging.yardsticks(data, judged).items()} if known else {},
        judged,
    )
    before, total = 0.0, seconds * len(made)
    last: dict[str, Tensor] = {}
    for mark in marks(seconds):
        for number, (name, one) in enumerate(made.items()):
            for stop in _stops(before, mark):
                one.train(stop)
                yield Pace(name, (number * (mark - before) + len(made) * before + stop - before) / total)
            last[name] = one.pictures()
            yield _look(name, mark, one, last[name], judged, judge)
        before = mark
    for name, one in made.items():
        yield from _verdict(name, one, last[name][:SHOWN], data, n_temperatures, seed)


def marks(seconds: float) -> tuple[float, ...]:
    """When all are looked at: those of MARKS before the end, and the end."""
    return (*(mark for mark in MARKS if mark < seconds), seconds)


def _stops(before: float, mark: float) -> tuple[float, ...]:
    """From one mark to the next in steps of SLICE at most."""
    count = max(int(np.ceil((mark - before) / SLICE)), 1)
    return tuple(before + (mark - before) * (i + 1) / count for i in range(count))


def fits(model: str, image_shape: tuple[int, int]) -> bool:
    """Whether a model can make pictures of this shape."""
    return model != "dcgan" or not any(side % QUARTERED for side in image_shape)


def _look(name: str, mark: float, one: TimedModel, pictures: Tensor, judged: int, judge: Judge) -> BaselineLook:
    score = judge.score(pictures[:judged])
    return BaselineLook(
        name,
        mark,
        one.seconds,
        one.trainer.epoch,
        one.trainer.step_number,
        _bytes(pictures[:SHOWN]),
        score.frechet,
        score.aats.data_side,
        score.aats.sample_side,
        score.sure,
        score.digits,
    )


def _verdict(
    name: str, one: TimedModel, pictures: Tensor, data: Dataset, n_temperatures: int, seed: int
) -> Iterator[News]:
    from rbm.evaluation.samples import nearest
    from rbm.models.vae import VAE
    from rbm.tasks.baselines import judging
    from rbm.tasks.baselines.timed import TimedRbm

    bound = judging.LikelihoodBounds(float("nan"), float("nan"), float("nan"))
    if isinstance(one, TimedRbm):
        bracket = judging.bracket_of(one, data.train, n_temperatures, seed)
        while bracket.advance(STEPS) is None:
            yield Pace(name, 1.0)
        assert bracket.result is not None
        bound = judging.rbm_bound(one, bracket.result, judging.held_out(data))
    elif isinstance(one.model, VAE):
        bound = judging.vae_bound(one.model, judging.held_out(data), seed)
    found = nearest(pictures, data.train)
    rows = nearest(data.test[:100], data.train)
    yield BaselineVerdict(
        name,
        _bytes(data.train[found.rows[:, 0]]),
        tuple(found.distance[:, 0].tolist()),
        float(rows.distance.mean()),
        *bound,
    )


def _bytes(pictures: Tensor) -> Pictures:
    """Grey levels 0 to 1 as bytes."""
    return (pictures * 255).round().byte().numpy()
