"""The likelihood of a deep belief net from below: its variational bound. N images, S samples of the hidden layers."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.numerics import double
from rbm.models.dbn import DeepBeliefNet


class Bound(NamedTuple):
    """Lower bounds on log p(v) of each image, (N,) float64, nats, both in expectation and given the true log Z.

    ``variational``: ⟨log w⟩ over samples h ~ q(h | v), with w = p(v, h) / q(h | v);
    ``weighted``: log⟨w⟩, tighter, and equal to log p(v) in the limit of many samples.
    """

    variational: Tensor
    weighted: Tensor


@torch.no_grad()
def lower_bound(
    dbn: DeepBeliefNet, v: Tensor, log_z: float, generator: torch.Generator, *, n_samples: int = 10
) -> Bound:
    """log p(v) ≥ E_q[log p(v | h¹) + ... + log p*(h^{L−1}) − log q(h | v)] − log Z, for binary v (N, V).

    ``log_z`` is that of the top RBM, by enumeration or AIS; where AIS gives too little of it, the bound is too high.
    Salakhutdinov & Murray, On the Quantitative Analysis of Deep Belief Networks, 2008, section 5; the weighted mean:
    Burda, Grosse & Salakhutdinov, Importance Weighted Autoencoders, 2016, eq. 8. With one layer both are exact.
    """
    lowest = dbn.rbms[0]
    v = lowest.check(v, "v", lowest.n_visible)
    lowest.visible_unit.check_states(v, "v")
    log_w = torch.stack([_log_weight(dbn, v, generator) for _ in range(n_samples)]) - log_z  # (S, N)
    return Bound(log_w.mean(0), log_w.logsumexp(0) - math.log(n_samples))


def _log_weight(dbn: DeepBeliefNet, v: Tensor, generator: torch.Generator) -> Tensor:
    """log p*(v, h¹ ... h^{L−1}) − log q of one sample of h, the top hidden layer summed out: (N,)."""
    up = dbn.ascend(v, generator)
    last = up.states[-1] if up.states else v
    return dbn.log_down(v, up.states) - double(dbn.top.free_energy(last)) - up.log_q
