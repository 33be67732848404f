"""Hopfield networks: memories as the minima of an energy, with three ways to store them and the modern (dense) kind.

Letters: n units of −1 or +1, P stored patterns ξ, M states at once, L numbers of a state's view.
"""

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import hardshrink

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError
from rbm.models.given import matrix, numbers


class Memory(Protocol):
    """What asynchronous recall asks of a network; which kind it is does not matter.

    A state's ``view`` (M, L) is s @ ``lens``, all that its units need to know. It is linear, so that a flip of unit i adds
    its change times row i of the lens, O(L), where a new view would cost O(n L).
    Attributes: ``n_units`` n.
    """

    n_units: int

    @property
    def lens(self) -> Tensor:
        """What turns states into views, (n, L)."""

    def energy(self, s: Tensor) -> Tensor:
        """E(s), (M,)."""

    def votes(self, s: Tensor, view: Tensor) -> Tensor:
        """What the others want each unit to be, (M, n): a number with the sign of E(s with s_i = −1) − E(s with s_i = +1)."""


class Hopfield(nn.Module):
    """E(s) = −½ Σ_ij W_ij s_i s_j with W symmetric and W_ii = 0; a unit is asked to take the sign of its field Σ_j W_ij s_j.

    Setting one unit at a time to the sign of its field never raises E, so every recall ends in a minimum.
    Attributes: ``weight`` W (n, n); ``n_units`` n.
    Source: Hopfield, Neural Networks and Physical Systems with Emergent Collective Computational Abilities, 1982.
    """

    weight: Tensor

    def __init__(self, weight: Tensor) -> None:
        """ShapeError unless ``weight`` is square, symmetric and without a diagonal."""
        super().__init__()
        weight = _real(weight, "weight", "(n, n)")
        if weight.ndim != 2 or weight.shape[0] != weight.shape[1]:
            raise ShapeError(_("weight has shape {shape}, expected (n, n).").format(shape=tuple(weight.shape)))
        # Rounding may leave the two halves apart by a little, which the mean of both repairs.
        if weight.diagonal().any() or (weight - weight.T).abs().max() > 1e-4 * weight.abs().max():
            raise ShapeError(
                _("weight should be symmetric with a zero diagonal, otherwise the energy can rise in recall.")
            )
        self.n_units = len(weight)
        self.register_buffer("weight", (weight + weight.T) / 2)
        # Hebb's fields are multiples of 1/n and often exactly 0: what a sum of n terms may be off by is no field.
        self._rounding = float(torch.finfo(weight.dtype).eps * self.n_units * weight.abs().amax())

    @classmethod
    def store(cls, patterns: Tensor, rule: str = "hebbian") -> "Hopfield":
        """The network that ``rule`` (a name in RULES) makes of patterns (P, n) of −1 and +1.

        ConfigError for another rule; ShapeError for anything but rows of −1 and +1.
        """
        if rule not in RULES:
            wrong = _("There is no rule {rule!r}; expected one of {rules}.")
            raise ConfigError(wrong.format(rule=rule, rules=", ".join(RULES)))
        return cls(RULES[rule](check_patterns(patterns)))

    def energy(self, s: Tensor) -> Tensor:
        """E(s), (M,), without a unit."""
        s = matrix(s, "s", self.n_units, self.weight)
        return -0.5 * ((s @ self.weight) * s).sum(1)

    @property
    def lens(self) -> Tensor:
        """W: a state's view is its fields (M, n)."""
        return self.weight

    def votes(self, s: Tensor, view: Tensor) -> Tensor:
        """The fields Σ_j W_ij s_j, half that difference, (M, n); 0 where they are not told apart from rounding."""
        return hardshrink(view, self._rounding)


