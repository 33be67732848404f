"""How studies measure a likelihood: one binarisation of the test images, log Z exactly or from both sides."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rbm import randomness
from rbm.datasets.base import Dataset, binarise
from rbm.evaluation import ais, exact
from rbm.evaluation.ais import Bracket, Estimate
from rbm.evaluation.likelihood import log_likelihood
from rbm.evaluation.population import population
from rbm.evaluation.verdict import unreliable
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.samplers import from_visible, gibbs

DRAW = "test images"  # names the one draw of the test images that every study uses, whatever its seed
MORE = 4  # times as many temperatures where too few chains count
SETTLING = 100  # sweeps by which copies of one chain, made by resampling, part again


class JudgingEffort(NamedTuple):
    """What log Z may cost: AIS ``chains`` and ``temperatures`` in each direction; ``population``, the chains of which
    the samples are drawn that reverse AIS starts from. Where too few chains count, four times the temperatures are taken,
    and again, as long as that is not more than ``most``."""

    chains: int = 100
    temperatures: int = 10_000
    population: int = 1000
    population_temperatures: int = 2000
    most: int = 0


class Judgement(NamedTuple):
    """Mean log-likelihood of the test images, nats: ``forward`` with log Z from AIS, too high if anything, ``reverse``
    with log Z from reverse AIS, too low if anything; ``forward_ess`` and ``reverse_ess``, the chains that count.

    ``error``: standard error of forward as far as log Z goes; ``images_error``: as far as the choice of images goes.
    ``doubt``: why the bracket is not to be believed, empty where it is. ``reconstruction``: see reconstruction_error.
    ``temperatures``: how many it took.
    """

    forward: float
    error: float
    forward_ess: float
    reverse: float
    reverse_ess: float
    images_error: float
    doubt: str
    reconstruction: float
    temperatures: int

    @property
    def gap(self) -> float:
        """Width of the bracket, nats."""
        return self.forward - self.reverse


def held_out(dataset: Dataset, how: str) -> Tensor:
    """All test images, grey levels drawn once and for all (N, V)."""
    return binarise(dataset.test, how, randomness.generator(0, DRAW))


@torch.no_grad()
def reconstruction_error(model: RBM, v: Tensor) -> float:
    """Mean squared error per pixel of ⟨v|⟨h|v⟩⟩ on v (N, V)."""
    return float((model.visible_mean(model.hidden_mean(v)) - v).square().mean())


def exactly(model: RBM, v: Tensor) -> float:
    """The mean log-likelihood of v (N, V) with log Z by enumeration, nats."""
    return float(log_likelihood(model, v, exact.log_partition(model)).mean())


@torch.no_grad()
def judge(model: RBM, v: Tensor, train: Tensor, seed: int, effort: JudgingEffort) -> Judgement:
    """The likelihood of v (N, V) from both sides.

    AIS runs from the base rates of ``train`` and from zero biases. Both tend to miss some of Z, and the larger is
    quoted: the *lower* likelihood. Reverse AIS starts at samples that know nothing of the data, see
    :mod:`rbm.evaluation.population`; chains from images would stay in the modes of images and hide all others.
    """
    found = _judge(model, v, train, seed, effort)
    while unreliable(min(found.forward_ess, found.reverse_ess)) and MORE * effort.temperatures <= effort.most:
        effort = effort._replace(temperatures=MORE * effort.temperatures)
        found = _judge(model, v, train, seed, effort)
    return found


def _judge(model: RBM, v: Tensor, train: Tensor, seed: int, effort: JudgingEffort) -> Judgement:
    """With just that many temperatures."""
    bases = {"rates": ais.base_biases(train, model.visible_unit).to(model.weight), "zero": None}
    forward = {
        name: ais.log_partition(
            model,
            n_chains=effort.chains,
            n_temperatures=effort.temperatures,
            generator=generator(seed, "ais", name),
            base=base,
        )
        for name, base in bases.items()
    }
    best = max(forward, key=lambda name: forward[name].value)
    reverse = from_above(model, bases[best], seed, effort)
    verdict = Bracket(forward[best], reverse)
    free = -model.free_energy(v).double()
    mean = float(free.mean())
    return Judgement(
        forward=mean - forward[best].value,
        error=forward[best].standard_error,
        forward_ess=forward[best].ess,
        reverse=mean - reverse.value,
        reverse_ess=reverse.ess,
        images_error=float(free.std()) / math.sqrt(len(v)),
        doubt="" if verdict.trustworthy else verdict.reason,
        reconstruction=reconstruction_error(model, v),
        temperatures=effort.temperatures,
    )


def from_above(model: RBM, base: Tensor | None, seed: int, effort: JudgingEffort) -> Estimate:
    """log Z from above: reverse AIS from samples that know nothing of the data."""
    draw = generator(seed, "reverse ais")
    found = population(
        model,
        n_chains=effort.population,
        n_temperatures=effort.population_temperatures,
        generator=draw,
        base=base,
    )
    rows = torch.randperm(effort.population, generator=draw)[: effort.chains]
    chains = from_visible(model, found.v[rows], draw)
    for _ in range(SETTLING):
        chains, _ = gibbs.sweep(model, chains, draw)
    return ais.reverse_log_partition(model, chains.v, n_temperatures=effort.temperatures, generator=draw, base=base)
