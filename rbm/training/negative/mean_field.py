"""Mean-field contrastive divergence: reconstructions by probabilities instead of samples (Welling & Hinton 2002)."""

import torch
from torch import Tensor

from rbm.core.rests import rest
from rbm.training.gradients import Gradient, Phases, ScaledGradient
from rbm.training.negative.base import NegativePhase


class MeanField(NegativePhase):
    """CD-k without chance: k sweeps of ⟨v|h⟩ and ⟨h|v⟩ from the data, a layer's means standing for its states.

    No noise, and a bias of its own: means forget that units are on *together*, so it suits k of a few and no chain that
    goes on. Source: Welling & Hinton, A New Learning Algorithm for Mean Field Boltzmann Machines, 2002.

    Where a layer has a continuum of states the means alone forget most of what there is: pixels of one width look as if
    hidden units explained them, and weights and variance grow. So next to Gaussian, ReLU and dReLU units states keep their
    fluctuations, to first order in W: ⟨½λv²⟩ of p(v|h) whole, and

        ⟨v hᵀ⟩ = ⟨v⟩⟨h⟩ᵀ + Cov(v) W Cov(h),    Cov(v) given h and Cov(h) given ⟨v⟩, unit by unit

    (Stein's lemma where one layer is Gaussian; our own derivation).
    """

    @torch.no_grad()
    def phases(self, v0: Tensor, k: int) -> Phases:
        model, h0_mean = self.model, self.model.hidden_mean(v0)
        v, h = v0, h0_mean
        for _ in range(k):
            field = model.visible_field(h)
            v = model.visible_unit.mean(field)
            h = model.hidden_mean(v)
            rest()
        phases = Phases(v0, h0_mean, v, h, None)
        if not model.visible_unit.unbounded and not model.hidden_unit.unbounded:
            return phases
        together = (v.T @ h).div_(len(v)).add_(self._fluctuation(field, v))
        means = Gradient(together, v.mean(0), h.mean(0))
        if model.visible_log_precision is None:
            return phases._replace(model=means)
        return phases._replace(model=ScaledGradient(*means, -model.visible_unit.mean_energy(field).mean(0)))

    def _fluctuation(self, field: Tensor, v: Tensor) -> Tensor:
        """The mean over the batch of Cov(v) W Cov(h), v's fields (N, V) and means (N, V) given: (V, H)."""
        model = self.model
        left = model.visible_unit.covariance(field)  # (N, n, A, A), A columns a unit
        right = model.hidden_unit.covariance(model.hidden_field(v))  # (N, m, C, C)
        both = (left.flatten(1).T @ right.flatten(1) / len(v)).view(*left.shape[1:], *right.shape[1:])
        weight = model.weight.view(model.n_visible, left.shape[2], model.n_hidden, right.shape[2])
        return torch.einsum("nabmcd,nbmc->namd", both, weight).flatten(2).flatten(0, 1)
