"""What a menu says about every data set. Reading this needs neither torch nor numpy, and knows no loader."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType
from typing import Literal

from rbm.core.language import _

Kind = Literal["binary", "grey", "colour", "real"]
Source = Literal["bundled", "made", "downloaded", "own"]
Root = str | PathLike[str] | None
Temperature = float | tuple[float, ...]  # at which spins are drawn: one, or several in equal shares

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
    states: int | None = None  # of a pixel, where they are letters without an order: the M of its units

    @property
    def listed(self) -> bool:
        """Whether the set is small enough to list every picture that there is: made in no time."""
        return self.name in LISTED

    @property
    def usual_temperature(self) -> float:
        """Where nobody chooses one: the critical one, or 1 of a ring, which has none but at 0."""
        return 1.0 if self.name == RING else ISING_CRITICAL

    def classes_at(self, temperature: Temperature | None) -> tuple[str, ...]:
        """The names of the classes of data at that temperature; where those are several, each is a class."""
        if isinstance(temperature, tuple):
            return tuple(_("T = {t:g}").format(t=t) for t in temperature)
        return self.class_names

    @property
    def bundled(self) -> bool:
        """Whether it works without a network, always."""
        return self.source != "downloaded"

    @property
    def values(self) -> str:
        """What a pixel of them is, in a few words."""
        if self.thermal:
            return _("Spins, up or down")
        if self.states is not None:
            return _("One of {states} letters").format(states=self.states)
        in_words = {
            "binary": _("Black or white"),
            "grey": _("Grey levels"),
            "colour": _("Red, green and blue"),
            "real": _("Any number"),
        }
        return in_words[self.kind]

    @property
    def offered(self) -> tuple[str, ...]:
        """Those of ``units`` that a menu offers: of letters, which have no order, not the ordered levels of older runs."""
        return self.units if self.states is None else self.units[:1]

    @property
    def units(self) -> tuple[str, ...]:
        """The types of visible units that fit these data, the usual one first."""
        if self.thermal:
            return ("spin", "bernoulli")
        if self.states is not None:
            return ("categorical", "multinary")
        foreign = self.kind == "colour" and self.source != "made"  # the palette is that of the pictures made here
        choose = math.prod(self.image_shape[:2]) <= MOST_PIXELS and not foreign
        return tuple(name for name in _FITTING[self.kind] if choose or name != "categorical")


# The visible units that fit a kind of data, the usual one first: two values are two states, grey levels may also be ordered
# levels or real values, and of real values nothing is known but that they are finite.
_FITTING: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        "binary": ("bernoulli", "spin", "categorical", "multinary"),
        "grey": ("bernoulli", "gaussian", "multinary", "relu", "spin", "categorical"),
        "colour": ("multinary", "gaussian", "categorical", "bernoulli", "relu", "spin"),
        "real": ("gaussian",),
    }
)
MOST_PIXELS = 400  # of a picture whose pixels may be categorical units, which take M columns each

LISTED = ("bars_and_stripes", "bars_and_stripes_3x3", "shifter", "shifter_shown", "tiny_digits", "two_pixels")
RING, RING_SPINS = "ising_1d", 16
LINE = 1  # in place of a lattice's side: the ring, which is one row
POTTS, LETTERS, PLACES = "potts", 4, 8
KUNITZ, AMINO_ACIDS = "kunitz", 21  # twenty and the gap
ISING_CRITICAL = 2 / math.log1p(math.sqrt(2))  # T_c = 2.269..., of the infinite lattice (Onsager 1944)


def _ising(side: int) -> DatasetEntry:
    return DatasetEntry(
        name=f"ising_{side}",
        title=_("Ising spins, {side}×{side}").format(side=side),
        about=(
            _(
                "12,000 states of {side}×{side} magnets that like to agree with their neighbours, at a temperature "
                "that you choose (black: down, white: up); made here by Wolff's clusters (1989), free to use."
            ).format(side=side)
        ),
        kind="binary",
        image_shape=(side, side),
        class_names=(_("mostly down"), _("mostly up")),
        source="made",
        thermal=True,
    )


# What works at once comes first, MNIST before all.
_ENTRIES = (
    DatasetEntry(
        name="mnist",
        title=_("MNIST digits"),
        about=(
            _(
                "70,000 handwritten digits of census staff and pupils, by LeCun, Cortes and Burges (1998) from "
                "forms of NIST; commonly stated licence CC BY-SA 3.0."
            )
        ),
        kind="grey",
        image_shape=(28, 28),
        class_names=_DIGITS,
        source="bundled",
    ),
    DatasetEntry(
        name="bars_and_stripes",
        title=_("Bars and stripes, 4×4"),
        about=_("The 30 pictures made only of columns or only of rows, after MacKay (2003); made here, free to use."),
        kind="binary",
        image_shape=(4, 4),
        class_names=("bars", "stripes", "both"),
        source="made",
    ),
    DatasetEntry(
        name="bars_and_stripes_3x3",
        title=_("Bars and stripes, 3×3"),
        about=_("The 14 pictures made only of columns or only of rows, after MacKay (2003); made here, free to use."),
        kind="binary",
        image_shape=(3, 3),
        class_names=("bars", "stripes", "both"),
        source="made",
    ),
    DatasetEntry(
        name="shifter",
        title=_("Shifter, 8 bits"),
        about=(
            _(
                "Eight bits above the same bits moved left, not at all or right, after Hinton and Sejnowski "
                "(1986); made here, free to use."
            )
        ),
        kind="binary",
        image_shape=(2, 8),
        class_names=("left", "none", "right"),
        source="made",
    ),
    DatasetEntry(
        name="shifter_shown",
        title=_("Shifter, 3 bits and the move"),
        about=(
            _(
                "Three bits above the same bits moved left, not at all or right, above which of these it was, "
                "after Hinton and Sejnowski (1986); made here, free to use."
            )
        ),
        kind="binary",
        image_shape=(3, 3),
        class_names=("left", "none", "right"),
        source="made",
    ),
    DatasetEntry(
        name="tiny_digits",
        title=_("Tiny digits, 5×3"),
        about=_("The ten digits drawn by hand in fifteen pixels; made here, free to use."),
        kind="binary",
        image_shape=(5, 3),
        class_names=_DIGITS,
        source="made",
    ),
    DatasetEntry(
        name="two_pixels",
        title=_("Two pixels"),
        about=_("Four patterns seen 3, 1, 2 and 4 times, enough for a machine worked by hand; made here, free to use."),
        kind="binary",
        image_shape=(1, 2),
        class_names=("00", "01", "10", "11"),
        source="made",
    ),
    *map(_ising, (4, 8, 16)),
    DatasetEntry(
        name=RING,
        title=_("Ising spins, a ring of {ring_spins}").format(ring_spins=RING_SPINS),
        about=(
            _(
                "12,000 states of {ring_spins} magnets in a ring that like to agree with both neighbours, at a "
                "temperature that you choose; nothing about them is unknown, the best likelihood included; drawn "
                "exactly here, free to use."
            ).format(ring_spins=RING_SPINS)
        ),
        kind="binary",
        image_shape=(1, RING_SPINS),
        class_names=(_("mostly down"), _("mostly up")),
        source="made",
        thermal=True,
    ),
    DatasetEntry(
        name=POTTS,
        title=_("Sequences of four letters"),
        about=(
            _(
                "12,000 sequences of {places} letters out of {letters}, four pairs of places coupled as in a "
                "hairpin of RNA, which a machine can find; drawn exactly here, free to use."
            ).format(places=PLACES, letters=LETTERS)
        ),
        kind="grey",
        image_shape=(1, PLACES),
        class_names=(_("A first"), _("C first"), _("G first"), _("U first")),
        source="made",
        states=LETTERS,
    ),
    DatasetEntry(
        name=KUNITZ,
        title=_("Kunitz domains, a protein family"),
        about=_(
            "8,871 sequences of 53 amino acids or gaps: one piece of protein as it evolved in many species, after Pfam's family "
            "PF00014, licence CC0; places that changed together touch in the folded protein."
        ),
        kind="grey",
        image_shape=(1, 53),
        class_names=(_("K at place 12"), _("R at place 12"), _("another at place 12")),
        source="bundled",
        states=AMINO_ACIDS,
    ),
    DatasetEntry(
        name="faces",
        title=_("Faces in colour, 16×16"),
        about=(
            _(
                "5,000 faces of four skin tones, five hair colours and three eye colours, with short or long hair, "
                "smiling or not, each pixel red, green and blue; drawn here, free to use."
            )
        ),
        kind="colour",
        image_shape=(16, 16, 3),
        class_names=("serious", "smiling"),
        source="made",
    ),
    DatasetEntry(
        name="fashion_mnist",
        title="Fashion-MNIST",
        about=_("70,000 pictures of clothes by Zalando Research (2017), MIT licence; a download of about 31 MB."),
        kind="grey",
        image_shape=(28, 28),
        class_names=(
            "T-shirt/top",
            _("Trouser"),
            _("Pullover"),
            _("Dress"),
            _("Coat"),
            _("Sandal"),
            _("Shirt"),
            _("Sneaker"),
            _("Bag"),
            _("Ankle boot"),
        ),
        source="downloaded",
    ),
    DatasetEntry(
        name="kmnist",
        title="Kuzushiji-MNIST",
        about=(
            _(
                "70,000 cursive Japanese characters, created by CODH (2018) from the Kuzushiji Dataset of NIJL and "
                "others, CC BY-SA 4.0; a download of about 21 MB."
            )
        ),
        kind="grey",
        image_shape=(28, 28),
        class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        source="downloaded",
    ),
    DatasetEntry(
        name="emnist",
        title=_("EMNIST letters"),
        about=(
            _(
                "145,600 handwritten letters, capital and small as one class, by Cohen and others (2017) from NIST "
                "Special Database 19, no licence stated; a download of about 560 MB, of which 115 MB are kept."
            )
        ),
        kind="grey",
        image_shape=(28, 28),
        class_names=tuple("abcdefghijklmnopqrstuvwxyz"),
        source="downloaded",
    ),
    DatasetEntry(
        name="qmnist",
        title=_("QMNIST digits"),
        about=(
            _(
                "MNIST rebuilt with all 60,000 test digits, by Yadav and Bottou (2019), BSD-style licence; a "
                "download of about 20 MB."
            )
        ),
        kind="grey",
        image_shape=(28, 28),
        class_names=_DIGITS,
        source="downloaded",
    ),
    DatasetEntry(
        name="cifar10",
        title=_("CIFAR-10 in colour, 16×16"),
        about=(
            _(
                "60,000 photographs of ten kinds of animals and vehicles, by Krizhevsky (2009), no licence stated, shrunk "
                "here from 32×32; a download of about 170 MB, of which 186 MB are kept."
            )
        ),
        kind="colour",
        image_shape=(16, 16, 3),
        class_names=(
            _("airplane"),
            _("automobile"),
            _("bird"),
            _("cat"),
            _("deer"),
            _("dog"),
            _("frog"),
            _("horse"),
            _("ship"),
            _("truck"),
        ),
        source="downloaded",
    ),
    DatasetEntry(
        name="celeba",
        title=_("CelebA faces in colour, 16×16"),
        about=(
            _(
                "35,000 of 202,599 photographs of celebrities, by Liu and others (2015), licence for research that earns "
                "nothing; cut square and shrunk here; a download of about 1.4 GB, all of which is kept."
            )
        ),
        kind="colour",
        image_shape=(16, 16, 3),
        class_names=("serious", "smiling"),
        source="downloaded",
    ),
    DatasetEntry(
        name="usps",
        title=_("USPS digits, 16×16"),
        about=(
            _(
                "9,298 digits from envelopes of the US Postal Service, by Hull (1994), no licence stated; a "
                "download of about 8 MB."
            )
        ),
        kind="grey",
        image_shape=(16, 16),
        class_names=_DIGITS,
        source="downloaded",
    ),
)

CATALOG: Mapping[str, DatasetEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
