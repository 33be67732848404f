"""A deep belief net unrolled into a classifier and fine-tuned by gradient descent. N images, C classes, L hidden layers."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError
from rbm.models.dbn import DeepBeliefNet
from rbm.models.given import matrix, numbers, vector
from rbm.randomness import Coins
from rbm.training.config import check_knobs, knob
from rbm.training.divergence import check_losses
from rbm.training.stepped import SteppedTraining
from rbm.units import UNITS

EVENTS = 100  # at most about so many in a training
ROWS = 5000  # images classified at once


@dataclass(frozen=True)
class FinetuneConfig:
    """How a classifier is trained; the loss is cross-entropy, the rate falls linearly to zero."""

    epochs: int = knob(
        20, _("Epochs"), _("Passes over the labelled images; usually 10 to 100."), low=1, high=10_000, step=1
    )
    least_updates: int = knob(
        0,
        _("Updates at least"),
        _("Few images get more epochs until so many updates are made."),
        low=0,
        high=100_000,
        step=1,
    )
    batch_size: int = knob(100, _("Batch size"), _("Images averaged for one update."), low=1, high=1024, step=1)
    optimizer: str = knob(
        "sgd",
        _("Optimiser"),
        _("SGD with momentum keeps closer to where it starts; Adam is quicker."),
        choices=("sgd", "adam"),
    )
    learning_rate: float = knob(
        0.1, _("Learning rate"), _("Usually 0.03 to 0.3 with SGD, 0.0003 to 0.003 with Adam."), low=1e-6, high=10.0
    )
    momentum: float = knob(0.9, _("Momentum"), _("Of SGD; usually 0.9."), low=0.0, high=0.99)
    dropout_input: float = knob(
        0.2,
        _("Dropped pixels"),
        _("Share of the pixels set to 0 at random in each update; usually 0 to 0.2."),
        low=0.0,
        high=0.9,
    )
    dropout_hidden: float = knob(
        0.5, _("Dropped units"), _("Share of the hidden units left out at random; usually 0 to 0.5."), low=0.0, high=0.9
    )
    max_norm: float = knob(
        0.0, _("Largest weight norm"), _("Of the weights into one hidden unit; 0 sets no limit."), low=0.0, high=100.0
    )

    def __post_init__(self) -> None:
        check_knobs(self)


class FinetuneEvent(NamedTuple):
    """Updates done, their share of all, and the mean cross-entropy of the last batches (nats an image, dropout on)."""

    step: int
    done: float
    loss: float


class Classifier(nn.Module):
    """p(class | v) = softmax(h^L·U + u) with hˡ = σ(hˡ⁻¹Wˡ + cˡ): the mean way up of a deep belief net, plus one layer.

    Attribute ``layers``: L + 1 linear layers, the last one's outputs the C log-odds.
    """

    def __init__(self, sizes: Sequence[int], n_classes: int, generator: torch.Generator) -> None:
        """``sizes``: V, n_1, ..., n_L. Weights as Glorot & Bengio 2010 draw them for sigmoids, biases 0."""
        super().__init__()
        if len(sizes) < 2 or n_classes < 2:
            fault = _("A classifier needs a hidden layer and two classes, got {sizes} and {n_classes}.")
            raise ConfigError(fault.format(sizes=tuple(sizes), n_classes=n_classes))
        widths = [*sizes, n_classes]
        self.layers = nn.ModuleList()
        for number, below in enumerate(widths[:-1]):
            layer, above = nn.Linear(below, widths[number + 1]), widths[number + 1]
            width = math.sqrt(6 / (below + above)) * (4 if number < len(sizes) - 1 else 1)
            with torch.no_grad():
                layer.weight.copy_((torch.rand(above, below, generator=generator) * 2 - 1) * width)
                layer.bias.zero_()
            self.layers.append(layer)

    @classmethod
    def unroll(cls, dbn: DeepBeliefNet, n_classes: int, generator: torch.Generator) -> "Classifier":
        """The net's weights and hidden biases as they are, below a new output layer."""
        made = cls(dbn.sizes, n_classes, generator).to(dbn.top.weight)
        with torch.no_grad():
            for layer, rbm in zip(list(made.layers)[:-1], dbn.rbms, strict=True):
                layer.weight.copy_(rbm.weight.T)  # type: ignore[operator]
                layer.bias.copy_(rbm.hidden_bias)  # type: ignore[operator]
        return made

    def check(self, x: Tensor, name: str) -> Tensor:
        """x (N, V) as the network computes; ShapeError for what it is not."""
        lowest = self.layers[0]
        assert isinstance(lowest, nn.Linear)
        return matrix(x, name, lowest.in_features, lowest.weight)

    def forward(self, x: Tensor, drop: "Dropout | None" = None) -> Tensor:
        """Log-odds of the classes: (N, V) -> (N, C)."""
        x = self.check(x, "x")
        for number, layer in enumerate(self.layers):
            x = x if drop is None else drop(x, number)
            x = layer(x)
            if number < len(self.layers) - 1:
                x = torch.sigmoid(x)
        return x


