"""A picture as states of visible units, and back: the one place where data sets and unit types meet.

Letters: N pictures of P numbers x in [0, 1]; M states; V columns of the visible layer, P of them, or P·M where a unit takes M.

    bernoulli     v = x, which is 0 or 1 once it is drawn          gaussian, relu     v = x
    spin          s = +1 where x > 1/2, else −1                    multinary          n = round(x (M − 1))
    categorical   the M columns of a pixel, a single 1 in column n = round(x (M − 1))

Reading this needs no torch: the screen decodes what it draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rbm.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.datasets.base import Dataset

MOST_VALUES = 2**26  # of one-hot rows, 256 MB: a class of sixty shares one server
PARTS = ("train", "validation", "test")
SIGNED = ("spin", "gaussian")  # whose values lie on both sides of zero
AS_THEY_ARE = ("bernoulli", "gaussian", "relu")  # whose rows are the data's own


@dataclass(frozen=True)
class Coding:
    """How pictures become rows of visible units of a type; ``n_states`` is the M of categorical and multinary ones."""

    visible: str = "bernoulli"
    n_states: int = 2

    @property
    def width(self) -> int:
        """Columns of a pixel."""
        return self.n_states if self.visible == "categorical" else 1

    @property
    def lowest(self) -> float:
        """What is drawn for a pixel that is off."""
        return -1.0 if self.visible == "spin" else 0.0

    def rows(self, x: Tensor) -> Tensor:
        """States of the visible units for pictures, (N, P) -> (N, V); x itself where it is those already."""
        import torch

        if self.visible in AS_THEY_ARE:
            return x
        if self.visible == "spin":
            return 2 * (x > 0.5).to(x.dtype) - 1
        level = (x * (self.n_states - 1)).round()
        if self.visible == "multinary":
            return level
        return torch.nn.functional.one_hot(level.long(), self.n_states).to(x.dtype).flatten(1)

    def pixels(self, rows: npt.ArrayLike) -> npt.NDArray[Any]:
        """States or means of the visible layer as numbers to draw, (N, V) -> (N, P): from −1 to 1 of spins, else from 0 to 1,
        where Gaussian and ReLU units may go beyond."""
        v = np.asarray(rows, np.float32)
        if self.visible == "multinary":
            return v / np.float32(self.n_states - 1)
        return v.reshape(len(v), -1, self.n_states) @ self._levels() if self.visible == "categorical" else v

    def filters(self, weight: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The weights as a picture of each hidden column, (V, H) -> (P, H).

        Of a categorical pixel: how far they pull its level up, Σ_n w_n (n/(M − 1) − ½), whatever all its states share.
        """
        if self.visible != "categorical":
            return weight
        pull = self._levels() - 0.5
        found: npt.NDArray[Any] = np.einsum("pmh,m->ph", weight.reshape(-1, self.n_states, weight.shape[1]), pull)
        return found

    def of_pixels(self, flags: Tensor, n_columns: int) -> Tensor:
        """One flag a pixel as one for each of its columns: a colour's three numbers, a unit's states."""
        return flags.repeat_interleave(n_columns // len(flags))

    def dataset(self, data: Dataset) -> Dataset:
        """The data set with rows that are states of the units; ConfigError where they would fill the memory."""
        if self.visible in AS_THEY_ARE or data.kind == "real":
            return data
        values = sum(len(getattr(data, part)) for part in PARTS) * data.n_visible * self.width
        if self.width > 1 and values > MOST_VALUES:
            raise ConfigError(
                f"Categorical units of {self.n_states} states make {values:,} numbers of the data set {data.name!r}; at most "
                f"{MOST_VALUES:,} are held: take fewer states or training images, or multinary units, which need one number a "
                "pixel."
            )
        shape = (*data.image_shape, self.n_states) if self.width > 1 else data.image_shape
        parts: dict[str, Any] = {part: self.rows(getattr(data, part)) for part in PARTS}
        return replace(data, kind="real", image_shape=shape, **parts)

    def _levels(self) -> npt.NDArray[np.float32]:
        return np.linspace(0, 1, self.n_states, dtype=np.float32)
