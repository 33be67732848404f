"""Training on images of which few pixels are on, or few off: rows of W are added up where training elsewhere multiplies.

The hidden layer's fields and the update's product of both phases are sums over the pixels that are on
(``rbm.core.rows``); the visible layer's fields, sums over the hidden units that are on, of four units at a time
(``rbm.core.columns``). It is the same training but for the rounding of sums taken in another order.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rbm.core import kernels, rows
from rbm.core.language import _
from rbm.core.rests import rest
from rbm.core.row_sweeps import Buffers, Layers, begin, sweep
from rbm.datasets.base import Dataset
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training.centring import Centring
from rbm.training.config import TrainConfig
from rbm.training.fused import CompiledStep, FusedStep
from rbm.training.fused import fused_step as dense_step
from rbm.training.gradients import Phases, Sweeps
from rbm.training.optimizers import Momentum

LOOKED_AT = 1000  # images
ALGORITHMS = ("cd", "pcd", "fpcd", "ptt", "pt")  # those whose visible states are samples


class Products(NamedTuple):
    """Whether rows of W are added where v is ``rare``, 1 or 0, and in a sentence or two why or why not."""

    by_rows: bool
    reason: str
    rare: int = 1


def choose_products(model: RBM, dataset: Dataset, config: TrainConfig, dtype: torch.dtype) -> Products:
    """What is faster for this data, of which ``dtype`` is the format of products; the same answer every time."""
    images = dataset.train[:LOOKED_AT]
    if config.binarise == "threshold":
        images = (images > 0.5).float()
    on = float(images.mean())
    obstacle = ""
    if config.algorithm not in ALGORITHMS:
        obstacle = _("the visible states of {algorithm} are no samples").format(algorithm=config.algorithm)
    elif model.visible_unit.name != "bernoulli":
        obstacle = _("{name} visible units are not 0 or 1").format(name=model.visible_unit.name)
    elif config.binarise == "none" and not bool(((dataset.train == 0) | (dataset.train == 1)).all()):
        obstacle = _("the pixels are grey")
    elif dtype != torch.float32 or not kernels.fits(model.weight):
        obstacle = _("the compiled loops add up float32 on the processor only")
    elif rows.DENSEST < on < rows.FEWEST:
        obstacle = _("{on:.0%} of the pixels are on").format(on=on)
    if obstacle:
        return Products(False, _("Dense products, because {obstacle}.").format(obstacle=obstacle))
    why = _("Sums of rows of W for the hidden layer, because only {on:.0%} of the pixels are on.").format(on=on)
    if on > rows.DENSEST:
        why = _("Sums of rows of W for the hidden layer, because only {off:.0%} of the pixels are off.").format(
            off=1 - on
        )
    if model.hidden_unit.name == "bernoulli":
        why += " " + _("For the visible layer sums of four columns of W at a time, because hidden units are 0 or 1.")
    return Products(True, why, int(on <= rows.DENSEST))


class ByRows(RBM):
    """``model`` itself, with the same parameters and not copies of them, whose hidden fields are sums of rows of W.

    Attribute ``rare``: the value of v, 1 or 0, whose rows are summed.
    """

    def __init__(self, model: RBM, rare: int = 1) -> None:
        nn.Module.__init__(self)
        self.__dict__.update(model.__dict__)
        self.rare = rare
        self._seen: list[tuple[Tensor, rows.Places]] = []

    def hidden_field(self, v: Tensor) -> Tensor:
        """x = vW + c, (N, H), of binary v (N, V)."""
        if torch.is_grad_enabled() or not kernels.fits(v, self.weight) or v.shape[1] != len(self.weight):
            return super().hidden_field(v)
        x, places = rows.hidden_field(v, self.weight, self.hidden_bias, self.rare)
        self.remember(v, places)
        return x

    def remember(self, v: Tensor, places: rows.Places) -> None:
        """That v is rare at these places, for `take_places`."""
        self._seen[1:] = [(v, places)]

    def take_places(self, *states: Tensor) -> list[rows.Places]:
        """Where each of these v (N, V) is rare, remembered of the first and the last that were asked for; forgets them."""
        known = [next((places for other, places in self._seen if other is v), None) for v in states]
        self._seen.clear()
        return [places or rows.places(v, self.rare) for v, places in zip(states, known, strict=True)]


class RowSweeps(Sweeps):
    """The same by sums of rows for Bernoulli units, in memory that is used again: what it gives is good until the next update."""

    def __init__(self, model: ByRows, coins: Coins) -> None:
        super().__init__(model, coins)
        self._by_rows = model
        self._layers = Layers(model.weight, model.visible_bias, model.hidden_bias, model.rare)
        self._known: dict[tuple[str, int], Buffers] = {}

    def drawn(self, data: Tensor, chosen: Tensor, k: int, h: Tensor | None = None) -> Phases:
        """Both phases for the batch data[chosen] of grey levels, drawn for it alone: data (D, V), chosen (N,).

        The chains go on from ``h`` (M, H), and their last h is kept; without it they start at the batch and none is kept.
        """
        started, kept = int(h is None), int(h is not None)
        keys = self.coins.keys(1 + started + 2 * k - 1 + kept)
        batch, chains = self._buffers("data", len(chosen)), self._buffers("chains", len(chosen if h is None else h))
        self._layers.renew()
        begin(data, chosen, batch, self._layers, keys[: 1 + started])
        h, place = batch.h if h is None else h, 1 + started
        for left in range(k, 0, -1):
            sweep(h, chains, self._layers, keys[place : place + 2])
            h, place = chains.h, place + 2
            if left > 1:
                rest()
        self._by_rows.remember(batch.v, batch.places)
        self._by_rows.remember(chains.v, chains.places)
        return Phases(batch.v, batch.mean, chains.v, chains.mean, chains.h if kept else None)

    def _buffers(self, name: str, n: int) -> Buffers:
        if (name, n) not in self._known:
            self._known[name, n] = Buffers(n, *self.model.weight.shape)
        return self._known[name, n]


def sweeps_of(model: RBM, coins: Coins) -> Sweeps:
    """What moves this model's chains fastest. The loops know hidden units of 0 and 1 only."""
    binary = model.hidden_unit.name == "bernoulli"
    return RowSweeps(model, coins) if isinstance(model, ByRows) and binary else Sweeps(model, coins)


