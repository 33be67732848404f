"""The RBM and its baselines in one form: all train by the second, and all make pictures to be judged in the same way.

Letters: N pictures, V pixels.
"""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from rbm import randomness
from rbm.datasets.base import Dataset, binarise
from rbm.errors import DatasetError
from rbm.evaluation import ais, verdict
from rbm.evaluation.digit_features import describe
from rbm.evaluation.frechet import Gaussian, frechet
from rbm.evaluation.live_bracket import LiveBracket
from rbm.evaluation.samples import Resemblance, resemblance
from rbm.experiment import ModelSpec, RunSpec, make_model
from rbm.models.baseline import Baseline, n_weights
from rbm.models.baselines import make_baseline
from rbm.models.rbm import RBM
from rbm.models.vae import VAE
from rbm.samplers import from_noise, gibbs
from rbm.training.baselines import BaselineConfig, BaselineTrainer
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer

SWEEPS = 20  # of the RBM's chains from one look at its pictures to the next
CODED = 5000  # images whose codes the autoencoder's Gaussian is fitted to
SURE = 0.9  # probability of a digit from which the classifier is taken to have read it
# As in the app's preset: PCD-1, centred. Single precision, like all others.
PCD = TrainConfig(
    algorithm="pcd", learning_rate=0.05, schedule="constant", batch_size=64, epochs=5000, momentum=0.0, likelihood="never",
    precision="float32", device="cpu",
)  # fmt: skip


class Contender(ABC):
    """A model in training. ``seconds``: processor time of the one thread that trains, so that neither another program on
    the machine nor the making of pictures counts. ``n_weights``: how many numbers are learnt."""

    model: torch.nn.Module

    def __init__(self, n_samples: int) -> None:
        self.n_samples, self.seconds = n_samples, 0.0

    @property
    def n_weights(self) -> int:
        return n_weights(self.model)

    @property
    @abstractmethod
    def trainer(self) -> Trainer | BaselineTrainer:
        """What makes the updates."""

    def train(self, until: float) -> None:
        """On until the clock stands at ``until`` seconds or later. DivergenceError when training broke."""
        while self.seconds < until and not self.trainer.finished:
            began = time.thread_time()
            self.trainer.step()
            self.seconds += time.thread_time() - began

    @abstractmethod
    def pictures(self) -> Tensor:
        """As many pictures as were asked for, (N, V) grey levels: probabilities of pixels, not their draws."""


class RbmContender(Contender):
    """An RBM by PCD. Its pictures come from chains of their own, begun at noise and SWEEPS further with each look, so the
    first looks are at chains still on their way. ``chains`` are where they stand."""

    model: RBM

    def __init__(self, dataset: Dataset, n_hidden: int, seed: int, n_samples: int) -> None:
        super().__init__(n_samples)
        spec = RunSpec(model=ModelSpec(n_hidden=n_hidden), training=PCD, seed=seed)
        self.model = make_model(spec, dataset)
        self._trainer = Trainer(self.model, dataset, PCD, randomness.generator(seed, "training"))
        self._draw = randomness.generator(seed, "rbm pictures")
        self.chains = from_noise(self.model, n_samples, self._draw)

    @property
    def trainer(self) -> Trainer:
        return self._trainer

    def pictures(self) -> Tensor:
        for _ in range(SWEEPS):
            self.chains, info = gibbs.sweep(self.model, self.chains, self._draw)
        return info.visible_mean


class BaselineContender(Contender):
    """A baseline with as many weights as ``budget``; its pictures come from the same noise at every look."""

    model: Baseline

    def __init__(self, kind: str, dataset: Dataset, budget: int, seed: int, n_samples: int) -> None:
        super().__init__(n_samples)
        rows, columns = dataset.image_shape
        self.model = make_baseline(kind, budget, (rows, columns), randomness.generator(seed, "model", kind))
        self._trainer = BaselineTrainer(
            self.model, dataset, BaselineConfig(epochs=PCD.epochs), randomness.generator(seed, "training", kind)
        )
        self._kind, self._seed = kind, seed
        self._images = dataset.train[:CODED]

    @property
    def trainer(self) -> BaselineTrainer:
        return self._trainer

    def pictures(self) -> Tensor:
        self._trainer.report()  # tells of a loss that broke
        self.model.settle(self._images)
        return self.model.generate(self.n_samples, randomness.generator(self._seed, "noise", self._kind))


def enter(kind: str, dataset: Dataset, n_hidden: int, seed: int, n_samples: int) -> Contender:
    """The contender "rbm" with ``n_hidden`` hidden units, or a baseline with as many weights as that one has."""
    if kind == "rbm":
        return RbmContender(dataset, n_hidden, seed, n_samples)
    budget = dataset.n_visible * n_hidden + dataset.n_visible + n_hidden
    return BaselineContender(kind, dataset, budget, seed, n_samples)


