"""Every data set by name: loading it, and whether it is there. Reading this needs neither torch nor numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rbm.core.language import _
from rbm.core.text import plain, quoted
from rbm.datasets.download import Progress
from rbm.datasets.entry import CATALOG, KUNITZ, OWN, DatasetEntry, Root, Temperature
from rbm.errors import ConfigError, RbmError

if TYPE_CHECKING:  # torch would cost a second, and the process that only shows the menu never needs it
    from rbm.datasets.base import Dataset

__all__ = ["CATALOG", "OWN", "DatasetEntry", "entry", "is_available", "load_dataset", "names", "revision"]


def load_dataset(
    name: str,
    root: Root = None,
    *,
    classes: Sequence[int] | None = None,
    size: int | None = None,
    temperature: Temperature | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """The data set of that name, downloaded first where it is not bundled and not yet on this machine.

    ``root`` is the folder for downloads and own sets; by default $RBM_DATA, or else a folder in the user's cache (for
    own sets: in the user's data). Bundled sets ignore it. ``classes`` and ``size`` are those of :meth:`Dataset.select`.
    ``temperature`` is that of sets which have one (Ising spins); without it they are made at their critical one. Of several
    each has an equal share of the images, and is a class.
    ``progress(done, total)`` is told about a download in bytes; the total is None as long as the server does not say.
    Raises :class:`ConfigError` for a name or a choice that does not exist, :class:`DatasetError` when the files cannot
    be fetched or read.
    """
    line = entry(name, root)
    if temperature is not None and not line.thermal:
        wrong = _("The data set {name} has no temperature: leave it out, or choose a set of Ising spins.")
        raise ConfigError(wrong.format(name=quoted(name)))
    return _load(line, root, temperature, progress).select(classes, size)


def _load(line: DatasetEntry, root: Root, temperature: Temperature | None, progress: Progress | None) -> Dataset:
    """The whole data set of a line; each kind's loader is imported only where it is needed."""
    if line.source == "own":
        from rbm.datasets.user_datasets import save

        return save.load(line.name, root)
    if line.thermal:
        from rbm.datasets import ising

        return ising.load(line.name, temperature)
    if line.states is not None:
        from rbm.datasets import potts, protein

        return protein.load() if line.name == KUNITZ else potts.load()
    if line.kind == "colour" and line.source == "made":
        from rbm.datasets import faces

        return faces.load(line.name)
    if line.source == "made":
        from rbm.datasets import toy

        return toy.BUILDERS[line.name]()
    from rbm.datasets import images

    return images.load_mnist() if line.source == "bundled" else images.load_downloaded(line, root, progress)


def is_available(name: str, root: Root = None) -> bool:
    """Whether load_dataset(name, root) works without a network: bundled, or already downloaded."""
    if name.startswith(OWN):
        from rbm.datasets.user_datasets import save

        return save.exists(name.removeprefix(OWN), root)
    if entry(name).bundled:
        return True
    from rbm.datasets.files import is_complete

    return is_complete(name, root)


def names(root: Root = None) -> list[str]:
    """All that load_dataset knows at this moment: the catalogue's, then the own sets kept in the folder."""
    from rbm.datasets.user_datasets import save

    return [*CATALOG, *(f"{OWN}{one.name}" for one in save.kept(root))]


def entry(name: str, root: Root = None) -> DatasetEntry:
    """What a menu says about a data set: the catalogue's line, or for "own:cats" one made from the file as it is now.

    Raises :class:`ConfigError` for a name that does not exist, :class:`DatasetError` for a damaged file.
    """
    if name.startswith(OWN):
        from rbm.datasets.user_datasets import save

        return save.entry(name, root)
    try:
        return CATALOG[name]
    except KeyError:
        wrong = _("there is no data set called {name!r}; choose one of {catalog}")
        raise ConfigError(wrong.format(name=name, catalog=", ".join(CATALOG))) from None


def title(name: str) -> str:
    """What people call a data set, also one that was removed or is not on this machine; plain, as a menu takes it."""
    try:
        return plain(entry(name).title)
    except RbmError:
        return plain(_("{name} (not here)").format(name=name.removeprefix(OWN)))


def revision(name: str, root: Root = None) -> str:
    """Changes when the data behind an own set's name do; "" for all others. For caches of loaded data."""
    if not name.startswith(OWN):
        return ""
    from rbm.datasets.user_datasets import save

    return save.revision(name, root)
