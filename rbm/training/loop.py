"""The training loop: an iterator of events. It knows no plot, no file and no screen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from rbm import randomness
from rbm.core.language import _
from rbm.datasets.base import Dataset, binarise
from rbm.errors import CheckpointError, ConfigError
from rbm.models.rbm import RBM
from rbm.training import changes, gradients
from rbm.training.by_rows import ByRows, choose_products, fused_step
from rbm.training.centring import Centring, Standardising
from rbm.training.config import LIVE, TrainConfig
from rbm.training.data import check_dataset
from rbm.training.divergence import Sanity
from rbm.training.events import TrainEvent
from rbm.training.metrics import Metric, Probe
from rbm.training.negative import make_negative
from rbm.training.optimizers import Momentum, make_optimizer, scheduled_rate
from rbm.training.penalties import limit, penalise
from rbm.training.precision import HalfCopy, choose_precision, widened
from rbm.training.stepped import SteppedTraining
from rbm.training.weighting import epoch_of, row_weights
from rbm.training.widths import Widths
from rbm.training.window import Window, averaged

PROBE_IMAGES = 512  # enough for a standard error of about one nat in a mean free energy


def train(
    model: RBM,
    dataset: Dataset,
    config: TrainConfig,
    generator: torch.Generator,
    metrics: Sequence[Metric] = (),
) -> Iterator[TrainEvent]:
    """Train ``model`` in place, yielding an event before the first update, now and then, and after the last.

    The same model, data, config and generator state give the same parameters bit for bit on one machine and thread
    count. DivergenceError when values stop being finite or weights explode: the model then holds the parameters of the
    last event, which were good.
    """
    trainer = Trainer(model, dataset, config, generator, metrics)
    yield trainer.report()
    yield from trainer.events()


class Trainer(SteppedTraining[TrainEvent]):
    """One run of training as a value that can be stepped, saved and gone on with.

    Public attributes beside those of every stepped training: ``model``; ``config``, its live knobs as they stand;
    ``changes``, where those were turned; ``precision``, the format of its products and why; ``products``, whether
    rows of W are added in their place and why.
    """

    def __init__(
        self,
        model: RBM,
        dataset: Dataset,
        config: TrainConfig,
        generator: torch.Generator,
        metrics: Sequence[Metric] = (),
    ) -> None:
        """ConfigError for settings that do not fit each other or the model, ShapeError for data that are no states of it."""
        if dataset.n_visible != model.visible_columns:
            width = model.visible_unit.width
            wrong = _(
                "The model has {visible_columns} visible {units} but an image of {name!r} has {pixels} pixels: "
                "make the model with n_visible={needed}."
            )
            raise ConfigError(
                wrong.format(
                    visible_columns=model.visible_columns,
                    units="units" if width == 1 else "columns",
                    name=dataset.name,
                    pixels=dataset.n_visible,
                    needed=dataset.n_visible // width,
                )
            )
        if model.visible_unit.name != "bernoulli" and config.binarise != "none":
            wrong = _(
                "binarise={binarise!r} makes every pixel 0 or 1, which is for bernoulli visible units; this model "
                "has {name} ones: set binarise='none'."
            )
            raise ConfigError(wrong.format(binarise=config.binarise, name=model.visible_unit.name))
        check_dataset(dataset, model.visible_unit, config.binarise)
        super().__init__(len(dataset.train), config.batch_size, config.epochs, generator)
        self.model, self.config, self.metrics = model, config, tuple(metrics)
        self.changes: list[changes.Change] = []
        self._n_weights = model.weight.numel()
        self._data = dataset.train.to(model.weight.device)
        self._sanity = Sanity(model, self._data)
        self._coins = randomness.Coins(generator)
        self._centring = Centring(model, dataset.pixel_mean) if config.centred != "off" else None
        self._scales = Standardising(model, dataset.train) if config.centred == "standardised" else None
        self._weights = row_weights(dataset, model.visible_unit, config.weighting)
        self._widths = Widths(model, self._centring)
        self._optimizer = make_optimizer(model, config.optimizer)
        self.products = choose_products(model, dataset, config, model.weight.dtype)
        self.precision = choose_precision(config, model, self.products.by_rows)
        self._half = HalfCopy(model) if self.precision.dtype == torch.bfloat16 else None
        if self._half is not None:
            self.products = choose_products(model, dataset, config, self.precision.dtype)
        by_rows = ByRows(model, self.products.rare) if self.products.by_rows else None
        self._measured = by_rows or model
        followed = self._half.model if self._half is not None else self._measured
        self._negative = make_negative(followed, config, self._coins)
        self._fused = None
        if type(self._optimizer) is Momentum and not self._negative.learns and self._scales is None:
            self._fused = fused_step(self._measured, self._optimizer, self._centring)
        self._window = Window()
        self.probe = _probe(dataset, config, generator)

    def change(self, **knobs: Any) -> None:
        """Turn a knob while training goes on, which is noted; ConfigError for one that needs a new start."""
        fixed = [name for name in knobs if name not in LIVE]
        if fixed:
            wrong = _("{fixed} cannot change during training, only {live} can: start a new run.")
            raise ConfigError(wrong.format(fixed=", ".join(fixed), live=", ".join(LIVE)))
        turned = {name: value for name, value in knobs.items() if getattr(self.config, name) != value}
        self.config = replace(self.config, **knobs)
        if turned:
            self.changes = changes.noted(self.changes, self.step_number, turned)

    def lengthen(self, epochs: int) -> None:
        """Train to the end of ``epochs`` epochs, which may be later than was planned; ConfigError for more than a run has.

        The schedule is stretched over the new length from the next update on, so a rate that has fallen to zero rises
        again to where update n of so many stands. A constant rate knows no length: 2 epochs and then one more are the
        same numbers as 3 epochs at once.
        """
        if epochs > self.config.epochs:
            self.config = replace(self.config, epochs=epochs)
            self.changes = changes.noted(self.changes, self.step_number, {"epochs": epochs})
            self.total_steps = self.batches_per_epoch * epochs

    @torch.no_grad()
    def _learn(self, rows: Tensor, left: int) -> None:
        if self._half is not None:
            self._half.renew()
        phases = self._phases(rows)
        if left <= averaged(self._spacing()):
            self._window.add(self._measured, phases if self._half is None else widened(phases))
        self._update(phases, scheduled_rate(self.config, self.done))

    @torch.no_grad()
    def _event(self) -> TrainEvent:
        self._sanity.check(self.step_number, self.config.learning_rate)
        numbers = self._window.numbers(self.images_per_second)
        numbers.update(self._negative.numbers())
        for metric in self.metrics:
            numbers.update(metric(self.model, self.probe))
        numbers["learning_rate"] = scheduled_rate(self.config, self.done)
        self._window = Window()
        return TrainEvent(self.step_number, self.epoch, numbers, self.seconds)

    def state(self) -> dict[str, Tensor]:
        """Everything beside the model that going on bit for bit needs."""
        return {
            "progress": torch.tensor([self.step_number, self._last_report, self.total_steps], dtype=torch.long),
            "seconds": torch.tensor(self.seconds, dtype=torch.float64),
            "generator": self._generator.get_state(),
            "probe_generator": self.probe.generator.get_state(),
            "order": self._order,
            **self._optimizer.state(),
            **self._negative.state(),
            **{name: torch.tensor(rows, dtype=torch.float64) for name, rows in changes.to_table(self.changes).items()},
            **(self._centring.state() if self._centring is not None else {}),
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Go on where ``state`` was taken. The window of a half-done event starts empty: it feeds curves, not learning.

        CheckpointError when the state is of another run or data set, or damaged.
        """
        try:
            self._load_state(state)
        except (KeyError, IndexError, RuntimeError, TypeError, ValueError) as error:
            wrong = _(
                "The trainer's state does not fit this run and its data ({error}); start the run again from its settings."
            )
            raise CheckpointError(wrong.format(error=error)) from error

    def _load_state(self, state: Mapping[str, Tensor]) -> None:
        self.step_number, self._last_report, *length = (int(n) for n in state["progress"])
        for total in length:  # older states do not hold it: their runs were as long as planned
            if total % self.batches_per_epoch:
                raise ValueError(f"{total} updates are no whole number of epochs of {self.batches_per_epoch}")
            self.lengthen(total // self.batches_per_epoch)
        rows = state["order"].sort().values
        if not 0 <= self._last_report <= self.step_number <= self.total_steps:
            raise ValueError(f"{self.step_number} of {self.total_steps} updates done")
        n = len(self._data)
        whole = len(rows) == n and 0 <= int(rows[0]) <= int(rows[-1]) < n  # with weights some come again, others not
        if len(rows) and not (whole and (self._weights is not None or torch.equal(rows.cpu(), torch.arange(n)))):
            raise ValueError(f"its order of images is not one of {len(self._data)} images")
        self.seconds = self._last_seconds = float(state["seconds"])
        self._generator.set_state(state["generator"].cpu())
        self.probe.generator.set_state(state["probe_generator"].cpu())
        self._order = state["order"].to(self._data.device)
        if fault := self._sanity.fault():
            raise ValueError(fault)
        self._optimizer.load_state(state)
        self._negative.load_state(state)
        if self._centring is not None:
            self._centring.load_state(state)
        self.changes = changes.from_state(state)
        self.config = replace(self.config, **changes.in_force(self.changes))  # type: ignore[arg-type]
        self._sanity.keep()

    def _shuffled(self) -> Tensor:
        return super()._shuffled() if self._weights is None else epoch_of(self._weights, self._generator)

    def _phases(self, chosen: Tensor) -> gradients.Phases:
        """Both phases for the images with these numbers, their grey levels drawn for this batch alone."""
        if self.config.binarise == "stochastic":
            return self._negative.drawn(self._data, chosen, self.config.k)
        v0 = binarise(self._data[chosen], self.config.binarise, self._generator)
        return self._negative.phases(v0.to(self._negative.model.weight.dtype), self.config.k)

    def _update(self, phases: gradients.Phases, rate: float) -> None:
        if self._fused is not None and self._fused.covers(self.config, phases):
            self._fused.step(phases, self.config, rate)
            return
        if self._half is not None:
            phases = widened(phases)
        gradient = gradients.contrast(phases)
        # Where pixels may lie far from 0 only the centred gradient can be followed at a high rate, by fast weights too.
        anywhere = self.model.visible_log_precision is not None and self._centring is not None
        if not anywhere:
            self._negative.learned(gradient, self.config.learning_rate)
        if self._centring is not None:
            gradient = self._centring.centre(gradient, phases)
            if self._scales is not None:
                gradient = self._scales.scaled(gradient)
            if anywhere:
                self._negative.learned(self._centring.carried(gradient), self.config.learning_rate)
            self._centring.before_step()
        whole = gradients.completed(gradient, phases, self.model)
        if isinstance(whole, gradients.ScaledGradient):
            self._widths.before_step(whole)
        penalise(whole, self.model, phases, self.config)
        self._optimizer.step(whole, rate, self.config.momentum)
        limit(self.model, self.config.max_norm)
        self.model.constrain()
        if isinstance(whole, gradients.ScaledGradient):
            self._widths.after_step()
        if self._centring is not None:
            self._centring.after_step()

    def _spacing(self) -> int:
        return self._doubling(2.0 * (2 * self.config.k + 3) * self.config.batch_size * self._n_weights)


def _probe(dataset: Dataset, config: TrainConfig, generator: torch.Generator) -> Probe:
    seed, device = generator.initial_seed(), generator.device
    draw = randomness.generator(seed, "probe", device=device)

    def sample(images: Tensor) -> Tensor:
        rows = torch.randperm(len(images), generator=draw, device=device)[:PROBE_IMAGES]
        return binarise(images.to(device)[rows], config.binarise, draw)

    return Probe(
        sample(dataset.train), sample(dataset.validation), randomness.generator(seed, "metrics", device=device)
    )
