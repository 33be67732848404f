"""The shape that every algorithm shares, and the way from its name to its class."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import ClassVar

from torch import Tensor

from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training.by_rows import sweeps_of
from rbm.training.config import TrainConfig
from rbm.training.gradients import Gradient, Phases


class NegativePhase(ABC):
    """One algorithm: where the model's own samples come from. It keeps chains, and whatever else it needs, itself.

    Attributes: ``model``, the one in training; ``config`` as it was at the start, of which only knobs that are not live
    may be read; ``coins``, its chance; ``sweeps``, what moves its chains.
    ``learns``: whether ``learned`` is of use to it.
    """

    learns: ClassVar[bool] = False

    def __init__(self, model: RBM, config: TrainConfig, coins: Coins) -> None:
        self.model, self.config, self.coins = model, config, coins
        self.sweeps = sweeps_of(model, coins)

    @abstractmethod
    def phases(self, v0: Tensor, k: int) -> Phases:
        """Both phases for one batch v0 (N, V), the chains k sweeps on."""

    def drawn(self, data: Tensor, chosen: Tensor, k: int) -> Phases:
        """The same for the batch data[chosen] of grey levels, drawn for it alone: data (D, V), chosen (N,)."""
        v0 = data.new_empty(len(chosen), data.shape[1], dtype=self.model.weight.dtype)
        return self.phases(self.coins.flip_rows(data, chosen, v0), k)

    def learned(self, gradient: Gradient, rate: float) -> None:  # noqa: B027 - most have nothing to note
        """Told at each update where ``learns`` is set: the likelihood's estimated gradient and the unscheduled learning rate."""

    def numbers(self) -> dict[str, float]:
        """What is worth a curve: the chains' health, by the names of ``events.MEASURES``."""
        return {}

    def state(self) -> dict[str, Tensor]:
        """Everything that going on bit for bit needs; empty where nothing outlives a batch."""
        return {}

    def load_state(self, state: Mapping[str, Tensor]) -> None:  # noqa: B027 - most have nothing to load
        """Go on where ``state`` was taken; it may hold other parts' tensors too."""

    def first_rows(self, v0: Tensor) -> Tensor:
        """As many rows of the first batch as there are chains, going round where it has too few: (M, V)."""
        count = self.config.n_chains or len(v0)
        return v0 if count == len(v0) else v0.repeat(-(-count // len(v0)), 1)[:count]


_CLASSES = MappingProxyType(
    {
        "cd": ("cd", "ContrastiveDivergence"),
        "pcd": ("pcd", "Persistent"),
        "rdm": ("random_chains", "RandomChains"),
        "fpcd": ("fast", "FastPersistent"),
        "mfcd": ("mean_field", "MeanField"),
        "exact": ("exact", "Exact"),
        "ptt": ("trajectory", "Trajectory"),
        "pt": ("tempered", "Tempered"),
    }
)


def make_negative(model: RBM, config: TrainConfig, coins: Coins) -> NegativePhase:
    """The algorithm that ``config.algorithm`` names."""
    module, name = _CLASSES[config.algorithm]
    phase: NegativePhase = getattr(import_module(f"rbm.training.negative.{module}"), name)(model, config, coins)
    return phase
