"""What the pictures of the RBM and its baselines are worth, and how likely those of them that can tell find images.

Letters: N pictures, V pixels.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from rbm import randomness
from rbm.core.language import _
from rbm.datasets.base import Dataset, binarise
from rbm.errors import DatasetError
from rbm.evaluation import ais, verdict
from rbm.evaluation.digit_features import describe
from rbm.evaluation.frechet import FeatureGaussian, frechet
from rbm.evaluation.live_bracket import LiveBracket
from rbm.evaluation.samples import Resemblance, resemblance
from rbm.models.vae import VAE
from rbm.tasks.baselines.timed import SWEEPS, TimedRbm

SURE = 0.9  # probability of a digit from which the classifier is taken to have read it


class PictureScore(NamedTuple):
    """What pictures are worth: Fréchet distance (per cent of the digits' own variance), AATS of black-and-white draws, the
    share of pictures that the classifier is SURE of, and the share of each digit among all (10,).

    The classifier knows MNIST's digits only: of other data, distance and share are NaN and ``digits`` is empty.
    """

    frechet: float
    aats: Resemblance
    sure: float
    digits: tuple[float, ...]


class Judge:
    """Compares pictures with test images, which no model ever saw.

    AATS compares black-and-white draws, pixel by pixel with the grey level as probability, of pictures and images alike:
    a machine's probabilities are smoother than any image, and would be told from them by that alone.
    """

    def __init__(self, dataset: Dataset, n_samples: int, *, digits: bool = True) -> None:
        """``digits``: whether the classifier knows these pictures.

        DatasetError for fewer than 2 or fewer than ``n_samples`` test images.
        """
        if not 2 <= n_samples <= len(dataset.test):
            wrong = _("There are {n_test} test images for {n_samples} pictures; ask for fewer, 2 at least.")
            raise DatasetError(wrong.format(n_test=len(dataset.test), n_samples=n_samples))
        self._real = FeatureGaussian.of(describe(dataset.test)[0]) if digits else None
        order = torch.randperm(len(dataset.test), generator=randomness.generator(0, "judge"))
        self._images = _drawn(dataset.test[order[:n_samples]], "images")

    def score(self, pictures: Tensor) -> PictureScore:
        """Of pictures (N, V), N as was said at the start."""
        aats = resemblance(self._images, _drawn(pictures, "pictures"))
        if self._real is None:
            return PictureScore(math.nan, aats, math.nan, ())
        features, digits = describe(pictures)
        return PictureScore(
            frechet=frechet(FeatureGaussian.of(features), self._real),
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


class LikelihoodBounds(NamedTuple):
    """Log-likelihood of test images, nats each: ``low`` and ``high``, the standard error of the mean over images, and the
    ``mark`` that must stand beside the numbers, see :mod:`rbm.evaluation.verdict`; empty where they may be quoted."""

    low: float
    high: float
    error: float
    mark: str = ""


def vae_bound(model: VAE, v: Tensor, seed: int) -> LikelihoodBounds:
    """The evidence lower bound of v (N, V); what lies above it is not known, so ``high`` is infinite."""
    with torch.no_grad():
        values = model.bound(v, randomness.generator(seed, "bound")).double()
    return LikelihoodBounds(float(values.mean()), float("inf"), float(values.std()) / len(values) ** 0.5)


def bracket_of(one: TimedRbm, train: Tensor, n_temperatures: int, seed: int) -> LiveBracket:
    """log Z of the RBM between AIS and reverse AIS from its own chains, to be advanced."""
    model = one.model
    return LiveBracket(
        model, one.chains.v[:100], n_chains=100, n_temperatures=n_temperatures, n_sweeps=SWEEPS,
        generator=randomness.generator(seed, "bracket"), base=ais.base_biases(train).to(model.weight),
    )  # fmt: skip


def rbm_bound(one: TimedRbm, bracket: ais.Bracket, v: Tensor) -> LikelihoodBounds:
    """Mean log-likelihood of v (N, V) with log Z from either side."""
    with torch.no_grad():
        free = -one.model.free_energy(v).double()
    mean, error = float(free.mean()), float(free.std()) / len(free) ** 0.5
    ends = sorted((mean - bracket.forward.value, mean - bracket.reverse.value))
    return LikelihoodBounds(ends[0], ends[1], error, verdict.mark(trustworthy=bracket.trustworthy, gap=bracket.gap))
