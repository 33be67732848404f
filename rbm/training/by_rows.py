"""Training on images of which few pixels are on: rows of W are added up where training elsewhere multiplies.

The hidden layer's fields and the update's product of both phases are sums over the pixels that are on
(``rbm.core.rows``). It is the same training but for the rounding of sums taken in another order.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rbm.core import kernels, rows
from rbm.datasets.base import Dataset
from rbm.models.rbm import RBM
from rbm.training.centring import Centring
from rbm.training.config import TrainConfig
from rbm.training.fused import CompiledStep, FusedStep
from rbm.training.fused import fused_step as dense_step
from rbm.training.gradients import Phases
from rbm.training.optimizers import Momentum

DENSEST = 0.25  # share of pixels on, from which products are faster (784 pixels, one and two cores with AVX-512)
LOOKED_AT = 1000  # images
ALGORITHMS = ("cd", "pcd", "fpcd", "ptt", "pt")  # those whose visible states are samples


class Products(NamedTuple):
    """Whether rows of W are added where v is one, and in a sentence why or why not."""

    by_rows: bool
    reason: str


def choose_products(model: RBM, dataset: Dataset, config: TrainConfig, dtype: torch.dtype) -> Products:
    """What is faster for this data, of which ``dtype`` is the format of products; the same answer every time."""
    images = dataset.train[:LOOKED_AT]
    if config.binarise == "threshold":
        images = (images > 0.5).float()
    on = float(images.mean())
    obstacle = ""
    if config.algorithm not in ALGORITHMS:
        obstacle = f"the visible states of {config.algorithm} are no samples"
    elif model.visible_unit.name != "bernoulli":
        obstacle = f"{model.visible_unit.name} visible units are not 0 or 1"
    elif config.binarise == "none" and not bool(((dataset.train == 0) | (dataset.train == 1)).all()):
        obstacle = "the pixels are grey"
    elif dtype != torch.float32 or not kernels.fits(model.weight):
        obstacle = "the compiled loops add up float32 on the processor only"
    elif on > DENSEST:
        obstacle = f"{on:.0%} of the pixels are on"
    if obstacle:
        return Products(False, f"Dense products, because {obstacle}.")
    return Products(True, f"Sums of rows of W for the hidden layer, because only {on:.0%} of the pixels are on.")


class ByRows(RBM):
    """``model`` itself, with the same parameters and not copies of them, whose hidden fields are sums of rows of W."""

    def __init__(self, model: RBM) -> None:
        nn.Module.__init__(self)
        self.__dict__.update(model.__dict__)
        self._seen: list[tuple[Tensor, rows.Ones]] = []

    def hidden_field(self, v: Tensor) -> Tensor:
        """x = vW + c, (N, H), of binary v (N, V)."""
        if torch.is_grad_enabled() or not kernels.fits(v, self.weight) or v.shape[1] != len(self.weight):
            return super().hidden_field(v)
        x, ones = rows.hidden_field(v, self.weight, self.hidden_bias)
        self._seen = [*self._seen[:1], (v, ones)]
        return x

    def take_ones(self, *states: Tensor) -> list[rows.Ones]:
        """Where each of these v (N, V) is one, remembered of the first and the last that were asked for; forgets them."""
        seen, self._seen = self._seen, []
        return [next((ones for other, ones in seen if other is v), None) or rows.ones(v) for v in states]


class RowStep(CompiledStep):
    """The update in one pass over W: each pixel's row hears of the images and chains in which the pixel is on."""

    def __init__(self, model: ByRows, optimizer: Momentum, centring: Centring | None) -> None:
        super().__init__(model, optimizer, centring)
        self._by_rows, self._update = model, rows.OnePass()
        self._no_push = torch.zeros_like(model.hidden_bias)

    def step(self, phases: Phases, config: TrainConfig, rate: float) -> None:
        """One update of model, velocity and offsets."""
        model, velocity = self.model, self.optimizer.velocity
        (mu, lam), shares = self._offsets()
        data, chains = self._by_rows.take_ones(phases.v0, phases.vk)
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
