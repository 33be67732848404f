"""Learning in a deep Boltzmann machine: mean field for the data's phase, persistent chains for the model's own.

Since the machine is kept as an RBM with h¹ on one side and (v, h²) on the other (:mod:`rbm.models.dbm`), its phases are an
RBM's: ⟨h¹ (v, h²)ᵀ⟩ under q(h¹)q(h²) given the data, less the same over chains that draw alternate layers. What follows,
the centred gradient and the update, is the code that RBMs learn by. N data rows, M chains, V, H, K units.
Source: Salakhutdinov & Hinton, Deep Boltzmann Machines, 2009, sections 2 and 3; centred: Melchior et al. 2016.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from rbm import randomness
from rbm.core.language import _
from rbm.datasets.base import Dataset, binarise
from rbm.errors import ConfigError
from rbm.models.dbm import CopiedRBM, DeepBoltzmannMachine, compose
from rbm.training import gradients
from rbm.training.centring import Centring
from rbm.training.config import TrainConfig
from rbm.training.data import check_dataset
from rbm.training.divergence import Sanity
from rbm.training.events import TrainEvent
from rbm.training.fused import fused_step
from rbm.training.gradients import Phases
from rbm.training.greedy import LayerEvent, activities, learn_layer
from rbm.training.metrics import Metric
from rbm.training.optimizers import Momentum, scheduled_rate
from rbm.training.stepped import SteppedTraining

MEAN_FIELD_STEPS = 5
PROBE_IMAGES = 256


class DeepBoltzmannTrainer(SteppedTraining[TrainEvent]):
    """One training of ``model`` as a value that can be stepped.

    Of ``config`` it reads k (sweeps of the chains a step), n_chains, learning_rate, schedule, batch_size, epochs,
    momentum, weight_decay, sparsity, centred and binarise.
    """

    def __init__(
        self,
        model: DeepBoltzmannMachine,
        dataset: Dataset,
        config: TrainConfig,
        generator: torch.Generator,
        *,
        mean_field_steps: int = MEAN_FIELD_STEPS,
    ) -> None:
        if dataset.n_visible != model.n_visible:
            wrong = _(
                "The model has {n_visible} visible units but an image of {name!r} has {pixels} pixels: make "
                "the model with n_visible={pixels}."
            )
            raise ConfigError(wrong.format(n_visible=model.n_visible, name=dataset.name, pixels=dataset.n_visible))
        check_dataset(dataset, model.joint.visible_unit, config.binarise)
        if config.optimizer != "sgd" or config.algorithm != "pcd":
            wrong = _("A deep Boltzmann machine learns by pcd and sgd, got {algorithm} and {optimizer}.")
            raise ConfigError(wrong.format(algorithm=config.algorithm, optimizer=config.optimizer))
        super().__init__(len(dataset.train), config.batch_size, config.epochs, generator)
        self.model, self.config, self._data = model, config, dataset.train.to(model.joint.weight.device)
        self._sanity = Sanity(model.joint, self._data)
        self._coins, self._mean_field, self._error = randomness.Coins(generator), mean_field_steps, 0.0
        draw = randomness.generator(generator.initial_seed(), "probe")
        self._probe = {
            name: binarise(rows[torch.randperm(len(rows), generator=draw)[:PROBE_IMAGES]], config.binarise, draw)
            for name, rows in (("train", dataset.train), ("validation", dataset.validation))
        }
        with torch.no_grad():
            first, __ = model.mean_field(self._probe["train"].to(model.joint.weight), mean_field_steps)
        self._centring = Centring(model.joint, first.mean(0)) if config.centred == "on" else None
        self._update = fused_step(model.joint, Momentum(model.joint), self._centring)
        self._sweeps = gradients.Sweeps(self.model.joint, self._coins)
        self._chains: Tensor | None = None  # (v, h²) of the chains, (M, V + K)

    @torch.no_grad()
    def phases(self, v: Tensor) -> Phases:
        """Both phases for binary v (N, V), in the joint RBM's terms; the chains k sweeps on."""
        q1, q2 = self.model.mean_field(v, self._mean_field)
        if self._chains is None:
            count = self.config.n_chains or len(v)
            rows = torch.cat([v, self._coins.flip(q2)], 1)
            self._chains = rows.repeat(-(-count // len(rows)), 1)[:count]
        h1, outer_mean, self._chains = self._sweeps.walk(self._chains, self.config.k, keep=True)
        return Phases(q1, self.model.outer(v, q2), h1, outer_mean, self._chains)

    @torch.no_grad()
    def _learn(self, rows: Tensor, left: int) -> None:
        v = binarise(self._data[rows].to(self.model.joint.weight), self.config.binarise, self._generator)
        phases = self.phases(v)
        self._update.step(phases, self.config, scheduled_rate(self.config, self.done))
        if left == 1:
            self._error = float((self.model.outer_means(phases.v0)[0] - v).square().mean())

    @torch.no_grad()
    def _event(self) -> TrainEvent:
        self._sanity.check(self.step_number, self.config.learning_rate)
        numbers = {"learning_rate": scheduled_rate(self.config, self.done)}
        for name, v in self._probe.items():
            q = self.model.mean_field(v.to(self.model.joint.weight), self._mean_field)
            numbers[f"free_energy_{name}"] = -float(self.model.bound(v, *q).mean())
        numbers["free_energy_gap"] = numbers["free_energy_validation"] - numbers["free_energy_train"]
        if self.step_number > self._last_report:
            numbers["reconstruction_error"] = self._error
            numbers["samples_per_second"] = self.images_per_second
        return TrainEvent(self.step_number, self.epoch, numbers, self.seconds)

    def _spacing(self) -> int:
        products = 2 * self.config.k + 3 + 2 * self._mean_field
        return self._doubling(2.0 * products * self.config.batch_size * self.model.joint.weight.numel())


def learn_layers(
    sizes: tuple[int, int], dataset: Dataset, config: TrainConfig, seed: int, metrics: Sequence[Metric] = ()
) -> Iterator[LayerEvent | DeepBoltzmannMachine]:
    """Learn both layers one by one with the doubled weights, each by ``config``; the composed machine comes last.

    Salakhutdinov & Hinton 2009, section 3.1: the lower layer sees two copies of v, the upper one makes h¹ from two of h².
    """
    low = CopiedRBM(dataset.n_visible, sizes[0], visible_copies=2, generator=randomness.generator(seed, "low"))
    yield from learn_layer(low, dataset, config, randomness.generator(seed, "layer", 1), layer=1, metrics=metrics)
    high = CopiedRBM(sizes[0], sizes[1], hidden_copies=2, generator=randomness.generator(seed, "high"))
    up = activities(dataset, low)
    yield from learn_layer(high, up, config, randomness.generator(seed, "layer", 2), layer=2, metrics=metrics)
    yield compose(low, high)
