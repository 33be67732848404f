"""The centred gradient: learning in coordinates where a unit's mean says nothing about its weights.

The same machine, written around offsets μ (V,) and λ (H,) near the units' means,

    E(v, h) = −(v − μ)·W·(h − λ) − b̃·v − c̃·h + constant,    b̃ = b + Wλ,    c̃ = c + Wᵀμ

has the gradient ⟨(v − μ)(h − λ)ᵀ⟩_data − ⟨(v − μ)(h − λ)ᵀ⟩_model for W and the usual ones for b̃ and c̃. An update is
made there and carried back: W takes its step, and b and c what keeps b̃ and c̃ at theirs. The model is the plain one
throughout, so offsets may move between updates without a word. Source: Melchior, Fischer & Wiskott, How to Center Deep
Boltzmann Machines, JMLR 17, 2016, sections 3-4 (data means as offsets, moving averages).
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from rbm.models.rbm import RBM
from rbm.training.gradients import Gradient, Phases

SHARE = 0.01  # of a new batch's means in the moving averages


class Centring:
    """Offsets as moving averages: ``visible`` μ (V,) of the data, ``hidden`` λ (H,) of ⟨h | data⟩."""

    def __init__(self, model: RBM, mean: Tensor) -> None:
        """μ starts at the data's ``mean`` (V,), λ at the first batch's ⟨h⟩."""
        self.model = model
        self.visible = mean.to(model.weight, copy=True)  # it moves, the data set's own does not
        self.hidden: Tensor | None = None
        self._weight = torch.empty_like(model.weight)

    @torch.no_grad()
    def centre(self, gradient: Gradient, phases: Phases) -> Gradient:
        """Move the offsets by this batch, then the plain gradient in the centred coordinates (W, b̃, c̃); overwrites it."""
        mu, lam = self.move(phases)
        weight, b, c = gradient
        return Gradient(weight.addr_(b, lam, alpha=-1).addr_(mu, c, alpha=-1), b, c)

    @torch.no_grad()
    def carried(self, gradient: Gradient) -> Gradient:
        """The step of (W, b, c) that a centred ``gradient`` makes, which is left as it is."""
        assert self.hidden is not None
        weight, b, c = gradient
        return Gradient(
            weight, torch.addmv(b, weight, self.hidden, alpha=-1), torch.addmv(c, weight.T, self.visible, alpha=-1)
        )

    @torch.no_grad()
    def move(self, phases: Phases) -> tuple[Tensor, Tensor]:
        """The offsets (μ, λ) after a share of this batch's means went in."""
        self.visible.lerp_(phases.v0.mean(0, dtype=self.visible.dtype), SHARE)
        mean = phases.h0_mean.mean(0, dtype=self.visible.dtype)
        self.hidden = mean if self.hidden is None else self.hidden.lerp_(mean, SHARE)
        return self.visible, self.hidden

    @torch.no_grad()
    def before_step(self) -> None:
        """Remember W, of whose change the biases must hear."""
        self._weight.copy_(self.model.weight)

    @torch.no_grad()
    def after_step(self) -> None:
        """The optimiser has moved (b, c) as if they were (b̃, c̃): take off what the change of W added to those."""
        self.follow(torch.sub(self.model.weight, self._weight, out=self._weight))

    @torch.no_grad()
    def follow(self, change: Tensor) -> None:
        """Tell the biases of a ``change`` (V, H) of W."""
        assert self.hidden is not None
        self.model.visible_bias.addmv_(change, self.hidden, alpha=-1)
        self.model.hidden_bias.addmv_(change.T, self.visible, alpha=-1)

    def state(self) -> dict[str, Tensor]:
        state = {"offset.visible": self.visible}
        return state if self.hidden is None else {**state, "offset.hidden": self.hidden}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        self.visible = state["offset.visible"].to(self.visible)
        self.hidden = state["offset.hidden"].to(self.visible) if "offset.hidden" in state else None


class Standardising:
    """The centred gradient measured in units of how much each visible column varies: r_i = ⟨σ²⟩ / σ_i² times as large a step.

    Ascent in Ŵ = σW, (v − μ)/σ being the visible states, is W ← W + (η/σ²) ∂/∂W; ⟨σ²⟩ keeps the usual rates. Columns that vary by
    less than FLOOR of the mean are taken to vary by that: r is at most 1 / FLOOR. ``factor`` r (V,).
    """

    FLOOR = 0.1

    def __init__(self, model: RBM, rows: Tensor) -> None:
        """σ² of ``rows`` (N, V); of Bernoulli units m(1 − m), as they are when grey levels are drawn."""
        mean = rows.mean(0, dtype=torch.float64)
        variance = mean * (1 - mean) if model.visible_unit.name == "bernoulli" else rows.double().var(0, correction=0)
        usual = variance.mean()
        self.factor = (usual / variance.clamp(min=self.FLOOR * float(usual))).nan_to_num(1.0).to(model.weight)

    @torch.no_grad()
    def scaled(self, gradient: Gradient) -> Gradient:
        """The gradient of W and b̃ with every visible column's part r times as long; overwrites it."""
        weight, b, c = gradient
        return Gradient(weight.mul_(self.factor[:, None]), b.mul_(self.factor), c)
