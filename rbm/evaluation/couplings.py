"""Which pairs, and triples, of visible units a machine couples once its hidden units are summed out.

A distribution of V spins s = ±1 has one expansion log p(s) = const + Σ_i h_i s_i + Σ_{i<k} J_ik s_i s_k + triples + ..., and

    J_ik = 2^−V Σ_s s_i s_k log p*(s)                                          (its Walsh transform)

Hidden unit j adds φ_j(x_j) to log p*, its log-partition in the field x_j = c_j + Σ_i w_ij s_i. Of Ising data at temperature T,
J is 1/T between neighbours and 0 elsewhere; all higher terms are 0.
Cossu et al., Machine learning determination of dynamical parameters: the Ising model case, 2019; Decelle et al., Inferring
effective couplings with restricted Boltzmann machines, 2024, who take the sum over the other V − 2 spins as Gaussian. Here it is
exact for any V: with φ_j as a sum of waves α_mj exp(i k_m x) (``waves``),

    J_ik = −Σ_j Σ_m Re α_mj sin(k_m w_ij) sin(k_m w_kj) Π_{l≠i,k} cos(k_m w_lj)

(own derivation; held to the sum over all states in tests/evaluation/test_couplings.py). A Gaussian unit's φ is x²/2, so that
J = W Wᵀ; categorical hidden units have M fields each, no such sum, and every state is visited. Letters: V visible, H hidden
units.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError
from rbm.evaluation.exact import in_float64
from rbm.evaluation.lattice import WithError
from rbm.evaluation.waves import has_waves, waves
from rbm.models.rbm import RBM
from rbm.units.listing import joint_states

_TWO_STATES = ("spin", "bernoulli")
MOST_LISTED = 16  # spins whose 2^V states are visited, where the hidden units are categorical
BLOCK = 2**12  # states at once


class Recovered(NamedTuple):
    """Couplings of a lattice's machine: those of neighbours, (2n,) or a ring's (n,), and of all other pairs."""

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
    def rest(self) -> WithError:
        """Mean |J| of all other pairs, with the standard error that their scatter leaves."""
        sizes = np.abs(self.others)
        return WithError(float(sizes.mean()), float(sizes.std(ddof=1)) / math.sqrt(len(sizes)))


@torch.no_grad()
def effective(model: RBM) -> Tensor:
    """J (V, V) of p(v) in spins s = ±1, symmetric with zeros on the diagonal, float64; zeros and ones v count as s = 2v − 1.

    ConfigError unless ``is_known``, TooLargeError for weights far beyond any use.
    """
    w, c = _in_spins(model)
    if model.hidden_unit.name == "gaussian":
        return (w @ w.T).fill_diagonal_(0.0)
    total = torch.zeros(len(w), len(w), dtype=torch.float64, device=w.device)
    if not has_waves(model):
        for s, log_p in _listed(model):
            total.addmm_((s * log_p[:, None]).T, s)
        return (total / 2 ** len(w)).fill_diagonal_(0.0)
    for k, amplitude in _waves(model, w, c):
        tangent = (k * w).tan()  # sin sin Π cos of the others = tan tan Π cos of all
        every = (k * w).cos().prod(0) * amplitude.real  # (H,)
        total.addmm_(tangent * every, tangent.T, alpha=-1.0)
    return total.fill_diagonal_(0.0)


@torch.no_grad()
def among(model: RBM, groups: Tensor) -> Tensor:
    """J of single pairs (T, 2) or triples (T, 3) of visible units in the same expansion, (T,). Same errors.

    Of three there is a third sine, and −Re α is Im α: spins without hidden biases are coupled in pairs and fours only.
    """
    w, c = _in_spins(model)
    order = groups.shape[1]
    if model.hidden_unit.name == "gaussian":
        pairs = (w[groups[:, 0]] * w[groups[:, 1]]).sum(1)
        return pairs if order == 2 else torch.zeros_like(pairs)
    total = torch.zeros(len(groups), dtype=torch.float64, device=w.device)
    if not has_waves(model):
        for s, log_p in _listed(model):
            total.addmv_(s.T[groups].prod(1), log_p)
        return total / 2 ** len(w)
    for k, amplitude in _waves(model, w, c):
        outer = -amplitude.real if order == 2 else amplitude.imag
        tangents = (k * w).tan()[groups].prod(1)  # (T, H)
        total.addmv_(tangents, (k * w).cos().prod(0) * outer)
    return total


def is_known(model: RBM) -> bool:
    """Whether there is such an expansion of its p(v), and this file finds it."""
    return model.visible_unit.name in _TWO_STATES and (has_waves(model) or model.n_visible <= MOST_LISTED)


def _in_spins(model: RBM) -> tuple[Tensor, Tensor]:
    """w (V, H) and c (H,), float64, of the machine whose visible units are spins."""
    if not is_known(model):
        wrong = _(
            "Effective couplings are of spin or bernoulli visible units, of at most {most} where the hidden ones are "
            "categorical; this machine has {n} {visible} and {hidden} units."
        )
        visible, hidden = model.visible_unit.name, model.hidden_unit.name
        raise ConfigError(wrong.format(most=MOST_LISTED, n=model.n_visible, visible=visible, hidden=hidden))
    exact = in_float64(model)
    w, c = exact.weight.detach(), exact.hidden_bias.detach()
    if model.visible_unit.name == "bernoulli":  # v = (1 + s)/2
        c, w = c + w.sum(0) / 2, w / 2
    return w, c


def _waves(model: RBM, w: Tensor, c: Tensor) -> Iterator[tuple[float, Tensor]]:
    """k and α (H,) of every wave of the hidden units' log-partitions."""
    found = waves(in_float64(model).hidden_unit, c, float(w.abs().sum(0).max()))
    return zip(found.k.tolist(), found.amplitude, strict=True)