class Score(NamedTuple):
    """What pictures are worth: Fréchet distance (per cent of the digits' own variance), AATS of black-and-white draws, the
    share of pictures that the classifier is SURE of, and the share of each digit among all (10,).

    The classifier knows MNIST's digits only: of other data, distance and share are NaN and ``digits`` is empty.
    """

    frechet: float
    aats: Resemblance
    sure: float
    digits: tuple[float, ...]


class Judge:
    """Compares pictures with test images, which no contender ever saw.

    AATS compares black-and-white draws, pixel by pixel with the grey level as probability, of pictures and images alike:
    a machine's probabilities are smoother than any image, and would be told from them by that alone.
    """

    def __init__(self, dataset: Dataset, n_samples: int, *, digits: bool = True) -> None:
        """``digits``: whether the classifier knows these pictures.

        DatasetError for fewer than 2 or fewer than ``n_samples`` test images.
        """
        if not 2 <= n_samples <= len(dataset.test):
            raise DatasetError(
                f"There are {len(dataset.test)} test images for {n_samples} pictures; ask for fewer, 2 at least."
            )
        self._real = Gaussian.of(describe(dataset.test)[0]) if digits else None
        order = torch.randperm(len(dataset.test), generator=randomness.generator(0, "judge"))
        self._images = _drawn(dataset.test[order[:n_samples]], "images")

    def score(self, pictures: Tensor) -> Score:
        """Of pictures (N, V), N as was said at the start."""
        aats = resemblance(self._images, _drawn(pictures, "pictures"))
        if self._real is None:
            return Score(math.nan, aats, math.nan, ())
        features, digits = describe(pictures)
        return Score(
            frechet=frechet(Gaussian.of(features), self._real),
            aats=aats,
            sure=float((digits.max(1).values >= SURE).double().mean()),
            digits=tuple(digits.mean(0).tolist()),
        )


def _drawn(v: Tensor, what: str) -> Tensor:
    return binarise(v, "stochastic", randomness.generator(0, "judge", what))


def yardsticks(dataset: Dataset, n_samples: int) -> Mapping[str, Tensor]:
    """Pictures (N, V) to hold the distances against: training images as they are, with a tenth of their pixels flipped
    (still easy to read), blurred beyond that (means of 5×5 pixels), and mere noise."""
    draw = randomness.generator(0, "yardsticks")
    v = dataset.train[torch.randperm(len(dataset.train), generator=draw)[:n_samples]]
    flipped = torch.where(torch.rand(v.shape, generator=draw) < 0.1, 1 - v, v)
    blurred = avg_pool2d(v.unflatten(1, (1, *dataset.image_shape)), 5, 1, 2).flatten(1)
    return {
        "real digits": v,
        "a tenth flipped": flipped,
        "blurred": blurred,
        "noise": torch.rand(v.shape, generator=draw),
    }


def held_out(dataset: Dataset) -> Tensor:
    """Test images with their grey levels drawn once and for all, (N, V): the draw that every study uses."""
    return binarise(dataset.test, "stochastic", randomness.generator(0, "test images"))


class Bound(NamedTuple):
    """Log-likelihood of test images, nats each: ``low`` and ``high``, the standard error of the mean over images, and the
    ``mark`` that must stand beside the numbers, see :mod:`rbm.evaluation.verdict`; empty where they may be quoted."""

    low: float
    high: float
    error: float
    mark: str = ""


def vae_bound(model: VAE, v: Tensor, seed: int) -> Bound:
    """The evidence lower bound of v (N, V); what lies above it is not known, so ``high`` is infinite."""
    with torch.no_grad():
        values = model.bound(v, randomness.generator(seed, "bound")).double()
    return Bound(float(values.mean()), float("inf"), float(values.std()) / len(values) ** 0.5)


def bracket_of(contender: RbmContender, train: Tensor, n_temperatures: int, seed: int) -> LiveBracket:
    """log Z of the RBM between AIS and reverse AIS from its own chains, to be advanced."""
    model = contender.model
    return LiveBracket(
        model, contender.chains.v[:100], n_chains=100, n_temperatures=n_temperatures, n_sweeps=SWEEPS,
        generator=randomness.generator(seed, "bracket"), base=ais.base_biases(train).to(model.weight),
    )  # fmt: skip


def rbm_bound(contender: RbmContender, bracket: ais.Bracket, v: Tensor) -> Bound:
    """Mean log-likelihood of v (N, V) with log Z from either side."""
    with torch.no_grad():
        free = -contender.model.free_energy(v).double()
    mean, error = float(free.mean()), float(free.std()) / len(free) ** 0.5
    ends = sorted((mean - bracket.forward.value, mean - bracket.reverse.value))
    return Bound(ends[0], ends[1], error, verdict.mark(trustworthy=bracket.trustworthy, gap=bracket.gap))
