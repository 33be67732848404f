"""Persistent contrastive divergence: chains that go on from one update to the next (Tieleman 2008)."""

from collections.abc import Mapping

from torch import Tensor

from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training import gradients
from rbm.training.by_rows import RowSweeps
from rbm.training.config import TrainConfig
from rbm.training.gradients import Phases
from rbm.training.negative.base import NegativePhase


class Persistent(NegativePhase):
    """PCD-k: the model moves little in one update, so chains that are never set back stay close to it.

    They leave from the first batch, then never again from data.
    """

    def __init__(self, model: RBM, config: TrainConfig, coins: Coins) -> None:
        super().__init__(model, config, coins)
        self._h: Tensor | None = None  # (M, H)

    def phases(self, v0: Tensor, k: int) -> Phases:
        h = self._start(v0) if self._h is None else self._h
        phases = gradients.persistent(self.sweeps, v0, h, k)
        self._h = phases.hk
        return phases

    def drawn(self, data: Tensor, chosen: Tensor, k: int) -> Phases:
        if self._h is None or not isinstance(self.sweeps, RowSweeps):
            return super().drawn(data, chosen, k)
        phases = self.sweeps.drawn(data, chosen, k, self._h)
        self._h = phases.hk
        return phases

    def _start(self, v0: Tensor) -> Tensor:
        return self.model.sample_hidden(self.first_rows(v0), self.coins.generator)

    def state(self) -> dict[str, Tensor]:
        return {} if self._h is None else {"chains": self._h.clone()}  # which may be memory that is used again

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        self._h = state["chains"].to(self.model.weight.device) if "chains" in state else None
