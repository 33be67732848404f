"""The usual update in the fewest passes over the weights: what training spends its time on once sampling is fast.

Equal, but for rounding, to ``contrast`` → ``Centring.centre`` → ``penalise`` → ``Momentum.step``, which stay the
definition and do everything that this does not cover. N data rows, M chains, V visible, H hidden units.
"""

import torch
from torch import Tensor

from rbm.core import kernels
from rbm.models.rbm import RBM
from rbm.training.centring import SHARE, Centring
from rbm.training.config import TrainConfig
from rbm.training.gradients import Phases
from rbm.training.optimizers import Momentum


def fused_step(model: RBM, optimizer: Momentum, centring: Centring | None) -> "FusedStep":
    """The fused update in the form that is fastest for this model's device and number format."""
    compiled = model.weight.dtype == torch.float32 and kernels.fits(model.weight)
    return (CompiledStep if compiled else FusedStep)(model, optimizer, centring)


class FusedStep:
    """velocity ← μ·velocity + (η/N) [v0; vk]ᵀ [h0; −hk] − ηλW in one product, W ← W + velocity.

    Offsets are taken off the rows, where it costs N·V instead of V·H, and the change of W of which the biases must hear
    (``Centring.after_step``) is the velocity itself.
    """

    def __init__(self, model: RBM, optimizer: Momentum, centring: Centring | None) -> None:
        self.model, self.optimizer, self.centring = model, optimizer, centring
        self._counts = 0, 0  # N and M that the memory below is for
        self._left = self._right = self._product = model.weight.new_empty(0)
        self._still = (
            torch.zeros_like(model.visible_bias),
            torch.zeros_like(model.hidden_bias),
        )  # where none are taken off

    def covers(self, config: TrainConfig, phases: Phases) -> bool:
        """Whether this batch's update is one that it does."""
        plain = not (config.l1 or config.gradient_clip or config.max_norm)
        model = self.model
        own = model.visible_log_precision is not None or model.hidden_shape is not None
        return plain and phases.model is None and not own

    @torch.no_grad()
    def step(self, phases: Phases, config: TrainConfig, rate: float) -> None:
        """One update of model, velocity and offsets."""
        model, velocity = self.model, self.optimizer.velocity
        self._make_room(phases)
        b, c = self._rows(phases)
        if config.sparsity_cost:
            c += config.sparsity_cost * (config.sparsity_target - phases.h0_mean.mean(0))
        for name, parameter, g in (("visible_bias", model.visible_bias, b), ("hidden_bias", model.hidden_bias, c)):
            self._follow(parameter, velocity[name], g, rate, config.momentum)
        self._push(rate / len(phases.v0), config.momentum)
        self._advance(rate * config.weight_decay)

    def _make_room(self, phases: Phases) -> None:
        n, m = len(phases.v0), len(phases.vk)
        if self._counts != (n, m):
            self._counts, like = (n, m), phases.v0
            visible, hidden = self.model.weight.shape
            self._left, self._right = like.new_empty(n + m, visible), like.new_empty(n + m, hidden)

    def _rows(self, phases: Phases) -> tuple[Tensor, Tensor]:
        """[v0; vk] (N + M, V) and [h0; −(N/M) hk] (N + M, H), less the offsets, to memory; the biases' gradients (V,), (H,)."""
        v0, h0, vk, hk = phases[:4]
        n, m = self._counts
        full = self.model.weight.dtype
        b, c = (data.mean(0, dtype=full) - chains.mean(0, dtype=full) for data, chains in ((v0, vk), (h0, hk)))
        mu, lam = self._still if self.centring is None else self.centring.move(phases)
        torch.sub(v0, mu, out=self._left[:n])
        torch.sub(vk, mu, out=self._left[n:])
        torch.sub(h0, lam, out=self._right[:n])
        torch.sub(lam, hk, out=self._right[n:]).mul_(n / m)
        return b, c

    def _follow(self, bias: Tensor, velocity: Tensor, gradient: Tensor, rate: float, momentum: float) -> None:
        """velocity ← momentum·velocity + rate·gradient, bias ← bias + velocity."""
        bias.add_(velocity.mul_(momentum).add_(gradient, alpha=rate))

    def _push(self, rate: float, momentum: float) -> None:
        """velocity ← momentum·velocity + rate·leftᵀ right."""
        velocity, left, right = self.optimizer.velocity["weight"], self._left.T, self._right
        if left.dtype == velocity.dtype:
            velocity.addmm_(left, right, beta=momentum, alpha=rate)
            return
        if self._product.shape != velocity.shape:
            self._product = left.new_empty(velocity.shape)
        # One product, so that its rounding is that of the difference of the phases and not of either.
        velocity.mul_(momentum).add_(torch.mm(left, right, out=self._product), alpha=rate)

    def _advance(self, decay: float) -> None:
        """velocity ← velocity − decay·W, W ← W + velocity, and the biases hear of it."""
        weight, velocity = self.model.weight, self.optimizer.velocity["weight"]
        weight.add_(velocity.add_(weight, alpha=-decay))
        if self.centring is not None:
            self.centring.follow(velocity)


class CompiledStep(FusedStep):
    """The same on the CPU, its passes compiled: one over the rows of each layer and one over the weights."""

    def _rows(self, phases: Phases) -> tuple[Tensor, Tensor]:
        v0, h0, vk, hk = (t.contiguous() for t in phases[:4])
        n, m = self._counts
        (mu, lam), (visible_share, hidden_share) = self._offsets()
        b, c = torch.empty_like(mu), torch.empty_like(lam)
        kernels.centred(v0, vk, mu, visible_share, 1.0, self._left, b)
        kernels.centred(h0, hk, lam, hidden_share, -n / m, self._right, c)
        return b, c

    def _offsets(self) -> tuple[tuple[Tensor, Tensor], tuple[float, float]]:
        """μ and λ, and the share of this batch's means that goes into each: all of the first batch's into λ."""
        if self.centring is None:
            return self._still, (0.0, 0.0)
        if self.centring.hidden is not None:
            return (self.centring.visible, self.centring.hidden), (SHARE, SHARE)
        self.centring.hidden = torch.zeros_like(self.model.hidden_bias)
        return (self.centring.visible, self.centring.hidden), (SHARE, 1.0)

    def _follow(self, bias: Tensor, velocity: Tensor, gradient: Tensor, rate: float, momentum: float) -> None:
        kernels.follow(bias, velocity, gradient, rate, momentum)

    def _advance(self, decay: float) -> None:
        model, velocity = self.model, self.optimizer.velocity["weight"]
        biases = model.visible_bias, model.hidden_bias
        kernels.advance(model.weight, velocity, decay, self._offsets()[0], biases)
