"""The exact gradient of a tiny model: the negative phase visits every state of the smaller layer."""

import math

import torch
from torch import Tensor

from rbm.errors import TooLargeError
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training.config import TrainConfig
from rbm.training.gradients import Gradient, Phases
from rbm.training.negative.base import NegativePhase

LIMIT = 12  # binary units of the smaller layer: 4,096 states at every update


class Exact(NegativePhase):
    """The model's mean statistics are the derivatives of log Z = log Σ_s exp(a·s + Σ_i log_partition((sW + b)_i)).

    s runs over the states of the smaller layer, a its and b the other layer's biases; autograd differentiates. The rows
    of the negative phase, needed only for curves, are exact samples. TooLargeError beyond 2^LIMIT states.
    """

    def __init__(self, model: RBM, config: TrainConfig, coins: Coins) -> None:
        super().__init__(model, config, coins)
        self._hidden_is_few = model.n_hidden <= model.n_visible
        unit, n = (model.hidden_unit, model.n_hidden) if self._hidden_is_few else (model.visible_unit, model.n_visible)
        single = unit.states().to(model.weight)
        if n * math.log2(len(single)) > LIMIT:
            raise TooLargeError(
                f"The exact gradient would visit {len(single)}^{n} states at every update; the limit is 2^{LIMIT}, that "
                f"is {LIMIT} binary units in the smaller layer. Take fewer hidden units, or pcd."
            )
        self._states = torch.cartesian_prod(*[single] * n).reshape(-1, n)  # (S, n)
        self._own = unit.base_energy(self._states).sum(1)

    def phases(self, v0: Tensor, k: int) -> Phases:
        model, s = self.model, self._states
        with torch.enable_grad():
            if self._hidden_is_few:
                inside = model.visible_unit.log_partition(model.visible_field(s)).sum(1)
                log_p = s @ model.hidden_bias - self._own + inside
            else:
                log_p = -model.free_energy(s)
            gradient = torch.autograd.grad(log_p.logsumexp(0), (model.weight, model.visible_bias, model.hidden_bias))
        with torch.no_grad():
            few = s[torch.multinomial(log_p.softmax(0), len(v0), replacement=True, generator=self.coins.generator)]
            v = model.sample_visible(few, self.coins.generator) if self._hidden_is_few else few
            return Phases(v0, model.hidden_mean(v0), v, model.hidden_mean(v), None, Gradient(*gradient))
