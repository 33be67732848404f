"""The Boltzmann machine: every unit joined to every other, whether visible or hidden.

Letters: N batch, V visible, H hidden units, n = V + H, P = n(n−1)/2 pairs.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.models.given import matrix, vector
from rbm.models.rbm import INITIAL_WEIGHT_DEVIATION, RBM

LIMIT = 16  # units whose joint states are visited one by one: at most 2^16


class PairMoments(NamedTuple):
    """Mean statistics ⟨s_i s_j⟩ of every pair i < j (P,) and ⟨s_i⟩ (n,), or a difference of two such."""

    coupling: Tensor
    bias: Tensor


class BoltzmannMachine(nn.Module):
    """E(s) = −Σ_{i<j} W_ij s_i s_j − Σ_i a_i s_i for s = (v, h) in {0, 1}ⁿ, and p(s) = exp(−βE(s)) / Z.

    Given all others, one unit is on with probability σ(β(Σ_j W_ij s_j + a_i)); units of one layer are not independent.

    Attributes: ``coupling`` (P,), W_ij of the pairs i < j row by row, so that W is symmetric without a diagonal whatever
    is learnt; ``bias`` a (n,), visible units first; ``n_visible`` V, ``n_hidden`` H, ``n_units`` n.
    Source: Ackley, Hinton & Sejnowski, A Learning Algorithm for Boltzmann Machines, 1985, eq. 1-3.
    """

    pairs: Tensor

    def __init__(
        self,
        n_visible: int,
        n_hidden: int = 0,
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        """Couplings N(0, 0.01²) drawn on the CPU from ``generator`` (a fixed seed without one), biases 0.

        ConfigError without a visible unit or for a negative number of hidden ones.
        """
        super().__init__()
        if n_visible < 1 or n_hidden < 0:
            wrong = _(
                "A Boltzmann machine needs at least one visible unit and zero or more hidden ones, got "
                "n_visible={n_visible} and n_hidden={n_hidden}."
            )
            raise ConfigError(wrong.format(n_visible=n_visible, n_hidden=n_hidden))
        self.n_visible, self.n_hidden, self.n_units = n_visible, n_hidden, n_visible + n_hidden
        generator = torch.Generator().manual_seed(0) if generator is None else generator
        pairs = torch.triu_indices(self.n_units, self.n_units, 1)
        coupling = torch.randn(pairs.shape[1], generator=generator, device=generator.device)
        self.coupling = nn.Parameter((coupling * INITIAL_WEIGHT_DEVIATION).to(device))
        self.bias = nn.Parameter(torch.zeros(self.n_units, device=device))
        self.register_buffer("pairs", pairs.to(device), persistent=False)

    @classmethod
    def from_rbm(cls, rbm: RBM) -> "BoltzmannMachine":
        """The same distribution p(v, h), with zero couplings within each layer. ConfigError unless all units are Bernoulli."""
        kinds = (rbm.visible_unit.name, rbm.hidden_unit.name)
        if kinds != ("bernoulli", "bernoulli"):
            wrong = _("Only an RBM of Bernoulli units is a Boltzmann machine of this kind, got {kinds}.")
            raise ConfigError(wrong.format(kinds=kinds))
        machine = cls(rbm.n_visible, rbm.n_hidden).to(rbm.weight)
        full = torch.zeros(machine.n_units, machine.n_units).to(rbm.weight)
        full[: rbm.n_visible, rbm.n_visible :] = rbm.weight.detach()
        with torch.no_grad():
            machine.coupling.copy_(full[machine.pairs[0], machine.pairs[1]])
            machine.bias.copy_(torch.cat([rbm.visible_bias, rbm.hidden_bias]))
        return machine

    @property
    def weight(self) -> Tensor:
        """W, symmetric with a zero diagonal, (n, n)."""
        upper = torch.zeros(self.n_units, self.n_units).to(self.coupling)
        upper = upper.index_put((self.pairs[0], self.pairs[1]), self.coupling)
        return upper + upper.T

    def join(self, v: Tensor, h: Tensor) -> Tensor:
        """s = (v, h), (N, n); ShapeError when either has the wrong shape."""
        v, h = (matrix(x, name, n, self.bias) for x, name, n in ((v, "v", self.n_visible), (h, "h", self.n_hidden)))
        if len(v) != len(h):
            fault = _("A state needs as many v as h, got {n_v} and {n_h} rows.")
            raise ShapeError(fault.format(n_v=len(v), n_h=len(h)))
        return torch.cat([v, h], 1)

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """E(v, h) of each pair of rows, (N,), nats at β = 1."""
        s = self.join(v, h)
        return -0.5 * ((s @ self.weight) * s).sum(1) - s @ self.bias

    def free_energy(self, v: Tensor) -> Tensor:
        """F(v) = −log Σ_h exp(−E(v, h)), (N,), nats at β = 1. TooLargeError beyond LIMIT hidden units: h is enumerated."""
        v = matrix(v, "v", self.n_visible, self.bias)
        h = binary_states(self.n_hidden).to(self.coupling)  # (T, H)
        w, b, c = self.weight, self.bias[: self.n_visible], self.bias[self.n_visible :]
        visible, hidden = slice(None, self.n_visible), slice(self.n_visible, None)
        own_v = 0.5 * ((v @ w[visible, visible]) * v).sum(1) + v @ b  # (N,)
        own_h = 0.5 * ((h @ w[hidden, hidden]) * h).sum(1) + h @ c  # (T,)
        return -own_v - (v @ w[visible, hidden] @ h.T + own_h).logsumexp(1)

    def moments(self, s: Tensor, p: Tensor | None = None) -> PairMoments:
        """⟨s_i s_j⟩ and ⟨s_i⟩ over states (N, n), each with its probability p (N,), or all alike."""
        s = matrix(s, "s", self.n_units, self.bias)
        weighted = s / len(s) if p is None else s * vector(p, "p", len(s), s)[:, None]
        return PairMoments((weighted.T @ s)[self.pairs[0], self.pairs[1]], weighted.sum(0))

    def extra_repr(self) -> str:
        return f"{self.n_visible} visible, {self.n_hidden} hidden, all joined"


def binary_states(n: int) -> Tensor:
    """Every state of n binary units, one a row, the first unit changing slowest: (2ⁿ, n), float64.

    TooLargeError beyond LIMIT units.
    """
    if n > LIMIT:
        wrong = _(
            "Visiting every state of {n} units would take 2^{n}; the limit is 2^{limit}. Use Gibbs chains instead."
        )
        raise TooLargeError(wrong.format(n=n, limit=LIMIT))
    return ((torch.arange(2**n)[:, None] >> torch.arange(n - 1, -1, -1)) & 1).double()