class Dropout:
    """x with a share of its columns set to 0 in each row and the rest scaled up, so that sums keep their mean.

    Hinton et al., Improving Neural Networks by Preventing Co-adaptation of Feature Detectors, 2012.
    """

    def __init__(self, config: FinetuneConfig, generator: torch.Generator) -> None:
        self._shares, self._coins = (config.dropout_input, config.dropout_hidden), Coins(generator)

    def __call__(self, x: Tensor, layer: int) -> Tensor:
        kept = 1 - self._shares[min(layer, 1)]
        if kept == 1:
            return x
        return x * self._coins.flip(torch.full_like(x, kept)).div_(kept)


def finetune(
    network: Classifier, images: Tensor, labels: Tensor, config: FinetuneConfig, generator: torch.Generator
) -> Iterator[FinetuneEvent]:
    """Train ``network`` in place on images (N, V) with labels (N,), an event now and then and one at the end.

    All layers at once, by SGD with momentum or Adam (Kingma & Ba 2015). ShapeError unless there is a label an image;
    DivergenceError when the loss is no longer finite.
    """
    if len(images) != len(labels) or not len(images):
        fault = _("Training needs a label for each image, got {n_images} images and {n_labels} labels.")
        raise ShapeError(fault.format(n_images=len(images), n_labels=len(labels)))
    yield from FinetuneTrainer(network, images, labels, config, generator).events()


class FinetuneTrainer(SteppedTraining[FinetuneEvent]):
    """One run of fine-tuning, to be stepped: each update by the gradient of one batch's mean cross-entropy."""

    def __init__(
        self, network: Classifier, images: Tensor, labels: Tensor, config: FinetuneConfig, generator: torch.Generator
    ) -> None:
        super().__init__(len(images), config.batch_size, config.epochs, generator)
        self.total_steps = max(self.total_steps, config.least_updates)
        self.network, self.config, self._x = network, config, network.check(images, "images")
        self._y = numbers(labels, "labels", f"({len(images)},)").long()
        self._drop, self._losses = Dropout(config, generator), list[Tensor]()
        self._optimiser: torch.optim.Optimizer = (
            torch.optim.Adam(network.parameters(), lr=config.learning_rate, fused=True)
            if config.optimizer == "adam"
            else torch.optim.SGD(network.parameters(), lr=config.learning_rate, momentum=config.momentum, fused=True)
        )

    def _learn(self, rows: Tensor, left: int) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = self.config.learning_rate * (1 - self.done)
        with torch.enable_grad():
            loss = nn.functional.cross_entropy(self.network(self._x[rows], self._drop), self._y[rows])
            self._optimiser.zero_grad()
            loss.backward()
        self._optimiser.step()
        _limit(self.network, self.config.max_norm)
        self._losses.append(loss.detach())

    def _event(self) -> FinetuneEvent:
        mean, self._losses = float(torch.stack(self._losses).mean()), []
        check_losses([mean], _("Fine-tuning"), self.step_number, _("Lower its learning rate."))
        return FinetuneEvent(self.step_number, self.done, mean)

    def _spacing(self) -> int:
        return max(self.total_steps // EVENTS, 1)


@torch.no_grad()
def _limit(network: Classifier, max_norm: float) -> None:
    if max_norm:
        for layer in list(network.layers)[:-1]:
            weight = layer.weight
            assert isinstance(weight, Tensor)
            weight.mul_((max_norm / weight.norm(dim=1, keepdim=True)).clamp(max=1.0))


@torch.no_grad()
def error_rate(network: Classifier, images: Tensor, labels: Tensor) -> float:
    """Share of the images (N, V) whose most probable class is not their label (N,); ShapeError unless they are pixels."""
    images = network.check(images, "images")
    UNITS["bernoulli"].check_states(images, "images", grey=True)
    labels = vector(labels, "labels", len(images), images)
    wrong = sum(
        int((network(x).argmax(1) != y).sum()) for x, y in zip(images.split(ROWS), labels.split(ROWS), strict=True)
    )
    return wrong / len(images)
