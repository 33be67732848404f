"""Rdm-k: chains that start from noise for every batch (Decelle, Furtlehner & Seoane 2021)."""

import torch
from torch import Tensor

from rbm.training import gradients
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
        model, coins = self.model, self.coins
        noise = model.visible_unit.uniform((len(v0), model.n_visible), coins.generator).to(v0)
        _, h = model.hidden_unit.draw(model.hidden_field(noise), coins)
        vk, hk_mean, _ = gradients.walk(model, h, k, coins, keep=False)
        return Phases(v0, model.hidden_mean(v0), vk, hk_mean, None)
