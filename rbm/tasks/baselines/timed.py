"""The RBM and its baselines in one form: all train by the second, and all make pictures on request.

Letters: N pictures, V pixels.
"""

import time
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from rbm import randomness
from rbm.datasets.base import Dataset
from rbm.experiment import ModelSpec, RunSpec, make_model
from rbm.models.baseline import Baseline, n_weights
from rbm.models.baselines import make_baseline
from rbm.models.rbm import RBM
from rbm.samplers import from_noise, gibbs
from rbm.training.baselines import BaselineConfig, BaselineTrainer
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer

SWEEPS = 20  # of the RBM's chains from one look at its pictures to the next
CODED = 5000  # images whose codes the autoencoder's Gaussian is fitted to
# As in the app's preset: PCD-1, centred. Single precision, like all others.
PCD = TrainConfig(
    algorithm="pcd", learning_rate=0.05, schedule="constant", batch_size=64, epochs=5000, momentum=0.0, likelihood="never",
    precision="float32", device="cpu",
)  # fmt: skip


class TimedModel(ABC):
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


class TimedRbm(TimedModel):
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


class TimedBaseline(TimedModel):
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


def make(kind: str, dataset: Dataset, n_hidden: int, seed: int, n_samples: int) -> TimedModel:
    """ "rbm" with ``n_hidden`` hidden units, or a baseline with as many weights as that one has."""
    if kind == "rbm":
        return TimedRbm(dataset, n_hidden, seed, n_samples)
    budget = dataset.n_visible * n_hidden + dataset.n_visible + n_hidden
    return TimedBaseline(kind, dataset, budget, seed, n_samples)
