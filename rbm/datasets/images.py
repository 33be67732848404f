"""Pictures of real things as Datasets: MNIST, which comes with the program, and those that torchvision reads.

Grey levels of one byte become float32 in [0, 1]; a tenth of the training images, always the same, is validation.
What has been loaded is kept, so asking again costs nothing, and two threads that ask at once load it once.
"""

import gzip
import math
import zlib
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from rbm.core.language import _
from rbm.datasets import celeba
from rbm.datasets._torchvision import import_torchvision
from rbm.datasets.base import Dataset, split_rows
from rbm.datasets.download import Progress
from rbm.datasets.entry import CATALOG, DatasetEntry, Root
from rbm.datasets.files import SOURCES, data_folder, obtain
from rbm.datasets.unpacked import Tensors, unpacked
from rbm.errors import DatasetError

BUNDLED_MNIST = Path(__file__).parents[2] / "assets" / "mnist"

_AT_ONCE = 5_000  # photographs, 60 MB as they are halved
_LOCKS: dict[tuple[str, Path], Lock] = {}  # one for each data set and folder: a download must not hold up MNIST


class LabelledBytes(NamedTuple):
    """Images as bytes, (N, height, width) or (N, height, width, 3) uint8, with their labels, (N,) int64."""

    images: Tensor
    labels: Tensor


def load_mnist(folder: Path = BUNDLED_MNIST) -> Dataset:
    """MNIST from four gzipped IDX files: 54,000 training, 6,000 validation and 10,000 test images of 28×28.

    LeCun, Bottou, Bengio & Haffner, Gradient-Based Learning Applied to Document Recognition (1998).
    Raises :class:`DatasetError`, naming the file, when one is missing or malformed.
    """
    with _lock("mnist", folder):
        return _mnist(folder)


def load_downloaded(entry: DatasetEntry, root: Root = None, progress: Progress | None = None) -> Dataset:
    """One of the data sets of ``files.SOURCES``, fetched first if its files are missing; see :func:`load_dataset`."""
    folder = data_folder(root)
    with _lock(entry.name, folder):
        obtain(entry.name, folder, progress)
        return _downloaded(entry, folder)


def read_idx(path: Path, n_dimensions: int) -> np.ndarray:
    """A gzipped IDX file of unsigned bytes: two zero bytes, type 8, the number of dimensions, their sizes, the data.

    Raises :class:`DatasetError` when it is missing, not gzip, of another type or number of dimensions, or when its
    length does not agree with its header.
    """
    try:
        raw = bytearray(gzip.decompress(path.read_bytes()))  # torch wants memory that it may write to
    except (OSError, EOFError, zlib.error) as error:  # gzip.BadGzipFile is an OSError
        wrong = _("{path} cannot be read ({error}); restore the file from the repository")
        raise DatasetError(wrong.format(path=path, error=error)) from error
    start, expected = 4 + 4 * n_dimensions, bytes([0, 0, 8, n_dimensions])
    if len(raw) < start or raw[:4] != expected:
        wrong = _(
            "{path} is not an IDX file of bytes in {n_dimensions} dimensions: it should begin with {expected}, "
            "but begins with {raw}; restore the file from the repository"
        )
        raise DatasetError(
            wrong.format(path=path, n_dimensions=n_dimensions, expected=expected.hex(" "), raw=raw[:4].hex(" "))
        )
    shape = tuple(int(size) for size in np.frombuffer(raw, ">u4", n_dimensions, offset=4))
    size = math.prod(shape)
    if len(raw) - start != size:
        wrong = _(
            "{path} announces {shape}, that is {size:,} bytes, but holds {n_raw:,}; restore the file from the repository"
        )
        raise DatasetError(wrong.format(path=path, shape=shape, size=size, n_raw=len(raw) - start))
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def _lock(name: str, folder: Path) -> Lock:
    return _LOCKS.setdefault((name, folder), Lock())


