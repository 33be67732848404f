"""The files of the data sets that are not bundled: which they are, where they lie, and how they get there.

torchvision knows the addresses, the checksums and how to read the files, so none of that is repeated here; but it
reports no progress, leaves broken files behind and says little when the network is missing, so the fetching is ours.
"""

import gzip
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any, NamedTuple
from uuid import uuid4

from platformdirs import user_cache_dir

from rbm.core.language import _
from rbm.datasets.download import Progress, content_length, fetch, md5_of
from rbm.datasets.entry import CATALOG, Root
from rbm.errors import DatasetError


class Resource(NamedTuple):
    """One download, and the files unpacked from it (itself, when it needs no unpacking)."""

    urls: tuple[str, ...]  # the same bytes at each; the first that works is taken
    archive: str
    md5: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class DownloadSource:
    """Where torchvision's class ``reader`` looks below the data folder, for which files, and what brings them."""

    reader: str
    folder: str
    files: tuple[str, ...]
    resources: Callable[[Any], list[Resource]]  # given the class


def _unzipped(url: str, md5: str) -> Resource:
    archive = url.rpartition("/")[2]
    return Resource((url,), archive, md5, (archive.removesuffix(".gz"),))


def _idx(reader: Any) -> list[Resource]:
    return [
        _unzipped(name, md5)._replace(urls=tuple(mirror + name for mirror in reader.mirrors))
        for name, md5 in reader.resources
    ]


def _qmnist(reader: Any) -> list[Resource]:
    return [_unzipped(url, md5) for part in ("train", "test") for url, md5 in reader.resources[part]]


def _emnist(reader: Any) -> list[Resource]:
    return [Resource((reader.url,), reader.url.rpartition("/")[2], reader.md5, _EMNIST)]


def _usps(reader: Any) -> list[Resource]:
    return [Resource((url,), name, md5, (name,)) for url, name, md5 in reader.split_list.values()]


def _cifar(reader: Any) -> list[Resource]:
    return [Resource((reader.url,), reader.filename, reader.tgz_md5, _CIFAR)]


def _celeba(reader: Any) -> list[Resource]:
    """Its files lie on Google's drive, each under a name of its own; the archive is read as it is."""
    return [Resource((_DRIVE + file,), name, md5, (name,)) for file, md5, name in reader.file_list if name in CELEBA]


CELEBA = "img_align_celeba.zip", "list_attr_celeba.txt", "list_eval_partition.txt"
_DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
_CIFAR = (*(f"data_batch_{part}" for part in range(1, 6)), "test_batch", "batches.meta")
_IDX = tuple(f"{part}-{what}" for part in ("train", "t10k") for what in ("images-idx3-ubyte", "labels-idx1-ubyte"))
_EMNIST = tuple(f"emnist-letters-{name}".replace("t10k", "test") for name in _IDX)
_QMNIST = tuple(
    f"qmnist-{part}-{what}" for part in ("train", "test") for what in ("images-idx3-ubyte", "labels-idx2-int")
)

SOURCES = {
    "fashion_mnist": DownloadSource("FashionMNIST", "FashionMNIST/raw", _IDX, _idx),
    "kmnist": DownloadSource("KMNIST", "KMNIST/raw", _IDX, _idx),
    "emnist": DownloadSource("EMNIST", "EMNIST/raw", _EMNIST, _emnist),
    "qmnist": DownloadSource("QMNIST", "QMNIST/raw", _QMNIST, _qmnist),
    "cifar10": DownloadSource("CIFAR10", "cifar-10-batches-py", _CIFAR, _cifar),
    "celeba": DownloadSource("CelebA", "celeba", CELEBA, _celeba),
    "usps": DownloadSource("USPS", "USPS", ("usps.bz2", "usps.t.bz2"), _usps),
}


