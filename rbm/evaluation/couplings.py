"""Which pairs of visible units a machine couples once its hidden units are summed out.

A distribution of V spins s = ±1 has one expansion log p(s) = const + Σ_i h_i s_i + Σ_{i<k} J_ik s_i s_k + triples + ..., and

    J_ik = 2^−V Σ_s s_i s_k log p*(s)                                          (its Walsh transform)

Hidden unit j adds φ(x_j) to log p*, with x_j = c_j + Σ_i w_ij s_i. Of Ising data at temperature T, J is 1/T between neighbours
and 0 elsewhere; all higher terms are 0.
Cossu et al., Machine learning determination of dynamical parameters: the Ising model case, 2019; Decelle et al., Inferring
effective couplings with restricted Boltzmann machines, 2024, who take the sum over the other V − 2 spins as Gaussian. Here it is
exact for any V, by one integral a unit. With log 2cosh″ = sech² and its Fourier transform πk / sinh(πk/2),

    J_ik = Σ_j ∫ dk/2π · π / (k sinh(πk/2)) · cos(k c_j) sin(k w_ij) sin(k w_kj) Π_{l≠i,k} cos(k w_lj)

(own derivation; held to the sum over all states in tests/evaluation/test_couplings.py). Letters: V visible, H hidden units.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rbm.core.numerics import home
from rbm.errors import ConfigError, ShapeError
from rbm.evaluation.lattice import WithError
from rbm.models.rbm import RBM

DIGITS = 40.0  # e^−40 is below float64's last digit: where the integral ends, and how far its periodic images stay away
_TWO_STATES = ("spin", "bernoulli")


class Recovered(NamedTuple):
    """Couplings of a lattice's machine: those of neighbours, (2n,), and of all other pairs, (n(n − 1)/2 − 2n,)."""

    neighbours: NDArray[np.float64]
    others: NDArray[np.float64]

    @property
    def mean(self) -> WithError:
        """Of the neighbours, with the standard error that their scatter leaves."""
        return WithError(float(self.neighbours.mean()), self.spread / math.sqrt(len(self.neighbours)))

    @property
    def spread(self) -> float:
        """The standard deviation among the neighbours, which are all alike in the data."""
        return float(self.neighbours.std(ddof=1))

    @property
    def rest(self) -> float:
        """Mean |J| of all other pairs."""
        return float(np.abs(self.others).mean())


@torch.no_grad()
def effective(model: RBM) -> Tensor:
    """J (V, V) of p(v) in spins s = ±1, symmetric with zeros on the diagonal, float64; zeros and ones v count as s = 2v − 1.

    ConfigError unless the visible units have two states and the hidden ones are spin, Bernoulli or Gaussian.
    """
    visible, hidden = model.visible_unit.name, model.hidden_unit.name
    if visible not in _TWO_STATES or hidden not in (*_TWO_STATES, "gaussian"):
        raise ConfigError(
            f"Effective couplings are of spin or bernoulli visible units with spin, bernoulli or gaussian hidden ones; this "
            f"machine has {visible} and {hidden} units."
        )
    w, c = (p.detach().to(home(p.device)).double() for p in (model.weight, model.hidden_bias))
    if visible == "bernoulli":  # v = (1 + s)/2
        c, w = c + w.sum(0) / 2, w / 2
    if hidden == "bernoulli":  # log(1 + eˣ) = x/2 + log 2cosh(x/2)
        c, w = c / 2, w / 2
    pairs = w @ w.T if hidden == "gaussian" else _from_cosh(w, c)  # Gaussian: φ(x) = x²/2
    return pairs.fill_diagonal_(0.0)


def _from_cosh(w: Tensor, c: Tensor) -> Tensor:
    """Σ_j of the integral above by the midpoint rule, which converges exponentially for what is analytic and even.

    Its nodes are h apart, so x has images 2π/h away: far enough beyond the largest |x| they add nothing.
    """
    reach = float((c.abs() + w.abs().sum(0)).max())
    step = 2 * math.pi / (2 * reach + DIGITS / 2)
    total = torch.zeros(len(w), len(w), dtype=torch.float64, device=w.device)
    for k in torch.arange(step / 2, 2 * DIGITS / math.pi, step, dtype=torch.float64).tolist():
        tangent = (k * w).tan()  # sin sin Π cos of the others = tan tan Π cos of all
        every = (k * w).cos().prod(0) * (k * c).cos() * (step / (k * math.sinh(math.pi * k / 2)))  # (H,)
        total.addmm_(tangent * every, tangent.T)
    return total


def on_lattice(pairs: Tensor | NDArray[np.float64], side: int) -> Recovered:
    """The couplings (n, n) of a closed side×side lattice, neighbours apart from the rest."""
    j = _square(pairs, side)
    joined = _neighbours(side)
    upper = np.triu(np.ones_like(joined), 1)
    return Recovered(j[joined & upper], j[~joined & upper])


def bond_picture(pairs: Tensor | NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The lattice as (2L, 2L): a site at every (even, even), the bond to the right beside it, the one downwards below it,
    and at (odd, odd) the mean of the two diagonals that cross there."""
    j = _square(pairs, side)
    at = np.arange(side * side).reshape(side, side)
    right, down = np.roll(at, -1, 1), np.roll(at, -1, 0)
    picture = np.zeros((2 * side, 2 * side))
    picture[::2, 1::2], picture[1::2, ::2] = j[at, right], j[at, down]
    picture[1::2, 1::2] = (j[at, np.roll(right, -1, 0)] + j[right, down]) / 2
    return picture


def by_distance(pairs: Tensor | NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The mean coupling of a spin to the one so many rows and columns away, the spin itself in the middle: (L, L)"""
    j = _square(pairs, side)
    at = np.arange(side * side).reshape(side, side)
    half = side // 2
    return np.array(
        [
            [j[at, np.roll(at, (-r, -c), (0, 1))].mean() for c in range(-half, side - half)]
            for r in range(-half, side - half)
        ]
    )


def _square(pairs: Tensor | NDArray[np.float64], side: int) -> NDArray[np.float64]:
    j = np.asarray(pairs, dtype=np.float64)
    if j.shape != (side**2, side**2):
        raise ShapeError(f"Expected the couplings of {side**2} spins, for a lattice of {side}×{side}; got {j.shape}.")
    return j


def _neighbours(side: int) -> NDArray[np.bool_]:
    at = np.arange(side * side).reshape(side, side)
    joined = np.zeros((side * side, side * side), dtype=bool)
    for other in (np.roll(at, -1, 1), np.roll(at, -1, 0)):
        joined[at, other] = joined[other, at] = True
    return joined
