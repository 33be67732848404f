"""What a pixel's unit can say: one of M levels a channel, any value a channel, or one of M colours of a palette.

``rows`` are what the visible layer takes (N, V); images are (N, h, w, 3) in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rbm.core.language import _
from rbm.datasets import palette
from rbm.errors import ConfigError
from rbm.tasks.colour import KINDS, Images


class Encoding(Protocol):
    """From images to the visible layer and back; ``visible`` and ``n_states`` name its units for the RBM."""

    @property
    def visible(self) -> str:
        """The kind of the visible units."""

    @property
    def n_states(self) -> int | None:
        """Their M, where they have one."""

    def rows(self, images: Images) -> Tensor:
        """(N, h, w, 3) -> (N, V) float32."""

    def images(self, rows: Tensor) -> Images:
        """States or means of the visible layer as images, cut to [0, 1]."""

    def filters(self, weight: Tensor) -> Images:
        """The weights (V, H) as coloured pictures (H, h, w, 3), each on its own scale; mid grey is no influence."""


@dataclass(frozen=True)
class ChannelLevels:
    """Ordered multinary units of M states: a channel's level is round(x (M − 1)), and M = 2 is on or off."""

    shape: tuple[int, int]
    n_states: int
    visible: str = "multinary"

    def rows(self, images: Images) -> Tensor:
        return torch.from_numpy(np.rint(images.reshape(len(images), -1) * (self.n_states - 1)).astype(np.float32))

    def images(self, rows: Tensor) -> Images:
        return _pictures(rows / (self.n_states - 1), self.shape)

    def filters(self, weight: Tensor) -> Images:
        return _signed(weight, self.shape)


@dataclass(frozen=True)
class Real:
    """Gaussian units: each channel of each pixel less its mean over the data, divided by one common deviation."""

    shape: tuple[int, int]
    mean: Tensor
    deviation: float
    visible: str = "gaussian"
    n_states: int | None = None

    def rows(self, images: Images) -> Tensor:
        return (torch.from_numpy(images.reshape(len(images), -1)) - self.mean) / self.deviation

    def images(self, rows: Tensor) -> Images:
        return _pictures(rows * self.deviation + self.mean, self.shape)

    def filters(self, weight: Tensor) -> Images:
        return _signed(weight, self.shape)


@dataclass(frozen=True)
class Palette:
    """Categorical units: each pixel takes one of M colours (M, 3), as one-hot rows."""

    shape: tuple[int, int]
    colours: Tensor
    visible: str = "categorical"

    @property
    def n_states(self) -> int:
        return len(self.colours)

    def rows(self, images: Images) -> Tensor:
        pixels = torch.from_numpy(images.reshape(len(images), -1, 3))
        return palette.one_hot(pixels, self.colours)

    def images(self, rows: Tensor) -> Images:
        return _pictures(rows.reshape(len(rows), -1, self.n_states) @ self.colours, self.shape)

    def filters(self, weight: Tensor) -> Images:
        """Of weights in the zero-sum gauge: the colours that a hidden unit calls for, each by its state's weight."""
        pull = weight.T.reshape(weight.shape[1], -1, self.n_states)
        return _signed((pull @ (self.colours - self.colours.mean(0))).flatten(1).T, self.shape)


def make(kind: str, images: Images, n_states: int) -> Encoding:
    """The encoding of that kind, fitted to the images; ConfigError for an unknown kind or fewer than 2 states."""
    if kind not in KINDS:
        wrong = _("There is no encoding called {kind!r}; choose one of {kinds}.")
        raise ConfigError(wrong.format(kind=kind, kinds=", ".join(KINDS)))
    if not 2 <= n_states <= 64:
        raise ConfigError(_("A pixel needs 2 to 64 states, got {n_states}.").format(n_states=n_states))
    shape = images.shape[1], images.shape[2]
    if kind == "multinary":
        return ChannelLevels(shape, n_states)
    if kind == "categorical":
        return Palette(shape, palette.gathered(images, n_states))
    flat = torch.from_numpy(images.reshape(len(images), -1))
    return Real(shape, flat.mean(0), max(float(flat.std(0).mean()), 1e-3))


def _pictures(values: Tensor, shape: tuple[int, int]) -> Images:
    found: Images = values.reshape(len(values), *shape, 3).clamp(0, 1).float().numpy()
    return found


def _signed(weight: Tensor, shape: tuple[int, int]) -> Images:
    strength = weight.abs().amax(0, keepdim=True).clamp(min=1e-12)
    return _pictures(((weight / strength + 1) / 2).T, shape)
