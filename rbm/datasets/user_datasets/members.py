"""Several files that belong together, in a ZIP or side by side: images, IDX files, arrays or tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from rbm.core import limits
from rbm.core.language import _
from rbm.datasets.user_datasets import kinds, names
from rbm.datasets.user_datasets.arrays import Array, as_labels, from_array, parse_idx, parse_npy
from rbm.datasets.user_datasets.axes import shape_text
from rbm.datasets.user_datasets.images import is_hidden, read_images
from rbm.datasets.user_datasets.kinds import PICTURES
from rbm.datasets.user_datasets.npz import ArrayPart, join, read_npz
from rbm.datasets.user_datasets.pictures import Pictures, Reading
from rbm.datasets.user_datasets.source import Loose, Source
from rbm.datasets.user_datasets.table import read_rows, read_table, read_tables
from rbm.errors import DatasetError

_TABLES = (".csv", ".tsv")
_MOST_DATA_FILES = 24  # train, validation and test, each in several files, and a few more


def read_members(source: Source, reading: Reading, room: limits.Room, where: str) -> Pictures:
    """The pictures of all files together. ``where`` they are, for messages: "ZIP" or "files".

    Raises :class:`DatasetError`, saying which files were found, where they make no set.
    """
    visible = [name for name in source.names if not is_hidden(PurePosixPath(name))]
    images = [name for name in visible if PurePosixPath(name).suffix.lower() in PICTURES]
    others = [name for name in visible if name not in set(images)]
    head: dict[str, str] = {}
    if not images and others:
        head = {name: kinds.kind(source.read(name)[:65536]) for name in others}
        images = [name for name in others if head[name] == "image"]
        others = [name for name in others if name not in set(images)]
    if images:
        tables = [name for name in others if PurePosixPath(name).suffix.lower() in (*_TABLES, ".txt")][
            :_MOST_DATA_FILES
        ]
        return read_images(source, images, {name: source.read(name) for name in tables}, len(others), reading)
    if len(others) > _MOST_DATA_FILES or not others:
        raise DatasetError(
            _refusal({name: head[name] for name in others if head[name] != "gzip"}, where) or _nothing(others, where)
        )
    data = {name: kinds.plain(source.read(name), room.unpacked) for name in others}
    if sum(map(len, data.values())) > room.unpacked:
        wrong = _("The files unpack to more than {unpacked} MB together; give less.")
        raise DatasetError(wrong.format(unpacked=room.unpacked // limits.MB))
    return _data_files(data, reading, room, where)


def _data_files(data: Mapping[str, bytes], reading: Reading, room: limits.Room, where: str) -> Pictures:
    found: dict[str, list[str]] = {}
    for name, content in data.items():
        found.setdefault(kinds.kind(content), []).append(name)
    tables = found.get("table", [])
    found["table"] = [name for name in tables if PurePosixPath(name).suffix.lower() in _TABLES] or tables
    chosen = [kind for kind in ("idx", "npy", "table") if found.get(kind)]
    packed = [name for name in found.get("zip", []) if name.endswith(".npz")]
    if chosen[:1] == ["table"] and any(kind in found for kind in kinds.HOLDERS):
        chosen = []
    if len(chosen) == 2 and chosen[1] == "table" and all(name.endswith((".txt", ".md")) for name in found["table"]):
        chosen.pop()  # remarks beside the data
    if len(chosen) != 1 or packed:
        of = {name: kind for kind, called in found.items() for name in called if not chosen or kind in kinds.HOLDERS}
        raise DatasetError(_refusal(of, where) or _nothing(list(data), where))
    used = found[chosen[0]]
    if chosen == ["idx"]:
        pictures = _idx({name: data[name] for name in used}, reading)
    elif chosen == ["npy"]:
        pictures = _arrays({name: data[name] for name in used}, reading)
    else:
        pictures = _tables({name: data[name] for name in used}, reading, room)
    if len(used) == len(data):
        return pictures
    return pictures._replace(
        notes=(
            *pictures.notes,
            _("Left out, since not read here: {listed}.").format(listed=_listed([n for n in data if n not in used])),
        )
    )


def _idx(files: Mapping[str, bytes], reading: Reading) -> Pictures:
    """Images with their labels, for each part; by names such as "train-images-idx3-ubyte", or by their counts."""
    parsed = {
        name: parse_idx(content, _("The file {name!r}").format(name=name[:80])) for name, content in files.items()
    }
    images = {name: values for name, values in parsed.items() if values.ndim > 1}
    labels = {name: values for name, values in parsed.items() if values.ndim == 1}
    if not images or len(labels) > len(images):
        wrong = _("Found {n_parsed} IDX files: {shapes}. Each file of labels needs its file of images beside it.")
        raise DatasetError(wrong.format(n_parsed=len(parsed), shapes=_shapes(parsed)))
    parts: dict[int, ArrayPart] = {}
    for name, values in images.items():
        part = names.part(PurePosixPath(name).name) or names.TRAIN
        if part in parts:
            wrong = _("Found {n_parsed} IDX files: {shapes}. Give those of one set, or call them train and test.")
            raise DatasetError(wrong.format(n_parsed=len(parsed), shapes=_shapes(parsed)))
        parts[part] = ArrayPart(values, _marks(values, part, labels, len(images)), part)
    if names.TRAIN not in parts and len(parts) == 1:
        (only,) = parts.values()
        return from_array(only.pictures, only.labels, reading)
    return join([parts[part] for part in sorted(parts)], reading)


def _marks(images: Array, part: int, labels: Mapping[str, Array], n_images: int) -> list[str] | None:
    named = [values for name, values in labels.items() if (names.part(PurePosixPath(name).name) or names.TRAIN) == part]
    if not named and n_images == 1:
        named = list(labels.values())
    if not named:
        return None
    if len(named) > 1:
        named = [values for values in named if len(values) == len(images)][:1] or named[:1]
    return as_labels(named[0])[0]


def _arrays(files: Mapping[str, bytes], reading: Reading) -> Pictures:
    if len(files) == 1:
        (content,) = files.values()
        return read_rows(parse_npy(content, _("The file")), reading)
    return read_npz(Loose({PurePosixPath(name).name: content for name, content in files.items()}), reading)


def _tables(files: Mapping[str, bytes], reading: Reading, room: limits.Room) -> Pictures:
    if len(files) == 1:
        (content,) = files.values()
        return read_table(content, reading, room.table)
    parts = {names.part(PurePosixPath(name).stem): content for name, content in files.items()}
    if None in parts or len(parts) < len(files) or names.TRAIN not in parts:
        wrong = _("Found {n_files} tables: {listed}. Give one, or call them train, validation and test.")
        raise DatasetError(wrong.format(n_files=len(files), listed=_listed(list(files))))
    return read_tables({part: content for part, content in parts.items() if part is not None}, reading, room.table)


def _refusal(kind_of: Mapping[str, str], where: str) -> str:
    """What the first file is that is of a kind that is not read, rather one of data than another; "" where none is."""
    refused = [name for name in kind_of if kinds.is_refused(kind_of[name])]
    for name in sorted(refused, key=lambda name: kind_of[name] not in kinds.HOLDERS):
        kind = kind_of[name]
        return f"{name[:80]!r}: {kinds.refusal('zip beside' if kind == 'zip' and where != 'ZIP' else kind)}"
    return ""


def _nothing(others: Sequence[str], where: str) -> str:
    endings = ", ".join(ending[1:].upper() for ending in PICTURES[:4])
    if not others and where == "ZIP":
        empty = _("The ZIP is empty; pack images ({endings} ...), IDX files, arrays (.npy) or one table (CSV).")
        return empty.format(endings=endings)
    found = (
        _("{n_others:,} other files: {listed}").format(n_others=len(others), listed=_listed(others))
        if others
        else _("nothing else")
    )
    place = _("The ZIP holds") if where == "ZIP" else _("The files are")
    return _(
        "{place} no pictures that can be read, but {found}. Give images ({s} ...), IDX files, arrays (.npy) or one table (CSV)."
    ).format(place=place, found=found, s=endings)


def _shapes(parsed: Mapping[str, Array]) -> str:
    return ", ".join(f"{name[:60]} ({shape_text(values.shape)})" for name, values in list(parsed.items())[:6])


def _listed(files: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:60]) for name in files[:4])
    return shown + (_(" and {n:,} more").format(n=len(files) - 4) if len(files) > 4 else "")
