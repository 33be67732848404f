"""Mean-field contrastive divergence: reconstructions by probabilities instead of samples (Welling & Hinton 2002)."""

import torch
from torch import Tensor

from rbm.training.gradients import Phases, ScaledGradient
from rbm.training.negative.base import NegativePhase
from rbm.units import Quadratic


class MeanField(NegativePhase):
    """CD-k without chance: k sweeps of ⟨v|h⟩ and ⟨h|v⟩ from the data, a layer's means standing for its states.

    No noise, and a bias of its own: means forget that units are on *together*, so it suits k of a few and no chain that
    goes on. Source: Welling & Hinton, A New Learning Algorithm for Mean Field Boltzmann Machines, 2002.

    Of a continuum of states the means alone would be all the noise there is: data of one width would look as if hidden
    units explained it, and weights and variance grow. So Gaussian and ReLU pixels keep theirs, to first order in W:

        ⟨½λv²⟩ of p(v|h) whole,    ⟨v_i h_j⟩ = ⟨v_i⟩⟨h_j⟩ + Var(v_i) Σ_k W_ik Cov(h_k, h_j),

    k over the columns of the unit that j is of (Stein's lemma for a Gaussian v and any h(v); our own derivation).
    """

    @torch.no_grad()
    def phases(self, v0: Tensor, k: int) -> Phases:
        model, h0_mean = self.model, self.model.hidden_mean(v0)
        v, h = v0, h0_mean
        for _ in range(k):
            field = model.visible_field(h)
            v = model.visible_unit.mean(field)
            h = model.hidden_mean(v)
        phases = Phases(v0, h0_mean, v, h, None)
        if not isinstance(model.visible_unit, Quadratic):
            return phases
        together = (v.T @ h).div_(len(v)).add_(self._fluctuation(field, v))
        energy = model.visible_unit.mean_energy(field).mean(0)
        return phases._replace(model=ScaledGradient(together, v.mean(0), h.mean(0), -energy))

    def _fluctuation(self, field: Tensor, v: Tensor) -> Tensor:
        """The mean over the batch of Var(v_i) Σ_k W_ik Cov(h_k, h_j), (V, H), v's fields and means given: (N, V)."""
        model = self.model
        variance = model.visible_unit.covariance(field).flatten(1)  # (N, V)
        covariance = model.hidden_unit.covariance(model.hidden_field(v))  # (N, units, M, M)
        spread = (variance.T @ covariance.flatten(1) / len(v)).view(-1, *covariance.shape[1:])  # (V, units, M, M)
        weight = model.weight.unflatten(1, (model.n_hidden, 1, -1))  # (V, units, 1, M)
        return (weight @ spread).flatten(1)
