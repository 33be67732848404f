"""Own data sets on disk: one safetensors file each in the user's folder, found there at every call, written whole or not.

A name is given once: of several writers one is told that it is kept. A removed set goes to the folder ``removed`` beside the
others, under its name and digest, so that just it can be restored and runs on it go on; the oldest of more than ten removed ones
of an owner is deleted for good.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from platformdirs import user_data_dir

from rbm.core import limits
from rbm.core.language import _
from rbm.core.text import plain
from rbm.datasets.entry import OWN, DatasetEntry, Kind, Root
from rbm.datasets.user_datasets.names import TEST, TRAIN, VALIDATION
from rbm.errors import ConfigError, DatasetError

if TYPE_CHECKING:  # the menu that lists what is kept needs none of them
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from rbm.datasets.base import Dataset
    from rbm.datasets.user_datasets.pictures import Pictures

FORMAT = "boltzmann-explorer-data/1"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MOST_REMOVED = 10
_HEADER_BYTES = 2**16
_PREFIX, _SUFFIX = "own-", ".safetensors"  # the prefix keeps clear of names such as "con", which Windows reserves


class UserDataset(NamedTuple):
    """One kept data set, as its file's header tells it."""

    name: str  # without "own:"
    n: int
    image_shape: tuple[int, int]
    kind: Kind
    class_names: tuple[str, ...]
    source: str  # the name of the file it came from
    digest: str  # of pictures and labels
    path: Path
    owner: str = ""  # the id of the visitor who brought it (rbm.store.owners), "" for nobody
    divided: bool = False  # whether the file gave its own validation or test part