@lru_cache(maxsize=1)
def _mnist(folder: Path) -> Dataset:
    files = [
        (folder / f"{part}-images-idx3-ubyte.gz", folder / f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")
    ]

    def parts() -> Tensors:
        return _divided(
            CATALOG["mnist"], *(_part(read_idx(images, 3), read_idx(labels, 1)) for images, labels in files)
        )

    return Dataset.of(CATALOG["mnist"], unpacked("mnist", [file for both in files for file in both], parts))


@lru_cache(maxsize=2)  # each holds 0.2 to 0.5 GB
def _downloaded(entry: DatasetEntry, folder: Path) -> Dataset:
    source = SOURCES[entry.name]
    if entry.name == "celeba":
        return _celeba(entry, folder / source.folder)
    reader = getattr(import_torchvision(), source.reader)
    try:
        parts = [_read_part(entry.name, reader, folder, train) for train in (True, False)]
        return Dataset.of(entry, _divided(entry, *parts))
    except Exception as error:  # torchvision asserts, indexes and converts its way through a broken file
        raise unreadable(entry, folder / source.folder, error) from error


def unreadable(entry: DatasetEntry, folder: Path, error: Exception) -> DatasetError:
    """What to say of files that were fetched and are broken."""
    wrong = _(
        "the files of {title} in {folder} cannot be read ({name}: {error}); delete that folder and load the data set again"
    )
    return DatasetError(wrong.format(title=entry.title, folder=folder, name=type(error).__name__, error=error))


def _celeba(entry: DatasetEntry, folder: Path) -> Dataset:
    """Read once for all processes: half a minute."""

    def parts() -> Tensors:
        try:
            found = [celeba.photographs(folder, part, celeba.SIDE, count) for part, count in celeba.MOST.items()]
        except Exception as error:
            raise unreadable(entry, folder, error) from error
        return _divided(entry, *(_part(one.pixels, one.smiling) for one in found))

    return Dataset.of(entry, unpacked("celeba", [folder / celeba.PARTS, folder / celeba.ATTRIBUTES], parts))


def _read_part(name: str, reader: Any, folder: Path, train: bool) -> LabelledBytes:
    """What torchvision finds in the folder; download=False, because the files are there already."""
    if name == "emnist":
        # "letters": capitals and small letters together, numbered from 1, each image lying on its side.
        read = reader(folder, split="letters", train=train, download=False)
        return _part(read.data.transpose(1, 2), read.targets - 1)
    if name == "qmnist":
        read = reader(folder, train=train, download=False)
        return _part(read.data, read.targets[:, 0])  # the other seven columns: writer, form, ...
    if name == "cifar10":
        read = reader(folder, train=train, download=False)  # it unpickles only files whose checksums it knows
        return _part(_halved(read.data), read.targets)
    if name == "usps":  # this one reads straight from its root
        folder = folder / SOURCES[name].folder
    read = reader(folder, train=train, download=False)
    return _part(read.data, read.targets)


def _halved(images: np.ndarray) -> np.ndarray:
    """Means of 2×2 pixels: (N, 2h, 2w, 3) uint8 -> (N, h, w, 3) uint8."""
    n, height, width, channels = images.shape
    found = np.empty((n, height // 2, width // 2, channels), np.uint8)
    for start in range(0, n, _AT_ONCE):
        some = images[start : start + _AT_ONCE]
        means = some.reshape(len(some), height // 2, 2, width // 2, 2, channels).mean((2, 4), dtype=np.float32)
        found[start : start + _AT_ONCE] = np.rint(means)
    return found


def _part(images: Any, labels: Any) -> LabelledBytes:
    return LabelledBytes(torch.as_tensor(images), torch.as_tensor(labels).long())


def _divided(entry: DatasetEntry, learning: LabelledBytes, test: LabelledBytes) -> Tensors:
    """Split ``learning`` into training and validation, and scale all: the parts of a Dataset by their names."""
    for part in (learning, test):
        if part.images.shape[1:] != entry.image_shape or len(part.images) != len(part.labels):
            wrong = _(
                "data set '{name}' should have images of {image_shape} with one label each, but has images {images} "
                "and labels {labels}"
            )
            raise DatasetError(
                wrong.format(
                    name=entry.name,
                    image_shape=entry.image_shape,
                    images=tuple(part.images.shape),
                    labels=tuple(part.labels.shape),
                )
            )
    train, validation = split_rows(len(learning.images), entry.name)
    return {
        "train": _scaled(learning.images[train]),
        "validation": _scaled(learning.images[validation]),
        "test": _scaled(test.images),
        "train_labels": learning.labels[train],
        "validation_labels": learning.labels[validation],
        "test_labels": test.labels,
    }


def _scaled(images: Tensor) -> Tensor:
    return images.reshape(len(images), -1).float().div_(255)  # (N, V)