def _listed(model: RBM) -> Iterator[tuple[Tensor, Tensor]]:
    """All 2^V states as spins (B, V), block by block, and log p* of each (B,), float64."""
    exact, n, unit = in_float64(model), model.n_visible, model.visible_unit
    for block in torch.arange(2**n, device=exact.weight.device).split(BLOCK):
        v = joint_states(block, n, unit)
        yield v if unit.name == "spin" else 2 * v - 1, -exact.free_energy(v)


def on_lattice(pairs: Tensor | NDArray[np.float64], side: int) -> Recovered:
    """The couplings (n, n) of a closed side×side lattice, or of side 1 of a ring, neighbours apart from the rest."""
    j, at = _square(pairs, side)
    joined = _neighbours(at)
    upper = np.triu(np.ones_like(joined), 1)
    return Recovered(j[joined & upper], j[~joined & upper])


def bond_picture(pairs: Tensor | NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The lattice as (2L, 2L): a site at every (even, even), the bond to the right beside it, the one downwards below it,
    and at (odd, odd) the mean of the two diagonals that cross there."""
    j, at = _square(pairs, side)
    right, down = np.roll(at, -1, 1), np.roll(at, -1, 0)
    picture = np.zeros((2 * side, 2 * side))
    picture[::2, 1::2], picture[1::2, ::2] = j[at, right], j[at, down]
    picture[1::2, 1::2] = (j[at, np.roll(right, -1, 0)] + j[right, down]) / 2
    return picture


def by_distance(pairs: Tensor | NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The mean coupling of a spin to the one so many rows and columns away, the spin itself in the middle: (L, L), or (1, n)"""
    j, at = _square(pairs, side)
    rows, columns = (range(-(length // 2), length - length // 2) for length in at.shape)
    return np.array([[j[at, np.roll(at, (-r, -c), (0, 1))].mean() for c in columns] for r in rows])


def _square(pairs: Tensor | NDArray[np.float64], side: int) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """The couplings, and the numbers of the spins where they stand."""
    j = np.asarray(pairs, dtype=np.float64)
    n = len(j) if side == 1 else side**2
    if j.shape != (n, n):
        wrong = _("Expected the couplings of {n} spins, for a lattice of {side}×{side}; got {shape}.")
        raise ShapeError(wrong.format(n=n, side=side, shape=j.shape))
    return j, np.arange(n).reshape(side, -1)


def _neighbours(at: NDArray[np.int_]) -> NDArray[np.bool_]:
    joined = np.zeros((at.size, at.size), dtype=bool)
    for way in (0, 1):
        other = np.roll(at, -1, way)
        if at.shape[way] > 1:
            joined[at, other] = joined[other, at] = True
    return joined
