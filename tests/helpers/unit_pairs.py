"""Small models of every pair of unit types, and their joint distribution written out from the energy alone."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from rbm import randomness
from rbm.models.rbm import RBM

NAMES = ("bernoulli", "spin", "gaussian", "categorical", "multinary", "relu")


HIDDEN = (*NAMES, "drelu")


UNBOUNDED = ("gaussian", "relu", "drelu")


# dReLU units are hidden only.
PAIRS = [(v, h) for v in NAMES for h in NAMES if not (v in UNBOUNDED and h in UNBOUNDED)]
PAIRS += [(v, "drelu") for v in NAMES if v not in UNBOUNDED]


# For tests that take long: each type once on each side in every run, and the other pairs at a release.
PAIRS_IN_TURN = [
    pytest.param(v, h, id=f"{v}-{h}", marks=[pytest.mark.slow] if (NAMES.index(v) + HIDDEN.index(h)) % 6 else [])
    for v, h in PAIRS
]


M = 3


REACH, NODES, HALF_NODES = 20.0, 110, 70  # of the quadrature


def make(visible: str, hidden: str, seed: int = 1) -> RBM:
    """A random model in float64, two units in the layer that may be a continuum, three in the other."""
    n_visible, n_hidden = (2, 3) if visible in UNBOUNDED else (3, 2)
    many = {"categorical", "multinary"} & {visible, hidden}
    model = RBM(n_visible, n_hidden, visible=visible, hidden=hidden, n_states=M if many else None).double()
    draw = randomness.generator(seed, visible, hidden)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(0.5 * torch.randn(p.shape, generator=draw, dtype=torch.float64))
        if model.hidden_shape is not None:
            model.hidden_shape[0].clamp_(-0.6, 0.6)  # narrower halves would need more nodes
    return model


def layer(name: str, n: int) -> tuple[Tensor, Tensor]:
    """Every joint state of n units (S, columns), or nodes of Gauss–Legendre, and their log weights (S,)."""
    weight = None
    if name in UNBOUNDED:
        x, w = np.polynomial.legendre.leggauss(HALF_NODES if name == "drelu" else NODES)
        x, w = (x, w) if name == "gaussian" else ((x + 1) / 2, w / 2)
        if name == "drelu":  # its energy has a corner at 0
            x, w = np.concatenate([-x, x]), np.concatenate([w, w])
        single, weight = torch.from_numpy(REACH * x)[:, None], torch.from_numpy(REACH * w)
    else:
        single = {
            "bernoulli": torch.tensor([[0.0], [1.0]]),
            "spin": torch.tensor([[-1.0], [1.0]]),
            "categorical": torch.eye(M),
            "multinary": torch.arange(float(M))[:, None],
        }[name].double()
    index = torch.cartesian_prod(*[torch.arange(len(single))] * n)
    log_weight = torch.zeros(len(index)).double() if weight is None else weight.log()[index].sum(1)
    return single[index].flatten(1), log_weight


class Brute(NamedTuple):
    """States of both layers with their log weights, and log_joint (S, T) = −E + weights, differentiable in the model."""

    v: Tensor
    log_v: Tensor
    h: Tensor
    log_h: Tensor
    log_joint: Tensor


def brute(model: RBM, beta: float = 1.0) -> Brute:
    visible, hidden = model.visible_unit.name, model.hidden_unit.name
    v, log_v = layer(visible, model.n_visible)
    h, log_h = layer(hidden, model.n_hidden)
    minus_e = v @ model.weight @ h.T + (v @ model.visible_bias)[:, None] + h @ model.hidden_bias
    if visible in UNBOUNDED:
        minus_e = minus_e - 0.5 * (v.square() @ model.visible_log_precision.exp())[:, None]
    if hidden == "drelu":
        minus_e = minus_e - potential(model, h)
    elif hidden in UNBOUNDED:
        minus_e = minus_e - 0.5 * h.square().sum(1)
    return Brute(v, log_v, h, log_h, beta * minus_e + log_v[:, None] + log_h)


def potential(model: RBM, h: Tensor) -> Tensor:
    """Σ_j ½h²/(1 ± η_j) + Δ_j|h|, the sign that of h: (T, H) -> (T,)."""
    eta, threshold = model.hidden_shape
    return (0.5 * h.square() / (1 + h.sign() * eta) + threshold * h.abs()).sum(1)


def statistics(v: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    return torch.cat([v, h, v.square(), h.square(), (v[:, :, None] * h[:, None, :]).flatten(1)], 1)


@torch.no_grad()
def expected_statistics(model: RBM) -> torch.Tensor:
    all_ = brute(model)
    p = all_.log_joint.flatten().softmax(0).reshape(all_.log_joint.shape)
    p_v, p_h = p.sum(1), p.sum(0)
    pair = (all_.v.T @ p @ all_.h).flatten()
    return torch.cat([p_v @ all_.v, p_h @ all_.h, p_v @ all_.v.square(), p_h @ all_.h.square(), pair])
