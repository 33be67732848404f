"""The deep belief net: a stack of RBMs whose top one stays undirected, with arrows leading down from it to the pixels.

Letters: N batch, L layers, h⁰ = v, hˡ (N, n_l) the units of layer l.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError
from rbm.models.rbm import RBM


class Ascent(NamedTuple):
    """One way up: ``states`` [h¹ ... h^{L−1}] drawn from q, and log q of them given v (N,), float64."""

    states: list[Tensor]
    log_q: Tensor


class DeepBeliefNet(nn.Module):
    """p(v, h¹, ..., h^L) = p(v | h¹) p(h¹ | h²) ... p(h^{L−2} | h^{L−1}) · p(h^{L−1}, h^L), the last an RBM's joint.

    Every factor but the last is ∏ σ(Wh + b), the downward half of the RBM that the layer was learned as; its upward
    half, ∏ σ(vW + c), is the approximate posterior q(h | v). With one layer the net is that RBM.

    Attribute ``layers``: L RBMs of Bernoulli units, the lowest first; the hidden units of one are the visible of the next.
    Source: Hinton, Osindero & Teh, A Fast Learning Algorithm for Deep Belief Nets, 2006, sections 3-4.
    """

    layers: nn.ModuleList

    def __init__(self, layers: Sequence[RBM]) -> None:
        """ConfigError unless there is a layer and all are of Bernoulli units; ShapeError when two do not fit together."""
        super().__init__()
        if not layers:
            raise ConfigError(_("A deep belief net needs at least one layer; give a list of RBMs, the lowest first."))
        for rbm in layers:
            kinds = (rbm.visible_unit.name, rbm.hidden_unit.name)
            if kinds != ("bernoulli", "bernoulli"):
                wrong = _("The layers of a deep belief net are RBMs of bernoulli units, got {kinds}.")
                raise ConfigError(wrong.format(kinds=kinds))
        for number, (low, high) in enumerate(pairwise(layers), 1):
            if low.n_hidden != high.n_visible:
                wrong = _(
                    "Layer {number} has {n_hidden} hidden units but layer {next} has {n_visible} visible ones; "
                    "they are the same units, so give as many."
                )
                raise ShapeError(
                    wrong.format(number=number, n_hidden=low.n_hidden, next=number + 1, n_visible=high.n_visible)
                )
        self.layers = nn.ModuleList(layers)

    @property
    def rbms(self) -> list[RBM]:
        """The layers, the lowest first."""
        return [layer for layer in self.layers if isinstance(layer, RBM)]

    @property
    def top(self) -> RBM:
        """The RBM at the top, whose visible units are h^{L−1}."""
        return self.rbms[-1]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of v, h¹, ..., h^L."""
        return (self.rbms[0].n_visible, *(rbm.n_hidden for rbm in self.rbms))

    def means(self, v: Tensor) -> list[Tensor]:
        """[⟨h¹⟩, ..., ⟨h^L⟩] on the way up, each from the means below: (N, V) -> L tensors (N, n_l). Deterministic."""
        found = []
        for rbm in self.rbms:
            v = rbm.hidden_mean(v)
            found.append(v)
        return found

    def ascend(self, v: Tensor, generator: torch.Generator) -> Ascent:
        """h¹ ... h^{L−1} drawn one from the other, up to the top RBM's visible layer, with their log q."""
        v = self.rbms[0].check(v, "v", self.sizes[0])
        states, log_q = [], torch.zeros(len(v), dtype=torch.float64, device=v.device)
        for rbm in self.rbms[:-1]:
            field = rbm.hidden_field(v)
            v = rbm.hidden_unit.sample(field, generator)
            states.append(v)
            log_q = log_q + log_bernoulli(v, field)
        return Ascent(states, log_q)

    def descend(self, h: Tensor, generator: torch.Generator) -> Tensor:
        """Pixels' probabilities from h^{L−1} (N, n_{L−1}): samples on the way down, the mean at the end. (N, V)"""
        h = self.top.check(h, "h", self.top.n_visible)
        for number, rbm in enumerate(reversed(self.rbms[:-1]), 2):
            h = rbm.visible_mean(h) if number == len(self.rbms) else rbm.sample_visible(h, generator)
        return h

    def log_down(self, v: Tensor, states: Sequence[Tensor]) -> Tensor:
        """log p(v | h¹) + Σ log p(hˡ | hˡ⁺¹) up to h^{L−1}, (N,) float64: all but the top RBM's own part."""
        if len(states) != len(self.rbms) - 1:
            wrong = _("log_down needs the states of {wanted} hidden layers, all but the top one, got {given}.")
            raise ShapeError(wrong.format(wanted=len(self.rbms) - 1, given=len(states)))
        rows = [
            rbm.check(s, f"h{number}" if number else "v", rbm.n_visible)
            for number, (rbm, s) in enumerate(zip(self.rbms, [v, *states], strict=True))
        ]
        if len({len(s) for s in rows}) > 1:
            wrong = _("Every layer needs a state for each of the {n_v} rows of v, got {n_rows}.")
            raise ShapeError(wrong.format(n_v=len(rows[0]), n_rows=[len(s) for s in rows[1:]]))
        total = torch.zeros(len(rows[0]), dtype=torch.float64, device=rows[0].device)
        for rbm, (below, above) in zip(self.rbms, pairwise(rows), strict=False):
            total = total + log_bernoulli(below, rbm.visible_field(above))
        return total

    @torch.no_grad()
    def filters(self, layer: int) -> Tensor:
        """What each unit of ``layer`` (1 ... L) looks for, as pixels (V, n_l): W¹W² ... Wˡ, filters summed with the
        weights above them. Lee, Ekanadham & Ng, Sparse Deep Belief Net Model for Visual Area V2, 2008, section 4.

        ConfigError for a layer that there is not.
        """
        if not 1 <= layer <= len(self.rbms):
            wrong = _("There is no layer {layer}; expected 1 to {n_rbms}.")
            raise ConfigError(wrong.format(layer=layer, n_rbms=len(self.rbms)))
        weight = self.rbms[0].weight.detach()
        for rbm in self.rbms[1:layer]:
            weight = weight @ rbm.weight
        return weight


def log_bernoulli(x: Tensor, field: Tensor) -> Tensor:
    """log ∏ p(x_i) of independent units with p(x_i = 1) = σ(field_i): (N, n) -> (N,), float64, nats."""
    return (x * field - nn.functional.softplus(field)).double().sum(1)
