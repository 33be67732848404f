"""The Ising model on a finite lattice without sampling: Kaufman's partition function, all 65,536 states of 4×4, and the ring.

    log Z(β) of L×L spins, closed in both directions;   ⟨e⟩ = −(1/n) ∂ log Z/∂β,   c = (β²/n) ∂² log Z/∂β²

Kaufman, Crystal Statistics II, 1949; in this form Ferdinand & Fisher, Bounded and Inhomogeneous Ising Models I, 1969.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rbm.datasets.entry import LINE, RING_SPINS
from rbm.datasets.ising import check_side
from rbm.datasets.temperatures import check_temperature

Floats = NDArray[np.float64]
SMALL = 4  # the side whose states are all visited
NOTHING = 1e-13  # of a sum of products beside 1: rounding


class ExactLattice(NamedTuple):
    """The exact values of what ``rbm.evaluation.lattice`` estimates; None for what only the smallest lattice tells."""

    energy: float
    heat_capacity: float
    magnetisation: float | None = None
    susceptibility: float | None = None
    correlation: Floats | None = None  # C(r), (L/2 + 1,)


def exactly(side: int, temperature: float) -> ExactLattice:
    """What is known exactly of a lattice at a temperature; ConfigError for a side or a temperature that is none."""
    check_side(side)
    check_temperature(temperature)
    if side == LINE:
        return ring_lattice(RING_SPINS, temperature)
    return enumerated(temperature) if side == SMALL else kaufman(side, temperature)


def log_partition(side: int, beta: torch.Tensor) -> torch.Tensor:
    """log Z of a side×side lattice at inverse temperature β, differentiable.

    With cosh γ_l = cosh 2β coth 2β − cos(πl/L) and γ_0 = 2β + log tanh β, which alone may be negative,
    Z = ½ (2 sinh 2β)^(n/2) [Π 2cosh ½Lγ_odd + Π 2sinh ½Lγ_odd + Π 2cosh ½Lγ_even + Π 2sinh ½Lγ_even].
    """
    beta = beta.double()
    angles = torch.arange(2 * side, dtype=torch.float64) * torch.pi / side
    both = torch.cosh(2 * beta) / torch.tanh(2 * beta) - angles[1:].cos()
    gamma = torch.cat([(2 * beta + beta.tanh().log())[None], both.acosh()])
    x = side * gamma / 2
    cosh = torch.logaddexp(x, -x)  # log 2cosh x, smooth also where γ_0 is 0, at T_c
    # A sum of products is Π 2cosh (1 + Π tanh). γ_0 stands apart: where it is 0, at T_c, a product could not be derived twice.
    even, odd = (1 + x[start].tanh() * x[start + 2 :: 2].tanh().prod() for start in (0, 1))
    total = cosh[1::2].sum() + odd.log()
    if float(even.detach()) > NOTHING:  # far above T_c it is 1 − 1
        total = torch.logaddexp(total, cosh[::2].sum() + even.log())
    return side**2 / 2 * (2 * torch.sinh(2 * beta)).log() + total - math.log(2)


@lru_cache(maxsize=1024)
def kaufman(side: int, temperature: float) -> ExactLattice:
    """Energy and heat capacity per spin, by the derivatives of log Z."""
    beta = torch.tensor(1 / temperature, dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        (first,) = torch.autograd.grad(log_partition(side, beta), beta, create_graph=True)
        (second,) = torch.autograd.grad(first, beta)
    n = side**2
    return ExactLattice(-float(first.detach()) / n, float(second) / (n * temperature**2))


class ExactRing(NamedTuple):
    """A ring of L spins: log Z, ⟨e⟩ per spin, C(r) for r = 0 ... L/2, and the entropy of all its states in nats."""

    log_z: float
    energy: float
    correlation: Floats
    entropy: float


def ring(length: int, temperature: float) -> ExactRing:
    """By the transfer matrix, whose two eigenvalues are 2cosh β and 2sinh β. With t = tanh β,

    Z = (2cosh β)^L (1 + t^L),   ⟨e⟩ = −(t + t^(L−1)) / (1 + t^L),   C(r) = (t^r + t^(L−r)) / (1 + t^L)

    No likelihood is above −S = −(log Z + β L ⟨e⟩). ConfigError for a temperature that is none. Ising 1925.
    """
    check_temperature(temperature)
    beta, r = 1 / temperature, np.arange(length // 2 + 1)
    t, around = math.tanh(beta), math.log1p(math.tanh(beta) ** length)
    log_z = length * (beta + math.log1p(math.exp(-2 * beta))) + around
    c = (t**r + t ** (length - r)) / (1 + t**length)
    energy = -float(c[1])
    return ExactRing(log_z, energy, c, log_z + beta * length * energy)


@lru_cache(maxsize=64)
def ring_lattice(length: int, temperature: float) -> ExactLattice:
    """All that is measured of a ring of L spins. With g = t^L, c = β² (∂² log Z/∂β²) / L, and

    L⁻¹ ∂² log Z/∂β² = s + [g″/(1 + g) − (g′/(1 + g))²] / L,   s = 1 − t²,   g′ = L t^(L−1) s,   g″ = L s ((L − 1) t^(L−2) s − 2g)

    |m| and χ need the number k of spins that point up: it is counted along with the transfer matrix, row by row.
    """
    known, t = ring(length, temperature), math.tanh(1 / temperature)
    s, g = 1 / math.cosh(1 / temperature) ** 2, t**length
    first, second = length * t ** (length - 1) * s, length * s * ((length - 1) * t ** (length - 2) * s - 2 * g)
    heat = (s + (second / (1 + g) - (first / (1 + g)) ** 2) / length) / temperature**2
    up = np.zeros((2, 2, length + 1))  # [first spin, newest spin, k], weights over e^β a bond
    up[0, 0, 0] = up[1, 1, 1] = 1
    bond = np.array([[1.0, math.exp(-2 / temperature)], [math.exp(-2 / temperature), 1.0]])
    for _ in range(length - 1):
        up = np.einsum("fok,on->fnk", up, bond)
        up[:, 1] = np.roll(up[:, 1], 1, -1)
    weight = np.einsum("fnk,fn->k", up, bond)
    p, m = weight / weight.sum(), np.abs(2 * np.arange(length + 1) / length - 1)
    size = float(p @ m)
    return ExactLattice(known.energy, heat, size, length * float(p @ (m - size) ** 2) / temperature, known.correlation)


@lru_cache(maxsize=64)
def enumerated(temperature: float) -> ExactLattice:
    """All of it at 4×4, by the sum over every state."""
    n, (e, m, c) = SMALL**2, _every_state()
    weight = np.exp(-(e - e.min()) * n / temperature)
    p = weight / weight.sum()
    mean, size = float(p @ e), float(p @ np.abs(m))
    spread, pull = float(p @ e**2) - mean**2, float(p @ m**2) - size**2
    return ExactLattice(mean, n * spread / temperature**2, size, n * pull / temperature, p @ c)


@lru_cache(maxsize=1)
def _every_state() -> tuple[Floats, Floats, Floats]:
    """Energy, magnetisation and C(r) of each of the 2¹⁶ states."""
    from rbm.evaluation import lattice

    bits = np.arange(2**SMALL**2)[:, None] >> np.arange(SMALL**2) & 1
    s = lattice.lattices(2.0 * bits - 1, SMALL)
    return lattice.energies(s), lattice.magnetisations(s), lattice.correlations(s)
