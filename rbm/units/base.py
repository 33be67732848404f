"""What every unit type answers. Shapes: N batch, n units of a layer, K = n·width columns of its states and fields."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import torch
from torch import Tensor

from rbm import randomness
from rbm.core.language import _
from rbm.core.numerics import double
from rbm.errors import ShapeError

BLOCK = 2**20  # numbers looked at together when data is checked: a few MB beside it


class Unit(ABC):
    """A type of unit, which is a value: it never changes, ``anneal`` returns another one.

    Attributes: ``name``; ``unbounded``, whether its states have no largest; ``width`` columns that one unit takes (1, or
    M for the one-hot states of a categorical unit); ``stored``, the smallest dtype that holds its states, for keeping
    many; ``takes``, its states in words, and ``remedy``, what to do about data that holds others.
    """

    name: ClassVar[str]
    unbounded: ClassVar[bool] = False
    stored: ClassVar[torch.dtype] = torch.float32

    @property
    @abstractmethod
    def takes(self) -> str: ...

    @property
    @abstractmethod
    def remedy(self) -> str: ...

    @property
    def width(self) -> int:
        return 1

    @abstractmethod
    def is_state(self, s: Tensor) -> Tensor:
        """Whether what stands in each unit's columns is a state that it can take: (..., K) -> (..., n) bool."""

    def is_datum(self, s: Tensor) -> Tensor:
        """Whether it may stand in data of which means are taken: a state, or a grey level of a Bernoulli unit."""
        return self.is_state(s)

    def check_states(self, rows: Tensor, what: str, *, grey: bool = False) -> None:
        """ShapeError for the first value of ``rows`` (N, K), called ``what``, that is no state of its unit.

        A model gives likelihood to its states only: for other numbers every formula still yields one, which means nothing.
        ``grey``: grey levels may stand for how often Bernoulli units are on.
        """
        fits = self.is_datum if grey else self.is_state
        step = max(BLOCK // max(rows.shape[1], 1), 1)
        for start in range(0, len(rows), step):
            good = fits(rows[start : start + step])
            if not bool(good.all()):
                row, n = (int(place[0]) for place in (~good).nonzero(as_tuple=True))
                found = rows[start + row, n * self.width : (n + 1) * self.width].tolist()
                wrong = _("{what}, row {start}: {found} is no state of {name} unit {n}, which takes {takes}; {remedy}.")
                raise ShapeError(
                    wrong.format(
                        what=what,
                        start=start + row,
                        found=", ".join(f"{x:g}" for x in found),
                        name=self.name,
                        n=n,
                        takes=self.takes,
                        remedy=self.remedy,
                    )
                )

    @abstractmethod
    def log_partition(self, x: Tensor) -> Tensor:
        """log Σ_s exp(x·s − base_energy(s)) for the field x of each unit: (..., K) -> (..., n), nats."""

    def log_ratio(self, x: Tensor, old: float, new: float) -> Tensor:
        """Σ log_partition(new·x) − log_partition(old·x) over the layer, in nats: (N, K) -> (N,), float64."""
        return double(self.log_partition(new * x) - self.log_partition(old * x)).sum(1)

    @abstractmethod
    def mean(self, x: Tensor) -> Tensor:
        """⟨s⟩ in the field x, the derivative of log_partition: (..., K) -> (..., K)."""

    @abstractmethod
    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """One state of each unit drawn from p(s|x): (..., K) -> (..., K)."""

    def draw(self, x: Tensor, coins: randomness.Coins) -> tuple[Tensor, Tensor]:
        """Mean and a sample at once, for training's inner loop; may overwrite x: (N, K) -> (N, K), (N, K)."""
        return self.mean(x), self.sample(x, coins.generator)

    @abstractmethod
    def states(self) -> Tensor:
        """Every state that one unit can take, (S,) or, one-hot, (S, M); TooLargeError where there is a continuum."""

    @abstractmethod
    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        """The field in which a unit's mean is the one measured over ``count`` examples: (K,) -> (K,)."""

    @abstractmethod
    def uniform(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Noise to start a chain from: (..., n) -> states (..., K), each equally likely; a continuum's without a field."""

    @abstractmethod
    def base_energy(self, s: Tensor) -> Tensor:
        """The energy of a state by itself, without any field: one number a unit, or zeros, shaped as s."""

    @abstractmethod
    def mean_energy(self, x: Tensor) -> Tensor:
        """⟨base_energy(s)⟩ in the field x, shaped as x."""

    @torch.no_grad()
    def covariance(self, x: Tensor) -> Tensor:
        """How the columns of each unit vary together in the field x, the derivative of ⟨s⟩: (N, K) -> (N, n, width, width).

        As it stands here for units of one column.
        """
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.mean(x).sum(), x)
        return slope[..., None, None]

    @abstractmethod
    def anneal(self, beta: float) -> Self:
        """The same unit with its base energy at inverse temperature β > 0; fields are scaled by the caller."""


def uniform_like(x: Tensor, generator: torch.Generator) -> Tensor:
    """u in [0, 1) of x's shape and dtype (24 bits in float32, 53 in float64)."""
    dtype = x.dtype if x.dtype in (torch.float32, torch.float64) else torch.float32
    return torch.rand(x.shape, generator=generator, device=x.device, dtype=dtype)
