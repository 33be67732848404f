"""The Ising model on a finite lattice without sampling: Kaufman's partition function, and all 65,536 states of 4×4.

    log Z(β) of L×L spins, closed in both directions;   ⟨e⟩ = −(1/n) ∂ log Z/∂β,   c = (β²/n) ∂² log Z/∂β²

Kaufman, Crystal Statistics II, 1949; in this form Ferdinand & Fisher, Bounded and Inhomogeneous Ising Models I, 1969.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rbm.datasets.entry import check_temperature
from rbm.datasets.ising import check_side

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
