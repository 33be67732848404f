"""Training of the baselines: autograd and Adam, as an iterator of the same events that an RBM's training yields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.datasets.base import Dataset, binarise
from rbm.errors import ConfigError
from rbm.models.baseline import Baseline
from rbm.training.config import check_knobs, knob
from rbm.training.divergence import check_losses
from rbm.training.events import TrainEvent
from rbm.training.stepped import SteppedTraining

EVENTS_EVERY = 50  # updates


@dataclass(frozen=True)
class BaselineConfig:
    """How a baseline is trained; rates are the field's usual ones, kept with each model."""

    batch_size: int = knob(
        64, _("Batch size"), _("Images averaged for one update; usually 32 to 128."), low=2, high=1024, unit="images"
    )
    epochs: int = knob(20, _("Epochs"), _("Passes over the training images."), low=1, high=5000)

    def __post_init__(self) -> None:
        check_knobs(self)


def train_baseline(
    model: Baseline, dataset: Dataset, config: BaselineConfig, generator: torch.Generator
) -> Iterator[TrainEvent]:
    """Train ``model`` in place, an event before the first update, every EVENTS_EVERY, and after the last.

    The same model, data, config and generator state give the same parameters bit for bit on one machine and thread
    count. DivergenceError when a loss is no longer finite.
    """
    trainer = BaselineTrainer(model, dataset, config, generator)
    yield trainer.report()
    yield from trainer.events()


class BaselineTrainer(SteppedTraining[TrainEvent]):
    """One run of a baseline's training, to be stepped.

    In an update every player of the model steps once, in order, on the same batch. Metrics of its events: ``loss`` of a
    model with one player, else ``loss_<player>`` of each, means since the last event, nats per picture.
    """

    def __init__(self, model: Baseline, dataset: Dataset, config: BaselineConfig, generator: torch.Generator) -> None:
        """ConfigError when the pictures are of another size than the model's."""
        if dataset.n_visible != model.n_visible:
            wrong = _(
                "The model is for pictures of {n_visible} pixels but those of {name!r} have {pixels}: make it "
                "with image_shape={shape}."
            )
            raise ConfigError(
                wrong.format(
                    n_visible=model.n_visible,
                    name=dataset.name,
                    pixels=dataset.n_visible,
                    shape=tuple(dataset.image_shape),
                )
            )
        # A batch of one has no variance for batch normalisation.
        super().__init__(len(dataset.train), config.batch_size, config.epochs, generator, smallest_batch=2)
        self.model, self.config, self._data = model, config, dataset.train
        self._optimizers = {
            player: torch.optim.Adam(getattr(model, player).parameters(), model.rate, betas=(model.beta1, 0.999))
            for player in model.players
        }
        self._sums = dict.fromkeys(model.players, 0.0)

    def _learn(self, rows: Tensor, left: int) -> None:
        v = binarise(self._data[rows], self.model.binarise, self._generator)
        for player, optimizer in self._optimizers.items():
            loss = self.model.loss(player, v, self._generator)
            self.model.zero_grad(set_to_none=True)  # a generator's loss leaves gradients in the discriminator too
            loss.backward()
            optimizer.step()
            self._sums[player] += float(loss.detach())

    def _event(self) -> TrainEvent:
        numbers = self._numbers()
        cure = _("Take another seed or a larger batch.")
        check_losses(
            numbers.values(), _("The {title}'s training").format(title=self.model.title), self.step_number, cure
        )
        self._sums = dict.fromkeys(self._sums, 0.0)
        return TrainEvent(self.step_number, self.epoch, numbers, self.seconds)

    def _numbers(self) -> Mapping[str, float]:
        count = self.step_number - self._last_report
        if not count:
            return {}
        single = len(self._sums) == 1
        return {"loss" if single else f"loss_{player}": total / count for player, total in self._sums.items()}

    def _spacing(self) -> int:
        return EVENTS_EVERY
