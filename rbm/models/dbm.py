"""The deep Boltzmann machine with two hidden layers, all of it undirected.

Letters: N batch, V visible, H units of h¹, K units of h².
"""

import torch
from torch import Tensor, nn

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError
from rbm.models.given import matrix
from rbm.models.rbm import RBM


class DeepBoltzmannMachine(nn.Module):
    """E(v, h¹, h²) = −v·W¹·h¹ − h¹·W²·h² − b·v − c¹·h¹ − c²·h², all units in {0, 1}.

    The layers are joined in a row, so the odd one (h¹) is independent unit by unit given the even ones (v and h²), and
    these given it: as a graph it is an RBM with h¹ on one side and (v, h²) on the other. It is kept as that RBM,
    ``joint``, with h¹ as its visible and (v, h²) as its hidden side: Gibbs sampling of alternate layers, log Z by
    enumeration or AIS and the exact distribution are those of ``joint``, through the functions for RBMs.

    Attributes: ``joint``, weight [W¹ᵀ, W²] (H, V + K), visible_bias c¹ (H,), hidden_bias (b, c²) (V + K,);
    ``n_visible`` V, ``n_hidden`` (H, K). Source: Salakhutdinov & Hinton, Deep Boltzmann Machines, 2009, section 3.
    """

    def __init__(self, n_visible: int, n_hidden: tuple[int, int], *, generator: torch.Generator | None = None) -> None:
        """Weights N(0, 0.01²) from ``generator`` (a fixed seed without one), biases 0. ConfigError for a size below 1."""
        super().__init__()
        if n_visible < 1 or len(n_hidden) != 2 or min(n_hidden) < 1:
            wrong = _(
                "A deep Boltzmann machine needs visible units and two hidden layers, got n_visible={n_visible} and "
                "n_hidden={n_hidden}."
            )
            raise ConfigError(wrong.format(n_visible=n_visible, n_hidden=n_hidden))
        self.n_visible, self.n_hidden = n_visible, (n_hidden[0], n_hidden[1])
        self.joint = RBM(n_hidden[0], n_visible + n_hidden[1], generator=generator)

    @property
    def weights(self) -> tuple[Tensor, Tensor]:
        """W¹ (V, H) and W² (H, K), views."""
        v = self.n_visible
        return self.joint.weight[:, :v].T, self.joint.weight[:, v:]

    @property
    def biases(self) -> tuple[Tensor, Tensor, Tensor]:
        """b (V,), c¹ (H,) and c² (K,), views."""
        outer = self.joint.hidden_bias
        return outer[: self.n_visible], self.joint.visible_bias, outer[self.n_visible :]

    def outer(self, v: Tensor, h2: Tensor) -> Tensor:
        """(v, h²) as the joint RBM's hidden side, (N, V + K)."""
        v, h2 = self._check(v), matrix(h2, "h2", self.n_hidden[1], self.joint.weight)
        if len(v) != len(h2):
            wrong = _("Each row of v needs one of h2, got {n_v} and {n_h2} rows.")
            raise ShapeError(wrong.format(n_v=len(v), n_h2=len(h2)))
        return torch.cat([v, h2], 1)

    def split(self, outer: Tensor) -> tuple[Tensor, Tensor]:
        """v and h² of the joint RBM's hidden side (N, V + K), views."""
        outer = self.joint.check(outer, "outer", self.joint.n_hidden)
        return outer[:, : self.n_visible], outer[:, self.n_visible :]

    def swapped(self) -> RBM:
        """``joint`` with its sides changed over, a copy: (v, h²) visible, h¹ hidden. The same distribution and log Z."""
        made = RBM(self.joint.n_hidden, self.joint.n_visible).to(self.joint.weight)
        with torch.no_grad():
            made.weight.copy_(self.joint.weight.T)
            made.visible_bias.copy_(self.joint.hidden_bias)
            made.hidden_bias.copy_(self.joint.visible_bias)
        return made

    def energy(self, v: Tensor, h1: Tensor, h2: Tensor) -> Tensor:
        """E(v, h¹, h²) of each row, (N,), nats."""
        h1 = matrix(h1, "h1", self.n_hidden[0], self.joint.weight)
        return self.joint.energy(h1, self.outer(v, h2))

    def first_mean(self, v: Tensor, h2: Tensor) -> Tensor:
        """⟨h¹⟩ given v and h², σ(vW¹ + h²W²ᵀ + c¹): (N, H)."""
        return self.joint.visible_mean(self.outer(v, h2))

    def outer_means(self, h1: Tensor) -> tuple[Tensor, Tensor]:
        """⟨v⟩ = σ(h¹W¹ᵀ + b) (N, V) and ⟨h²⟩ = σ(h¹W² + c²) (N, K) given h¹."""
        return self.split(self.joint.hidden_mean(h1))

    def mean_field(self, v: Tensor, steps: int = 10) -> tuple[Tensor, Tensor]:
        """The factorised q(h¹)q(h²) that is close to p(h¹, h² | v): its means (N, H) and (N, K).

        q¹ ← σ(vW¹ + q²W²ᵀ + c¹), q² ← σ(q¹W² + c²), ``steps`` times. Each half raises the bound, because a layer's units
        are independent given the other layers. It starts upwards with W¹ doubled, which stands in for the missing
        input from above (Salakhutdinov & Hinton 2009, on mean-field learning and on pretraining).
        """
        v = self._check(v)
        w1, w2 = self.weights
        _, c1, c2 = self.biases
        below = torch.addmm(c1, v, w1)
        q1 = torch.sigmoid(2 * below - c1)
        q2 = torch.sigmoid(torch.addmm(c2, q1, w2))
        for _ in range(steps):
            q1 = torch.sigmoid(torch.addmm(below, q2, w2.T))
            q2 = torch.sigmoid(torch.addmm(c2, q1, w2))
        return q1, q2

    def bound(self, v: Tensor, q1: Tensor, q2: Tensor) -> Tensor:
        """E_q[−E(v, h¹, h²)] + entropy of q: log p(v) + log Z is at least this. (N,), float64, nats."""
        w1, w2 = (w.double() for w in self.weights)
        b, c1, c2 = (x.double() for x in self.biases)
        given = (v, "v", self.n_visible), (q1, "q1", self.n_hidden[0]), (q2, "q2", self.n_hidden[1])
        v, q1, q2 = (matrix(x, name, n, b) for x, name, n in given)
        if not len(v) == len(q1) == len(q2):
            wrong = _("Each row of v needs one of q1 and of q2, got {n_v}, {n_q1} and {n_q2} rows.")
            raise ShapeError(wrong.format(n_v=len(v), n_q1=len(q1), n_q2=len(q2)))
        expected = v @ b + (q1 * (v @ w1 + c1 + q2 @ w2.T)).sum(1) + q2 @ c2
        return expected + _entropy(q1) + _entropy(q2)

    def _check(self, v: Tensor) -> Tensor:
        return matrix(v, "v", self.n_visible, self.joint.weight)

    def extra_repr(self) -> str:
        return f"{self.n_visible} visible, {self.n_hidden[0]} and {self.n_hidden[1]} hidden"


