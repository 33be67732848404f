"""Rdm-k: chains that start from noise for every batch (Decelle, Furtlehner & Seoane 2021)."""

import torch
from torch import Tensor

from rbm.training.gradients import Phases
from rbm.training.negative.base import NegativePhase


class RandomChains(NegativePhase):
    """One chain an image, each k sweeps from a state of which all are equally likely: nothing is kept between batches.

    The negative statistics are those of the distribution uKᵏ, with u uniform and K a sweep, and not of p(v). Learning ends
    where those equal the data's: the machine then makes its best samples k sweeps from noise, and worse ones later.
    Source: Decelle, Furtlehner & Seoane, Equilibrium and Non-Equilibrium Regimes in the Learning of Restricted Boltzmann
    Machines, NeurIPS 2021.
    """

    @torch.no_grad()
    def phases(self, v0: Tensor, k: int) -> Phases:
        model = self.model
        noise = model.visible_unit.uniform((len(v0), model.n_visible), self.coins.generator).to(v0)
        _, h = self.sweeps.rise(noise)
        vk, hk_mean, _ = self.sweeps.walk(h, k, keep=False)
        return Phases(v0, self.sweeps.means(v0), vk, hk_mean, None)
