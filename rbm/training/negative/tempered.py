"""Parallel tempering in temperature as negative phase (Desjardins et al., Tempered MCMC for Training of RBMs, 2010)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from rbm.core.rests import rest
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.samplers import tempering
from rbm.training.config import TrainConfig
from rbm.training.gradients import Phases
from rbm.training.negative.base import NegativePhase

AVERAGED = 0.02  # of a new swap's acceptance in the rate that is reported


class Tempered(NegativePhase):
    """PCD whose chains at β = 1 are the coldest of ``n_replicas``, on a ladder that adapts until swaps are evenly easy."""

    def __init__(self, model: RBM, config: TrainConfig, coins: Coins) -> None:
        super().__init__(model, config, coins)
        self.replicas: tempering.Replicas | None = None
        self._rates = torch.full((config.n_replicas - 1,), tempering.TARGET, dtype=torch.float64)

    @torch.no_grad()
    def phases(self, v0: Tensor, k: int) -> Phases:
        h0_mean = self.model.hidden_mean(v0)
        if self.replicas is None:
            h = self.model.sample_hidden(self.first_rows(v0), self.coins.generator)
            betas = tempering.ladder(self.config.n_replicas, lowest=0.5).to(h.device)
            self.replicas = tempering.from_hidden(self.model, h, betas)
            self._rates = self._rates.to(h.device)
        for _ in range(k):
            moved = tempering.sweep(self.model, self.replicas, self.coins)
            moved, info = tempering.swap(self.model, moved, self.coins)
            seen = ~info.acceptance.isnan()
            self._rates[seen] += AVERAGED * (info.acceptance[seen] - self._rates[seen])
            self.replicas = moved._replace(betas=tempering.adapt(moved.betas, info))
            rest()
        v, h = self.replicas.v[0], self.replicas.h[0]
        return Phases(v0, h0_mean, v, self.model.hidden_mean(v), h)

    def numbers(self) -> dict[str, float]:
        if self.replicas is None:
            return {}
        return {"swap_rate": float(self._rates.min()), "lowest_beta": float(self.replicas.betas[-1])}

    def state(self) -> dict[str, Tensor]:
        if self.replicas is None:
            return {}
        v, h, betas, step = self.replicas
        return {
            "replicas.v": v,
            "replicas.h": h,
            "replicas.betas": betas,
            "replicas.step": torch.tensor(step),
            "replicas.rates": self._rates,
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        if "replicas.v" not in state:
            self.replicas = None
            return
        device = self.model.weight.device
        v, h, betas, rates = (state[f"replicas.{name}"].to(device) for name in ("v", "h", "betas", "rates"))
        self.replicas, self._rates = tempering.Replicas(v, h, betas, int(state["replicas.step"])), rates.clone()