def own_folder(root: Root = None) -> Path:
    """The folder of own sets: ``own`` in ``root``, or else in $RBM_DATA, or else in the user's data folder."""
    chosen = root or os.environ.get("RBM_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute() / "own"
    return Path(user_data_dir("boltzmann-explorer", appauthor=False)) / "own"


def check_name(name: str) -> str:
    """The name itself; ConfigError for one that could be anything but a plain file's name."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        wrong = _("{name!r} cannot be a data set's name; use 1 to 40 small letters, digits, - and _, such as 'cats'.")
        raise ConfigError(wrong.format(name=str(name)[:60]))
    return name


def kept(root: Root = None) -> list[UserDataset]:
    """All readable sets by name; a damaged file is left out, ``find`` says what is wrong with it."""
    found = []
    for path in sorted(own_folder(root).glob(f"{_PREFIX}*{_SUFFIX}")):
        try:
            found.append(_header(path))
        except DatasetError:
            continue
    return found


def find(name: str, root: Root = None) -> UserDataset:
    """A set that is kept, or was removed and can still be restored.

    Raises :class:`ConfigError` when there is none of that name, :class:`DatasetError` when its file is damaged.
    """
    path = _existing(name, root)
    if path is None:
        known = ", ".join(one.name for one in kept(root)) or _("none so far")
        fault = _("No data set of your own is called {name!r}; kept are: {known}.")
        raise ConfigError(fault.format(name=name, known=known))
    return _header(path)


def exists(name: str, root: Root = None) -> bool:
    """Whether ``find`` finds it."""
    try:
        find(name, root)
    except (ConfigError, DatasetError):
        return False
    return True


def save(name: str, pictures: Pictures, source: str = "", root: Root = None, *, owner: str = "") -> UserDataset:
    """Write the pictures under a new name, atomically: of several writers of one name one succeeds.

    Raises :class:`ConfigError` for a bad or taken name and beyond the share of an ``owner``, :class:`DatasetError` when the
    folder is full or not writable.
    """
    import numpy as np
    from safetensors.numpy import save as packed

    path = own_folder(root) / f"{_PREFIX}{check_name(name)}{_SUFFIX}"
    _check_room(path, name, pictures.grey.nbytes, owner)
    grey, labels = np.ascontiguousarray(pictures.grey), pictures.labels
    header = {
        "format": FORMAT,
        "kind": "binary" if bool(((grey == 0) | (grey == 255)).all()) else "grey",
        "class_names": json.dumps(pictures.class_names),
        "source": re.sub(r"[^\w .()-]", "_", source)[:100],
        "digest": _digest(pictures),
        "owner": owner,
    }
    tensors: dict[str, Any] = {"pictures": grey, "labels": labels}
    if pictures.parts is not None:
        tensors["parts"] = pictures.parts
    data = packed(tensors, metadata=header)
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _appear(part, path)
    except FileExistsError:
        raise _taken(name) from None
    except OSError as error:
        wrong = _("{path} cannot be written: {strerror}; free some space.")
        raise DatasetError(wrong.format(path=path, strerror=error.strerror or error)) from error
    finally:
        part.unlink(missing_ok=True)
    return _header(path)


def remove(name: str, root: Root = None, *, digest: str = "", owner: str | None = None) -> UserDataset:
    """Take a set out of the list; ``restore`` brings it back. ``digest``: only if it still has these pictures; ``owner``: and is
    that visitor's, since another may have kept the same pictures under the name meanwhile.

    Returns what was removed; ConfigError when there is none.
    """
    if not (path := own_folder(root) / f"{_PREFIX}{check_name(name)}{_SUFFIX}").is_file():
        find(name, root)
        raise ConfigError(_("The data set {name!r} is removed already.").format(name=name))
    one, place = _header_or_damaged(path), path.parent / "removed"
    if (digest and one.digest != digest) or owner not in (None, one.owner):
        told = _("The data set {name!r} holds other pictures by now, or is somebody else's; look at it again.")
        raise ConfigError(told.format(name=name))
    try:
        place.mkdir(exist_ok=True)
        os.utime(path)  # from now on the time of its removal
        whose = hashlib.blake2s(one.owner.encode(), digest_size=4).hexdigest()  # the file's word is no path
        os.replace(path, place / f"{_PREFIX}{name}.{one.digest}-{whose}{_SUFFIX}")
        for old in _too_many(place, one.owner):
            old.unlink(missing_ok=True)
    except OSError as error:
        fault = _("{path} cannot be removed: {strerror}.")
        raise DatasetError(fault.format(path=path, strerror=error.strerror or error)) from error
    return one


def restore(name: str, root: Root = None, *, digest: str = "", owner: str | None = None) -> None:
    """Undo ``remove``: bring back the pictures of that ``digest`` and ``owner``, or those of the name that were removed last.

    ConfigError when nothing of the kind was removed lately, the name is taken again, or its owner has as many as one may.
    """
    path = own_folder(root) / f"{_PREFIX}{check_name(name)}{_SUFFIX}"
    known = [(old, _header_or_damaged(old)) for old in _removed(path.parent / "removed", name)]
    found = [old for old, one in known if digest in ("", one.digest) and owner in (None, one.owner)]
    try:
        if path.exists():
            raise FileExistsError
        if not found:
            wrong = _("The data set {name!r} cannot be restored: nothing of that name was removed lately.")
            raise ConfigError(wrong.format(name=name))
        _check_share(path.parent, _header_or_damaged(found[-1]).owner, found[-1].stat().st_size)
        _appear(found[-1], path)
        found[-1].unlink(missing_ok=True)
    except FileExistsError:
        fault = _("The data set {name!r} cannot be restored: the name is taken again.")
        raise ConfigError(fault.format(name=name)) from None
    except OSError as error:
        fault = _("{path} cannot be written: {strerror}.")
        raise DatasetError(fault.format(path=path, strerror=error.strerror or error)) from error


def _appear(part: Path, path: Path) -> None:
    """The whole file under its name, which it keeps; FileExistsError where there is one, whoever else tries at this moment."""
    if os.name == "nt":
        os.rename(part, path)
    else:
        os.link(part, path)


def _removed(place: Path, name: str = "*") -> list[Path]:
    """The removed sets of that name, the newest last; older programs named them without their digests."""
    files = {*place.glob(f"{_PREFIX}{name}{_SUFFIX}"), *place.glob(f"{_PREFIX}{name}.*{_SUFFIX}")}
    return sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name))


def _too_many(place: Path, owner: str) -> list[Path]:
    """The oldest beyond MOST_REMOVED of this owner, and of all beyond KEPT_BYTES."""
    files = _removed(place)
    gone = [file for file in files if _header_or_damaged(file).owner == owner][:-MOST_REMOVED]
    left, size = [file for file in files if file not in gone], 0
    for file in reversed(left):
        size += file.stat().st_size
        if size > limits.KEPT_BYTES:
            gone.append(file)
    return gone


def _header_or_damaged(path: Path) -> UserDataset:
    """What the file says, or for a damaged one its name alone: that can be removed too."""
    try:
        return _header(path)
    except DatasetError:
        return UserDataset(_name_of(path), 0, (0, 0), "grey", (), "", "damaged", path)


def entry(name: str, root: Root = None) -> DatasetEntry:
    """The catalogue's line for "own:cats"; errors as of ``find``."""
    one = find(name.removeprefix(OWN), root)
    here = one.path.parent == own_folder(root)
    return DatasetEntry(
        name=f"{OWN}{one.name}",
        title=f"{one.name} ({_('own data') if here else _('removed')})",
        about=_("{n:,} pictures of {height}×{width} pixels from {source}.").format(
            n=one.n, height=one.image_shape[0], width=one.image_shape[1], source=one.source or _("a file")
        ),
        kind=one.kind,
        image_shape=one.image_shape,
        class_names=one.class_names,
        source="own",
    )


def revision(name: str, root: Root = None) -> str:
    """The digest of what is kept under "own:cats", "" for nothing: caches of loaded data ask whether it is still the same."""
    return find(name.removeprefix(OWN), root).digest if exists(name.removeprefix(OWN), root) else ""


def load(name: str, root: Root = None) -> Dataset:
    """An own set as a Dataset: the file's own test and validation parts, or else a tenth for test, and of the rest a tenth
    for validation, by the name alone.

    Raises as ``find``, and :class:`DatasetError` for a file whose content is not what its header says.
    """
    import torch
    from safetensors.torch import load as tensors_of

    from rbm.datasets.base import Dataset

    line = entry(name, root)
    path = find(name.removeprefix(OWN), root).path
    try:
        tensors = tensors_of(path.read_bytes())
        grey, labels, division = tensors["pictures"], tensors["labels"], tensors.get("parts")
        if grey.dtype != torch.uint8 or labels.dtype != torch.int64 or labels.shape != grey.shape[:1]:
            raise ValueError(f"pictures {grey.dtype}, labels {labels.dtype}")
        if division is not None and (division.dtype != torch.uint8 or division.shape != labels.shape):
            raise ValueError(f"parts {division.dtype}")
    except Exception as error:  # safetensors and torch raise what they like at a broken file
        fault = _("{path} is damaged ({error}); remove it and bring the data again.")
        raise DatasetError(fault.format(path=path, error=error)) from error
    rows = grey.flatten(1).float().div_(255)  # (N, V)
    train, validation, test = _divided(division, len(rows), name)
    parts = {"train": train, "validation": validation, "test": test}
    return Dataset(
        name=line.name,
        title=line.title,
        **{part: rows[index] for part, index in parts.items()},
        **{f"{part}_labels": labels[index] for part, index in parts.items()},
        image_shape=line.image_shape,
        kind=line.kind,
        class_names=line.class_names,
    )


def _divided(division: Tensor | None, n: int, name: str) -> tuple[Tensor, Tensor, Tensor]:
    """Row numbers for training, validation and test: as the file has it, and a tenth by the name where it says nothing."""
    import torch

    from rbm.datasets.base import split_rows

    given = torch.zeros(n, dtype=torch.uint8) if division is None else division
    rest, validation, test = ((given == part).nonzero().flatten() for part in (TRAIN, VALIDATION, TEST))
    if not len(test):
        left, taken = split_rows(len(rest), f"{name} test")
        rest, test = rest[left], rest[taken]
    if not len(validation):
        left, taken = split_rows(len(rest), name)
        rest, validation = rest[left], rest[taken]
    return rest, validation, test


def sample(name: str, n: int, root: Root = None) -> NDArray[np.uint8]:
    """At most n pictures of a set, evenly spaced, (n, h, w), without reading the others. Raises as ``find``."""
    import numpy as np
    from safetensors import SafetensorError, safe_open

    one = find(name, root)
    try:
        with safe_open(one.path, "np") as file:
            pictures = file.get_slice("pictures")
            step = max(one.n // n, 1)
            return np.concatenate([pictures[i : i + 1] for i in range(0, min(one.n, n * step), step)])
    except (OSError, SafetensorError) as error:
        fault = _("{path} is damaged ({error}); remove it and bring the data again.")
        raise DatasetError(fault.format(path=one.path, error=error)) from error


def _digest(pictures: Pictures) -> str:
    """Of pictures, labels and parts."""
    digest = hashlib.blake2s(digest_size=16)
    for part in (pictures.grey, pictures.labels, pictures.parts):
        digest.update(b"" if part is None else part.tobytes())
    return digest.hexdigest()


def _existing(name: str, root: Root) -> Path | None:
    path = own_folder(root) / f"{_PREFIX}{check_name(name)}{_SUFFIX}"
    return path if path.is_file() else next(reversed(_removed(path.parent / "removed", name)), None)


def _taken(name: str) -> ConfigError:
    return ConfigError(
        _(
            "A data set called {name!r} is kept already; choose another name, or delete that one first if it is yours."
        ).format(name=name)
    )


def _check_room(path: Path, name: str, size: int, owner: str) -> None:
    if path.exists():
        raise _taken(name)
    files = list(path.parent.glob(f"{_PREFIX}*{_SUFFIX}"))
    if len(files) >= limits.SETS or size + sum(file.stat().st_size for file in files) > limits.KEPT_BYTES:
        wrong = _("The folder of own data sets is full ({sets} sets, {kept_bytes:,} MB); delete some.")
        raise DatasetError(wrong.format(sets=limits.SETS, kept_bytes=limits.KEPT_BYTES // limits.MB))
    _check_share(path.parent, owner, size)


def _check_share(folder: Path, owner: str, size: int) -> None:
    """ConfigError where another set of so many bytes is more than its owner may keep."""
    files = (
        folder.glob(f"{_PREFIX}*{_SUFFIX}") if owner else ()
    )  # nobody's are the command line's, which has the machine alone
    theirs = [file.stat().st_size for file in files if _header_or_damaged(file).owner == owner]
    limits.OWN_SETS.check(len(theirs) + 1)
    limits.OWN_BYTES.check(sum(theirs) + size)


def _name_of(path: Path) -> str:
    return path.name.removeprefix(_PREFIX).partition(".")[0]


def _header(path: Path) -> UserDataset:
    """What a set's file says of itself, checked against the file's size; reads no pictures."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > _HEADER_BYTES:
                raise ValueError(f"a header of {length} bytes")
            raw = json.loads(file.read(length))
        told: dict[str, Any] = raw["__metadata__"]
        n, height, width = (int(size) for size in raw["pictures"]["shape"])
        names = tuple(plain(name) for name in json.loads(told["class_names"]))
        if told["format"] != FORMAT or told["kind"] not in ("binary", "grey") or not 0 < len(names) <= limits.CLASSES:
            raise ValueError("not the format of this program")
        if not re.fullmatch("[0-9a-f]{1,64}", told["digest"]):
            raise ValueError("no digest")
        divided = "parts" in raw
        if min(n, height, width) < 1 or path.stat().st_size != 8 + length + n * (height * width + 8 + divided):
            raise ValueError("its size is not what it says")
        name, source, owner = check_name(_name_of(path)), plain(told["source"]), plain(told.get("owner", ""))
        shape, digest = (height, width), str(told["digest"])
        return UserDataset(name, n, shape, told["kind"], names, source, digest, path, owner, divided)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        fault = _("{path} is damaged ({error}); remove it and bring the data again.")
        raise DatasetError(fault.format(path=path, error=error)) from error
