"""Mean-field contrastive divergence: reconstructions by probabilities instead of samples (Welling & Hinton 2002)."""

import torch
from torch import Tensor

from rbm.training.gradients import Phases
from rbm.training.negative.base import NegativePhase


class MeanField(NegativePhase):
    """CD-k without chance: k sweeps of ⟨v|h⟩ and ⟨h|v⟩ from the data, a layer's means standing for its states.

    No noise, and a bias of its own: means forget that units are on *together*, so it suits k of a few and no chain that
    goes on. Source: Welling & Hinton, A New Learning Algorithm for Mean Field Boltzmann Machines, 2002.
    """

    @torch.no_grad()
    def phases(self, v0: Tensor, k: int) -> Phases:
        model, h0_mean = self.model, self.model.hidden_mean(v0)
        v, h = v0, h0_mean
        for _ in range(k):
            field = model.visible_field(h)
            v = model.visible_unit.mean(field)
            h = model.hidden_mean(v)
        return Phases(v0, h0_mean, v, h, None, base_energy=model.visible_unit.mean_energy(field).mean(0))