class CopiedRBM(RBM):
    """An RBM that stands for a layer of a deep Boltzmann machine while layers are learned one by one.

    Its visible layer has ``visible_copies`` copies with the same weights and states, or its hidden layer
    ``hidden_copies``: what one layer gets from a copy, it will get from the layer on its other side in the whole
    machine. p(h | v) = σ(visible_copies · vW + c) and p(v | h) = σ(hidden_copies · hWᵀ + b).

    The lowest layer is learned with the visible one doubled, the uppermost with the hidden one doubled.
    Source: Salakhutdinov & Hinton 2009, section 3.1, "Greedy Layerwise Pretraining of DBM's".
    """

    def __init__(
        self,
        n_visible: int,
        n_hidden: int,
        *,
        visible_copies: int = 1,
        hidden_copies: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(n_visible, n_hidden, generator=generator)
        self.visible_copies, self.hidden_copies = visible_copies, hidden_copies

    def hidden_field(self, v: Tensor) -> Tensor:
        v = self.check(v, "v", self.n_visible)
        return torch.addmm(self.hidden_bias, v, self.weight, alpha=self.visible_copies)

    def visible_field(self, h: Tensor) -> Tensor:
        h = self.check(h, "h", self.n_hidden)
        return torch.addmm(self.visible_bias, h, self.weight.T, alpha=self.hidden_copies)

    def free_energy(self, v: Tensor) -> Tensor:
        """F of all copies of v in the same state, of a machine with hidden copies in states of their own."""
        v = self.check(v, "v", self.n_visible)
        inside = self.hidden_copies * self.hidden_unit.log_partition(self.hidden_field(v)).sum(1)
        return -self.visible_copies * (v @ self.visible_bias) - inside

    def field_energy(self, v: Tensor, h: Tensor) -> Tensor:
        """E with every copy in the same state."""
        v, h = self.check(v, "v", self.n_visible), self.check(h, "h", self.n_hidden)
        field = self.visible_copies * self.hidden_copies * ((v @ self.weight) * h).sum(1)
        return -field - self.visible_copies * (v @ self.visible_bias) - self.hidden_copies * (h @ self.hidden_bias)


@torch.no_grad()
def compose(low: RBM, high: RBM) -> DeepBoltzmannMachine:
    """The whole machine from its two layers learned one by one: W¹ and W² as they are, no longer doubled.

    h¹'s two fields there, 2vW¹ + c and 2h²W²ᵀ + b, are averaged: vW¹ + h²W²ᵀ + (c + b) / 2. ShapeError when the
    layers do not fit together.
    """
    if low.n_hidden != high.n_visible:
        wrong = _("The lower layer has {n_hidden} hidden units, the upper one {n_visible} visible ones.")
        raise ShapeError(wrong.format(n_hidden=low.n_hidden, n_visible=high.n_visible))
    made = DeepBoltzmannMachine(low.n_visible, (low.n_hidden, high.n_hidden)).to(low.weight)
    made.joint.weight.copy_(torch.cat([low.weight.T, high.weight], 1))
    made.joint.visible_bias.copy_((low.hidden_bias + high.visible_bias) / 2)
    made.joint.hidden_bias.copy_(torch.cat([low.visible_bias, high.hidden_bias]))
    return made


def _entropy(q: Tensor) -> Tensor:
    """Of independent Bernoulli units with means q (N, n): (N,)."""
    return (torch.special.entr(q) + torch.special.entr(1 - q)).sum(1)
