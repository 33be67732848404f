"""Contrastive divergence: chains that start at the data for every batch (Hinton 2002)."""

from torch import Tensor

from rbm.training import gradients
from rbm.training.by_rows import RowSweeps
from rbm.training.gradients import Phases
from rbm.training.negative.base import NegativePhase


class ContrastiveDivergence(NegativePhase):
    """CD-k keeps nothing between batches; it has one chain an image."""

    def phases(self, v0: Tensor, k: int) -> Phases:
        return gradients.contrastive_divergence(self.sweeps, v0, k)

    def drawn(self, data: Tensor, chosen: Tensor, k: int) -> Phases:
        if not isinstance(self.sweeps, RowSweeps):
            return super().drawn(data, chosen, k)
        return self.sweeps.drawn(data, chosen, k)
