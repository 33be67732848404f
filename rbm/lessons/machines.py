"""Machines made for the lessons: two far modes, random weights, and tiny patterns learnt without any noise."""

from typing import NamedTuple

import torch
from torch import Tensor

from rbm.datasets.toy import bars_and_stripes
from rbm.evaluation import mean_gradient, transition
from rbm.models.rbm import RBM
from rbm.randomness import generator

KEPT = 32  # moments of a path


def two_modes(coupling: float, n_visible: int = 4, n_hidden: int = 3) -> RBM:
    """Every weight W_ij = w, b_i = −wH/2, c_j = −wV/2: as spins ±1, every pair coupled by w/4 and no field.

    All off and all on have the same lowest energy, and what lies between is the higher, the larger w is.
    """
    model = RBM(n_visible, n_hidden).double()
    with torch.no_grad():
        model.weight.fill_(coupling)
        model.visible_bias.fill_(-coupling * n_hidden / 2)
        model.hidden_bias.fill_(-coupling * n_visible / 2)
    return model


def random(scale: float, n_visible: int = 4, n_hidden: int = 3, seed: int = 1) -> RBM:
    """Weights N(0, scale²) and biases that make each unit on half of the time when the other layer is half on."""
    model = RBM(n_visible, n_hidden).double()
    with torch.no_grad():
        model.weight.copy_(scale * torch.randn(n_visible, n_hidden, generator=generator(seed, "machine")).double())
        model.visible_bias.copy_(-model.weight.sum(1) / 2)
        model.hidden_bias.copy_(-model.weight.sum(0) / 2)
    return model


class PathMoment(NamedTuple):
    """A place on a path of learning: the machine after ``step`` updates, and where PCD's chains would stand.

    ``chains`` (S,) is the distribution of infinitely many persistent chains that took a sweep at every update.
    """

    step: int
    model: RBM
    chains: Tensor


@torch.no_grad()
def path(data: Tensor, n_hidden: int, *, rate: float = 0.3, updates: int = 2000, seed: int = 1) -> list[PathMoment]:
    """Binary rows (N, V) learnt by the exact gradient from small random weights: about KEPT moments, closer together early.

    Full batches, no momentum, no noise: θ ← θ + rate · ∂ mean log p(v)/∂θ. ``mean_gradient`` says the same more slowly:
    here e^{−E} of all pairs of states is computed once an update and serves the gradient and the chains.
    """
    model = RBM(data.shape[1], n_hidden, generator=generator(seed, "path")).double()
    half = transition.halves(model)
    v, h = half.v, half.h
    target = chains = mean_gradient.distribution(data, half)
    wanted = {0, updates, *(round(updates ** (i / (KEPT - 2))) for i in range(KEPT - 1))}
    kept = [PathMoment(0, _copy(model), chains)]
    pairs = _boltzmann_factors(model, v, h)
    for step in range(1, updates + 1):
        rows = pairs.sum(1)
        surplus = target / rows - 1 / rows.sum()  # data's minus model's p(v), per unit of the factors' sum over h
        together = pairs @ h  # (S, H)
        model.weight.addmm_((v * surplus[:, None]).T, together, alpha=rate)
        model.visible_bias.add_((surplus * rows) @ v, alpha=rate)
        model.hidden_bias.add_(surplus @ together, alpha=rate)
        pairs = _boltzmann_factors(model, v, h)
        chains = (chains / pairs.sum(1)) @ pairs / pairs.sum(0) @ pairs.T
        if step in wanted:
            kept.append(PathMoment(step, _copy(model), chains))
    return kept


def _boltzmann_factors(model: RBM, v: Tensor, h: Tensor) -> Tensor:
    """e^{−E(v, h)}, (S, T), up to a factor: the largest is 1."""
    log_p = v @ model.weight @ h.T + (v @ model.visible_bias)[:, None] + h @ model.hidden_bias
    return (log_p - log_p.max()).exp_()


def learnt_bars(side: int = 2, n_hidden: int = 4) -> RBM:
    """The end of a path: a machine that knows its bars and stripes."""
    return path(bars_and_stripes(side).train, n_hidden, rate=1.0)[-1].model


def _copy(model: RBM) -> RBM:
    other = RBM(model.n_visible, model.n_hidden).double()
    other.load_state_dict(model.state_dict())
    return other