class RowStep(CompiledStep):
    """The update in one pass over W: each pixel's row hears of the images and chains in which the pixel is on."""

    def __init__(self, model: ByRows, optimizer: Momentum, centring: Centring | None) -> None:
        super().__init__(model, optimizer, centring)
        self._by_rows, self._update = model, rows.OnePass(model.rare)
        self._no_push = torch.zeros_like(model.hidden_bias)

    def step(self, phases: Phases, config: TrainConfig, rate: float) -> None:
        """One update of model, velocity and offsets."""
        model, velocity = self.model, self.optimizer.velocity
        (mu, lam), shares = self._offsets()
        data, chains = self._by_rows.take_places(phases.v0, phases.vk)
        push = self._no_push
        if config.sparsity_cost:
            push = config.sparsity_cost * (config.sparsity_target - phases.h0_mean.mean(0))
        self._update.step(
            (data, phases.h0_mean.contiguous()),
            (chains, phases.hk_mean.contiguous()),
            (model.weight, velocity["weight"]),
            (model.visible_bias, velocity["visible_bias"], mu),
            (model.hidden_bias, velocity["hidden_bias"], lam),
            push,
            (rate, config.momentum, rate * config.weight_decay, *shares),
        )


def fused_step(model: RBM, optimizer: Momentum, centring: Centring | None) -> FusedStep:
    """The fused update in the form that is fastest for this model."""
    return RowStep(model, optimizer, centring) if isinstance(model, ByRows) else dense_step(model, optimizer, centring)
