"""The usual update in the fewest passes over the weights: what training spends its time on once sampling is fast.

Equal, but for rounding, to ``contrast`` → ``Centring.centre`` → ``penalise`` → ``Momentum.step``, which stay the
definition and do everything that this does not cover. N data rows, M chains, V visible, H hidden units.
"""

import torch
from torch import Tensor

from rbm.models.rbm import RBM
from rbm.training.centring import Centring
from rbm.training.config import TrainConfig
from rbm.training.gradients import Phases
from rbm.training.optimizers import Momentum
from rbm.units import Quadratic


class FusedStep:
    """velocity ← μ·velocity + (η/N) [v0; vk]ᵀ [h0; −hk] − ηλW in one product, W ← W + velocity.

    Offsets are taken off the rows, where it costs N·V instead of V·H, and the change of W of which the biases must hear
    (``Centring.after_step``) is the velocity itself.
    """

    def __init__(self, model: RBM, optimizer: Momentum, centring: Centring | None) -> None:
        self.model, self.optimizer, self.centring = model, optimizer, centring
        self._counts = 0, 0  # N and M that the memory below is for
        self._left = self._right = self._signs = self._ones = self._product = model.weight.new_empty(0)

    def covers(self, config: TrainConfig, phases: Phases) -> bool:
        """Whether this batch's update is one that it does."""
        plain = not (config.l1 or config.gradient_clip or config.max_norm)
        return plain and phases.model is None and not isinstance(self.model.visible_unit, Quadratic)

    @torch.no_grad()
    def step(self, phases: Phases, config: TrainConfig, rate: float) -> None:
        """One update of model, velocity and offsets."""
        model, n = self.model, len(phases.v0)
        left, right = self._rows(phases)
        b, c = torch.mv(left.to(self._signs).T, self._signs), torch.mv(right.to(self._ones).T, self._ones)
        if config.sparsity_cost:
            c += config.sparsity_cost * (config.sparsity_target - phases.h0_mean.mean(0))
        velocity = self._push(left, right, rate / n, config.momentum)
        if config.weight_decay:
            velocity.add_(model.weight, alpha=-rate * config.weight_decay)
        model.weight.add_(velocity)
        for name, parameter, g in (("visible_bias", model.visible_bias, b), ("hidden_bias", model.hidden_bias, c)):
            parameter.add_(self.optimizer.velocity[name].mul_(config.momentum).add_(g, alpha=rate))
        if self.centring is not None:
            self.centring.follow(velocity)

    def _rows(self, phases: Phases) -> tuple[Tensor, Tensor]:
        """[v0; vk] (N + M, V) and [h0; −(N/M) hk] (N + M, H), from their offsets where there are any; reused memory."""
        v0, h0, vk, hk = phases[:4]
        n, m = len(v0), len(vk)
        if self._counts != (n, m):
            self._counts = n, m
            self._left, self._right = v0.new_empty(n + m, v0.shape[1]), h0.new_empty(n + m, h0.shape[1])
            weight = self.model.weight
            self._signs = torch.cat([weight.new_full((n,), 1 / n), weight.new_full((m,), -1 / m)])
            self._ones = weight.new_full((n + m,), 1 / n)
        left, right = self._left, self._right
        if self.centring is None:
            left[:n], left[n:], right[:n] = v0, vk, h0
            torch.mul(hk, -n / m, out=right[n:])
            return left, right
        mu, lam = self.centring.move(phases)
        torch.sub(v0, mu, out=left[:n])
        torch.sub(vk, mu, out=left[n:])
        torch.sub(h0, lam, out=right[:n])
        torch.sub(lam, hk, out=right[n:])
        if n != m:
            right[n:].mul_(n / m)
        return left, right

    def _push(self, left: Tensor, right: Tensor, rate: float, momentum: float) -> Tensor:
        velocity = self.optimizer.velocity["weight"]
        if left.dtype == velocity.dtype:
            return velocity.addmm_(left.T, right, beta=momentum, alpha=rate)
        if self._product.shape != velocity.shape:
            self._product = left.new_empty(velocity.shape)
        # One product, so that its rounding is that of the difference of the phases and not of either.
        return velocity.mul_(momentum).add_(torch.mm(left.T, right, out=self._product), alpha=rate)
