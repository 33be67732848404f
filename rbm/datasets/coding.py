"""A picture as states of visible units, and back: the one place where data sets and unit types meet.

Letters: N pictures of P numbers x in [0, 1]; M states; V columns of the visible layer, P of them, or M for each pixel.

    bernoulli     v = x, which is 0 or 1 once it is drawn          gaussian, relu     v = x
    spin          s = +1 where x > 1/2, else −1                    multinary          n = round(x (M − 1))
    categorical   the M columns of a pixel, a single 1 in column n = round(x (M − 1)); of a pixel in colour, whose red, green
                  and blue are three of the P numbers, n is the nearest of the M colours of a palette

Reading this needs no torch: the screen decodes what it draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rbm.core.language import _
from rbm.datasets import palette
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
    """How pictures become rows of visible units of a type; ``n_states`` is the M of categorical and multinary ones.

    ``palette``: whether the states of categorical units are colours; ``letters``: whether they are letters, without an order.
    """

    visible: str = "bernoulli"
    n_states: int = 2
    palette: bool = False
    letters: bool = False

    @property
    def width(self) -> int:
        """Columns of a pixel."""
        return self.n_states if self.visible == "categorical" else 1

    def columns(self, n_numbers: int) -> int:
        """V for pictures of P numbers."""
        return n_numbers // (3 if self.palette else 1) * self.width

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
        if self.palette:
            return palette.one_hot(x.unflatten(1, (-1, 3)), torch.from_numpy(palette.of_data(self.n_states)))
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
        if self.visible != "categorical":
            return v
        return (v.reshape(len(v), -1, self.n_states) @ self._levels()).reshape(len(v), -1)

    def filters(self, weight: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The weights as a picture of each hidden column, (V, H) -> (P, H).

        Of a categorical pixel: how far they pull its level up, Σ_n w_n (n/(M − 1) − ½), or its red, green and blue towards
        those of the colours they favour; whatever all its states share. Of a letter: one number for each of its states,
        which sum to zero.
        """
        if self.visible != "categorical":
            return weight
        if self.letters:
            each = weight.reshape(-1, self.n_states, weight.shape[1])
            free: npt.NDArray[Any] = (each - each.mean(1, keepdims=True)).reshape(weight.shape)
            return free
        levels, states = self._levels(), weight.reshape(-1, self.n_states, weight.shape[1])
        found: npt.NDArray[Any] = (
            np.einsum("pmh,mc->pch", states, levels - levels.mean(0)).reshape(-1, weight.shape[1])
            if self.palette
            else np.einsum("pmh,m->ph", states, levels - 0.5)
        )
        return found

    def of_pixels(self, flags: Tensor, n_columns: int) -> Tensor:
        """One flag a pixel as one for each of its columns: a colour's three numbers, a unit's states."""
        return flags.repeat_interleave(n_columns // len(flags))

    def dataset(self, data: Dataset) -> Dataset:
        """The data set with rows that are states of the units; ConfigError where they would fill the memory."""
        if self.visible in AS_THEY_ARE or data.kind == "real":
            return data
        values = sum(len(getattr(data, part)) for part in PARTS) * self.columns(data.n_visible)
        if self.width > 1 and values > MOST_VALUES:
            wrong = _(
                "Categorical units of {n_states} states make {values:,} numbers of the data set {name!r}; at most "
                "{most_values:,} are held: take fewer states or training images, or multinary units, which need "
                "one number a pixel."
            )
            raise ConfigError(
                wrong.format(n_states=self.n_states, values=values, name=data.name, most_values=MOST_VALUES)
            )
        shape = (*data.image_shape[:2], self.n_states) if self.width > 1 else data.image_shape
        parts: dict[str, Any] = {part: self.rows(getattr(data, part)) for part in PARTS}
        return replace(data, kind="real", image_shape=shape, **parts)

    def _levels(self) -> npt.NDArray[np.float32]:
        """What is drawn for each state: a grey, (M,), or a colour, (M, 3)."""
        return palette.of_data(self.n_states) if self.palette else np.linspace(0, 1, self.n_states, dtype=np.float32)