class DenseHopfield(nn.Module):
    """E(s) = −(1/β) log Σ_μ exp(β ξ_μ·s): a sharp maximum instead of a sum of squares, so memories hardly meet.

    The classical network has E = −(1/2n) Σ_μ (ξ_μ·s)² up to a constant. With the exponential the number of patterns
    that can be recalled grows exponentially with n. At small β the nearest patterns blend.
    Attributes: ``patterns`` ξ (P, n); ``beta`` β; ``n_units`` n.
    Source: Demircigil et al., On a Model of Associative Memory with Huge Storage Capacity, 2017 (F = exp; the logarithm
    changes no minimum); Ramsauer et al., Hopfield Networks is All You Need, 2020, eq. 1.
    """

    patterns: Tensor

    def __init__(self, patterns: Tensor, beta: float = 1.0) -> None:
        """ShapeError for anything but rows of −1 and +1, ConfigError unless β > 0."""
        super().__init__()
        if not beta > 0:
            raise ConfigError(_("A dense Hopfield network needs beta above 0, got {beta}.").format(beta=beta))
        patterns = check_patterns(patterns)
        self.register_buffer("patterns", patterns)
        self.n_units, self.beta = patterns.shape[1], beta

    def energy(self, s: Tensor) -> Tensor:
        """E(s), (M,), without a unit."""
        s = matrix(s, "s", self.n_units, self.patterns)
        return -(self.beta * s @ self.patterns.T).logsumexp(1) / self.beta

    @property
    def lens(self) -> Tensor:
        """ξᵀ: a state's view is ξ_μ·s of each pattern (M, P)."""
        return self.patterns.T

    def votes(self, s: Tensor, view: Tensor) -> Tensor:
        """A_i e^{−β(s_i + 1)} − B_i e^{β(s_i − 1)}, (M, n), up to a positive factor of each state.

        A_i and B_i are Σ_μ exp(β ξ_μ·s) over the patterns with ξ_μi = +1 and −1; the other factors take unit i's own
        part out of ξ_μ·s. Two matrix products serve all units, and nothing overflows.
        """
        likeness = (self.beta * (view - view.amax(1, keepdim=True))).exp()  # (M, P)
        for_on, for_off = (likeness @ (self.patterns == sign).to(s) for sign in (1, -1))  # (M, n)
        own = math.exp(-2 * self.beta)
        return torch.where(s > 0, for_on * own - for_off, for_on - for_off * own)


def hebbian(patterns: Tensor) -> Tensor:
    """W = (1/n) Σ_μ ξ_μ ξ_μᵀ without its diagonal, (n, n). Hopfield 1982, eq. 2, for units of ±1."""
    return _no_diagonal(patterns.T @ patterns / patterns.shape[1])


def storkey(patterns: Tensor) -> Tensor:
    """One pattern after another: ΔW_ij = (1/n)[ξ_i ξ_j − ξ_i h_ji − h_ij ξ_j], h_ij = Σ_{k≠i,j} W_ik ξ_k; (n, n).

    Storkey, Increasing the Capacity of a Hopfield Network without Sacrificing Functionality, 1997, eq. 5.
    Its diagonal is left at zero here.
    """
    n = patterns.shape[1]
    weight = torch.zeros(n, n).to(patterns)
    for xi in patterns:
        h = (weight @ xi)[:, None] - weight * xi - (weight.diagonal() * xi)[:, None]  # h_ij, without k = i and k = j
        crossed = h * xi  # h_ij ξ_j
        weight = _no_diagonal(weight + (torch.outer(xi, xi) - crossed - crossed.T) / n)
    return weight


def pseudo_inverse(patterns: Tensor) -> Tensor:
    """W = Ξ⁺Ξ, the projection onto the patterns' span, without its diagonal, (n, n).

    Every pattern has the field (1 − W_ii) ξ_i and so stays where it is, however alike patterns are, while P < n.
    Personnaz, Guyon & Dreyfus, Information Storage and Retrieval in Spin-Glass Like Neural Networks, 1985.
    """
    projection = torch.linalg.pinv(patterns.double()) @ patterns.double()
    return _no_diagonal((projection + projection.T) / 2).to(patterns)


RULES: dict[str, Callable[[Tensor], Tensor]] = {
    "hebbian": hebbian,
    "storkey": storkey,
    "pseudo-inverse": pseudo_inverse,
}


def remember(patterns: Tensor, rule: str, beta: float) -> Hopfield | DenseHopfield:
    """The network that keeps patterns (P, n) by that rule: one of RULES, or "modern" for the dense one of that β."""
    return DenseHopfield(patterns, beta) if rule == "modern" else Hopfield.store(patterns, rule)


def check_patterns(patterns: Tensor) -> Tensor:
    """The patterns, as real numbers; ShapeError unless they are at least one row (P, n) of −1 and +1."""
    patterns = _real(patterns, "patterns", "(P, n)")
    if patterns.ndim != 2 or 0 in patterns.shape or not bool((patterns.abs() == 1).all()):
        wrong = _(
            "Patterns should be rows (P, n) of −1 and +1, got shape {shape}; turn pixels of 0 and 1 into 2 * pixels - 1."
        )
        raise ShapeError(wrong.format(shape=tuple(patterns.shape)))
    return patterns


def _real(x: Tensor, name: str, shape: str) -> Tensor:
    """x as it is where it is of a floating type, whole numbers in torch's own."""
    x = numbers(x, name, shape)
    return x if x.is_floating_point() else x.to(torch.get_default_dtype())


def _no_diagonal(weight: Tensor) -> Tensor:
    return weight - torch.diag(weight.diagonal())
