"""The shape that every algorithm shares, and the way from its name to its class."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from torch import Tensor

from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training.gradients import Gradient, Phases


class NegativePhase(ABC):
    """One algorithm: where the model's own samples come from. It keeps chains, and whatever else it needs, itself.

    Attributes: ``model``, the one in training; ``n_chains``, those asked for, 0 for as many as a batch has images;
    ``coins``, its chance.
    """

    def __init__(self, model: RBM, n_chains: int, coins: Coins) -> None:
        self.model, self.n_chains, self.coins = model, n_chains, coins

    @abstractmethod
    def phases(self, v0: Tensor, k: int) -> Phases:
        """Both phases for one batch v0 (N, V), the chains k sweeps on."""

    def learned(self, gradient: Gradient, rate: float) -> None:  # noqa: B027 - most have nothing to note
        """Told after each update: the likelihood's estimated gradient and the unscheduled learning rate."""

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
        if self.n_chains in (0, len(v0)):
            return v0
        return v0.repeat(-(-self.n_chains // len(v0)), 1)[: self.n_chains]


_CLASSES = MappingProxyType(
    {
        "cd": ("cd", "ContrastiveDivergence"),
        "pcd": ("pcd", "Persistent"),
    }
)


def make_negative(algorithm: str, model: RBM, n_chains: int, coins: Coins) -> NegativePhase:
    """The algorithm that ``TrainConfig.algorithm`` names."""
    module, name = _CLASSES[algorithm]
    phase: NegativePhase = getattr(import_module(f"rbm.training.negative.{module}"), name)(model, n_chains, coins)
    return phase
