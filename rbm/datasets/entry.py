"""What a menu says about every data set. Reading this needs neither torch nor numpy, and knows no loader."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType
from typing import Literal

from rbm.core.text import quoted
from rbm.errors import ConfigError

Kind = Literal["binary", "grey", "colour", "real"]
Source = Literal["bundled", "made", "downloaded", "own"]
Root = str | PathLike[str] | None

OWN = "own:"  # begins the names of data sets that people brought themselves, such as "own:cats"

_DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class DatasetEntry:
    """One line of the catalogue; title, kind, image_shape and class_names are those of the Dataset it stands for."""

    name: str
    title: str
    about: str  # one sentence: what it shows, where it is from, its licence, and what a download costs
    kind: Kind
    image_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    source: Source  # with the program, made by it, fetched once on demand, or brought by somebody
    thermal: bool = False  # whether it is made at a temperature, which is then a setting of the data

    @property
    def bundled(self) -> bool:
        """Whether it works without a network, always."""
        return self.source != "downloaded"

    @property
    def units(self) -> tuple[str, ...]:
        """The types of visible units that fit these data, the usual one first."""
        if self.thermal:
            return ("spin", "bernoulli")
        small = math.prod(self.image_shape) <= MOST_PIXELS
        return tuple(name for name in _FITTING[self.kind] if small or name != "categorical")


# The visible units that fit a kind of data, the usual one first: two values are two states, grey levels may also be ordered
# levels or real values, and of real values nothing is known but that they are finite.
_FITTING: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        "binary": ("bernoulli", "spin", "categorical", "multinary"),
        "grey": ("bernoulli", "gaussian", "multinary", "relu", "spin", "categorical"),
        "colour": ("multinary", "gaussian", "bernoulli", "relu", "spin"),
        "real": ("gaussian",),
    }
)
MOST_PIXELS = 400  # of a picture whose pixels may be categorical units, which take M columns each

COLDEST, HOTTEST = 0.1, 100.0  # in units of the coupling
ISING_CRITICAL = 2 / math.log1p(math.sqrt(2))  # T_c = 2.269..., of the infinite lattice (Onsager 1944)


def check_temperature(temperature: float) -> None:
    """ConfigError unless spins can be drawn at it."""
    number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not (number and math.isfinite(temperature) and COLDEST <= temperature <= HOTTEST):
        raise ConfigError(
            f"The temperature is {quoted(temperature)}; expected a number from {COLDEST:g} to {HOTTEST:g}."
        )


def _ising(side: int) -> DatasetEntry:
    return DatasetEntry(
        name=f"ising_{side}",
        title=f"Ising spins, {side}×{side}",
        about=(
            f"12,000 states of {side}×{side} magnets that like to agree with their neighbours, at a temperature that you "
            "choose (black: down, white: up); made here by Wolff's clusters (1989), free to use."
        ),
        kind="binary",
        image_shape=(side, side),
        class_names=("mostly down", "mostly up"),
        source="made",
        thermal=True,
    )


# What works at once comes first, MNIST before all.
_ENTRIES = (
    DatasetEntry(
        name="mnist",
        title="MNIST digits",
        about=(
            "70,000 handwritten digits of census staff and pupils, by LeCun, Cortes and Burges (1998) from forms of "
            "NIST; commonly stated licence CC BY-SA 3.0."
        ),
        kind="grey",
        image_shape=(28, 28),
        class_names=_DIGITS,
        source="bundled",
    ),
    DatasetEntry(
        name="bars_and_stripes",
        title="Bars and stripes, 4×4",
        about="The 30 pictures made only of columns or only of rows, after MacKay (2003); made here, free to use.",
        kind="binary",
        image_shape=(4, 4),
        class_names=("bars", "stripes", "both"),
        source="made",
    ),
    DatasetEntry(
        name="bars_and_stripes_3x3",
        title="Bars and stripes, 3×3",
        about="The 14 pictures made only of columns or only of rows, after MacKay (2003); made here, free to use.",
        kind="binary",
        image_shape=(3, 3),
        class_names=("bars", "stripes", "both"),
        source="made",
    ),
    DatasetEntry(
        name="shifter",
        title="Shifter, 8 bits",
        about=(
            "Eight bits above the same bits moved left, not at all or right, after Hinton and Sejnowski (1986); made "
            "here, free to use."
        ),
        kind="binary",
        image_shape=(2, 8),
        class_names=("left", "none", "right"),
        source="made",
    ),
    DatasetEntry(
        name="shifter_shown",
        title="Shifter, 3 bits and the move",
        about=(
            "Three bits above the same bits moved left, not at all or right, above which of these it was, after Hinton "
            "and Sejnowski (1986); made here, free to use."
        ),
        kind="binary",
        image_shape=(3, 3),
        class_names=("left", "none", "right"),
        source="made",
    ),
    DatasetEntry(
        name="tiny_digits",
        title="Tiny digits, 5×3",
        about="The ten digits drawn by hand in fifteen pixels; made here, free to use.",
        kind="binary",
        image_shape=(5, 3),
        class_names=_DIGITS,
        source="made",
    ),
    DatasetEntry(
        name="two_pixels",
        title="Two pixels",
        about="Four patterns seen 3, 1, 2 and 4 times, enough for a machine worked by hand; made here, free to use.",
        kind="binary",
        image_shape=(1, 2),
        class_names=("00", "01", "10", "11"),
        source="made",
    ),
    *map(_ising, (4, 8, 16)),
    DatasetEntry(
        name="faces",
        title="Faces in colour, 16×16",
        about=(
            "5,000 faces of four skin tones, five hair colours and three eye colours, with short or long hair, smiling or not, "
            "each pixel red, green and blue; drawn here, free to use."
        ),
        kind="colour",
        image_shape=(16, 16, 3),
        class_names=("serious", "smiling"),
        source="made",
    ),
    DatasetEntry(
        name="fashion_mnist",
        title="Fashion-MNIST",
        about="70,000 pictures of clothes by Zalando Research (2017), MIT licence; a download of about 31 MB.",
        kind="grey",
        image_shape=(28, 28),
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        source="downloaded",
    ),
    DatasetEntry(
        name="kmnist",
        title="Kuzushiji-MNIST",
        about=(
            "70,000 cursive Japanese characters, created by CODH (2018) from the Kuzushiji Dataset of NIJL and others, "
            "CC BY-SA 4.0; a download of about 21 MB."
        ),
        kind="grey",
        image_shape=(28, 28),
        class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        source="downloaded",
    ),
    DatasetEntry(
        name="emnist",
        title="EMNIST letters",
        about=(
            "145,600 handwritten letters, capital and small as one class, by Cohen and others (2017) from NIST Special "
            "Database 19, no licence stated; a download of about 560 MB, of which 115 MB are kept."
        ),
        kind="grey",
        image_shape=(28, 28),
        class_names=tuple("abcdefghijklmnopqrstuvwxyz"),
        source="downloaded",
    ),
    DatasetEntry(
        name="qmnist",
        title="QMNIST digits",
        about=(
            "MNIST rebuilt with all 60,000 test digits, by Yadav and Bottou (2019), BSD-style licence; a download of "
            "about 20 MB."
        ),
        kind="grey",
        image_shape=(28, 28),
        class_names=_DIGITS,
        source="downloaded",
    ),
    DatasetEntry(
        name="usps",
        title="USPS digits, 16×16",
        about=(
            "9,298 digits from envelopes of the US Postal Service, by Hull (1994), no licence stated; a download of "
            "about 8 MB."
        ),
        kind="grey",
        image_shape=(16, 16),
        class_names=_DIGITS,
        source="downloaded",
    ),
)

CATALOG: Mapping[str, DatasetEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
