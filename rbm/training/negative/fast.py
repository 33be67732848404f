"""Fast PCD: chains driven by weights that also hold a quick, quickly forgotten copy of what was just learnt."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor

from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training import gradients
from rbm.training.config import TrainConfig
from rbm.training.gradients import Gradient, Phases
from rbm.training.negative.base import NegativePhase
from rbm.training.negative.pcd import Persistent

DECAY = 19 / 20  # of the fast weights in every update


class FastPersistent(Persistent):
    """FPCD: fast ← DECAY·fast + η·gradient, and the chains follow the energy of model + fast.

    Where the chains sit, the negative phase raises the energy at once, so they are driven on to other modes; the model
    itself learns at its own, lower rate. η is the unscheduled learning rate: the fast weights stay fast when the
    schedule slows the model. Source: Tieleman & Hinton, Using Fast Weights to Improve PCD, 2009, section 4.
    """

    learns = True

    def __init__(self, model: RBM, config: TrainConfig, coins: Coins) -> None:
        super().__init__(model, config, coins)
        self._driver = copy.deepcopy(model)  # model + fast, rebuilt for every batch
        self._chase = gradients.Sweeps(self._driver, coins)
        self.fast = {name: torch.zeros_like(p) for name, p in model.named_parameters()}

    @torch.no_grad()
    def phases(self, v0: Tensor, k: int) -> Phases:
        for name, p in self.model.named_parameters():
            torch.add(p, self.fast[name], out=self._driver.get_parameter(name).data)
        h = self._start(v0) if self._h is None else self._h
        vk, hk_mean, self._h = self._chase.walk(h, k, keep=True)
        return Phases(v0, self.model.hidden_mean(v0), vk, hk_mean, self._h)

    def drawn(self, data: Tensor, chosen: Tensor, k: int) -> Phases:
        return NegativePhase.drawn(self, data, chosen, k)  # its chains follow another machine than Persistent's do

    @torch.no_grad()
    def learned(self, gradient: Gradient, rate: float) -> None:
        for name, g in gradient._asdict().items():
            self.fast[name].mul_(DECAY).add_(g, alpha=rate)

    def state(self) -> dict[str, Tensor]:
        return {**super().state(), **{f"fast.{name}": t for name, t in self.fast.items()}}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        super().load_state(state)
        for name, t in self.fast.items():
            t.copy_(state[f"fast.{name}"])
