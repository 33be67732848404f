"""What is asked of the weights beside likelihood: terms added to its gradient, and limits on gradient and weights."""

import torch

from rbm.models.rbm import RBM
from rbm.training.config import TrainConfig
from rbm.training.gradients import AnyGradient, Phases


@torch.no_grad()
def penalise(gradient: AnyGradient, model: RBM, phases: Phases, config: TrainConfig) -> None:
    """Add to ``gradient``, in place, what decay (L2), L1 and sparsity ask for, then clip it.

    Decay pulls weights only, never biases. Sparsity compares the *batch mean* q of ⟨h⟩ with its target p and moves the
    hidden biases by cost·(p − q): Lee, Ekanadham & Ng, Sparse Deep Belief Net Model, 2008, whose biases alone carry it;
    Hinton, A Practical Guide, 2010, section 11, for the measure.
    """
    if config.weight_decay:
        gradient.weight.add_(model.weight, alpha=-config.weight_decay)
    if config.l1:
        gradient.weight.add_(model.weight.sign(), alpha=-config.l1)
    if config.sparsity_cost:
        gradient.hidden_bias.add_(config.sparsity_target - phases.h0_mean.mean(0), alpha=config.sparsity_cost)
    if config.gradient_clip:
        norm = torch.sqrt(sum((g.square().sum() for g in gradient), torch.zeros((), device=model.weight.device)))
        for g in gradient:
            g.mul_((config.gradient_clip / norm).clamp(max=1.0))


@torch.no_grad()
def limit(model: RBM, max_norm: float) -> None:
    """Scale the weights into each hidden unit down to ‖W_j‖ ≤ max_norm, where they are longer."""
    if max_norm:
        model.weight.mul_((max_norm / model.weight.norm(dim=0)).clamp(max=1.0))  # a norm of 0 gives ∞, so 1
