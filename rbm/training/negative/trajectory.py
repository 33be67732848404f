"""Tempering along the training trajectory: the easier replicas are the model's own past.

A young model mixes at once and grows its modes one by one, so its chains hand each mode on to the next older version;
temperature would melt them all together. Source: Béreux, Decelle, Furtlehner, Rosset & Seoane, Fast Training and
Sampling of Restricted Boltzmann Machines, arXiv 2405.15376.
"""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor

from rbm.core.rests import rest
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training.config import TrainConfig
from rbm.training.gradients import Phases
from rbm.training.negative.base import NegativePhase

TARGET = 0.4  # the model is saved when its swaps with the newest saved one fall to this acceptance
AVERAGED = 0.05  # of a new swap's acceptance in the running one


class Trajectory(NegativePhase):
    """PCD with swaps between the model and saved versions of it, oldest first, each with chains of its own.

    Neighbours A and B trade v with probability min(1, exp(F_A(v_A) − F_A(v_B) + F_B(v_B) − F_B(v_A))), the free energy
    F of each model on both: h is drawn again from each. Beyond ``n_replicas`` the saved version goes without which its
    neighbours still trade best; the first, which mixes by itself, always stays.
    """

    def __init__(self, model: RBM, config: TrainConfig, coins: Coins) -> None:
        super().__init__(model, config, coins)
        self.past: list[RBM] = []
        self.chains: list[Tensor] = []  # v (M, V) of each saved version and, last, of the model
        self.rates: list[float] = []  # running acceptance of each version with the next
        self._turn = 0

    @torch.no_grad()
    def phases(self, v0: Tensor, k: int) -> Phases:
        if not self.past:
            self.past, self.chains, self.rates = [copy.deepcopy(self.model)], [self.first_rows(v0)] * 2, [1.0]
        models = [*self.past, self.model]
        for _ in range(k):
            self.chains = [self._sweep(m, v) for m, v in zip(models, self.chains, strict=True)]
            self._swap(models)
            rest()
        v = self.chains[-1]
        phases = Phases(v0, self.model.hidden_mean(v0), v, self.model.hidden_mean(v), None)
        if self.rates[-1] < TARGET:
            self._save()
        return phases

    def numbers(self) -> dict[str, float]:
        return {"swap_rate": min(self.rates), "saved_models": float(len(self.past))} if self.past else {}

    def _sweep(self, model: RBM, v: Tensor) -> Tensor:
        _, h = model.hidden_unit.draw(model.hidden_field(v), self.coins)
        return model.visible_unit.draw(model.visible_field(h), self.coins)[1]

    def _swap(self, models: list[RBM]) -> None:
        """Offer a swap to every second pair of neighbours, the other pairs next time."""
        for i in range(self._turn % 2 if len(models) > 2 else 0, len(models) - 1, 2):
            a, b = self.chains[i], self.chains[i + 1]
            p = acceptance(models[i], models[i + 1], a, b)
            uniform = torch.rand(len(p), generator=self.coins.generator, device=p.device, dtype=p.dtype)
            traded = (uniform < p)[:, None]
            self.chains[i], self.chains[i + 1] = torch.where(traded, b, a), torch.where(traded, a, b)
            self.rates[i] += AVERAGED * (float(p.mean()) - self.rates[i])
        self._turn += 1

    @torch.no_grad()
    def _save(self) -> None:
        """The model as it stands becomes the newest of the past, with the model's chains; room is made for it first."""
        if len(self.past) + 1 >= self.config.n_replicas:
            models = [*self.past, self.model]
            without = [
                float(acceptance(models[i - 1], models[i + 1], self.chains[i - 1], self.chains[i + 1]).mean())
                for i in range(1, len(self.past))
            ]
            if not without:
                return  # two replicas: the first version and the model
            spare = max(range(len(without)), key=without.__getitem__)
            del self.past[spare + 1], self.chains[spare + 1], self.rates[spare + 1]
            self.rates[spare] = without[spare]
        self.past.append(copy.deepcopy(self.model))
        self.chains.append(self.chains[-1])
        self.rates.append(1.0)

    def state(self) -> dict[str, Tensor]:
        if not self.past:
            return {}
        saved = {f"past.{n}": torch.stack([m.get_parameter(n).data for m in self.past]) for n in _names(self.model)}
        return {
            **saved,
            "past.chains": torch.stack(self.chains),
            "past.rates": torch.tensor(self.rates, dtype=torch.float64),
            "past.turn": torch.tensor(self._turn),
        }

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        self.past, self.chains, self.rates, self._turn = [], [], [], 0
        if "past.chains" not in state:
            return
        self.chains = list(state["past.chains"].to(self.model.weight))
        self.rates, self._turn = state["past.rates"].tolist(), int(state["past.turn"])
        for i in range(len(self.rates)):
            saved = copy.deepcopy(self.model)
            for name in _names(self.model):
                saved.get_parameter(name).copy_(state[f"past.{name}"][i])
            self.past.append(saved)


@torch.no_grad()
def acceptance(a: RBM, b: RBM, v_a: Tensor, v_b: Tensor) -> Tensor:
    """Probability that each pair of rows of v_a and v_b (M, V), chains of models a and b, trades places: (M,) float64."""
    stay = a.free_energy(v_a).double() + b.free_energy(v_b).double()
    trade = a.free_energy(v_b).double() + b.free_energy(v_a).double()
    return (stay - trade).clamp(max=0.0).exp()


def _names(model: RBM) -> list[str]:
    return [name for name, _ in model.named_parameters()]
