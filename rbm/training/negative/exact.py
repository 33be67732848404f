"""The exact gradient of a tiny model: the negative phase visits every state of the layer that has fewer."""

import math

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training.config import TrainConfig
from rbm.training.gradients import Gradient, Phases, ScaledGradient, ShapedGradient
from rbm.training.negative.base import NegativePhase
from rbm.units.listing import bits, joint_states

LIMIT = 12  # binary units of the layer visited: 4,096 states at every update


class Exact(NegativePhase):
    """The model's mean statistics are the derivatives of log Z = log Σ_s exp(a·s + Σ_i log_partition((sW + b)_i)).

    s runs over the states of the layer that has fewer, a its and b the other layer's biases; autograd differentiates,
    by the precision of Gaussian and ReLU visible units and the shape of dReLU hidden ones too. The rows of the negative
    phase, needed only for curves, are
    exact samples. ConfigError beyond 2^LIMIT states.
    """

    def __init__(self, model: RBM, config: TrainConfig, coins: Coins) -> None:
        super().__init__(model, config, coins)
        visible, hidden = bits(model.n_visible, model.visible_unit), bits(model.n_hidden, model.hidden_unit)
        self._hidden_is_few = hidden <= visible
        unit, n = (model.hidden_unit, model.n_hidden) if self._hidden_is_few else (model.visible_unit, model.n_visible)
        if min(visible, hidden) > LIMIT:
            few = f"{len(unit.states())}^{n} states" if min(visible, hidden) < math.inf else _("a continuum of states")
            wrong = _(
                "The exact gradient would visit {few} at every update; the limit is 2^{limit}, that is {limit} "
                "binary units in one of the layers. Take fewer hidden units, with finitely many states each, or "
                "pcd."
            )
            raise ConfigError(wrong.format(few=few, limit=LIMIT))
        self._states = joint_states(torch.arange(len(unit.states()) ** n), n, unit).to(model.weight)  # (S, columns)
        self._own = unit.base_energy(self._states).sum(1)

    def phases(self, v0: Tensor, k: int) -> Phases:
        model, s = self.model, self._states
        with torch.enable_grad():
            if self._hidden_is_few:
                inside = model.visible_unit.log_partition(model.visible_field(s)).sum(1)
                log_p = s @ model.hidden_bias - self._own + inside
            else:
                log_p = -model.free_energy(s)
            log_p = log_p - log_p.detach().max()  # far from 0 the probabilities would not add up to 1 in float32
            gradient = torch.autograd.grad(log_p.logsumexp(0), list(model.parameters()))
        with torch.no_grad():
            few = s[self._drawn(log_p, len(v0))]
            v = model.sample_visible(few, self.coins.generator) if self._hidden_is_few else few
            kind = Gradient if model.hidden_shape is None else ShapedGradient
            statistics = (kind if model.visible_log_precision is None else ScaledGradient)(*gradient)
            return Phases(v0, model.hidden_mean(v0), v, model.hidden_mean(v), None, statistics)

    def _drawn(self, log_p: Tensor, n: int) -> Tensor:
        """The numbers of n states drawn; of a broken model, whose gradient is NaN and ends training, any."""
        if not bool(torch.isfinite(log_p.logsumexp(0))):
            return torch.zeros(n, dtype=torch.long, device=log_p.device)
        return torch.multinomial(log_p.softmax(0), n, replacement=True, generator=self.coins.generator)
