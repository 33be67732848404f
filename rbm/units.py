"""Unit types: the one place that knows what a single unit of a layer can be.

A unit in the field x has states s with probability p(s|x) = exp(x·s − base_energy(s)) / exp(log_partition(x)). Every
type answers the same few questions, and models are written once for all of them. Shapes: N batch, n units of a layer.
"""

from abc import ABC, abstractmethod
from types import MappingProxyType
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from rbm import randomness
from rbm.errors import ConfigError


class Unit(ABC):
    """What every unit type answers. Final types are stateless values; ``anneal`` returns another value."""

    name: str

    @abstractmethod
    def log_partition(self, x: Tensor) -> Tensor:
        """log Σ_s exp(x·s − base_energy(s)) for the field x of each unit: (N, n) -> (N, n), nats."""

    @abstractmethod
    def mean(self, x: Tensor) -> Tensor:
        """⟨s⟩ in the field x, the derivative of log_partition: (N, n) -> (N, n)."""

    @abstractmethod
    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """One state of each unit drawn from p(s|x): (N, n) -> (N, n)."""

    def draw(self, x: Tensor, coins: randomness.Coins) -> tuple[Tensor, Tensor]:
        """Mean and a sample at once, for training's inner loop; may overwrite x: (N, n) -> (N, n), (N, n)."""
        return self.mean(x), self.sample(x, coins.generator)

    @abstractmethod
    def states(self) -> Tensor:
        """Every state that one unit can take, (S,); a type with a continuum of states raises TooLargeError."""

    @abstractmethod
    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        """The field in which a unit's mean is the one measured over ``count`` examples: (n,) -> (n,)."""

    @abstractmethod
    def uniform(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Noise to start a chain from: every state of every unit equally likely."""

    @abstractmethod
    def base_energy(self, s: Tensor) -> Tensor:
        """The energy of a state by itself, without any field: (N, n) -> (N, n)."""

    @abstractmethod
    def anneal(self, beta: float) -> Self:
        """The same unit with its base energy at inverse temperature β; fields are scaled by the caller."""


class Bernoulli(Unit):
    """Binary units s in {0, 1}: log_partition = softplus(x), mean = σ(x) (Hinton, A Practical Guide, 2010, sec. 2)."""

    name = "bernoulli"

    def log_partition(self, x: Tensor) -> Tensor:
        return F.softplus(x, threshold=40.0)  # beyond it x; torch's own 20 is a jump of 2e-9, seen in float64

    def mean(self, x: Tensor) -> Tensor:
        return torch.sigmoid(x)

    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        return randomness.bernoulli(torch.sigmoid(x), generator)

    def draw(self, x: Tensor, coins: randomness.Coins) -> tuple[Tensor, Tensor]:
        p = x.sigmoid_()
        return p, coins.flip(p)

    def states(self) -> Tensor:
        return torch.tensor([0.0, 1.0])

    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        """log(p / (1 − p)) with p kept 1/count away from 0 and 1: a pixel never seen on is rare, not impossible."""
        margin = 1.0 / max(count, 2)
        return torch.logit(mean.clamp(margin, 1.0 - margin))

    def uniform(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.randint(0, 2, shape, generator=generator, device=generator.device).to(torch.get_default_dtype())

    def base_energy(self, s: Tensor) -> Tensor:
        return torch.zeros_like(s)

    def anneal(self, beta: float) -> Self:
        return self  # no base energy to scale


UNITS = MappingProxyType({unit.name: unit for unit in (Bernoulli(),)})


def unit(name: str) -> Unit:
    """The unit type of that name; ConfigError lists the known ones."""
    try:
        return UNITS[name]
    except KeyError:
        known = ", ".join(UNITS)
        raise ConfigError(f"There is no unit type {name!r}; choose one of: {known}.") from None
