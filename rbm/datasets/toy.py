"""Data sets small enough to know everything about: their likelihood has a best value, minus their entropy.

Every row is a binary pattern, and the rows *are* the distribution: a pattern that is twice as probable is there twice.
Validation and test hold the same rows as training, because the question here is how well a model fits a known
distribution, not how it generalises.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.datasets.base import Dataset
from rbm.datasets.entry import CATALOG
from rbm.errors import ConfigError

SIDES = range(2, 9)  # bars and stripes; 8 has 510 patterns of 64 pixels

# Drawn by hand for this project, five rows of three pixels each.
_FONT = """
### .#. ### ### #.# ### ### ### ### ###
#.# ##. ..# ..# #.# #.. #.. ..# #.# #.#
#.# .#. ### .## ### ### ### .#. ### ###
#.# .#. #.. ..# ..# ..# #.# .#. #.# ..#
### ### ### ### ..# ### ### .#. ### ###
"""


def entropy(rows: Tensor) -> float:
    """Entropy, in nats, of the empirical distribution of rows (N, V): minus the best mean log-likelihood there is."""
    counts = rows.unique(dim=0, return_counts=True)[1].double()
    p = counts / counts.sum()
    return -float((p * p.log()).sum())


def bars_and_stripes(side: int = 4) -> Dataset:
    """All pictures of side×side pixels whose columns are each one colour (bars), or whose rows are (stripes).

    2·2^side − 2 distinct pictures, each exactly once: the all-black and the all-white one are bars and stripes at once
    and are *not* doubled (some papers double them). So the entropy is log(2·2^side − 2) nats: log 14 ≈ 2.639 for 3×3,
    log 30 ≈ 3.401 for 4×4. MacKay, Information Theory, Inference, and Learning Algorithms (2003), section 43.
    Raises :class:`ConfigError` for a side outside 2 ... 8.
    """
    if side not in SIDES:
        wrong = _("the side of bars and stripes must be {low} ... {high}, but got {side!r}")
        raise ConfigError(wrong.format(low=SIDES[0], high=SIDES[-1], side=side))
    lines = _bits(side)  # (2^side, side)
    bars = lines[:, None, :].expand(-1, side, -1).reshape(-1, side * side)
    stripes = lines[1:-1, :, None].expand(-1, -1, side).reshape(-1, side * side)  # the two plain pictures are in bars
    labels = torch.tensor([2] + [0] * (2**side - 2) + [2] + [1] * (2**side - 2))
    name = "bars_and_stripes" if side == 4 else f"bars_and_stripes_{side}x{side}"
    classes = CATALOG["bars_and_stripes"].class_names
    return _toy(
        name,
        _("Bars and stripes, {side}×{side}").format(side=side),
        (side, side),
        classes,
        torch.cat([bars, stripes]),
        labels,
    )


def shifter() -> Dataset:
    """Eight random bits above a copy moved one place left, not at all, or one place right, round the end.

    All 256·3 = 768 cases, each equally likely; the label is the move, which no single pixel betrays: only pairs do,
    which is why hidden units are needed. A few cases look alike (constant and alternating bits), so there are 762
    distinct rows and the entropy is log 768 − (6 log 3 + 4 log 2) / 768 ≈ 6.632 nats.
    Hinton & Sejnowski, Learning and Relearning in Boltzmann Machines (1986), where the move is visible as well.
    """
    rows, moves = _shifted(8)
    return _catalogued("shifter", rows, moves)


def shifter_shown() -> Dataset:
    """Three bits, below them a copy moved one place left, not at all, or one place right, round the end; the move below.

    A 3×3 picture whose last row has one pixel for each of left, none and right, of which just one is on: nine visible
    units, as many as 3×3 bars and stripes have, so that every state can be visited. All 8·3 = 24 cases, each equally
    likely and, with the move shown, all different: entropy log 24 ≈ 3.178 nats. A bit says nothing about the move, only
    a bit and what it became do together: that takes hidden units.
    Hinton & Sejnowski, Learning and Relearning in Boltzmann Machines (1986), there with eight bits.
    """
    rows, moves = _shifted(3)
    return _catalogued("shifter_shown", torch.cat([rows, torch.eye(3)[moves]], dim=1), moves)


def tiny_digits() -> Dataset:
    """The ten digits in 5×3 pixels, each exactly once: entropy log 10 ≈ 2.303 nats. Good for Hopfield networks."""
    lines = [line.split() for line in _FONT.split("\n") if line]
    digits = ["".join(line[digit] for line in lines) for digit in range(10)]
    return _catalogued(
        "tiny_digits", torch.tensor([[float(dot == "#") for dot in d] for d in digits]), torch.arange(10)
    )


def two_pixels() -> Dataset:
    """Two pixels, whose patterns 00, 01, 10, 11 occur 3, 1, 2, 4 times in ten: the smallest thing worth learning.

    Entropy −Σ p log p ≈ 1.280 nats. One coupling and two biases describe it exactly, by hand if need be.
    """
    labels = torch.arange(4).repeat_interleave(torch.tensor([3, 1, 2, 4]))
    return _catalogued("two_pixels", _bits(2)[labels], labels)


def _shifted(width: int) -> tuple[Tensor, Tensor]:
    """All rows of so many bits beside themselves moved left, not and right: (3·2^width, 2·width), and which (3·2^width,)."""
    bits = _bits(width)
    rows = torch.cat([torch.cat([bits, bits.roll(shift, dims=1)], dim=1) for shift in (-1, 0, 1)])
    return rows, torch.arange(3).repeat_interleave(len(bits))


def _bits(n: int) -> Tensor:
    """Every row of n bits, counting up, the first bit worth most.  # (2^n, n)"""
    return (torch.arange(2**n)[:, None] >> torch.arange(n - 1, -1, -1) & 1).float()


def _catalogued(name: str, rows: Tensor, labels: Tensor) -> Dataset:
    entry = CATALOG[name]
    return _toy(name, entry.title, entry.image_shape, entry.class_names, rows, labels)


def _toy(
    name: str, title: str, image_shape: tuple[int, ...], class_names: tuple[str, ...], rows: Tensor, labels: Tensor
) -> Dataset:
    return Dataset(
        name=name,
        title=title,
        train=rows,
        validation=rows,
        test=rows,
        train_labels=labels,
        validation_labels=labels,
        test_labels=labels,
        image_shape=image_shape,
        kind="binary",
        class_names=class_names,
    )


# Those of the catalogue, by name.
BUILDERS: Mapping[str, Callable[[], Dataset]] = MappingProxyType(
    {
        "bars_and_stripes": bars_and_stripes,
        "bars_and_stripes_3x3": partial(bars_and_stripes, 3),
        "shifter": shifter,
        "shifter_shown": shifter_shown,
        "tiny_digits": tiny_digits,
        "two_pixels": two_pixels,
    }
)
