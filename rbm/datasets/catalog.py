"""Every data set by name, with what a menu says about it. Reading this needs neither torch nor numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from rbm.datasets.download import Progress
from rbm.errors import ConfigError

if TYPE_CHECKING:  # torch would cost a second, and the process that only shows the menu never needs it
    from rbm.datasets.base import Dataset

Kind = Literal["binary", "grey", "real"]
Root = str | PathLike[str] | None
Loader = Callable[[Root, Progress | None], "Dataset"]

OWN = "own:"  # begins the names of data sets that people brought themselves, such as "own:cats"

_DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class DatasetEntry:
    """One line of the catalogue; title, kind, image_shape and class_names are those of the Dataset it loads."""

    name: str
    title: str
    about: str  # one sentence: what it shows, where it is from, its licence, and what a download costs
    kind: Kind
    image_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    bundled: bool  # True: works without a network, always
    load: Loader = field(repr=False)  # (root, progress) -> Dataset; see load_dataset


def load_dataset(
    name: str,
    root: Root = None,
    *,
    classes: Sequence[int] | None = None,
    size: int | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """The data set of that name, downloaded first where it is not bundled and not yet on this machine.

    ``root`` is the folder for downloads and own sets; by default $RBM_DATA, or else a folder in the user's cache (for
    own sets: in the user's data). Bundled sets ignore it. ``classes`` and ``size`` are those of :meth:`Dataset.select`.
    ``progress(done, total)`` is told about a download in bytes; the total is None as long as the server does not say.
    Raises :class:`ConfigError` for a name or a choice that does not exist, :class:`DatasetError` when the files cannot
    be fetched or read.
    """
    return entry(name, root).load(root, progress).select(classes, size)


def is_available(name: str, root: Root = None) -> bool:
    """Whether load_dataset(name, root) works without a network: bundled, or already downloaded."""
    if name.startswith(OWN):
        from rbm.datasets.own import keep

        return keep.exists(name.removeprefix(OWN), root)
    if entry(name).bundled:
        return True
    from rbm.datasets.files import is_complete

    return is_complete(name, root)


def names(root: Root = None) -> list[str]:
    """All that load_dataset knows at this moment: the catalogue's, then the own sets kept in the folder."""
    from rbm.datasets.own import keep

    return [*CATALOG, *(f"{OWN}{one.name}" for one in keep.kept(root))]


def entry(name: str, root: Root = None) -> DatasetEntry:
    """What a menu says about a data set: the catalogue's line, or for "own:cats" one made from the file as it is now.

    Raises :class:`ConfigError` for a name that does not exist, :class:`DatasetError` for a damaged file.
    """
    if name.startswith(OWN):
        from rbm.datasets.own import keep

        return keep.entry(name, root)
    try:
        return CATALOG[name]
    except KeyError:
        raise ConfigError(f"there is no data set called {name!r}; choose one of {', '.join(CATALOG)}") from None


def revision(name: str, root: Root = None) -> str:
    """Changes when the data behind an own set's name do; "" for all others. For caches of loaded data."""
    if not name.startswith(OWN):
        return ""
    from rbm.datasets.own import keep

    return keep.revision(name, root)


def _mnist(root: Root, progress: Progress | None) -> Dataset:
    from rbm.datasets.images import load_mnist

    return load_mnist()


def _toy(builder: str, *arguments: int) -> Loader:
    def load(root: Root, progress: Progress | None) -> Dataset:
        from rbm.datasets import toy

        made: Dataset = getattr(toy, builder)(*arguments)
        return made

    return load


def _downloaded(name: str) -> Loader:
    def load(root: Root, progress: Progress | None) -> Dataset:
        from rbm.datasets.images import load_downloaded

        return load_downloaded(name, root, progress)

    return load


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
        bundled=True,
        load=_mnist,
    ),
    DatasetEntry(
        name="bars_and_stripes",
        title="Bars and stripes, 4×4",
        about="The 30 pictures made only of columns or only of rows, after MacKay (2003); made here, free to use.",
        kind="binary",
        image_shape=(4, 4),
        class_names=("bars", "stripes", "both"),
        bundled=True,
        load=_toy("bars_and_stripes", 4),
    ),
    DatasetEntry(
        name="bars_and_stripes_3x3",
        title="Bars and stripes, 3×3",
        about="The 14 pictures made only of columns or only of rows, after MacKay (2003); made here, free to use.",
        kind="binary",
        image_shape=(3, 3),
        class_names=("bars", "stripes", "both"),
        bundled=True,
        load=_toy("bars_and_stripes", 3),
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
        bundled=True,
        load=_toy("shifter"),
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
        bundled=True,
        load=_toy("shifter_shown"),
    ),
    DatasetEntry(
        name="tiny_digits",
        title="Tiny digits, 5×3",
        about="The ten digits drawn by hand in fifteen pixels; made here, free to use.",
        kind="binary",
        image_shape=(5, 3),
        class_names=_DIGITS,
        bundled=True,
        load=_toy("tiny_digits"),
    ),
    DatasetEntry(
        name="two_pixels",
        title="Two pixels",
        about="Four patterns seen 3, 1, 2 and 4 times, enough for a machine worked by hand; made here, free to use.",
        kind="binary",
        image_shape=(1, 2),
        class_names=("00", "01", "10", "11"),
        bundled=True,
        load=_toy("two_pixels"),
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
        bundled=False,
        load=_downloaded("fashion_mnist"),
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
        bundled=False,
        load=_downloaded("kmnist"),
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
        bundled=False,
        load=_downloaded("emnist"),
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
        bundled=False,
        load=_downloaded("qmnist"),
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
        bundled=False,
        load=_downloaded("usps"),
    ),
)

CATALOG: Mapping[str, DatasetEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