def data_folder(root: Root = None) -> Path:
    """The folder for downloads: ``root``, or else $RBM_DATA, or else ``datasets`` in the user's cache folder."""
    chosen = root or os.environ.get("RBM_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(user_cache_dir("boltzmann-explorer", appauthor=False)) / "datasets"


def is_complete(name: str, root: Root = None) -> bool:
    """Whether every file of a downloadable data set lies unpacked in the folder. Imports no torchvision."""
    source = SOURCES[name]
    return all((data_folder(root) / source.folder / file).is_file() for file in source.files)


def obtain(name: str, root: Root = None, progress: Progress | None = None) -> Path:
    """Bring in what is missing of data set ``name``, and return the data folder.

    An archive that someone put into the folder by hand is used if its MD5 is right. $RBM_DATASET_MIRROR names another
    server: each file is then taken from ``$RBM_DATASET_MIRROR/<name>/<archive>``. ``progress`` counts the bytes of all
    missing files together. Raises :class:`DatasetError`, saying what to do instead.
    """
    source, folder = SOURCES[name], data_folder(root)
    place = folder / source.folder
    if is_complete(name, root):
        return folder
    from rbm.datasets._torchvision import import_torchvision

    needed = [
        resource
        for resource in _resources(name, getattr(import_torchvision(), source.reader))
        if not all((place / file).is_file() for file in resource.files)
    ]
    try:
        by_hand = [r for r in needed if (place / r.archive).is_file() and md5_of(place / r.archive) == r.md5]
        fetched = [r for r in needed if r not in by_hand]
        _fetch_all(fetched, place, progress)
        for resource in needed:
            _unpack(place / resource.archive, resource.files)
    except (DatasetError, OSError, EOFError, KeyError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
        if is_complete(name, root):  # another process fetched it meanwhile, and has cleared the archives away
            return folder
        wrong = _(
            "{title} could not be fetched: {error}. Without a network use {other} ('{bundled}'), which needs none; or "
            "put {archive}, fetched elsewhere, into {place} and load it again."
        )
        bundled = "faces" if CATALOG[name].kind == "colour" else "mnist"
        raise DatasetError(
            wrong.format(
                title=CATALOG[name].title,
                error=error,
                other=CATALOG[bundled].title,
                bundled=bundled,
                archive=", ".join(r.archive for r in needed),
                place=place,
            )
        ) from error
    for resource in fetched:
        if resource.archive not in resource.files:
            (place / resource.archive).unlink(missing_ok=True)
    return folder


def _resources(name: str, reader: Any) -> list[Resource]:
    resources = SOURCES[name].resources(reader)
    mirror = os.environ.get("RBM_DATASET_MIRROR")
    if not mirror:
        return resources
    return [r._replace(urls=(f"{mirror.rstrip('/')}/{name}/{r.archive}",)) for r in resources]


def _fetch_all(resources: Sequence[Resource], place: Path, progress: Progress | None) -> None:
    total = _total(resources) if progress is not None else None
    before = 0
    for resource in resources:

        def report(done: int, _: int | None, before: int = before) -> None:
            if progress is not None:
                progress(before + done, total)

        _fetch_any(resource, place / resource.archive, report)
        before += (place / resource.archive).stat().st_size


def _total(resources: Sequence[Resource]) -> int | None:
    """Bytes of all downloads together, or None at the first that does not tell (so a dead host costs one wait)."""
    total = 0
    for resource in resources:
        size = content_length(resource.urls[0])
        if size is None:
            return None
        total += size
    return total


def _fetch_any(resource: Resource, path: Path, progress: Progress) -> None:
    failures = []
    for url in resource.urls:
        try:
            return fetch(url, path, resource.md5, progress)
        except DatasetError as error:
            failures.append(str(error))
    raise DatasetError("; ".join(failures))


def _unpack(archive: Path, files: Sequence[str]) -> None:
    """Unpack ``name.gz``, each ``gzip/name.gz`` of a zip, or each ``folder/name`` of a tar; like a download, a file appears whole
    or not at all."""
    if archive.name in files:
        return
    if archive.name.endswith(".tar.gz"):
        with tarfile.open(archive) as box:
            for file in files:
                packed = box.extractfile(f"{archive.parent.name}/{file}")
                if packed is None:
                    raise KeyError(file)
                with packed:
                    _copy(packed, archive.with_name(file))
    elif archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as box:
            for file in files:
                with box.open(f"gzip/{file}.gz") as packed:
                    _gunzip(packed, archive.with_name(file))
    elif archive.suffix == ".gz":
        with archive.open("rb") as packed:
            _gunzip(packed, archive.with_name(files[0]))


def _gunzip(packed: IO[bytes], path: Path) -> None:
    with gzip.open(packed) as source:
        _copy(source, path)


def _copy(source: IO[bytes] | gzip.GzipFile, path: Path) -> None:
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with part.open("wb") as target:
            copyfileobj(source, target, 1 << 20)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
