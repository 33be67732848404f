"""Two kinds of unit side by side in one layer: pixels and, beside them, a label or tags."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError, TooLargeError
from rbm.randomness import Coins
from rbm.units.discrete import Discrete


@final
@dataclass(frozen=True)
class Joined(Discrete):
    """``first`` in the first ``n_first`` columns, ``second`` in all others; given the field they are independent.

    So every answer is both answers side by side, log_partition included: (..., K) -> (..., units of both). ``first``
    takes one column a unit.
    """

    name: ClassVar[str] = "joined"
    stored: ClassVar[torch.dtype] = torch.bool
    first: Discrete
    second: Discrete
    n_first: int

    @property
    def takes(self) -> str:
        return _("{first} in the first {n_first} columns and {second} in those after").format(
            first=self.first.takes, n_first=self.n_first, second=self.second.takes
        )

    @property
    def remedy(self) -> str:
        return self.first.remedy

    def is_state(self, s: Tensor) -> Tensor:
        return torch.cat([u.is_state(part) for u, part in self._each(s)], -1)

    def check_states(self, rows: Tensor, what: str, *, grey: bool = False) -> None:
        for u, part in self._each(rows):
            u.check_states(part, what, grey=grey)

    def log_partition(self, x: Tensor) -> Tensor:
        a, b = self._apart(x)
        return torch.cat([self.first.log_partition(a), self.second.log_partition(b)], -1)

    def mean(self, x: Tensor) -> Tensor:
        a, b = self._apart(x)
        return torch.cat([self.first.mean(a), self.second.mean(b)], -1)

    def sample(self, x: Tensor, generator: torch.Generator) -> Tensor:
        a, b = self._apart(x)
        return torch.cat([self.first.sample(a, generator), self.second.sample(b, generator)], -1)

    def draw(self, x: Tensor, coins: Coins) -> tuple[Tensor, Tensor]:
        means, samples = zip(*(u.draw(part, coins) for u, part in self._each(x)), strict=True)
        return torch.cat(means, -1), torch.cat(samples, -1)

    def states(self) -> Tensor:
        """TooLargeError: a single unit's states depend on which it is."""
        raise TooLargeError(
            _(
                "Units of a joined layer are of two kinds and share no list of states; enumerate the hidden layer instead."
            )
        )

    def covariance(self, x: Tensor) -> Tensor:
        """ConfigError: how many columns vary together depends on which unit it is."""
        raise ConfigError(
            _(
                "Units of a joined layer are of two kinds, whose covariances have no common shape; ask first and second apart."
            )
        )

    def bias_for(self, mean: Tensor, count: int) -> Tensor:
        return torch.cat([u.bias_for(part, count) for u, part in self._each(mean)], -1)

    def uniform(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        *rows, n = shape
        sizes = self.n_first, n - self.n_first
        parts = [u.uniform((*rows, k), generator) for u, k in zip((self.first, self.second), sizes, strict=True)]
        return torch.cat(parts, -1)

    def _apart(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x[..., : self.n_first], x[..., self.n_first :]

    def _each(self, x: Tensor) -> tuple[tuple[Discrete, Tensor], tuple[Discrete, Tensor]]:
        a, b = self._apart(x)
        return (self.first, a), (self.second, b)
